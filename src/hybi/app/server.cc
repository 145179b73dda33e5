// hybi::Server, see server.h.
#include <hybi/app/server_loop.h>
#include <hybi/io/fd.h>
#include <hybi/server.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <mutex>

namespace hybi {
namespace {

constexpr unsigned kMaxThreads = 1024;

io::BackendKind kind_of(Backend backend) {
  switch (backend) {
    case Backend::Epoll:
      return io::BackendKind::Epoll;
    case Backend::Uring:
      return io::BackendKind::Uring;
    case Backend::Auto:
      break;
  }
  return io::BackendKind::Auto;
}

}  // namespace

struct Server::Impl {
  struct Timer {
    std::chrono::milliseconds interval;
    bool repeat;
    std::function<void()> task;
  };

  ServerOptions options;
  conn::ServerShare share;
  Site site;
  std::shared_ptr<ChannelHub> hub = std::make_shared<ChannelHub>();
  struct Listen {
    io::ListenAddress address;
    bool proxy_protocol = false;
  };
  std::vector<Listen> listen;
  std::vector<io::Address> bound;
  std::vector<std::string> unix_paths;
  std::vector<Timer> timers;  // until start
  Error setup_error;          // the first mistake made before start
  std::vector<std::unique_ptr<ServerLoop>> loops;
  bool started = false;

  std::mutex mutex;
  std::condition_variable ended;
  unsigned running = 0;                 // loops; under the mutex
  std::atomic<unsigned> undrained = 0;  // loops

  void note(const Result<void>& result) {
    if (!result && setup_error.code == Errc::Ok) setup_error = result.error();
  }
  Result<void> check() const;
  Result<void> start();
  void stop(std::chrono::milliseconds deadline);
};

Result<void> Server::Impl::check() const {
  if (setup_error.code != Errc::Ok) return setup_error;
  if (started) return Errc::BadState;
  if (options.threads < 1 || options.threads > kMaxThreads) return Errc::BadThreads;
  if (options.blocking_threads < 1 || options.blocking_threads > kMaxThreads) {
    return Errc::BadThreads;
  }
  if (!is_valid(options.http) || !is_valid(options.limits)) return Errc::BadLimit;
  if (listen.empty()) return Errc::NothingToListenOn;
  return {};
}

Result<void> Server::Impl::start() {
  HYBI_TRY(check());
  started = true;
  std::vector<std::vector<ListenSocket>> sockets(options.threads);
  Result<void> opened;
  for (const auto& [address, proxy_protocol] : listen) {
    Result<io::ListenSockets> result = io::open_listen_sockets(address, options.threads);
    if (!result) {
      opened = result.error();
      break;
    }
    for (unsigned i = 0; i < options.threads; ++i) {
      for (const int socket : result->per_loop[i]) {
        sockets[i].push_back({io::Fd(socket), proxy_protocol});
      }
    }
    bound.insert(bound.end(), result->bound.begin(), result->bound.end());
    if (!address.unix_path.empty()) unix_paths.push_back(address.unix_path);
  }
  for (unsigned i = 0; i < options.threads && opened; ++i) {
    loops.push_back(std::make_unique<ServerLoop>(i, share, site, *hub));
    loops.back()->set_on_drained([this] {
      // Together: a request of one loop may wait for a timer or a task of another.
      if (undrained.fetch_sub(1) != 1) return;
      for (const auto& loop : loops) loop->end();
    });
    loops.back()->set_on_ended([this] {
      const std::lock_guard lock(mutex);
      if (--running == 0) ended.notify_all();
    });
    opened = loops.back()->start(kind_of(options.backend));
    if (!opened) {
      loops.pop_back();
      break;
    }
    ++undrained;
    const std::lock_guard lock(mutex);
    ++running;
  }
  if (!opened) {
    stop(std::chrono::milliseconds(0));
    return opened;
  }
  for (const auto& loop : loops) hub->join(loop->port(), loop->channels());
  for (Timer& timer : timers)
    loops[0]->add_timer(timer.interval, timer.repeat, std::move(timer.task));
  for (unsigned i = 0; i < options.threads; ++i) loops[i]->listen(std::move(sockets[i]));
  return {};
}

void Server::Impl::stop(std::chrono::milliseconds deadline) {
  for (const auto& loop : loops) loop->stop(deadline);
}

Server::Server(ServerOptions options) : impl_(std::make_unique<Impl>()) {
  impl_->share.http = options.http;
  impl_->share.limits = options.limits;
  impl_->share.behind_tls = options.behind_tls;
  for (const std::string& network : options.trusted_proxies) {
    impl_->note(impl_->share.trusted_proxies.add(network));
  }
  impl_->site.set_error_hook(options.on_error);
  impl_->hub->set_error_hook(options.on_error);
  impl_->site.set_blocking(options.blocking_threads, options.max_blocking_queue);
  impl_->options = std::move(options);
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
  for (const auto& loop : impl_->loops) loop->join();
  for (const std::string& path : impl_->unix_paths) io::remove_dead_unix_socket(path);
}

Server& Server::host(std::string_view name, Router router) {
  add_host(name, std::move(router));
  return *this;
}

Server& Server::templates(std::shared_ptr<const TemplateEngine> engine) {
  impl_->site.set_templates(std::move(engine));
  return *this;
}

bool Server::blocking(std::function<void()> work) {
  return impl_->site.run_blocking(std::move(work));
}

Server& Server::listen(int port) {
  if (port < 0 || port > 0xffff) impl_->note(Errc::BadListenAddress);
  return listen(ListenOptions{.port = static_cast<std::uint16_t>(port)});
}

Server& Server::listen(std::string_view address) {
  return listen(address, false);
}

Server& Server::listen(std::string_view address, bool proxy_protocol) {
  Result<io::ListenAddress> parsed = io::parse_listen_address(address);
  if (parsed) {
    impl_->listen.push_back({.address = std::move(*parsed), .proxy_protocol = proxy_protocol});
  } else {
    impl_->note(parsed.error());
  }
  return *this;
}

Server& Server::listen(ListenOptions options) {
  impl_->listen.push_back({.address = {.host = std::move(options.host),
                                       .port = options.port,
                                       .unix_path = std::move(options.unix_path),
                                       .descriptor = options.descriptor},
                           .proxy_protocol = options.proxy_protocol});
  return *this;
}

Result<void> Server::start() {
  impl_->note(list().mistake());
  if (!impl_->started) {
    impl_->site.build(list());
    impl_->hub->start();
  }
  return impl_->start();
}

int Server::run() {
  if (const Result<void> started = start(); !started) return print_error(started.error());
  wait();
  return 0;
}

void Server::stop(std::chrono::milliseconds deadline) {
  impl_->stop(deadline);
}

void Server::wait() {
  std::unique_lock lock(impl_->mutex);
  impl_->ended.wait(lock, [&] { return impl_->running == 0; });
}

std::uint16_t Server::port() const {
  for (const io::Address& address : impl_->bound) {
    if (address.port != 0) return address.port;
  }
  return 0;
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> texts;
  for (const io::Address& address : impl_->bound) {
    if (address.family != io::Address::Family::Unix) texts.push_back(io::to_string(address));
  }
  for (const std::string& path : impl_->unix_paths) texts.push_back("unix:" + path);
  return texts;
}

Backend Server::backend() const {
  const bool uring = !impl_->loops.empty() && impl_->loops[0]->backend() == io::BackendKind::Uring;
  return uring ? Backend::Uring : Backend::Epoll;
}

void Server::publish(std::string_view channel, const Message& message) {
  impl_->hub->publish(channel, message);
}

void Server::publish(std::string_view channel, const Message& message, PublishOptions options) {
  impl_->hub->publish(channel, message, std::move(options));
}

void Server::broadcast(std::string_view route, const Message& message,
                       std::function<bool(WebSocket&)> to) {
  impl_->hub->broadcast(route, message, std::move(to));
}

void Server::for_each_websocket(std::function<void(WebSocket&)> visit) {
  impl_->hub->visit(std::move(visit));
}

void Server::history(std::string_view channel, std::optional<Position> since, std::size_t limit,
                     std::function<void(Result<History>)> done) {
  impl_->hub->engine().history(channel, since, limit, std::move(done));
}

void Server::members(std::string_view channel, std::size_t limit,
                     std::function<void(Result<std::vector<Member>>)> done) {
  impl_->hub->engine().members(channel, limit, std::move(done));
}

void Server::count_members(std::string_view channel,
                           std::function<void(Result<PresenceCount>)> done) {
  impl_->hub->engine().count_members(channel, std::move(done));
}

const std::shared_ptr<ChannelHub>& Server::hub() const {
  return impl_->hub;
}

Server& Server::channel(std::string_view pattern, ChannelOptions options) {
  impl_->note(impl_->hub->rules().add(pattern, std::move(options)));
  return *this;
}

Server& Server::engine(std::shared_ptr<Engine> engine) {
  if (engine) impl_->hub->set_engine(std::move(engine));
  return *this;
}

bool Server::post(std::function<void()> task) {
  return !impl_->loops.empty() && impl_->loops[0]->post(std::move(task));
}

void Server::after(std::chrono::milliseconds delay, std::function<void()> task) {
  if (impl_->loops.empty()) {
    impl_->timers.push_back({delay, false, std::move(task)});
  } else {
    impl_->loops[0]->add_timer(delay, false, std::move(task));
  }
}

void Server::every(std::chrono::milliseconds interval, std::function<void()> task) {
  if (impl_->loops.empty()) {
    impl_->timers.push_back({interval, true, std::move(task)});
  } else {
    impl_->loops[0]->add_timer(interval, true, std::move(task));
  }
}

ServerStats Server::stats() const {
  ServerStats sum;
  for (const auto& loop : impl_->loops) {
    const conn::Counters& counters = loop->counters();
    sum.connections += counters.connections.get();
    sum.websockets += counters.websockets.get();
    sum.connections_total += counters.connections_total.get();
    sum.websockets_total += counters.websockets_total.get();
    sum.requests += counters.requests.get();
    sum.messages_received += counters.messages_received.get();
    sum.messages_sent += counters.messages_sent.get();
    sum.bytes_received += counters.bytes_received.get();
    sum.bytes_sent += counters.bytes_sent.get();
    sum.messages_dropped += counters.messages_dropped.get() + loop->port()->dropped();
    sum.refused_requests += counters.refused_requests.get();
    sum.failed_websockets += counters.failed_websockets.get();
    sum.over_quota += counters.over_quota.get();
    sum.channels += counters.channels.get();
    sum.subscriptions += counters.subscriptions.get();
    sum.publications += counters.publications.get();
    sum.recovered += counters.recovered.get();
    sum.not_recovered += counters.not_recovered.get();
  }
  sum.publications += impl_->hub->publications_elsewhere();
  return sum;
}

int print_error(Error error) {
  std::fprintf(stderr, "hybi: %s\n", describe(error).c_str());
  return 1;
}

}  // namespace hybi
