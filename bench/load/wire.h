// The bytes the generator speaks: RFC 6455 frames and handshake, one HTTP request. Independent of
// the library on purpose: a mistake must not cancel itself out.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

// A payload that is valid UTF-8 (ASCII) and differs at every offset's neighbourhood.
std::string make_payload(std::size_t bytes);

// One masked client frame (fin), and the server's frame with the same payload. RFC 6455 5.2
std::string client_frame(std::string_view payload, bool text);
std::string server_frame(std::string_view payload, bool text);
// A client frame whose payload is compressed: RSV1 is set, RFC 7692 6.
std::string compressed_client_frame(std::string_view payload, bool text);
inline constexpr std::size_t kMaskBytes = 4;  // a client frame is this much longer

std::string close_frame();  // masked, 1000

// `offer` is for Sec-WebSocket-Extensions; empty: no such field.
std::string upgrade_request(std::string_view path, std::string_view offer = {});
// True if `head` is a complete 101 whose accept value belongs to upgrade_request's key.
bool is_upgrade_answer(std::string_view head);
// The extensions a 101 agreed to, empty if none.
std::string answered_extensions(std::string_view head);

std::string get_request(std::string_view path);
// Length of the first complete HTTP response in `bytes`; 0 if more bytes are needed or it has no
// Content-Length.
std::size_t response_length(std::string_view bytes);

}  // namespace bench
