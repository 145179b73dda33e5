// Between a stream and a session, see connection.h.
#include <hybi/base/assert.h>
#include <hybi/conn/connection.h>
#include <hybi/conn/loop_context.h>

#include <algorithm>
#include <array>

namespace hybi::conn {
namespace {

// So much does not wait for the end of the turn where large payloads are received.
constexpr std::uint64_t kLeavesAtOnce = 128 * 1024;

// What a peer may send behind a request that is being answered while its end is watched for.
constexpr std::size_t kWatchedBytes = 64 * 1024;

}  // namespace

Connection::Connection(std::uint32_t slot, std::uint32_t generation, LoopContext& context,
                       std::unique_ptr<io::Stream> stream, const io::Address& peer)
    : context_(context),
      stream_(std::move(stream)),
      slot_(slot),
      generation_(generation),
      peer_(peer) {}

Connection::~Connection() = default;

void Connection::start(std::unique_ptr<Session> session) {
  session_ = std::move(session);
  stream_->start(*this);
  ensure_started();
}

void Connection::become(std::unique_ptr<Session> session) {
  former_ = std::move(session_);
  session_ = std::move(session);
  started_ = false;
  hook_later();  // starts it and frees the former one
}

ConnectionRef Connection::ref() const {
  return {context_.port(), slot_, generation_};
}

// --- receiving

void Connection::on_bytes(MutableBytes in) {
  if (ended_) return;
  context_.counters().bytes_received.add(in.size());
  if (kept_) {
    kept_->append(in);
    if (!paused()) {
      offer_kept();
    } else if (watching_ && kept_->size() >= kWatchedBytes) {
      watching_ = false;
      stream_->pause_reading();
    }
    return;
  }
  offer(in);
  if (!in.empty() && !ended_) keep(in);
}

MutableBytes Connection::place_for_bytes() {
  if (ended_ || kept_) return {};
  context_.large_traffic().seen();
  // A large message leaves before more is received: it is in the cache still, and its memory is the
  // place for the next one.
  if (unsent() >= kLeavesAtOnce && !blocked_) write_early();
  return ended_ ? MutableBytes() : session_->place_for_bytes();
}

// Offers until nothing is left, the session waits for more, or it is replaced by one that takes
// over.
void Connection::offer(MutableBytes& in) {
  for (;;) {
    ensure_started();
    if (in.empty() || paused() || ended_) return;
    const std::size_t before = in.size();
    Session* const current = session_.get();
    current->on_bytes(in);
    if (session_.get() == current && (in.size() == before || in.empty())) return;
  }
}

void Connection::Kept::append(Bytes more) {
  if (taken > 0) {
    const std::size_t rest = bytes.size() - taken;
    std::memmove(bytes.mutable_view().data(), bytes.view().data() + taken, rest);
    bytes.truncate(rest);
    taken = 0;
  }
  bytes.append(more);
}

void Connection::keep(Bytes rest) {
  kept_ = std::make_unique<Kept>();
  kept_->bytes.append(rest);
}

void Connection::offer_kept() {
  MutableBytes in = kept_->bytes.mutable_view().subspan(kept_->taken);
  const std::size_t before = in.size();
  offer(in);
  kept_->taken += before - in.size();
  if (ended_ || (paused() && (kept_->ended || !in.empty()))) return;
  const bool peer_ended = kept_->ended;
  if (in.empty() || peer_ended) kept_.reset();
  if (peer_ended) session_->on_end();
}

void Connection::on_end() {
  if (ended_) return;
  if (kept_ && (paused() || hook_queued_)) {  // the session is told when it has taken them
    kept_->ended = true;
    session_->on_end_behind();
    return;
  }
  kept_.reset();
  ensure_started();
  if (!ended_) session_->on_end();
}

void Connection::on_error(Error error) {
  drop_unsent();
  if (ended_) {
    hook_later();
  } else {
    end(error);
  }
}

void Connection::ensure_started() {
  if (started_) return;
  started_ = true;
  session_->on_start();
}

void Connection::pause(Pause reason) {
  if ((pauses_ == 0 || watching_) && !ended_) stream_->pause_reading();
  watching_ = false;
  pauses_ |= static_cast<std::uint8_t>(reason);
}

void Connection::resume(Pause reason) {
  if (pauses_ == 0) return;
  pauses_ &= static_cast<std::uint8_t>(~static_cast<std::uint8_t>(reason));
  if (pauses_ != 0 || ended_) return;
  watching_ = false;
  stream_->resume_reading();
  // What was kept is offered outside of the caller.
  if (kept_ || session_->holds_input()) hook_later();
}

void Connection::watch_for_end() {
  if (pauses_ != static_cast<std::uint8_t>(Pause::Busy) || ended_ || watching_) return;
  if (kept_ && (kept_->ended || kept_->size() >= kWatchedBytes)) return;
  watching_ = true;
  stream_->resume_reading();
}

// --- sending

Outbox& Connection::outbox() {
  if (!outbox_) outbox_ = context_.outboxes().take();
  flush_later();
  return *outbox_;
}

void Connection::flush() {
  flush_queued_ = false;
  if (write_pending_ || closed_told_) return;
  if (ended_ && blocked_) drop_unsent();  // what does not fit now is lost
  if (blocked_) return;
  while (outbox_ && !outbox_->empty()) {
    const Outbox::Attempt attempt = outbox_->write_to(*stream_);
    if (attempt.result.failed) {
      drop_unsent();
      abort(Errc::ConnectionReset);
      break;
    }
    if (attempt.result.pending) {
      write_pending_ = true;
      offered_ = static_cast<std::uint32_t>(std::min<std::uint64_t>(attempt.offered, 0xffffffff));
      return;
    }
    wrote(attempt.result.count, attempt.offered);
    if (!blocked_) continue;
    if (!ended_) return;
    drop_unsent();
  }
  if (outbox_) context_.outboxes().give(std::move(outbox_));
  if (ended_) {
    hook_later();
  } else if (shutdown_due_ && !shut_down_) {
    shut_down_ = true;
    stream_->shutdown_write();
  }
}

// One write before the end of the turn. Whether the peer is slow the turn's own write finds out.
void Connection::write_early() {
  std::array<Bytes, Outbox::kPiecesPerWrite> pieces;
  const Outbox::Front front = outbox_->gather(pieces);
  if (write_pending_ || front.pieces == 0) return;
  const io::WriteResult result = stream_->write_at_once({pieces.data(), front.pieces});
  if (result.failed) {
    drop_unsent();
    abort(Errc::ConnectionReset);
  } else {
    wrote(result.count, result.count);
  }
}

void Connection::wrote(std::uint64_t count, std::uint64_t offered) {
  context_.counters().bytes_sent.add(count);
  outbox_->consume(count);
  blocked_ = count < offered;
  if (!ended_) session_->on_progress(count, outbox_->unsent());
}

void Connection::on_written(std::size_t count) {
  write_pending_ = false;
  if (closed_told_) return;
  if (outbox_ && !outbox_->empty()) wrote(count, offered_);
  flush_later();  // more of it, or the end of it
}

void Connection::on_writable() {
  if (!blocked_) return;
  blocked_ = false;
  flush_later();
}

void Connection::flush_later() {
  if (flush_queued_) return;
  flush_queued_ = true;
  context_.flush_later(*this);
}

void Connection::drop_unsent() {
  if (outbox_) outbox_->clear();
  blocked_ = false;
}

// --- ending

void Connection::hook_later() {
  if (hook_queued_) return;
  hook_queued_ = true;
  context_.hook_later(*this);
}

void Connection::run_hook() {
  hook_queued_ = false;
  former_.reset();
  if (ended_) {
    if (closed_told_ || unsent() > 0) return;  // flush comes back here
    closed_told_ = true;
    ensure_started();  // whoever was accepted is told of the end, so of the beginning as well
    session_->on_closed({cause_});
    context_.loop().release_later(*this);
    return;
  }
  ensure_started();
  if (kept_ && !paused()) offer_kept();
  if (!ended_) session_->on_hook();
}

void Connection::shutdown_after_flush() {
  shutdown_due_ = true;
  flush_later();
}

void Connection::end(Error error) {
  if (ended_) return;
  ended_ = true;
  cause_ = error.code;
  hook_later();
  flush_later();
}

void Connection::abort(Errc why) {
  drop_unsent();
  stream_->reset_on_close();
  if (ended_) {
    hook_later();
  } else {
    end({why});
  }
}

void Connection::stop() {
  if (!ended_) session_->on_stop();
}

void Connection::on_release() {
  context_.destroy(*this);
}

// --- time

void Connection::want_deadline(io::TimePoint when) {
  const std::uint32_t when_ms = context_.ms_at(when);
  const bool earlier = static_cast<std::int32_t>(when_ms - armed_ms_) < 0;  // it wraps
  if (context_.loop().has_deadline(*this) && !earlier) return;
  armed_ms_ = when_ms;
  context_.loop().set_deadline(*this, when);
}

void Connection::on_deadline() {
  if (!ended_) session_->on_deadline();
}

}  // namespace hybi::conn
