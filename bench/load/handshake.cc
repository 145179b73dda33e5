// handshake: `connections` slots, each connects, upgrades, checks the 101, closes and starts again.
// Closes with RST (nothing remains, the cheapest end) or with the closing handshake of RFC 6455 7,
// the server closing first. Latency is from connect to the 101.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/wire.h"

namespace bench {
namespace {

struct Slot {
  enum class State { Connecting, AwaitingAnswer, AwaitingEnd };
  State state = State::Connecting;
  int fd = -1;
  std::uint64_t started_at = 0;
  std::string head;
};

class Handshakes {
 public:
  Handshakes(const Options& options, Measurement& out)
      : options_(options),
        out_(out),
        upgrade_(upgrade_request(options.path)),
        close_(close_frame()),
        slots_(options.connections) {}

  void run() {
    for (Slot& slot : slots_) start(slot);
    Window window(options_, out_);
    std::uint64_t last_progress = now_ns();
    while (window.running()) {
      const auto ready = epoll_.wait(50);
      for (const epoll_event& event : ready) advance(slots_[event.data.u32]);
      if (!ready.empty()) last_progress = now_ns();
      if (now_ns() - last_progress > 3'000'000'000U) fail("handshakes stopped");
    }
    for (Slot& slot : slots_) reset(slot);
  }

 private:
  void start(Slot& slot) {
    slot.fd = connect_nonblocking(options_.port, next_index_++);
    slot.started_at = now_ns();
    slot.head.clear();
    slot.state = Slot::State::Connecting;
    send_upgrade(slot);  // on loopback the connection is usually there already
    epoll_.add(slot.fd, slot.state == Slot::State::Connecting ? EPOLLOUT : EPOLLIN,
               static_cast<std::uint32_t>(&slot - slots_.data()));
  }

  void send_upgrade(Slot& slot) {
    const ssize_t n = send(slot.fd, upgrade_.data(), upgrade_.size(), MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
    if (n != static_cast<ssize_t>(upgrade_.size())) {
      fail(std::string("could not send the upgrade: ") + std::strerror(errno));
    }
    slot.state = Slot::State::AwaitingAnswer;
  }

  void advance(Slot& slot) {
    if (slot.state == Slot::State::Connecting) {
      send_upgrade(slot);
      if (slot.state == Slot::State::AwaitingAnswer) {
        epoll_.modify(slot.fd, EPOLLIN, static_cast<std::uint32_t>(&slot - slots_.data()));
      }
      return;
    }
    char buffer[4096];
    const ssize_t n = recv(slot.fd, buffer, sizeof buffer, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (slot.state == Slot::State::AwaitingEnd) {
      if (n > 0) return;  // the server's close frame; its end of stream follows
      close(slot.fd);
      start(slot);
      return;
    }
    if (n <= 0) fail(std::string("no answer to an upgrade: ") + std::strerror(n < 0 ? errno : 0));
    slot.head.append(buffer, static_cast<std::size_t>(n));
    if (!slot.head.ends_with("\r\n\r\n")) return;
    if (!is_upgrade_answer(slot.head)) fail("not a correct 101: " + slot.head);
    ++out_.messages;
    out_.latency.record(now_ns() - slot.started_at);
    if (options_.clean_close) {
      send(slot.fd, close_.data(), close_.size(), MSG_NOSIGNAL);
      slot.state = Slot::State::AwaitingEnd;
    } else {
      reset(slot);
      start(slot);
    }
  }

  void reset(Slot& slot) {
    const linger now{1, 0};
    setsockopt(slot.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(slot.fd);
  }

  const Options& options_;
  Measurement& out_;
  const std::string upgrade_;
  const std::string close_;
  std::vector<Slot> slots_;
  std::size_t next_index_ = 0;
  Epoll epoll_;
};

}  // namespace

void run_handshake(const Options& options, Measurement& out) {
  Handshakes handshakes(options, out);
  handshakes.run();
}

}  // namespace bench
