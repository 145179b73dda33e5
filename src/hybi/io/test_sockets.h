// What the tests of io share: a client on loopback that never blocks, a connection that records
// what it was told, and a loop that is turned until something is true. Only for *_test.cc; not
// installed.
#pragma once

#include <hybi/io/fd.h>
#include <hybi/io/listener.h>
#include <hybi/io/loop.h>
#include <hybi/io/socket.h>
#include <hybi/io/stream.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace hybi::io::test {

// Turns `loop` until `done` or twenty seconds have passed. Returns: done().
inline bool turn_until(Loop& loop, const std::function<bool()>& done) {
  struct Alarm final : LoopMember {
    bool rung = false;
    void on_deadline() override { rung = true; }
  };
  const TimePoint end = Clock::now() + std::chrono::seconds(20);
  while (!done()) {
    if (Clock::now() > end) return false;
    Alarm alarm;  // the other end may be a plain socket, which wakes no loop
    loop.set_deadline(alarm, loop.now());
    loop.turn(true);
  }
  return true;
}

// The turns `loop` makes in `time`.
inline int turns_in(Loop& loop, Clock::duration time) {
  struct Alarm final : LoopMember {
    bool rung = false;
    void on_deadline() override { rung = true; }
  } alarm;
  loop.set_deadline(alarm, loop.now() + time);
  int turns = 0;
  for (; !alarm.rung; ++turns) loop.turn(true);
  return turns;
}

// The kernel's backends that this machine offers. Asked of the kernel once: each ring that goes
// ends a wait of this thread some time later, for no event, which tests that count turns would see.
inline const std::vector<BackendKind>& available_backends() {
  static const std::vector<BackendKind> kinds = [] {
    std::vector<BackendKind> found{BackendKind::Epoll};
    if (Loop::create({.backend = BackendKind::Uring})) found.push_back(BackendKind::Uring);
    return found;
  }();
  return kinds;
}

// A client's socket, non-blocking.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer = 0) : fd_(open(port, receive_buffer)) {}

  int fd() const { return fd_.get(); }

  // Sends what fits; returns the count.
  std::size_t send(std::string_view text) {
    const ssize_t count = ::send(fd(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }

  // All that has arrived so far, added to what arrived before.
  const std::string& receive() {
    char buffer[65536];
    while (!ended_) {
      const ssize_t count = ::recv(fd(), buffer, sizeof buffer, MSG_DONTWAIT);
      if (count > 0) {
        received_.append(buffer, static_cast<std::size_t>(count));
      } else {
        if (count < 0 && errno == EAGAIN) break;
        ended_ = true;
        error_ = count < 0 ? errno : 0;
      }
    }
    return received_;
  }
  bool ended() {
    receive();
    return ended_;
  }
  int error() const { return error_; }  // errno that ended receiving

  void shutdown_write() { ::shutdown(fd(), SHUT_WR); }
  void close() { fd_.reset(); }
  void reset() {
    set_reset_on_close(fd());
    fd_.reset();
  }

 private:
  static int open(std::uint16_t port, int receive_buffer) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) {
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(fd);
      return -1;
    }
    return fd;
  }

  Fd fd_;
  std::string received_;
  bool ended_ = false;
  int error_ = 0;
};

// The server's end: records what it is told, writes its outbox at the end of a turn.
class Connection : public StreamOwner, public LoopMember {
 public:
  Connection(Loop& loop, std::unique_ptr<Stream> stream, const Address& peer_address = {})
      : loop_(loop), stream_(std::move(stream)), peer(peer_address) {
    stream_->start(*this);
  }

  Loop& loop() { return loop_; }
  Stream& stream() { return *stream_; }
  bool is_open() const { return stream_ != nullptr; }
  void close() { stream_.reset(); }
  void send(std::string_view text) {
    outbox.append(text);
    loop_.flush_later(*this);
  }

  std::string received;
  std::size_t reads = 0;
  std::size_t largest_read = 0;
  std::string outbox;
  std::size_t written = 0;
  int ends = 0;
  int errors = 0;
  int writables = 0;
  bool write_failed = false;
  Error error;
  std::size_t places = 0;                                     // that were asked for
  std::function<void(Connection&, MutableBytes)> when_bytes;  // instead of recording them
  std::function<MutableBytes(Connection&)> when_place;
  std::function<void(Connection&)> when_end, when_error, when_written, when_writable;

  void on_bytes(MutableBytes in) override {
    ++reads;
    largest_read = std::max(largest_read, in.size());
    if (when_bytes) return when_bytes(*this, in);
    received.append(as_text(in));
  }
  MutableBytes place_for_bytes() override {
    ++places;
    return when_place ? when_place(*this) : MutableBytes();
  }
  void on_written(std::size_t count) override {
    write_pending_ = false;
    took(count);
    if (when_written) when_written(*this);
  }
  void on_writable() override {
    ++writables;
    blocked_ = false;
    if (!outbox.empty()) loop_.flush_later(*this);
    if (when_writable) when_writable(*this);
  }
  void on_end() override {
    ++ends;
    if (when_end) when_end(*this);
  }
  void on_error(Error why) override {
    ++errors;
    error = why;
    if (when_error) when_error(*this);
  }
  void on_deadline() override { stream_->resume_reading(); }
  void on_flush() override {
    if (!stream_ || outbox.empty() || blocked_ || write_pending_) return;
    // In two pieces, so that gathering is tested on the way.
    const Bytes all = as_bytes(outbox).subspan(at_);
    const Bytes pieces[] = {all.first(all.size() / 2), all.subspan(all.size() / 2)};
    const WriteResult result = stream_->write(pieces);
    write_failed = write_failed || result.failed;
    write_pending_ = result.pending;
    if (!result.pending && !result.failed) took(result.count);
  }

 private:
  void took(std::size_t count) {
    written += count;
    at_ += count;
    blocked_ = at_ < outbox.size();
    if (blocked_) return;
    outbox.clear();
    at_ = 0;
  }

  Loop& loop_;
  std::unique_ptr<Stream> stream_;
  std::size_t at_ = 0;  // in outbox: written
  bool blocked_ = false;
  bool write_pending_ = false;

 public:
  Address peer;
};

// A loop that listens on a free port of loopback and keeps what it accepts.
class Server {
 public:
  explicit Server(BackendKind kind, std::size_t accepts_per_turn = 64, LoopOptions options = {}) {
    options.backend = kind;
    loop = Loop::create(options).value();
    auto sockets = open_listen_sockets({.host = "127.0.0.1"}, 1).value();
    port = sockets.bound.at(0).port;
    listen_fd = sockets.per_loop.at(0).at(0);
    listener = Listener::create(
        *loop, listen_fd,
        [this](std::unique_ptr<Stream> stream, const Address& peer) {
          connections.push_back(std::make_unique<Connection>(*loop, std::move(stream), peer));
          if (when_accepted) when_accepted(*connections.back());
        },
        accepts_per_turn);
  }

  Connection& accept_one() {
    const std::size_t before = connections.size();
    turn_until(*loop, [&] { return connections.size() > before; });
    return *connections.at(before);
  }

  std::unique_ptr<Loop> loop;
  std::uint16_t port = 0;
  int listen_fd = -1;
  std::function<void(Connection&)> when_accepted;
  std::vector<std::unique_ptr<Connection>> connections;
  std::unique_ptr<Listener> listener;
};

}  // namespace hybi::io::test
