// hybi::WebSocket: the face of a WsSession.
#include <hybi/channel.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>
#include <hybi/http/parser.h>

namespace hybi {

SendResult WebSocket::send(std::string_view text) {
  return session_->send(Message{as_bytes(text), true});
}

SendResult WebSocket::send(const Message& message) {
  return session_->send(message);
}

SendResult WebSocket::send_binary(Bytes data) {
  return session_->send(Message{data, false});
}

SendResult WebSocket::send_latest(std::string_view key, const Message& message) {
  return session_->send(message, key);
}

Result<void> WebSocket::send_fragment(const Message& piece, bool last) {
  return session_->send_fragment(piece, last);
}

Result<void> WebSocket::ping(std::string_view payload) {
  return session_->ping(as_bytes(payload));
}

Result<void> WebSocket::pong(std::string_view payload) {
  return session_->pong(as_bytes(payload));
}

Result<void> WebSocket::close(std::uint16_t code, std::string_view reason) {
  return session_->close(code, reason);
}

void WebSocket::terminate() {
  session_->terminate();
}

void WebSocket::pause() {
  session_->connection().pause(conn::Pause::User);
}

void WebSocket::resume() {
  session_->connection().resume(conn::Pause::User);
}

std::size_t WebSocket::buffered_bytes() const {
  return session_->connection().unsent();
}

bool WebSocket::open() const {
  return !session_->connection().ended() && session_->protocol().state() == ws::State::Open;
}

bool WebSocket::subscribe(std::string_view channel) {
  return subscribe(channel, SubscribeOptions{});
}

bool WebSocket::subscribe(std::string_view channel, SubscribeOptions options) {
  conn::Channels* const channels = session_->connection().context().channels();
  if (!open() || channels == nullptr) return false;
  return told(channels->subscribe(*session_, channel, std::move(options)), channel);
}

bool WebSocket::subscribe_matching(std::string_view pattern) {
  conn::Channels* const channels = session_->connection().context().channels();
  if (!open() || channels == nullptr) return false;
  return told(channels->subscribe_matching(*session_, pattern), pattern);
}

bool WebSocket::told(Result<bool> subscribed, std::string_view name) {
  if (!subscribed) report(subscribed.error(), name);
  return subscribed && *subscribed;
}

bool WebSocket::unsubscribe(std::string_view channel_or_pattern) {
  conn::Channels* const channels = session_->connection().context().channels();
  return channels != nullptr && channels->unsubscribe(*session_, channel_or_pattern);
}

bool WebSocket::subscribed(std::string_view channel_or_pattern) const {
  conn::Channels* const channels = session_->connection().context().channels();
  return channels != nullptr && channels->subscribed(*session_, channel_or_pattern);
}

std::size_t WebSocket::subscription_count() const {
  return session_->subscription_count();
}

std::size_t WebSocket::max_subscriptions() const {
  return session_->handlers().limits.max_subscriptions;
}

void WebSocket::publish(std::string_view channel, const Message& message) {
  publish(channel, message, PublishOptions{});
}

void WebSocket::publish(std::string_view channel, const Message& message, PublishOptions options) {
  conn::Channels* const channels = session_->connection().context().channels();
  if (channels != nullptr) channels->publish(channel, message, std::move(options), session_);
}

void WebSocket::broadcast(const Message& message) {
  conn::Channels* const channels = session_->connection().context().channels();
  if (channels != nullptr) channels->broadcast(route(), message, *session_);
}

bool WebSocket::set_user(std::string_view user) {
  return session_->set_quota_user(user);
}

bool WebSocket::charge(std::size_t messages, std::size_t bytes) {
  return session_->charge(messages, bytes, nullptr);
}

std::string_view WebSocket::route() const {
  const conn::RoutePattern* const pattern = session_->pattern();
  return pattern != nullptr ? std::string_view(pattern->text) : std::string_view();
}

OpeningRequest WebSocket::request() const {
  OpeningRequest request;
  http::RequestParser parser(session_->connection().context().share().http);
  Bytes head = as_bytes(session_->head());
  (void)parser.next(head);  // it was parsed before, by the same rules
  request.owned_ = std::make_shared<const http::Head>(std::move(parser.head()));
  request.head_ = request.owned_.get();
  request.pattern_ = session_->pattern();
  request.share_ = &session_->connection().context().share();
  request.peer_ = session_->connection().peer();
  return request;
}

std::string WebSocket::param(std::string_view name) const {
  return request().param(name);
}

std::string_view WebSocket::subprotocol() const {
  return session_->subprotocol();
}

int WebSocket::version() const {
  return ws::number_of(session_->protocol().version());
}

std::string_view WebSocket::extension() const {
  return session_->protocol().extension_name();
}

std::uint64_t WebSocket::id() const {
  return session_->id();
}

const TemplateEngine* WebSocket::templates() const {
  return session_->connection().context().application().templates();
}

void WebSocket::report(Error error, std::string_view what) {
  session_->connection().context().application().on_error(error, what);
}

std::any& WebSocket::user_data() {
  return session_->user();
}

WebSocketHandle WebSocket::handle() const {
  return session_->handle();
}

namespace conn {

std::string_view WsSession::subprotocol() const {
  if (subprotocol_ < 0) return {};
  return handlers_->subprotocols[static_cast<std::size_t>(subprotocol_)];
}

// Loop, slot and generation name a connection of this server once.
std::uint64_t WsSession::id() const {
  const std::uint64_t loop = connection_.context().index();
  return loop << 54 | std::uint64_t{connection_.generation() & 0x3fffffff} << 24 |
         (connection_.slot() & 0xffffff);
}

WebSocketHandle WsSession::handle() const {
  WebSocketHandle handle;
  handle.ref_ = connection_.ref();
  return handle;
}

}  // namespace conn
}  // namespace hybi
