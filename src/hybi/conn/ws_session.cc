// The life of an open WebSocket, see ws_session.h. Sending is in ws_send.cc.
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>
#include <hybi/ws/message_deflate.h>

#include <algorithm>

namespace hybi::conn {

using std::chrono::milliseconds;

namespace {

// After a large message the next receives are small, so many at most that are not large again.
constexpr std::uint8_t kReadsBetween = 8;
constexpr std::size_t kFirstBytes = ws::kTrustworthyBytes + ws::kMaxHeaderBytes;

}  // namespace

WsSession::WsSession(Connection& connection, std::shared_ptr<const WebSocketHandlers> handlers,
                     std::any user, std::string_view head, const RoutePattern* pattern,
                     Agreed agreed)
    : connection_(connection),
      handlers_(std::move(handlers)),
      protocol_(ws::Role::Server, handlers_->limits, connection.context().entropy(), agreed.version,
                handlers_->legacy),
      user_(std::move(user)),
      head_(new char[head.size()]),
      pattern_(pattern),
      seat_(std::move(agreed.seat)),
      head_bytes_(static_cast<std::uint32_t>(head.size())),
      heard_ms_(connection.context().now_ms()),
      data_ms_(heard_ms_) {
  std::copy(head.begin(), head.end(), head_.get());
  for (std::size_t i = 0; i < handlers_->subprotocols.size() && i < 127; ++i) {
    if (handlers_->subprotocols[i] == agreed.subprotocol) {
      subprotocol_ = static_cast<std::int8_t>(i);
    }
  }
  if (agreed.version == Version::V4) protocol_.set_connection_key(agreed.connection_key);
  if (agreed.deflate) set_deflate(agreed.deflate->params);
}

void WsSession::set_deflate(const ws::DeflateParams& params) {
  if (params.kind == ws::DeflateParams::Kind::Stream) {
    protocol_.set_deflate_stream(std::make_unique<ws::DeflateStream>());
  } else {
    protocol_.set_extension(std::make_unique<ws::MessageDeflate>(
        connection_.context().deflate_pool(), handlers_->compression, params.kind, params.server,
        params.client));
  }
}

void WsSession::handler_failed() {
  connection_.context().application().on_exception(Errc::WsHandlerFailed);
  fail(Errc::WsHandlerFailed);
}

void WsSession::on_start() {
  LoopContext& context = connection_.context();
  context.counters().websockets.add();
  context.counters().websockets_total.add();
  want_deadline(heard_ms_,
                std::min(handlers_->limits.ping_interval, handlers_->limits.idle_timeout));
  if (handlers_->on_open) dispatch([&](WebSocket& ws) { handlers_->on_open(ws); });
}

// The one place where received bytes become calls of user code.
void WsSession::on_bytes(MutableBytes& in) {
  heard_ms_ = connection_.context().now_ms();
  ping_waits_ = false;
  pause_if_slow(true);  // what it was sent meanwhile: an answer would find no room
  if (connection_.paused()) return;
  OutBuffer& replies = connection_.context().replies();
  for (;;) {
    const ws::Event event = protocol_.next(in, replies);
    if (!replies.empty()) send_replies(event.kind == ws::Event::Kind::Ping);
    if (event.kind == ws::Event::Kind::NeedMore) {
      if (protocol_.wants_place()) [[unlikely]]
        connection_.ask_for_place(true);
      return;
    }
    if (!handle(event)) return;
    if (connection_.ended()) return;  // the handler may have ended us: asked once, here
    pause_if_slow(!in.empty());
    if (connection_.paused()) return;
  }
}

// Inside a large frame its payload is received where the message is collected.
MutableBytes WsSession::place_for_bytes() {
  const MutableBytes place = protocol_.place_for_payload();
  if (!place.empty()) {
    reads_between_ = 0;
    return place;
  }
  if (++reads_between_ > kReadsBetween) {
    connection_.ask_for_place(false);
    return {};
  }
  // Another large message is likely: what comes together with its header has to be copied.
  const MutableBytes scratch = connection_.context().loop().scratch();
  return scratch.first(std::min(scratch.size(), kFirstBytes));
}

// Returns: false when nothing more is to be read.
bool WsSession::handle(const ws::Event& event) {
  using Kind = ws::Event::Kind;
  switch (event.kind) {
    case Kind::Text:
    case Kind::Binary:
      if (!close_due_) data_ms_ = heard_ms_;
      connection_.context().counters().messages_received.add();
      on_message(Message{event.payload, event.kind == Kind::Text});
      return true;
    case Kind::Ping:
      if (!count_control()) return true;
      if (handlers_->on_ping)
        dispatch([&](WebSocket& ws) { handlers_->on_ping(ws, event.payload); });
      return true;
    case Kind::Pong:
      if (!count_control()) return true;
      if (handlers_->on_pong)
        dispatch([&](WebSocket& ws) { handlers_->on_pong(ws, event.payload); });
      return true;
    case Kind::Failed:
      cause_ = event.errc;
      connection_.context().counters().failed_websockets.add();
      begin_close();
      return true;  // the protocol discards the rest
    default:
      begin_close();
      return true;
  }
}

void WsSession::on_message(const Message& message) {
  if (!charge(1, message.data.size(), &message)) return;
  if (handlers_->on_message) dispatch([&](WebSocket& ws) { handlers_->on_message(ws, message); });
}

// Returns: false if what has come is not to be handled; `message`, if it is one, was refused then.
bool WsSession::charge(std::size_t messages, std::size_t bytes, const Message* message) {
  if (!seat_ || close_due_) return true;  // while closing the peer's answer is awaited
  const milliseconds wait = seat_->count(messages, bytes);
  if (wait == milliseconds(0)) return true;
  connection_.context().counters().over_quota.add();
  switch (seat_->action()) {
    case QuotaAction::Delay:
      rest(wait);
      return true;
    case QuotaAction::Refuse:
      if (message != nullptr && handlers_->on_refused) {
        dispatch([&](WebSocket& ws) { handlers_->on_refused(ws, *message, wait); });
      }
      return false;
    case QuotaAction::Close:
      fail(Errc::QuotaRate);
      return false;
  }
  return false;
}

bool WsSession::set_quota_user(std::string_view user) {
  if (!seat_ || seat_->set_user(user)) return true;
  fail(Errc::QuotaUser);
  return false;
}

// RFC 6455 10.4: a limit of our own against floods of control frames. Returns: false above it.
bool WsSession::count_control() {
  const auto second = static_cast<std::uint16_t>(heard_ms_ / 1000);
  if (second != control_second_) {
    control_second_ = second;
    control_count_ = 0;
  }
  if (control_count_ < 0xffff) ++control_count_;
  if (control_count_ <= handlers_->limits.max_control_frames_per_second) return true;
  fail(Errc::WsControlRate);
  return false;
}

// Close frames are on their way: from now on only the end is awaited, for a limited time.
void WsSession::begin_close() {
  if (protocol_.eof_due()) connection_.shutdown_after_flush();  // RFC 6455 7.1.1: server first
  if (!close_due_) {
    close_due_ = true;
    data_ms_ = connection_.context().now_ms();
    want_deadline(data_ms_, handlers_->limits.close_timeout);
  }
  connection_.resume(Pause::User);  // or the peer's answer would never be read
  connection_.resume(Pause::HighWater);
  connection_.resume(Pause::Quota);
}

void WsSession::on_end() {
  const ws::Event event = protocol_.end_of_input();
  if (event.kind == ws::Event::Kind::Failed && cause_ == Errc::Ok) cause_ = event.errc;
  connection_.end();
}

void WsSession::on_stop() {
  (void)close(info(Errc::WsGoingAway).close_code, info(Errc::WsGoingAway).text);
}

void WsSession::on_closed(Error error) {
  LoopContext& context = connection_.context();
  context.counters().websockets.subtract();
  if (context.channels() != nullptr && subscriptions_) context.channels()->unsubscribe_all(*this);
  if (cause_ == Errc::Ok && !protocol_.clean()) {
    cause_ = error.code != Errc::Ok ? error.code : Errc::WsAbnormalClosure;
  }
  if (!handlers_->on_close) return;
  const CloseInfo close{.code = protocol_.clean() ? protocol_.received_code() : std::uint16_t{1006},
                        .reason = protocol_.received_reason(),
                        .clean = protocol_.clean(),
                        .cause = cause_};
  dispatch([&](WebSocket& ws) { handlers_->on_close(ws, close); });
}

// --- time

void WsSession::want_deadline(std::uint32_t from_ms, milliseconds after) {
  const io::TimePoint now = connection_.context().loop().now();
  const auto passed = milliseconds(connection_.context().now_ms() - from_ms);
  connection_.want_deadline(now + std::max(after - passed, milliseconds(1)));
}

// No reading for so long, from now on.
void WsSession::rest(milliseconds wait) {
  // What is longer than the counter of milliseconds is cut; by then nobody is there any more.
  constexpr milliseconds kLongest = std::chrono::hours(24 * 20);
  const std::uint32_t now = connection_.context().now_ms();
  wait = std::min(wait, kLongest);
  seat_->resume_ms = now + static_cast<std::uint32_t>(wait.count());
  connection_.pause(Pause::Quota);
  want_deadline(now, wait);
}

// Returns: false while reading rests for the quota.
bool WsSession::rested(std::uint32_t now) {
  if (!connection_.paused_for(Pause::Quota)) return true;
  const auto left = static_cast<std::int32_t>(seat_->resume_ms - now);
  if (left > 0) {
    want_deadline(now, milliseconds(left));
    return false;
  }
  data_ms_ = heard_ms_ = now;  // it could not have been heard
  connection_.resume(Pause::Quota);
  return true;
}

void WsSession::on_deadline() {
  const WebSocketLimits& limits = handlers_->limits;
  const std::uint32_t now = connection_.context().now_ms();
  const auto since = [&](std::uint32_t then) { return milliseconds(now - then); };
  const bool resting = !rested(now);
  if (close_due_) {
    if (since(data_ms_) >= limits.close_timeout) {
      connection_.abort(cause_ != Errc::Ok ? cause_ : Errc::WsAbnormalClosure);
    } else {
      want_deadline(data_ms_, limits.close_timeout);
    }
    return;
  }
  if (!resting && since(data_ms_) >= limits.idle_timeout) {
    fail(Errc::WsIdle);
    return;
  }
  // While reading rests because the peer takes too little, what it takes is its sign of life.
  const bool stalled =
      connection_.paused_for(Pause::HighWater) && !connection_.paused_for(Pause::User);
  const milliseconds silence = since(heard_ms_);
  if ((ping_waits_ || stalled) && silence >= limits.ping_interval + limits.pong_timeout) {
    // RFC 6455 7.1.7 would allow a close frame; nobody is there to read it.
    cause_ = Errc::WsPeerSilent;
    connection_.abort(Errc::WsPeerSilent);
    return;
  }
  // While the user has paused reading there is nothing to conclude from silence, and 75 and 76 have
  // no ping: there the idle timeout does the work.
  const bool silent_by_right = connection_.paused() || !protocol_.has_ping();
  if (!ping_waits_ && silence >= limits.ping_interval && !silent_by_right) {
    ping_waits_ = ping({}).has_value();
  }
  if (ping_waits_ || stalled) {
    want_deadline(heard_ms_, limits.ping_interval + limits.pong_timeout);
  } else {
    const milliseconds extra = silent_by_right ? limits.ping_interval : milliseconds(100);
    want_deadline(heard_ms_, std::max(limits.ping_interval, silence + extra));
  }
  if (!resting) want_deadline(data_ms_, limits.idle_timeout);
}

}  // namespace hybi::conn
