// What can be measured, and what one measurement yields. main() in load.cc picks the mode.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "load/deflate.h"
#include "load/histogram.h"

namespace bench {

struct Options {
  std::string mode = "echo";  // echo | raw | http | handshake | broadcast | idle | subscriptions
  std::string path;
  int port = 0;
  std::size_t connections = 1;
  std::size_t payload_bytes = 20;
  std::size_t depth = 1;  // messages in flight per connection (broadcast: of the publisher)
  bool text = false;
  bool json = false;  // echo, broadcast: a cycle of JSON messages instead of one fixed payload
  Deflate deflate = Deflate::Off;  // echo, broadcast: of those JSON messages
  std::string offer;               // Sec-WebSocket-Extensions
  bool clean_close = false;        // handshake: closing handshake instead of RST
  std::size_t rooms = 1;           // broadcast: the connections are divided among them
  bool all_publish = false;        // broadcast: not only the first of each room
  bool half_load = false;          // broadcast: then half of the rate that was reached
  std::string stalled;             // broadcast: path of one more subscriber, who never reads
  std::size_t channels = 0;        // subscriptions: of all connections together
  std::size_t subscriptions = 0;   // subscriptions: of each connection
  std::size_t body_bytes = 0;      // http: of the response, whose length must be just that; 0: any
  double seconds = 1;
  double warmup_seconds = 0.2;
  int server_pid = 0;
};

// Counts only what happened inside the measured window.
struct Measurement {
  std::uint64_t messages = 0;
  std::uint64_t window_ns = 0;
  std::uint64_t server_cpu_ns = 0;
  std::uint64_t client_cpu_ns = 0;
  Histogram latency;
  std::uint64_t reply_bytes = 0;  // JSON: payloads as the server sent them; http: responses
  // idle only
  double bytes_per_connection = 0;
  std::uint64_t rss_bytes = 0;
  // broadcast only
  Histogram half_load_latency;
  double half_load_per_second = 0;
  Histogram stalled_latency;  // at the same rate, with a stalled subscriber
  double grown_bytes = 0;     // of the server while that one was there
  // subscriptions only
  double bytes_per_channel = 0;
  double bytes_per_subscription = 0;
};

// echo, raw and http are the same exchange: equal requests, equal replies, `depth` in flight.
void run_exchange(const Options& options, Measurement& out);
// echo of JSON messages, compressed or not: the replies' lengths are not known beforehand.
void run_json_echo(const Options& options, Measurement& out);
void run_broadcast(const Options& options, Measurement& out);
// broadcast of JSON messages, compressed or not: one publisher, one room.
void run_json_broadcast(const Options& options, Measurement& out);
void run_handshake(const Options& options, Measurement& out);
void run_idle(const Options& options, Measurement& out);
void run_subscriptions(const Options& options, Measurement& out);

// Where the subscribers of a room connect.
inline std::string room_path(const Options& options, std::size_t room) {
  return options.path + "/" + std::to_string(room);
}

// Warm-up, then a measured window; the modes' loops ask it once per batch of events.
class Window {
 public:
  Window(const Options& options, Measurement& out);
  // False when the measurement is complete. Starts the count when the warm-up is over.
  bool running();

 private:
  const Options& options_;
  Measurement& out_;
  std::uint64_t started_;
  std::uint64_t measuring_since_ = 0;
  std::uint64_t cpu_before_ = 0;
  std::uint64_t own_before_ = 0;
};

}  // namespace bench
