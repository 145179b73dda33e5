// An open WebSocket on one connection: protocol, liveness, backpressure, and the user's callbacks.
// RFC 6455 5-7. hybi::WebSocket is its face.
//
// User code runs in dispatch() and nowhere else. on_closed runs exactly once, last.
#pragma once

#include <hybi/conn/connection.h>
#include <hybi/conn/publication.h>
#include <hybi/conn/quota_seat.h>
#include <hybi/conn/route_pattern.h>
#include <hybi/conn/session.h>
#include <hybi/conn/shared_message.h>
#include <hybi/conn/slow_backlog.h>
#include <hybi/websocket.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/protocol.h>

#include <algorithm>
#include <any>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {
class Channel;  // app/channel_hub.h
}

namespace hybi::conn {

// One channel that a session listens to. Kept here, read and written by the Channels.
struct Subscription {
  Channel* channel;
  std::uint32_t at;  // position among the channel's subscribers
};

struct Subscriptions {
  std::vector<Subscription> list;
  std::uint64_t last_publication = 0;  // of those that several subscriptions match
};

class WsSession final : public Session {
 public:
  // What the handshake has brought.
  struct Agreed {
    Version version = Version::V13;
    std::string_view subprotocol{};
    std::optional<ws::AcceptedDeflate> deflate{};
    Sha1 connection_key{};  // 4
    std::unique_ptr<QuotaSeat> seat{};
  };

  WsSession(Connection& connection, std::shared_ptr<const WebSocketHandlers> handlers,
            std::any user, std::string_view head, const RoutePattern* pattern, Agreed agreed);

  // --- for hybi::WebSocket and handles
  SendResult send(const Message& message, std::string_view key = {});
  // A publication. Counts like send.
  SendResult deliver(Publishing& publication);
  // `missed` publications of the channel will not be sent. Told at the end of the turn.
  void miss(std::string_view channel, std::uint64_t missed);
  // What came before in the channel is forgotten, so nobody knows how much was missed.
  void begin_anew(std::string_view channel, Position position);
  Result<void> send_fragment(const Message& piece, bool last);
  Result<void> ping(Bytes payload);
  Result<void> pong(Bytes payload);
  Result<void> close(std::uint16_t code, std::string_view reason);
  void fail(Errc why);
  void terminate();

  Connection& connection() { return connection_; }
  const WebSocketHandlers& handlers() const { return *handlers_; }
  const ws::Protocol& protocol() const { return protocol_; }
  std::any& user() { return user_; }
  // See WebSocket::set_user, WebSocket::charge.
  bool set_quota_user(std::string_view user);
  bool charge(std::size_t messages, std::size_t bytes, const Message* message);
  std::string_view head() const { return {head_.get(), head_bytes_}; }
  const RoutePattern* pattern() const { return pattern_; }
  std::string_view subprotocol() const;
  std::uint64_t id() const;
  WebSocketHandle handle() const;
  Subscriptions& subscriptions() {
    if (!subscriptions_) subscriptions_ = std::make_unique<Subscriptions>();
    return *subscriptions_;
  }
  std::size_t subscription_count() const {
    return subscriptions_ ? subscriptions_->list.size() : 0;
  }
  // Calls user code with the WebSocket: an exception fails the connection with 1011.
  template <class F>
  void dispatch(F&& user_code);

  // --- Session
  WsSession* as_websocket() override { return this; }
  void on_start() override;
  void on_bytes(MutableBytes& in) override;
  bool holds_input() const override { return protocol_.has_more(); }
  MutableBytes place_for_bytes() override;
  void on_end() override;
  void on_hook() override;
  void on_progress(std::uint64_t sent, std::uint64_t unsent) override;
  void on_deadline() override;
  void on_stop() override;
  void on_closed(Error error) override;

 private:
  // What few connections need: allocated on use.
  struct Held {
    explicit Held(const WebSocketLimits& limits) : backlog(limits.max_backlog_bytes) {}

    std::vector<SharedMessageRef> after_fragment;  // waits for the end of our fragmented message
    std::uint64_t waiting_bytes = 0;               // of them
    OutBuffer pong;                                // the latest, while the peer takes nothing
    std::vector<std::pair<std::string, SharedMessageRef>> latest;  // SlowPolicy::KeepLatest, by key
    std::size_t latest_bytes = 0;                                  // of them
    SlowBacklog backlog;                                           // publications
  };

  void set_deflate(const ws::DeflateParams& params);
  // Null: publications are sent as they are.
  const PublicationFormat* publication_format() const {
    const auto& formats = handlers_->publication_formats;
    if (formats.empty()) return nullptr;
    const auto index = static_cast<std::size_t>(std::max<int>(subprotocol_, 0));
    return index < formats.size() ? formats[index].get() : nullptr;
  }
  bool handle(const ws::Event& event);
  bool over_high_water() const;
  bool outbox_is_full() const;
  bool peer_is_slow() const;
  SendResult refuse_slow(SharedMessageRef message, std::string_view key);
  SendResult accepted();
  Held& held();
  bool send_back(const Message& message);
  SendResult no_binary();
  SharedMessageRef share_own(const Message& message);
  SendResult send_later(SharedMessageRef message, std::string_view key);
  SendResult wait_for_fragment(SharedMessageRef message);
  SendResult wait_in_backlog(Publishing& publication, SharedMessageRef message);
  void release_backlog();
  void tell_gap(std::string_view channel, std::uint64_t missed);
  void append(const SharedMessageRef& shared);
  void pause_if_slow(bool more_input);
  void release_held();
  void send_replies(bool pong);
  void release_pong();
  void on_message(const Message& message);
  bool count_control();
  void rest(std::chrono::milliseconds wait);
  bool rested(std::uint32_t now);
  void begin_close();
  void handler_failed();
  void want_deadline(std::uint32_t from_ms, std::chrono::milliseconds after);

  Connection& connection_;
  std::shared_ptr<const WebSocketHandlers> handlers_;
  ws::Protocol protocol_;
  std::any user_;
  std::unique_ptr<char[]> head_;  // the opening request, for WebSocket::request
  const RoutePattern* pattern_;
  std::unique_ptr<Subscriptions> subscriptions_;  // null: never had one
  std::unique_ptr<Held> held_;
  std::unique_ptr<QuotaSeat> seat_;  // null: the route has no quota
  std::uint32_t head_bytes_;
  std::uint32_t heard_ms_;  // the last sign of life
  std::uint32_t data_ms_;   // the last message; while closing: when that began
  std::uint16_t control_second_ = 0, control_count_ = 0;
  Errc cause_ = Errc::Ok;
  std::int8_t subprotocol_ = -1;
  std::uint8_t reads_between_ = 0;  // receives since the last one into a place of the protocol's
  bool ping_waits_ : 1 = false;     // for any sign of life
  bool drain_due_ : 1 = false;      // a send had to wait: on_drain when it is over
  bool close_due_ : 1 = false;      // the close deadline runs
  bool hook_drained_ : 1 = false;   // on_drain in this turn's hook
};

template <class F>
void WsSession::dispatch(F&& user_code) {
  WebSocket facade(*this);
  try {
    user_code(facade);
  } catch (...) {
    handler_failed();
  }
}

}  // namespace hybi::conn
