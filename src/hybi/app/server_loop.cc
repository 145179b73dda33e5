// A thread and its loop, see server_loop.h.
#include <hybi/app/server_loop.h>

#include <algorithm>

#include <signal.h>

namespace hybi {
namespace {

constexpr std::chrono::milliseconds kLongestStop = std::chrono::hours(24 * 100);

// Signals are for the application's own threads; SIGPIPE (sendfile has no flag against it) for
// nobody.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP})
    sigdelset(&all, fault);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

ServerLoop::~ServerLoop() {
  join();
}

Result<void> ServerLoop::start(io::BackendKind backend) {
  std::promise<Result<void>> ready;
  std::future<Result<void>> started = ready.get_future();
  thread_ = std::thread([this, backend, &ready] { run(backend, ready); });
  return started.get();
}

void ServerLoop::run(io::BackendKind backend, std::promise<Result<void>>& ready) {
  block_signals();
  {
    Result<std::unique_ptr<io::Loop>> loop = io::Loop::create(
        {.backend = backend, .max_mailbox_bytes = share_.limits.max_mailbox_bytes});
    if (!loop) {
      ready.set_value(loop.error());
      return;
    }
    loop_ = std::move(loop).value();
  }
  backend_ = loop_->backend_kind();
  context_ = std::make_unique<conn::LoopContext>(*loop_, index_, share_, site_, counters_);
  port_ = context_->port();
  channels_ = std::make_unique<LoopChannels>(hub_, *port_.get(), index_);
  context_->set_channels(channels_.get());
  timers_ = std::make_unique<TimerTasks>(
      *loop_, [this](const std::function<void()>& task) { guard(task); });
  ready.set_value({});
  loop_->run();
  listeners_.clear();
  timers_.reset();
  context_.reset();
  channels_.reset();
  loop_.reset();
  if (on_ended_) on_ended_();
}

void ServerLoop::guard(const std::function<void()>& task) {
  try {
    task();
  } catch (...) {
    site_.on_exception(Errc::HttpHandlerFailed);
  }
}

void ServerLoop::listen(std::vector<ListenSocket> sockets) {
  // Through the port: a task that ran before may have stopped the loop already. What is not taken
  // here is closed with the task.
  port_->post([this, sockets = std::move(sockets)](conn::LoopContext& context) mutable {
    if (context.stopping()) return;
    for (ListenSocket& socket : sockets) {
      listeners_.push_back(io::Listener::create(
          *loop_, socket.fd.release(),
          [this, proxy = socket.proxy_protocol](std::unique_ptr<io::Stream> stream,
                                                const io::Address& peer) {
            context_->accept(std::move(stream), peer, proxy);
          },
          share_.limits.accepts_per_turn));
    }
  });
}

void ServerLoop::stop(std::chrono::milliseconds deadline) {
  const auto in_time = std::clamp(deadline, std::chrono::milliseconds(0), kLongestStop);
  port_->post([this, in_time](conn::LoopContext& context) {
    listeners_.clear();
    context.stop(loop_->now() + in_time, [this] { on_drained_(); });
  });
}

void ServerLoop::end() {
  port_->post([this](conn::LoopContext&) { loop_->stop(); });
}

void ServerLoop::join() {
  if (thread_.joinable()) thread_.join();
}

bool ServerLoop::post(std::function<void()> task) {
  return port_->post([this, task = std::move(task)](conn::LoopContext&) { guard(task); });
}

void ServerLoop::add_timer(std::chrono::milliseconds interval, bool repeat,
                           std::function<void()> task) {
  if (port_->on_loop_thread()) {
    timers_->add(interval, repeat, std::move(task));
  } else {
    port_->post([this, interval, repeat, task = std::move(task)](conn::LoopContext&) {
      timers_->add(interval, repeat, task);
    });
  }
}

}  // namespace hybi
