// WebSockets, as a handler sees them, whatever version the client speaks. RFC 6455. Implemented in
// conn/.
//
//   on_open (on_message | on_drain | on_ping | on_pong)* on_close       each on the loop's thread
//
// No callback runs inside send, publish or close.
#pragma once

#include <hybi/bytes.h>
#include <hybi/compression.h>
#include <hybi/error.h>
#include <hybi/http.h>
#include <hybi/limits.h>
#include <hybi/result.h>
#include <hybi/ws/version.h>

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

namespace conn {
class PublicationFormat;
class WsSession;
}  // namespace conn

class Quota;
struct PublishOptions;
struct SubscribeOptions;

// A message as received, or to be sent. Lifetime of a received one: until the callback returns.
struct Message {
  Bytes data;
  bool is_text = false;
  bool compress = true;  // sending: as far as the route and the client agreed to it

  std::string_view text() const { return as_text(data); }
};

enum class SendResult : std::uint8_t {
  Sent,      // leaves with this turn's write
  Queued,    // waits behind bytes that the peer has not taken yet, or to cross into its loop
  Dropped,   // the route's SlowPolicy or a full mailbox refused it
  Closed,    // the connection cannot send any more
  NoBinary,  // the client's version (75, 76) has no binary messages; see LegacyOptions
};

// What happens to a message for a peer that has high_water_bytes unsent already.
enum class SlowPolicy : std::uint8_t {
  Close,       // the connection is failed with 1013
  Drop,        // the message is dropped
  KeepLatest,  // of the messages with the same key only the latest waits; a publication's key is
               // its channel, and high_water_bytes bounds what waits in this way
};

// Which pages may connect. RFC 6455 10.2. Browsers always send Origin, other clients need not.
struct OriginPolicy {
  enum class Kind : std::uint8_t { SameOrigin, List, Any };
  Kind kind = Kind::SameOrigin;
  std::vector<std::string> list;  // "https://example.com", compared in full, host in any case
  bool allow_missing = true;

  // Any page. With versions older than 7 this is the waiver of their Origin list; see Versions.
  static OriginPolicy any() { return {Kind::Any, {}, true}; }
  static OriginPolicy only(std::vector<std::string> list) {
    return {Kind::List, std::move(list), true};
  }
};

struct CloseInfo {
  std::uint16_t code = 1005;  // what the peer said; 1005 nothing, 1006 no close frame came
  std::string_view reason;    // Lifetime: until the callback returns
  bool clean = false;         // close frames went both ways
  Errc cause = Errc::Ok;      // why we failed the connection, if we did
};

class WebSocketHandle;
class TemplateEngine;

// One open connection. Lifetime: until the callback returns; keep handle(), not the reference.
class WebSocket {
 public:
  SendResult send(std::string_view text);  // Requires: UTF-8.
  SendResult send(const Message& message);
  SendResult send_binary(Bytes data);
  // Like send; `key` names what a later message with the same key supersedes
  // (SlowPolicy::KeepLatest).
  SendResult send_latest(std::string_view key, const Message& message);
  // A message in pieces: the kind counts on the first one. Fails: BadState, Closed; NoBinary as
  // with send; WsSlowConsumer when the peer does not take what it was sent: with SlowPolicy::Close
  // the connection is failed, else the same piece can be sent again after on_drain.
  Result<void> send_fragment(const Message& piece, bool last);

  // At most 125 bytes. Fails: BadControlPayload, BadState; NoPing in 75 and 76.
  Result<void> ping(std::string_view payload = {});
  Result<void> pong(
      std::string_view payload = {});  // unsolicited; pings are answered by themselves
  // Starts the closing handshake. Fails: BadCloseCode, BadCloseReason, BadState when closing
  // already. Versions before 6 have no codes and reasons, before 13 fewer codes: the nearest is
  // sent.
  Result<void> close(std::uint16_t code = 1000, std::string_view reason = {});
  void terminate();  // resets the connection; on_close gets 1006

  // A text message: the template `name` of the server's templates with `data`, without a layout;
  // include template.h. Returns: Dropped, and told to Server's on_error, if it cannot be rendered.
  SendResult send_rendered(std::string_view name, const nlohmann::json& data);
  const TemplateEngine* templates() const;  // null: the server has none

  void pause();  // no on_message until resume; TCP slows the peer down
  void resume();
  std::size_t buffered_bytes() const;  // accepted by send, not yet by the system
  bool open() const;                   // send is possible

  // Channels of this server, see channel.h. A publication reaches a connection once, however many
  // of its subscriptions match.
  // Returns: false if it was subscribed already; also where the name is none (told to Server's
  // on_error) or the connection has as many subscriptions as it may have.
  bool subscribe(std::string_view channel);
  // The same with what was missed or published before; include channel.h.
  bool subscribe(std::string_view channel, SubscribeOptions options);
  // Every channel that the pattern matches, "room/*/chat" or "room/**"; no history. Never with a
  // pattern that a client has made up, unless it may hear all that can match.
  bool subscribe_matching(std::string_view pattern);
  bool unsubscribe(std::string_view channel_or_pattern);  // false: was not subscribed
  bool subscribed(std::string_view channel_or_pattern) const;
  std::size_t subscription_count() const;
  std::size_t max_subscriptions() const;  // of the route's limits
  // To every other subscriber; not to this connection.
  void publish(std::string_view channel, const Message& message);
  void publish(std::string_view channel, const Message& message, PublishOptions options);
  void publish(std::string_view channel, std::string_view text) {
    publish(channel, Message{as_bytes(text), true});
  }

  // To all other open WebSockets of this one's route, on every loop.
  void broadcast(const Message& message);
  void broadcast(std::string_view text) { broadcast(Message{as_bytes(text), true}); }
  // The pattern of the route that accepted it, as it was declared: "/chat/:room".
  std::string_view route() const;

  // Who uses it: the connections of one user share its part of the route's quota. "": nobody in
  // particular.
  // Returns: false if the user has as many connections as it may; then this one is closed with
  // 1008.
  bool set_user(std::string_view user);
  // Counts more than the message itself, for protocols that put several into one.
  // Returns: false if the quota refuses them or closes.
  bool charge(std::size_t messages, std::size_t bytes = 0);

  // The request that opened it. Cost: the head is parsed again; keep the result if it is used
  // twice.
  class OpeningRequest request() const;
  std::string param(std::string_view name) const;  // of the route's pattern
  std::string_view subprotocol() const;            // "" if none was agreed
  int version() const;                             // 13, 8, 7, 6, 5, 4, 2, 1, 76, 75
  // "permessage-deflate", "deflate-frame", "deflate-stream"; "" if none was agreed.
  std::string_view extension() const;
  std::uint64_t id() const;  // unique within the server

  // The value given to accept. Null if it is of another type.
  template <class T>
  T* user() {
    return std::any_cast<T>(&user_data());
  }
  std::any& user_data();

  WebSocketHandle handle() const;
  // Tells ServerOptions::on_error.
  void report(Error error, std::string_view what);

 private:
  friend class conn::WsSession;
  explicit WebSocket(conn::WsSession& session) : session_(&session) {}
  bool told(Result<bool> subscribed, std::string_view name);
  conn::WsSession* session_;
};

// A copy of what the opening request said.
class OpeningRequest : public RequestInfo {
 private:
  friend class WebSocket;
  std::shared_ptr<const http::Head> owned_;
};

// A WebSocket from anywhere: 16 bytes, copyable, never dangles. Everything is possible on it at any
// time; on a connection that has ended the answer is Closed. Messages of one thread to one
// connection keep their order, also between send, publish and close. Thread: any.
class WebSocketHandle {
 public:
  WebSocketHandle() = default;  // refers to nothing: Closed

  SendResult send(std::string_view text) const;
  SendResult send(const Message& message) const;
  SendResult send_binary(Bytes data) const;
  bool close(std::uint16_t code = 1000, std::string_view reason = {}) const;  // false: was closed
  bool terminate() const;
  // Runs `task` with the connection on its loop's thread, if it still is there.
  bool post(std::function<void(WebSocket&)> task) const;

  friend bool operator==(const WebSocketHandle&, const WebSocketHandle&) = default;

 private:
  friend class conn::WsSession;
  ConnectionRef ref_;
};

// How a route treats its WebSockets. Given when accepting, so no message can arrive before somebody
// listens. Callbacks of one connection run one after the other. Exceptions: 1011, see
// Server::on_error.
struct WebSocketHandlers {
  std::function<void(WebSocket&)> on_open = {};
  std::function<void(WebSocket&, Message)> on_message = {};
  std::function<void(WebSocket&)> on_drain = {};  // unsent bytes fell below low_water_bytes
  std::function<void(WebSocket&, Bytes)> on_ping = {};
  std::function<void(WebSocket&, Bytes)> on_pong = {};
  std::function<void(WebSocket&, const CloseInfo&)> on_close = {};  // exactly once, always
  // So many publications of a channel were not sent, because the peer was too slow (SlowQueue) or
  // they are gone from the history already.
  std::function<void(WebSocket&, std::string_view channel, std::uint64_t missed)> on_gap = {};

  // A message that the quota refuses (QuotaAction::Refuse), instead of on_message; it would be
  // taken after `wait` at the earliest.
  std::function<void(WebSocket&, const Message&, std::chrono::milliseconds wait)> on_refused = {};

  std::vector<std::string> subprotocols = {};  // in our order of preference
  // What clients may speak; others are answered 426 with this list. A version older than 7 is an
  // invitation to every page on the web that knows it (docs/topics/versions.md), so with one of
  // them `origins` must be a list, or be waived with OriginPolicy::any().
  Versions versions = Versions::safe();
  OriginPolicy origins = {};
  Compression compression = {};
  SlowPolicy slow_policy = SlowPolicy::Close;
  WebSocketLimits limits = {};
  std::shared_ptr<Quota> quota = {};  // see quota.h; null: as much as comes
  LegacyOptions legacy = {};
  // For the library: how publications are written for clients of a protocol of their own, one for
  // each of `subprotocols`; the first also for clients that have agreed on none.
  std::vector<std::shared_ptr<const conn::PublicationFormat>> publication_formats = {};
};

// Whether a route can be served so. Fails: BadLimit, BadVersions, BadCompression.
Result<void> check(const WebSocketHandlers& handlers);

// A WebSocket that a client asks for, to be answered exactly once: accepting and rejecting consume
// it. Dropping it unanswered answers 500. May be moved to another thread and answered there, later.
class [[nodiscard]] Upgrade {
 public:
  Upgrade(Upgrade&& other) noexcept;
  Upgrade& operator=(Upgrade&&) = delete;
  ~Upgrade();

  const std::vector<std::string>& subprotocols() const;  // as offered
  std::string_view origin() const;                       // "" if absent

  // A field of the 101 answer, a cookie for instance. Fails: BadField.
  Result<void> add(std::string_view name, std::string_view value);

  // Opens the WebSocket. The subprotocol is the first of handlers.subprotocols that was offered.
  // A foreign Origin is answered 403. From the loop's thread: at once, on_open runs before the next
  // message; from others: when the loop gets to it.
  // Returns: false if the peer has gone or the answer was 403 (on the loop's thread).
  bool accept(WebSocketHandlers handlers, std::any user = {}) &&;
  // The same without a copy of the handlers for each connection (about 400 bytes).
  bool accept(std::shared_ptr<const WebSocketHandlers> handlers, std::any user = {}) &&;
  void reject(unsigned status, std::string_view text = {}) &&;

 private:
  friend class conn::HttpSession;
  struct Pending;
  explicit Upgrade(std::unique_ptr<Pending> pending);
  std::unique_ptr<Pending> pending_;  // null: answered or moved from
};

}  // namespace hybi
