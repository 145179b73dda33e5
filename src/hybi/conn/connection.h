// One live connection: a stream, the session that speaks over it, the bytes waiting to leave.
//
// Never moves; lives in its loop's slab until the end of the turn in which it ended. Sessions call
// its functions; none of them calls back into the session.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/conn/outbox.h>
#include <hybi/conn/session.h>
#include <hybi/io/address.h>
#include <hybi/io/loop.h>
#include <hybi/io/stream.h>
#include <hybi/port_ref.h>

#include <cstdint>
#include <memory>

namespace hybi::conn {

class LoopContext;

// Why reading rests. Reading goes on when no reason is left.
enum class Pause : std::uint8_t {
  User = 1,       // WebSocket::pause
  HighWater = 2,  // the peer does not take what we send
  Busy = 4,       // a request is being answered
  Quota = 8,      // more has come than the quota allows
};

class Connection final : public io::StreamOwner, private io::LoopMember {
 public:
  Connection(std::uint32_t slot, std::uint32_t generation, LoopContext& context,
             std::unique_ptr<io::Stream> stream, const io::Address& peer);
  ~Connection() override;

  void start(std::unique_ptr<Session> session);
  // Another session takes over, from within the old one; that is freed at the end of the turn.
  void become(std::unique_ptr<Session> session);

  // Sending. Everything leaves in one write at the end of the turn.
  OutBuffer& out() { return outbox().own(); }
  Outbox& outbox();
  std::uint64_t unsent() const { return outbox_ ? outbox_->unsent() : 0; }
  bool blocked() const { return blocked_; }  // the peer takes nothing at the moment

  // The session is asked where bytes shall go before they are received, see io/stream.h.
  void ask_for_place(bool on) { stream_->ask_for_place(on); }

  void pause(Pause reason);
  void resume(Pause reason);
  // While reading rests for Busy alone: the peer's end is noticed all the same. What it sends
  // before that is kept, up to a bound.
  void watch_for_end();
  bool paused() const { return pauses_ != 0; }
  bool paused_for(Pause reason) const { return (pauses_ & static_cast<std::uint8_t>(reason)) != 0; }

  // The session's on_hook runs at the end of this turn, before the bytes leave.
  void hook_later();
  // on_deadline runs at `when` or, if an earlier time is set already, then: it asks again.
  void want_deadline(io::TimePoint when);

  // Ends our side once everything has left; the session waits for the peer's end.
  void shutdown_after_flush();
  // Ends both sides: orderly once everything that fits has left, or by a reset.
  void end(Error error = {});
  void abort(Errc why);
  bool ended() const { return ended_; }
  void stop();  // the server stops: tells the session

  LoopContext& context() { return context_; }
  Session& session() { return *session_; }
  ConnectionRef ref() const;
  const io::Address& peer() const { return peer_; }
  void set_peer(const io::Address& peer) { peer_ = peer; }  // as a proxy says
  std::uint32_t slot() const { return slot_; }
  std::uint32_t generation() const { return generation_; }

  // io::StreamOwner
  void on_bytes(MutableBytes in) override;
  MutableBytes place_for_bytes() override;
  void on_written(std::size_t count) override;
  void on_writable() override;
  void on_end() override;
  void on_error(Error error) override;

 private:
  friend class LoopContext;
  struct Kept {  // bytes that the session has not taken
    OutBuffer bytes;
    std::size_t taken = 0;
    bool ended = false;  // the peer's end comes after them

    void append(Bytes more);
    std::size_t size() const { return bytes.size() - taken; }
  };

  void flush();
  void write_early();
  void flush_later();
  void drop_unsent();
  void run_hook();
  void wrote(std::uint64_t count, std::uint64_t offered);
  void ensure_started();
  void offer(MutableBytes& in);
  void offer_kept();
  void keep(Bytes rest);
  void on_deadline() override;
  void on_release() override;

  LoopContext& context_;
  std::unique_ptr<io::Stream> stream_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<Outbox> outbox_;  // null: nothing to send
  std::unique_ptr<Kept> kept_;
  std::unique_ptr<Session> former_;  // may still be on the call stack
  std::uint32_t slot_;
  std::uint32_t generation_;
  io::Address peer_;
  std::uint32_t armed_ms_ = 0;  // the deadline, as LoopContext::now_ms counts
  std::uint32_t offered_ = 0;   // of the pending write; what is larger counts as this
  Errc cause_ = Errc::Ok;       // why it ended
  std::uint8_t pauses_ = 0;
  bool started_ : 1 = false;
  bool flush_queued_ : 1 = false;
  bool hook_queued_ : 1 = false;
  bool write_pending_ : 1 = false;
  bool blocked_ : 1 = false;
  bool watching_ : 1 = false;  // pauses_, and yet the stream reads
  bool shutdown_due_ : 1 = false;
  bool shut_down_ : 1 = false;
  bool ended_ : 1 = false;
  bool closed_told_ : 1 = false;
};

}  // namespace hybi::conn
