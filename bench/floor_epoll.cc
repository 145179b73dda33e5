// The floor for epoll: a raw TCP echo of the bytes of a WebSocket echo (see floor_account.h), as
// cheap as we can write it: level-triggered, one recv and one send per readiness, one buffer for
// all. No protocol, no timers, no limits: what the kernel costs.
//
//   floor_epoll [--port P] [--request BYTES] [--reply BYTES] [--buffer BYTES]
//
// When the kernel does not take everything, the rest is owed and sent from a fixed buffer: the
// number of bytes stays exact, their values do not.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "args.h"
#include "floor_account.h"
#include "listen.h"

namespace {

struct Peer {
  bench::Account account;
  std::uint64_t owed = 0;
};

class Floor {
 public:
  Floor(int listener, bench::FrameSizes sizes, std::size_t buffer_bytes)
      : listener_(listener),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        sizes_(sizes),
        buffer_(buffer_bytes) {
    watch(listener_, EPOLL_CTL_ADD, EPOLLIN);
  }

  void run() {
    epoll_event events[1024];
    for (;;) {
      const int n = epoll_wait(epoll_, events, 1024, -1);
      for (int i = 0; i < n; ++i) {
        const int fd = events[i].data.fd;
        if (fd == listener_) {
          accept_all();
        } else if ((events[i].events & EPOLLOUT) != 0) {
          pay(fd);
        } else {
          serve(fd);
        }
      }
    }
  }

 private:
  void watch(int fd, int operation, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    epoll_ctl(epoll_, operation, fd, &event);
  }

  void accept_all() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      bench::set_nodelay(fd);
      if (peers_.size() <= static_cast<std::size_t>(fd))
        peers_.resize(static_cast<std::size_t>(fd) + 1);
      peers_[static_cast<std::size_t>(fd)] = Peer();
      watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void serve(int fd) {
    const ssize_t n = recv(fd, buffer_.data(), buffer_.size(), 0);
    if (n <= 0) {
      if (n == 0 || errno != EAGAIN) close(fd);
      return;
    }
    Peer& peer = peers_[static_cast<std::size_t>(fd)];
    const std::uint64_t due = peer.account.receive(static_cast<std::uint64_t>(n), sizes_);
    if (due == 0) return;
    const ssize_t sent = send(fd, buffer_.data(), due, MSG_NOSIGNAL);
    if (sent == static_cast<ssize_t>(due)) return;
    peer.owed = due - static_cast<std::uint64_t>(sent < 0 ? 0 : sent);
    watch(fd, EPOLL_CTL_MOD, EPOLLOUT);  // reads nothing more until it has paid
  }

  void pay(int fd) {
    Peer& peer = peers_[static_cast<std::size_t>(fd)];
    const std::size_t part = std::min<std::uint64_t>(peer.owed, buffer_.size());
    const ssize_t sent = send(fd, buffer_.data(), part, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
      close(fd);
      return;
    }
    if (sent > 0) peer.owed -= static_cast<std::uint64_t>(sent);
    if (peer.owed == 0) watch(fd, EPOLL_CTL_MOD, EPOLLIN);
  }

  const int listener_;
  const int epoll_;
  const bench::FrameSizes sizes_;
  std::vector<char> buffer_;
  std::vector<Peer> peers_;  // by descriptor
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  const bench::FrameSizes sizes{static_cast<std::uint64_t>(args.number("--request", 26)),
                                static_cast<std::uint64_t>(args.number("--reply", 22))};
  const int listener = bench::listen_on(static_cast<int>(args.number("--port", 0)));
  Floor floor(listener, sizes, static_cast<std::size_t>(args.number("--buffer", 256 * 1024)));
  floor.run();
}
