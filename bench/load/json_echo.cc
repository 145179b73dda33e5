// echo with --json or --deflate: every connection sends the same cycle of JSON messages, `depth` in
// flight, and takes each back. The replies' lengths are the server's business.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "load/cycle.h"
#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/replies.h"

namespace bench {
namespace {

constexpr std::size_t kReceiveBytes = 256 * 1024;

struct Connection {
  int fd = -1;
  bool writable_wanted = false;
  std::optional<ReplyReader> replies;
  std::uint64_t requested = 0;         // messages decided on
  std::size_t unsent_bytes = 0;        // of them, not yet taken by the kernel
  std::size_t stream_offset = 0;       // of the next unsent byte in the cycle's stream
  std::vector<std::uint64_t> sent_at;  // by number % depth
  std::uint64_t answered = 0;
};

class JsonEcho {
 public:
  JsonEcho(const Options& options, Measurement& out)
      : options_(options), out_(out), scratch_(kReceiveBytes) {}

  void open() {
    connections_.resize(options_.connections);
    std::string answer;
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      c.fd = connect_blocking(options_.port, i);
      const std::string said = upgrade_blocking(c.fd, options_.path, options_.offer);
      if (i == 0) answer = said;
      if (said != answer) fail("two connections, two answers to the same offer: " + said);
    }
    cycle_.emplace(options_.payload_bytes, options_.deflate,
                   check_answer(answer, options_.deflate));
    const auto inflater = std::make_shared<Inflater>(options_.deflate);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      set_nonblocking(c.fd);
      c.sent_at.assign(options_.depth, 0);
      c.replies.emplace(*cycle_, options_.deflate, i, inflater);
      epoll_.add(c.fd, EPOLLIN, static_cast<std::uint32_t>(i));
    }
  }

  void run() {
    for (Connection& c : connections_) request(c, options_.depth, now_ns());
    Window window(options_, out_);
    while (window.running()) {
      for (const epoll_event& event : epoll_.wait(50)) {
        Connection& c = connections_[event.data.u32];
        if ((event.events & EPOLLOUT) != 0) flush(c);
        if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive(c);
      }
    }
    for (Connection& c : connections_) close(c.fd);
  }

 private:
  void request(Connection& c, std::size_t count, std::uint64_t now) {
    c.unsent_bytes += cycle_->frame_bytes(c.requested, count);
    for (std::size_t i = 0; i < count; ++i) c.sent_at[c.requested++ % options_.depth] = now;
    flush(c);
  }

  void flush(Connection& c) {
    while (c.unsent_bytes != 0) {
      const std::string_view stream = cycle_->frames_from(c.stream_offset);
      const std::size_t n = std::min(c.unsent_bytes, stream.size());
      const ssize_t sent = send(c.fd, stream.data(), n, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) fail(std::string("send: ") + std::strerror(errno));
      if (sent < 0) break;
      c.unsent_bytes -= static_cast<std::size_t>(sent);
      c.stream_offset += static_cast<std::size_t>(sent);
    }
    if ((c.unsent_bytes != 0) == c.writable_wanted) return;
    c.writable_wanted = !c.writable_wanted;
    epoll_.modify(c.fd, c.writable_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN,
                  static_cast<std::uint32_t>(&c - connections_.data()));
  }

  void receive(Connection& c) {
    const ssize_t n = recv(c.fd, scratch_.data(), scratch_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail(std::string("recv: ") + std::strerror(errno));
    if (n == 0) fail("the server closed a connection");
    // Before the replies are looked into: inflating is our cost, not the server's delay.
    const std::uint64_t now = now_ns();
    const std::size_t replies =
        c.replies->read({scratch_.data(), static_cast<std::size_t>(n)}, out_.reply_bytes);
    if (replies == 0) return;
    if (c.answered + replies > c.requested) fail("a reply nobody asked for");
    for (std::size_t i = 0; i < replies; ++i) {
      out_.latency.record(now - c.sent_at[c.answered++ % options_.depth]);
    }
    out_.messages += replies;
    request(c, replies, now_ns());
  }

  const Options& options_;
  Measurement& out_;
  std::vector<char> scratch_;
  std::optional<Cycle> cycle_;
  std::vector<Connection> connections_;
  Epoll epoll_;
};

}  // namespace

void run_json_echo(const Options& options, Measurement& out) {
  JsonEcho echo(options, out);
  echo.open();
  echo.run();
}

}  // namespace bench
