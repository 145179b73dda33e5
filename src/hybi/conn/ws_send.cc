// Sending over an open WebSocket: bounds, policies, order. See ws_session.h.
#include <hybi/base/assert.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>

#include <algorithm>

namespace hybi::conn {

namespace {

// What one turn may add for a peer that is not known to be slow, in high-water marks: nothing has
// been offered to the system yet.
constexpr std::uint64_t kBurst = 4;

// Below, a copy is cheaper than a piece of its own.
constexpr std::size_t kSendBackBytes = 32 * 1024;

}  // namespace

bool WsSession::over_high_water() const {
  return connection_.unsent() >= handlers_->limits.high_water_bytes;
}

bool WsSession::outbox_is_full() const {
  const std::uint64_t high_water = handlers_->limits.high_water_bytes;
  const std::uint64_t unsent = connection_.unsent();
  return unsent >= high_water && (connection_.blocked() || unsent / kBurst >= high_water);
}

bool WsSession::peer_is_slow() const {
  if (held_) {
    if (!held_->latest.empty()) return true;  // nothing overtakes what is kept
    if (held_->waiting_bytes >= handlers_->limits.high_water_bytes) return true;
  }
  return outbox_is_full();
}

SendResult WsSession::send(const Message& message, std::string_view key) {
  if (connection_.ended() || protocol_.state() != ws::State::Open) return SendResult::Closed;
  if (peer_is_slow() || !protocol_.can_send_message()) return send_later(share_own(message), key);
  OutBuffer& out = connection_.out();
  if (message.data.size() >= kSendBackBytes && send_back(message)) return accepted();
  const Result<void> sent = message.is_text
                                ? protocol_.send_text(message.text(), out, message.compress)
                                : protocol_.send_binary(message.data, out, message.compress);
  if (sent.error().code == Errc::NoBinary) [[unlikely]]
    return no_binary();
  return accepted();
}

SendResult WsSession::no_binary() {
  connection_.context().counters().messages_dropped.add();
  return SendResult::NoBinary;
}

SharedMessageRef WsSession::share_own(const Message& message) {
  return share(message, protocol_.encoding(message.data.size(), message.compress),
               &connection_.context().deflate_pool());
}

// A large message that is passed on as it came goes out of the memory it came into.
bool WsSession::send_back(const Message& message) {
  Outbox& outbox = connection_.outbox();
  std::optional<OutBuffer> payload = protocol_.send_back(
      message.is_text ? ws::Opcode::Text : ws::Opcode::Binary, message.data, outbox.own());
  if (!payload) return false;
  auto shared = std::make_shared<SharedMessage>();
  shared->frame = std::move(*payload);
  outbox.append_shared(std::move(shared));
  return true;
}

SendResult WsSession::deliver(Publishing& publication) {
  if (connection_.ended() || protocol_.state() != ws::State::Open) return SendResult::Closed;
  const PublicationFormat* const format = publication_format();
  if (format == nullptr && publication.message().is_about_members()) return SendResult::Dropped;
  const SharedMessageRef& shared = publication.as(
      protocol_.encoding(publication.payload_bytes(format), publication.compress()), format);
  const bool queued = held_ && !held_->backlog.empty();  // nothing overtakes what waits
  if (queued || !shared || peer_is_slow() || !protocol_.can_send_message()) [[unlikely]] {
    if (shared && (queued || (publication.slow() != nullptr && peer_is_slow()))) {
      return wait_in_backlog(publication, shared);
    }
    return send_later(shared, publication.key());
  }
  append(shared);
  return accepted();
}

SendResult WsSession::wait_in_backlog(Publishing& publication, SharedMessageRef message) {
  drain_due_ = true;
  const SlowQueue queue = publication.slow() != nullptr ? *publication.slow() : SlowQueue{};
  switch (held().backlog.put(publication.channel(), publication.key(), std::move(message), queue,
                             connection_.context().now_ms())) {
    case SlowBacklog::Put::Waits:
      return SendResult::Queued;
    case SlowBacklog::Put::Superseded:
      connection_.context().counters().messages_dropped.add();
      return SendResult::Queued;
    case SlowBacklog::Put::Dropped:
      connection_.context().counters().messages_dropped.add();
      return SendResult::Dropped;
    case SlowBacklog::Put::TooSlow:
      break;
  }
  fail(Errc::WsSlowConsumer);
  return SendResult::Closed;
}

void WsSession::miss(std::string_view channel, std::uint64_t missed) {
  if (connection_.ended() || protocol_.state() != ws::State::Open) return;
  if (!held().backlog.miss(channel, missed)) return fail(Errc::WsSlowConsumer);
  hook_drained_ = true;
  connection_.hook_later();
}

void WsSession::begin_anew(std::string_view channel, Position position) {
  const PublicationFormat* const format = publication_format();
  if (format == nullptr) return miss(channel, 1);  // one at least
  if (connection_.ended() || protocol_.state() != ws::State::Open) return;
  OutBuffer text;
  format->write_new_epoch(channel, position, text);
  const Message message{text.view(), format->is_text()};
  if (!held_ || held_->backlog.empty()) return void(send(message));
  // In its place, whatever the channel's own bounds.
  const SlowQueue unbounded{
      .max_messages = kNoLimit, .max_bytes = kNoLimit, .max_age = std::chrono::hours(24)};
  const auto put = held_->backlog.put(channel, {}, share_own(message), unbounded,
                                      connection_.context().now_ms());
  if (put == SlowBacklog::Put::TooSlow) fail(Errc::WsSlowConsumer);
}

// As much of what waits as the peer may be owed.
void WsSession::release_backlog() {
  while (held_ && !held_->backlog.empty() && protocol_.can_send_message() && !over_high_water()) {
    const SlowBacklog::Taken first = held_->backlog.take(connection_.context().now_ms());
    for (std::uint64_t i = 0; i < first.dropped; ++i) {
      connection_.context().counters().messages_dropped.add();
    }
    if (first.message) {
      append(first.message);
      (void)accepted();
    } else if (first.tell) {
      tell_gap(first.channel, first.missed);
      if (connection_.ended()) return;
    }
  }
}

void WsSession::tell_gap(std::string_view channel, std::uint64_t missed) {
  if (const PublicationFormat* const format = publication_format()) {
    OutBuffer text;
    format->write_gap(channel, missed, text);
    append(share_own(Message{text.view(), format->is_text()}));
    (void)accepted();
  } else if (handlers_->on_gap) {
    dispatch([&](WebSocket& ws) { handlers_->on_gap(ws, channel, missed); });
  }
}

// A message that cannot go now, or (null) not at all.
SendResult WsSession::send_later(SharedMessageRef message, std::string_view key) {
  if (!message) return no_binary();
  return peer_is_slow() ? refuse_slow(std::move(message), key)
                        : wait_for_fragment(std::move(message));
}

// RFC 6455 5.4: messages do not mix; this one follows the fragmented one.
SendResult WsSession::wait_for_fragment(SharedMessageRef message) {
  held().waiting_bytes += message->frame.size();
  held().after_fragment.push_back(std::move(message));
  return SendResult::Queued;
}

void WsSession::append(const SharedMessageRef& shared) {
  Outbox& outbox = connection_.outbox();
  if (!protocol_.send_shared(shared->frame.view(), shared->encoding, outbox.own())) {
    outbox.append_shared(shared);
  }
}

SendResult WsSession::accepted() {
  connection_.context().counters().messages_sent.add();
  if (!connection_.blocked()) return SendResult::Sent;
  drain_due_ = true;
  return SendResult::Queued;
}

// The peer takes less than it is sent.
SendResult WsSession::refuse_slow(SharedMessageRef message, std::string_view key) {
  drain_due_ = true;
  switch (handlers_->slow_policy) {
    case SlowPolicy::Close:
      fail(Errc::WsSlowConsumer);
      return SendResult::Closed;
    case SlowPolicy::Drop:
      connection_.context().counters().messages_dropped.add();
      return SendResult::Dropped;
    case SlowPolicy::KeepLatest:
      break;
  }
  Held& kept = held();
  const auto same = [&](const auto& entry) { return entry.first == key; };
  const auto there = std::find_if(kept.latest.begin(), kept.latest.end(), same);
  const std::size_t superseded = there != kept.latest.end() ? there->second->frame.size() : 0;
  const std::size_t kept_bytes = kept.latest_bytes - superseded + message->frame.size();
  if (kept_bytes > handlers_->limits.high_water_bytes && kept.latest.size() > 1) {
    connection_.context().counters().messages_dropped.add();  // too many keys
    return SendResult::Dropped;
  }
  kept.latest_bytes = kept_bytes;
  if (there != kept.latest.end()) {
    connection_.context().counters().messages_dropped.add();
    there->second = std::move(message);
  } else {
    kept.latest.emplace_back(key, std::move(message));
  }
  return SendResult::Queued;
}

WsSession::Held& WsSession::held() {
  if (!held_) held_ = std::make_unique<Held>(handlers_->limits);
  return *held_;
}

// What waited for room, or for the end of a fragmented message, goes out in its order.
void WsSession::release_held() {
  if (!held_ || !protocol_.can_send_message()) return;
  const std::unique_ptr<Held> held = std::move(held_);
  for (const SharedMessageRef& message : held->after_fragment) {
    append(message);
    (void)accepted();
  }
  for (const auto& [key, message] : held->latest) {
    append(message);
    (void)accepted();
  }
  // These have ways of their own.
  if (!held->pong.empty()) this->held().pong = std::move(held->pong);
  if (!held->backlog.empty()) this->held().backlog = std::move(held->backlog);
}

Result<void> WsSession::send_fragment(const Message& piece, bool last) {
  if (connection_.ended()) return Errc::Closed;
  if (outbox_is_full()) {  // a message cannot lose a part: the caller waits, or the connection ends
    drain_due_ = true;
    if (handlers_->slow_policy == SlowPolicy::Close) fail(Errc::WsSlowConsumer);
    return Errc::WsSlowConsumer;
  }
  HYBI_TRY(protocol_.send_fragment(piece.is_text ? ws::Opcode::Text : ws::Opcode::Binary,
                                   piece.data, last, connection_.out()));
  if (!last) return {};
  (void)accepted();
  if (!over_high_water()) release_held();
  return {};
}

Result<void> WsSession::ping(Bytes payload) {
  if (connection_.ended()) return Errc::Closed;
  return protocol_.send_ping(payload, connection_.out());
}

Result<void> WsSession::pong(Bytes payload) {
  if (connection_.ended()) return Errc::Closed;
  return protocol_.send_pong(payload, connection_.out());
}

Result<void> WsSession::close(std::uint16_t code, std::string_view reason) {
  if (connection_.ended()) return Errc::Closed;
  release_held();  // what was accepted goes before the close frame
  HYBI_TRY(protocol_.close(code, reason, connection_.out()));
  begin_close();
  return {};
}

void WsSession::fail(Errc why) {
  if (connection_.ended() || protocol_.state() == ws::State::Closed) return;
  cause_ = why;
  if (why != Errc::WsHandlerFailed) connection_.context().counters().failed_websockets.add();
  protocol_.fail(why, connection_.out());
  begin_close();
}

void WsSession::terminate() {
  connection_.abort(Errc::WsAbnormalClosure);
}

// What the protocol has answered. RFC 6455 5.5.3: while the peer takes nothing only its latest ping
// is kept in mind, so pings cannot fill our memory.
void WsSession::send_replies(bool pong) {
  OutBuffer& replies = connection_.context().replies();
  if (pong && connection_.blocked()) {
    held().pong.clear();
    held().pong.append(replies.view());
  } else {
    connection_.out().append(replies.view());
  }
  replies.clear();
}

void WsSession::release_pong() {
  if (!held_ || held_->pong.empty()) return;
  // RFC 6455 5.5.1: nothing is sent after a close frame.
  if (protocol_.state() == ws::State::Open) connection_.out().append(held_->pong.view());
  held_->pong.reset();
}

// --- room

// A peer that takes nothing is not read from either: what it asks for would only pile up here.
void WsSession::pause_if_slow(bool more_input) {
  if (!over_high_water() || close_due_) return;  // while closing its answer is awaited
  // Nothing has been offered to the system yet? Then reading goes on, up to half of the burst.
  const bool burst_half_used =
      connection_.unsent() / (kBurst / 2) >= handlers_->limits.high_water_bytes;
  if (more_input || connection_.blocked() || burst_half_used) {
    connection_.pause(Pause::HighWater);
  }
}

void WsSession::on_progress(std::uint64_t, std::uint64_t unsent) {
  if (connection_.paused_for(Pause::HighWater)) heard_ms_ = connection_.context().now_ms();
  pause_if_slow(false);
  if (unsent > handlers_->limits.low_water_bytes) return;
  if (!drain_due_ && !held_ && !connection_.paused_for(Pause::HighWater)) return;
  hook_drained_ = true;
  connection_.hook_later();
}

void WsSession::on_hook() {
  if (protocol_.has_more() && !connection_.paused()) {
    MutableBytes none;
    on_bytes(none);
    if (connection_.ended()) return;
  }
  if (!hook_drained_) return;
  hook_drained_ = false;
  if (connection_.unsent() > handlers_->limits.low_water_bytes) return;
  release_pong();
  release_held();
  release_backlog();
  if (connection_.ended()) return;
  connection_.resume(Pause::HighWater);
  if (!drain_due_) return;
  drain_due_ = false;
  if (handlers_->on_drain) dispatch([&](WebSocket& ws) { handlers_->on_drain(ws); });
}

}  // namespace hybi::conn
