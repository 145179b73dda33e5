// How much one client may send over WebSockets, and how many of them it may have. Implemented in
// conn/.
//
//   const auto quota = std::make_shared<hybi::Quota>(hybi::QuotaOptions{
//       .connection = {.messages = {.count = 50, .burst = 200}},
//       .user = {.bytes = {.count = 1024 * 1024}},
//       .action = hybi::QuotaAction::Refuse,
//       .max_connections_per_address = 100});
//   server.ws("/live", {.on_message = ..., .quota = quota});
//
// Routes that share a quota count together. Limits are token buckets: what was not used is kept up
// to the burst. Control frames have a limit of their own, in WebSocketLimits.
#pragma once

#include <hybi/limits.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace hybi {

namespace conn {
class QuotaSeat;
}

// So many in each interval (1 ms to a day), and so many at once after a rest.
struct Rate {
  std::size_t count = kNoLimit;
  std::chrono::milliseconds interval{1000};
  std::size_t burst = 0;  // 0: as `count`
};

struct MessageRate {
  Rate messages = {};  // in object mode each object of a batch
  Rate bytes = {};     // of messages, as they are handed over: inflated, without framing
};

// What happens to messages above a rate.
enum class QuotaAction : std::uint8_t {
  Delay,   // they are handled, and then reading rests until the rate is kept; TCP slows the peer
  Refuse,  // they are not handled: WebSocketHandlers::on_refused. One that is larger than the burst
           // of bytes is never taken. What the user's rate refuses counts for its address
  Close,   // the connection is failed with 1008
};

struct QuotaOptions {
  MessageRate connection = {};  // of each one
  MessageRate address = {};  // of all from one address (Request::client; IPv6: its first 64 bits)
  MessageRate user = {};     // of all with the same WebSocket::set_user
  QuotaAction action = QuotaAction::Delay;

  std::size_t max_connections = kNoLimit;              // more are answered 503
  std::size_t max_connections_per_address = kNoLimit;  // 429
  std::size_t max_connections_per_user = kNoLimit;     // closed with 1008

  // Addresses whose rates are known, and as many users; who was not heard of longest is forgotten.
  std::size_t max_keys = 65536;
  std::function<std::chrono::steady_clock::time_point()> clock = {};  // for tests
};

class Quota {
 public:
  explicit Quota(QuotaOptions options);
  ~Quota();
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  bool valid() const;               // no limit is zero; else a route is not served, see check()
  std::size_t connections() const;  // open now. Thread: any

 private:
  friend class conn::QuotaSeat;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hybi
