// One event loop: a thread's turn of receive, run, flush, free. Floor 2; knows no protocol.
//
// A turn: wait for events -> deliver them -> timers -> posted tasks -> flush every member that asked ->
// release every member that asked. Memory is freed only in the last step, so no callback ever runs on a
// dead object. Everything is single-threaded but post(), stop() and the Mailbox.
#pragma once

#include <hybi/base/function.h>
#include <hybi/bytes.h>
#include <hybi/io/address.h>
#include <hybi/io/stream.h>
#include <hybi/result.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

namespace hybi::io {

class Backend;
class Loop;
class TimerWheel;

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Task = UniqueFunction<void()>;

enum class BackendKind : std::uint8_t { Auto, Epoll, Uring };
std::string_view name_of(BackendKind kind);  // "auto", "epoll", "uring"

// Something a loop keeps in its lists. Lifetime: outlives its membership; released in release().
class LoopMember {
 public:
  LoopMember(const LoopMember&) = delete;
  LoopMember& operator=(const LoopMember&) = delete;

 protected:
  LoopMember() = default;
  virtual ~LoopMember();  // leaves the lists

 private:
  virtual void on_deadline() {}  // the time set with Loop::set_deadline has come
  virtual void on_flush() {}     // end of a turn in which flush_later was called
  virtual void on_release() {}   // very end of a turn in which release_later was called: delete yourself

  friend class Loop;
  friend class TimerWheel;
  LoopMember* timer_next_ = nullptr;
  LoopMember** timer_at_ = nullptr;  // null: no deadline
  std::uint64_t timer_due_ = 0;      // in ticks of the wheel
  LoopMember* turn_next_ = nullptr;
  bool flush_queued_ = false;
  bool release_queued_ = false;
};

// The thread-safe end of a loop. Reference-counted: outlives the loop, then refuses.
class Mailbox {
 public:
  // Runs `task` on the loop's thread, in the order of posting. `cost` is counted against the bound
  // until the task has run. One wake-up for many posts.
  // Returns: false when the loop has ended or the bound would be exceeded; the task is then destroyed.
  // Thread: any.
  bool post(Task task, std::size_t cost = 0);
  bool closed() const;            // Thread: any.
  bool on_loop_thread() const;    // Thread: any.
  Loop* loop() const;             // Requires: on_loop_thread(). Null when the loop has ended.

 private:
  friend class Loop;
  struct State;
  explicit Mailbox(std::shared_ptr<State>);
  std::shared_ptr<State> state_;
};

struct LoopOptions {
  BackendKind backend = BackendKind::Auto;
  std::size_t scratch_bytes = 512 * 1024;             // receive buffer shared by all connections
  std::size_t max_mailbox_bytes = 64 * 1024 * 1024;   // sum of the costs of waiting tasks
};

class Loop {
 public:
  // Fails: NoBackend when `backend` is Uring and the kernel refuses; Io. Auto falls back to epoll.
  static Result<std::unique_ptr<Loop>> create(const LoopOptions& options = {});
  // For tests: a loop over the given backend (see testing/fake_backend.h).
  static std::unique_ptr<Loop> create(std::unique_ptr<Backend> backend, const LoopOptions& options = {});
  ~Loop();  // runs no callbacks; every member has left before

  BackendKind backend_kind() const;  // Epoll or Uring
  Backend& backend() { return *backend_; }

  void run();          // turns until stop(); then one last turn
  void turn(bool may_wait);  // one turn; waits for events only if `may_wait`
  void stop();         // Thread: any.
  bool post(Task task);  // Thread: any. See Mailbox.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool on_loop_thread() const;

  TimePoint now() const { return now_; }  // start of this turn's work; steady

  // Replaces the member's deadline. Coarse: fires up to one tick (10 ms) late, never early.
  void set_deadline(LoopMember& member, TimePoint when);
  void clear_deadline(LoopMember& member);
  bool has_deadline(const LoopMember& member) const;

  void flush_later(LoopMember& member);    // idempotent within a turn; allowed while flushing
  void release_later(LoopMember& member);  // idempotent

  // Receive buffer for the backend and for streams that transform bytes; contents last one delivery.
  MutableBytes scratch();

 private:
  // (private parts: io's business)
};

}  // namespace hybi::io
