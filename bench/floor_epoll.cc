// The floor for epoll: a raw TCP echo of the bytes of a WebSocket echo (see floor_account.h), as
// cheap as we can write it: level-triggered, one recv and one send per readiness, one buffer for
// all. No protocol, no timers, no limits: what the kernel costs.
//
//   floor_epoll [--port P] [--request BYTES] [--reply BYTES] [--buffer BYTES] [--http]
//
// When the kernel does not take everything, the rest is owed and sent from a fixed buffer: the
// number of bytes stays exact, their values do not. With --http every `request` bytes are answered
// with as many bytes as Hybi's plaintext has, from memory; they are what they should be, always.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "args.h"
#include "floor_account.h"
#include "listen.h"

namespace {

// What `GET /` of hybi_server.cc is answered with, on a day of ours; `bench/run --smoke` compares
// the lengths.
constexpr std::string_view kPlaintext =
    "HTTP/1.1 200 OK\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 13\r\n"
    "\r\n"
    "Hello, World!";

struct Peer {
  bench::Account account;
  std::uint64_t owed = 0;
  std::uint64_t sent = 0;  // modulo a reply
};

class Floor {
 public:
  // `reply`: sent again and again instead of what was received; empty for an echo.
  Floor(int listener, bench::FrameSizes sizes, std::size_t buffer_bytes, std::string_view reply)
      : listener_(listener),
        epoll_(epoll_create1(EPOLL_CLOEXEC)),
        sizes_(sizes),
        buffer_(buffer_bytes) {
    if (!reply.empty()) {
      while (replies_.size() < buffer_bytes) replies_ += reply;
    }
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
    peer.owed = due;
    send_owed(fd, peer);
    if (peer.owed != 0) watch(fd, EPOLL_CTL_MOD, EPOLLOUT);  // reads nothing more until it has paid
  }

  void pay(int fd) {
    Peer& peer = peers_[static_cast<std::size_t>(fd)];
    if (!send_owed(fd, peer)) {
      close(fd);
    } else if (peer.owed == 0) {
      watch(fd, EPOLL_CTL_MOD, EPOLLIN);
    }
  }

  // One send. Returns: false if the peer has gone.
  bool send_owed(int fd, Peer& peer) {
    const char* from = buffer_.data();
    std::size_t room = buffer_.size();
    if (!replies_.empty()) {
      from = replies_.data() + peer.sent;
      room = replies_.size() - peer.sent;
    }
    const ssize_t sent = send(fd, from, std::min<std::uint64_t>(peer.owed, room), MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN;
    peer.owed -= static_cast<std::uint64_t>(sent);
    if (!replies_.empty())
      peer.sent = (peer.sent + static_cast<std::uint64_t>(sent)) % sizes_.reply;
    return true;
  }

  const int listener_;
  const int epoll_;
  const bench::FrameSizes sizes_;
  std::vector<char> buffer_;
  std::string replies_;      // whole ones
  std::vector<Peer> peers_;  // by descriptor
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  const std::string_view reply = args.flag("--http") ? kPlaintext : std::string_view();
  const long reply_bytes =
      reply.empty() ? args.number("--reply", 22) : static_cast<long>(reply.size());
  const bench::FrameSizes sizes{static_cast<std::uint64_t>(args.number("--request", 26)),
                                static_cast<std::uint64_t>(reply_bytes)};
  const int listener = bench::listen_on(static_cast<int>(args.number("--port", 0)));
  Floor floor(listener, sizes, static_cast<std::size_t>(args.number("--buffer", 256 * 1024)),
              reply);
  floor.run();
}
