#include <hybi/cli/process.h>

#include <atomic>
#include <thread>

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace hybi::cli {
namespace {

constexpr int kServerEnded = SIGUSR1;  // from ourselves, so that one sigwait sees everything

}  // namespace

StopSignals::StopSignals(Hangup hangup) {
  sigemptyset(&set_);
  if (hangup == Hangup::Reloads) sigaddset(&set_, SIGHUP);
  for (const int signal : {SIGINT, SIGTERM, kServerEnded}) sigaddset(&set_, signal);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int StopSignals::wait(Server& server, const std::function<void()>& stop,
                      const std::function<void()>& reload) const {
  std::atomic<bool> ended = false;
  std::jthread waiter([&] {
    server.wait();
    ended = true;
    kill(getpid(), kServerEnded);
  });
  bool stopping = false;
  while (!ended) {
    int signal = 0;
    if (sigwait(&set_, &signal) != 0 || signal == kServerEnded) continue;
    if (signal == SIGHUP) {
      if (!stopping && reload) reload();
      continue;
    }
    if (stopping) _exit(128 + signal);
    stopping = true;
    stop();
  }
  return 0;
}

void say(std::FILE* where, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), where);
  std::fflush(where);
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);  // what fails leaves the limit as it was
}

bool has_ipv6_loopback() {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return bound;
}

}  // namespace hybi::cli
