// Server-sent events: the small cousin of WebSocket, one way, over a plain response. HTML 9.2.
//
//   auto stream = response.events();           in the handler
//   stream.send({.event = "tick", .data = "17"});   then, and from any thread
#pragma once

#include <hybi/http.h>
#include <hybi/websocket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hybi {

struct EventOptions {
  std::chrono::milliseconds keep_alive{15'000};  // silence after which a comment is sent
  std::size_t high_water_bytes = 256 * 1024;     // unsent; beyond it SlowPolicy decides
  // Close ends the stream (the browser comes back with the last id); Drop drops the event.
  // KeepLatest is treated as Drop.
  SlowPolicy slow_policy = SlowPolicy::Close;
  std::optional<std::chrono::milliseconds> retry = {};  // how long the browser waits to come back
  // The stream has ended: by close(), or because the peer has gone. Thread: the loop's.
  std::function<void()> on_close = {};
};

// Lines of `data` are sent as they are; CR, LF and CRLF all separate them. An id with NUL, CR or LF
// and an event name with CR or LF are refused: nothing is sent, Dropped.
struct StreamEvent {
  std::string_view data = {};
  std::string_view event = {};  // "" message
  std::string_view id = {};     // "" none; comes back in Last-Event-ID
};

// Copyable; the stream ends with close(), with the connection, or when the last copy goes.
// Thread: any.
class EventStream {
 public:
  EventStream() = default;  // refers to nothing: Closed

  // Returns: Queued, Dropped or Closed.
  SendResult send(const StreamEvent& event) const;
  SendResult send(std::string_view data) const { return send(StreamEvent{.data = data}); }
  void close() const;
  bool open() const;  // as far as this thread can tell

 private:
  friend class Response;
  struct State;
  struct Owner;
  std::shared_ptr<const Owner> owner_;
};

}  // namespace hybi
