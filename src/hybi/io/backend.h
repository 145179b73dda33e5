// The seam between a loop and the kernel: waits, delivers, makes streams and listeners, tells the
// time.
//
// Three of them: backend_epoll.cc (readiness), backend_uring.cc (completion) and, for tests,
// testing/fake_backend.h (memory and a clock moved by hand). Used by loop.cc and listener.cc only.
#pragma once

#include <hybi/io/listener.h>
#include <hybi/io/loop.h>
#include <hybi/io/stream.h>

#include <memory>

namespace hybi::io {

// Calls: bind (wait deliver finish_writes*)*. Thread: one, but wake().
class Backend {
 public:
  virtual ~Backend() = default;
  virtual BackendKind kind() const = 0;

  // Once, before anything else. Lifetime: `loop` outlives the backend.
  virtual void bind(Loop& loop) = 0;

  virtual TimePoint now() const = 0;

  // Waits until there are events, wake() was called or `timeout` is over; negative: no end.
  // Calls nobody.
  virtual void wait(Clock::duration timeout) = 0;

  // Hands the events to the streams' owners and the listeners.
  virtual void deliver() = 0;

  // Completes the writes that were left pending since the last call: on_written for each.
  // Returns: whether anybody was called.
  virtual bool finish_writes() = 0;

  // Ends a wait() that runs, or the next one. Thread: any. Safe in a signal handler.
  virtual void wake() = 0;

  // Makes a stream of a connected socket. Takes `fd` (non-blocking, close-on-exec).
  virtual std::unique_ptr<Stream> adopt(int fd) = 0;

  // See Listener::create.
  virtual std::unique_ptr<Listener> listen(int fd, Listener::OnAccept on_accept,
                                           std::size_t accepts_per_turn) = 0;
};

// Fails: Io; NoBackend when the kernel refuses io_uring or lacks what is needed of it.
Result<std::unique_ptr<Backend>> create_epoll_backend();
Result<std::unique_ptr<Backend>> create_uring_backend();

}  // namespace hybi::io
