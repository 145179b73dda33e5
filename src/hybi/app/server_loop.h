// One thread of a server: its event loop, connections, channels, listeners.
#pragma once

#include <hybi/app/channel_hub.h>
#include <hybi/app/site.h>
#include <hybi/app/timer_task.h>
#include <hybi/conn/counters.h>
#include <hybi/conn/loop_context.h>
#include <hybi/io/fd.h>
#include <hybi/io/listener.h>
#include <hybi/io/loop.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace hybi {

// A socket to accept from, and what its connections begin with.
struct ListenSocket {
  io::Fd fd;
  bool proxy_protocol = false;
};

class ServerLoop {
 public:
  ServerLoop(unsigned index, conn::ServerShare& share, Site& site, ChannelHub& hub)
      : index_(index), share_(share), site_(site), hub_(hub) {}
  ~ServerLoop();  // Requires: the loop is stopping or never ran.

  // Starts the thread and waits until the loop exists. Fails: NoBackend, Io.
  Result<void> start(io::BackendKind backend);
  // Accepts from these sockets, which it takes. Thread: any, after start.
  void listen(std::vector<ListenSocket> sockets);
  // See Server::stop. `on_drained` runs on the thread, once, when no connection is left: the loop
  // turns on for tasks and timers that other loops' connections wait for, until end().
  void stop(std::chrono::milliseconds deadline);
  void set_on_drained(std::function<void()> on_drained) { on_drained_ = std::move(on_drained); }
  void end();  // Thread: any.
  // Runs on the thread when its loop has ended.
  void set_on_ended(std::function<void()> on_ended) { on_ended_ = std::move(on_ended); }
  void join();

  bool post(std::function<void()> task);  // Thread: any.
  void add_timer(std::chrono::milliseconds interval, bool repeat, std::function<void()> task);
  const PortRef& port() const { return port_; }
  LoopChannels& channels() { return *channels_; }
  io::BackendKind backend() const { return backend_; }
  const conn::Counters& counters() const { return counters_; }

 private:
  void run(io::BackendKind backend, std::promise<Result<void>>& ready);
  void guard(const std::function<void()>& task);

  unsigned index_;
  conn::ServerShare& share_;
  Site& site_;
  ChannelHub& hub_;
  conn::Counters counters_;
  PortRef port_;
  io::BackendKind backend_ = io::BackendKind::Auto;
  std::function<void()> on_drained_;
  std::function<void()> on_ended_;
  std::thread thread_;

  // The loop's own; touched on its thread only.
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<conn::LoopContext> context_;
  std::unique_ptr<LoopChannels> channels_;
  std::unique_ptr<TimerTasks> timers_;
  std::vector<std::unique_ptr<io::Listener>> listeners_;
};

}  // namespace hybi
