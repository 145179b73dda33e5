// Every limit of the library, finite by default, in one place. Zero never means unlimited.
//
// A limit is checked where the length is decoded, before anything is allocated. What the peer is
// told names the limit (see errc.def).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace hybi {

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// HTTP/1.1 requests.
struct HttpLimits {
  std::size_t max_head_bytes = 16 * 1024;            // request line and fields; 431
  std::size_t max_field_count = 100;                 // 431
  std::size_t max_target_bytes = 8 * 1024;           // 414
  std::size_t max_body_bytes = 1024 * 1024;          // after removing the chunked coding; 413
  std::size_t max_trailer_bytes = 8 * 1024;          // trailer section of a chunked body; 431
  std::size_t max_chunk_extension_bytes = 4 * 1024;  // over a whole body; 400
  std::size_t high_water_bytes = 1024 * 1024;        // a response stream is asked to pause above

  std::chrono::milliseconds head_timeout{10'000};        // first byte to end of head; 408
  std::chrono::milliseconds keep_alive_timeout{60'000};  // between two requests; closed silently
  std::chrono::milliseconds body_grace{5'000};           // before the minimum rate is enforced
  std::size_t min_body_bytes_per_second = 1024;          // average over the body; 408
  std::chrono::milliseconds write_timeout{30'000};       // peer takes nothing of a response; reset
  std::chrono::milliseconds linger_timeout{2'000};  // reading on after a refusal (RFC 9112 9.6)
};

// One WebSocket.
struct WebSocketLimits {
  std::size_t max_message_bytes = 1024 * 1024;  // 1009
  std::size_t max_frame_bytes = kNoLimit;  // a frame is bounded by max_message_bytes anyway; 1009
  std::size_t max_held_bytes = 16 * 1024 * 1024;  // unfinished message: bytes + 64 per fragment;
                                                  // 1009. Never taken below 2 x max_message_bytes.
  std::size_t max_control_frames_per_second = 1000;  // pings, pongs; 1008
  std::size_t high_water_bytes = 1024 * 1024;  // unsent bytes: reading pauses. While the peer takes
  // nothing, or above 4 x this, SlowPolicy decides.
  std::size_t low_water_bytes = 256 * 1024;  // reading resumes, on_drain runs
  std::size_t max_subscriptions = 1000;      // to channels and patterns; more are refused
  // Publications that wait in the SlowQueues of all its channels, with 256 for each. Above, what
  // comes is dropped or, as the SlowQueue says, 1013; above twice as much always 1013.
  std::size_t max_backlog_bytes = 16 * 1024 * 1024;

  std::chrono::milliseconds ping_interval{30'000};  // silence after which a ping is sent
  std::chrono::milliseconds pong_timeout{
      20'000};  // silence after that ping that ends the connection
  std::chrono::milliseconds idle_timeout{
      0x7fffffff};  // no data message for so long: 1001 (24 days)
  std::chrono::milliseconds close_timeout{
      5'000};  // close sent, no close back: the TCP connection ends
};

// Whether every limit is above zero, none contradicts another, and times are below 24 days.
bool is_valid(const WebSocketLimits& limits);
bool is_valid(const HttpLimits& limits);

// A whole server.
struct ServerLimits {
  std::size_t max_connections = 1'000'000;  // over all loops; 503
  std::size_t max_mailbox_bytes =
      64 * 1024 * 1024;               // sends waiting to cross into one loop; `dropped`
  std::size_t accepts_per_turn = 64;  // accept storms are spread over turns
};

bool is_valid(const ServerLimits& limits);

// One multipart/form-data body.
struct MultipartLimits {
  std::size_t max_parts = 1000;                    // fields and files; 413
  std::size_t max_part_head_bytes = 8 * 1024;      // fields of one part; 413
  std::size_t max_name_bytes = 1024;               // name, and filename, of one part; 413
  std::size_t max_field_bytes = 1024 * 1024;       // a part that is no file; 413
  std::size_t max_file_bytes = 64 * 1024 * 1024;   // a part that is one; 413
  std::size_t max_total_bytes = 64 * 1024 * 1024;  // the body with all its framing; 413
  std::size_t max_ignored_bytes = 4 * 1024;  // in front of the first part, behind the last; 413
};

// One application/x-www-form-urlencoded body.
struct FormLimits {
  std::size_t max_pairs = 1000;               // 413
  std::size_t max_total_bytes = 1024 * 1024;  // as sent; 413
};

}  // namespace hybi
