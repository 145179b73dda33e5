// One event loop: a thread's turn of receive, run, flush, free. Floor 2; knows no protocol.
//
// A turn: wait for events -> deliver them -> timers -> posted tasks -> flush every member that
// asked -> release every member that asked. Memory is freed only in the last step, so no callback
// ever runs on a dead object. Everything is single-threaded but post(), stop() and the Mailbox.
#pragma once

#include <hybi/base/function.h>
#include <hybi/base/intrusive_list.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/io/address.h>
#include <hybi/io/stream.h>
#include <hybi/result.h>

#include <atomic>
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
// 48 bytes, because every connection is one.
class LoopMember : public ListHook<struct TimerTag>, public ListHook<struct TurnTag> {
 public:
  LoopMember(const LoopMember&) = delete;
  LoopMember& operator=(const LoopMember&) = delete;

 protected:
  LoopMember() = default;
  virtual ~LoopMember() = default;  // leaves the lists

 private:
  virtual void on_deadline() {}  // the time set with Loop::set_deadline has come
  virtual void on_flush() {}     // end of a turn in which flush_later was called
  virtual void on_release() {
  }  // very end of a turn in which release_later was called: delete yourself

  friend class Loop;
  friend class TimerWheel;
  std::uint32_t timer_due_ = 0;         // tick of the deadline
  std::uint32_t timer_visit_ : 30 = 0;  // tick at which the wheel looks at this member, <= due
  std::uint32_t flush_queued_ : 1 = 0;
  std::uint32_t release_queued_ : 1 = 0;
};

// The thread-safe end of a loop. Reference-counted: outlives the loop, then refuses.
class Mailbox {
 public:
  // Runs `task` on the loop's thread, in the order of posting. `cost` is counted against the bound
  // until the task has run. One wake-up for many posts.
  // Returns: false when the loop has ended or the bound would be exceeded; the task is then
  // destroyed. Thread: any.
  bool post(Task task, std::size_t cost = 0);
  bool closed() const;          // Thread: any.
  bool on_loop_thread() const;  // Thread: any. True inside run() and turn() on their thread.
  Loop* loop() const;           // Requires: on_loop_thread(). Null when the loop has ended.

  struct State;
  explicit Mailbox(std::shared_ptr<State>);  // made by Loop

 private:
  std::shared_ptr<State> state_;
};

struct LoopOptions {
  BackendKind backend = BackendKind::Auto;
  std::size_t scratch_bytes = 512 * 1024;            // receive buffer shared by all connections
  std::size_t max_mailbox_bytes = 64 * 1024 * 1024;  // sum of the costs of waiting tasks
};

class Loop {
 public:
  // Fails: NoBackend when `backend` is Uring and the kernel refuses; Io. Auto falls back to epoll.
  static Result<std::unique_ptr<Loop>> create(const LoopOptions& options = {});
  // For tests: a loop over the given backend (see testing/fake_backend.h).
  static std::unique_ptr<Loop> create(std::unique_ptr<Backend> backend,
                                      const LoopOptions& options = {});
  ~Loop();  // runs no callbacks; every member has left before

  BackendKind backend_kind() const;  // Epoll or Uring
  Backend& backend() { return *backend_; }

  // All turns of a loop are made on one thread: io_uring serves no second one.
  void run();                // turns until stop(); then one last turn
  void turn(bool may_wait);  // one turn; waits for events only if `may_wait`
  void stop();  // Thread: any, and safe in a signal handler. Before run(): run() makes one turn.
  bool post(Task task);  // Thread: any. See Mailbox.
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  bool on_loop_thread() const;  // see Mailbox::on_loop_thread

  // Posted tasks, or members to flush or to release: the next turn does not wait.
  bool has_work() const;

  TimePoint now() const { return now_; }  // start of this turn's work; steady

  // Replaces the member's deadline. Coarse: fires up to one tick (10 ms) late, never early; more
  // than 120 days ahead counts as 120 days. Fires once. Cost: putting a deadline off is two stores;
  // the wheel moves the member when its old time comes.
  void set_deadline(LoopMember& member, TimePoint when);
  void clear_deadline(LoopMember& member);
  bool has_deadline(const LoopMember& member) const;

  // Idempotent within a turn. Allowed while flushing: the member is flushed again in the same turn
  // (after 64 rounds in the next one). Ignored after release_later.
  void flush_later(LoopMember& member);
  // Idempotent. A flush that was asked for before still runs.
  void release_later(LoopMember& member);

  // Receive buffer for the backend and for streams that transform bytes; contents last one
  // delivery.
  MutableBytes scratch() { return scratch_.mutable_view(); }

 private:
  Loop(std::unique_ptr<Backend> backend, const LoopOptions& options);
  Clock::duration wait_time(bool may_wait) const;  // negative: for ever
  void run_tasks();
  void flush_members();
  void release_members();

  TimePoint now_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<TimerWheel> timers_;
  std::shared_ptr<Mailbox::State> mailbox_state_;
  std::shared_ptr<Mailbox> mailbox_;
  IntrusiveList<LoopMember, TurnTag> to_flush_;
  IntrusiveList<LoopMember, TurnTag> to_release_;
  OutBuffer scratch_;  // for the way its memory lies, see block_cache.h
  std::atomic<bool> stopping_ = false;
};

}  // namespace hybi::io
