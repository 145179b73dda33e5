// echo, raw, http: every connection keeps `depth` equal requests in flight and counts equal
// replies. Because the replies' length is known, a reply costs the generator one comparison of its
// first bytes; the first reply of each connection is compared as a whole.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
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

constexpr std::size_t kReceiveBytes = 256 * 1024;
constexpr std::size_t kCheckedBytes = 16;        // of every reply
constexpr std::size_t kDiscardFrom = 64 * 1024;  // larger replies are counted, not copied

struct Script {
  std::string request;
  std::string reply;
  bool check = true;  // raw floors answer the right number of bytes, not the right bytes
  bool check_whole_first = true;  // not for http, whose Date moves
};

struct Connection {
  int fd = -1;
  bool writable_wanted = false;
  bool first_reply_checked = false;
  std::size_t reply_offset = 0;        // inside the current reply
  std::size_t unsent_bytes = 0;        // requests decided on, not yet taken by the kernel
  std::size_t request_offset = 0;      // inside the current request
  std::size_t oldest = 0;              // in sent_at, a ring
  std::vector<std::uint64_t> sent_at;  // depth entries
};

class Exchange {
 public:
  Exchange(const Options& options, Measurement& out, Script script)
      : options_(options), out_(out), script_(std::move(script)), scratch_(kReceiveBytes) {
    // Several equal requests in a row: whatever is due leaves with one send.
    const std::size_t copies =
        std::max<std::size_t>(2, std::min(options.depth, (8 << 20) / script_.request.size())) + 1;
    for (std::size_t i = 0; i < copies; ++i) requests_ += script_.request;
  }

  void open(const Options& options) {
    connections_.resize(options.connections);
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      Connection& c = connections_[i];
      c.fd = connect_blocking(options.port, i);
      c.first_reply_checked = !script_.check_whole_first;
      if (options.mode == "echo") upgrade_blocking(c.fd, options.path);
      set_nonblocking(c.fd);
      c.sent_at.assign(options.depth, 0);
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
    std::size_t slot = c.oldest;
    for (std::size_t i = 0; i < count; ++i) {  // the slots the replies just freed
      slot = slot == 0 ? options_.depth - 1 : slot - 1;
      c.sent_at[slot] = now;
    }
    c.unsent_bytes += count * script_.request.size();
    flush(c);
  }

  void flush(Connection& c) {
    while (c.unsent_bytes != 0) {
      const std::size_t n = std::min(c.unsent_bytes, requests_.size() - c.request_offset);
      const ssize_t sent = send(c.fd, requests_.data() + c.request_offset, n, MSG_NOSIGNAL);
      if (sent < 0 && errno != EAGAIN) fail(std::string("send: ") + std::strerror(errno));
      if (sent < 0) break;
      c.unsent_bytes -= static_cast<std::size_t>(sent);
      c.request_offset =
          (c.request_offset + static_cast<std::size_t>(sent)) % script_.request.size();
    }
    if ((c.unsent_bytes != 0) == c.writable_wanted) return;
    c.writable_wanted = !c.writable_wanted;
    epoll_.modify(c.fd, c.writable_wanted ? EPOLLIN | EPOLLOUT : EPOLLIN,
                  static_cast<std::uint32_t>(&c - connections_.data()));
  }

  void receive(Connection& c) {
    const bool discard = c.first_reply_checked && c.reply_offset >= kCheckedBytes &&
                         script_.reply.size() - c.reply_offset >= kDiscardFrom;
    const std::size_t room = discard ? script_.reply.size() - c.reply_offset : scratch_.size();
    // MSG_TRUNC on TCP: take the bytes without copying them.
    const ssize_t n = recv(c.fd, scratch_.data(), room, discard ? MSG_TRUNC : 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) fail(std::string("recv: ") + std::strerror(errno));
    if (n == 0) fail("the server closed a connection");
    std::size_t replies = 0;
    if (discard) {
      c.reply_offset += static_cast<std::size_t>(n);
      if (c.reply_offset == script_.reply.size()) {
        c.reply_offset = 0;
        replies = 1;
      }
    } else {
      replies = count_replies(c, {scratch_.data(), static_cast<std::size_t>(n)});
    }
    if (replies == 0) return;
    const std::uint64_t now = now_ns();
    for (std::size_t i = 0; i < replies; ++i) {
      out_.latency.record(now - c.sent_at[c.oldest]);
      if (++c.oldest == options_.depth) c.oldest = 0;
    }
    out_.messages += replies;
    out_.reply_bytes += replies * script_.reply.size();
    request(c, replies, now);
  }

  std::size_t count_replies(Connection& c, std::string_view bytes) {
    std::size_t replies = 0;
    while (!bytes.empty()) {
      const std::size_t n = std::min(bytes.size(), script_.reply.size() - c.reply_offset);
      const std::size_t checked_to = c.first_reply_checked
                                         ? std::min(kCheckedBytes, script_.reply.size())
                                         : script_.reply.size();
      if (script_.check && c.reply_offset < checked_to) {
        const std::size_t compare = std::min(n, checked_to - c.reply_offset);
        if (std::memcmp(bytes.data(), script_.reply.data() + c.reply_offset, compare) != 0) {
          fail("a reply has the wrong bytes");
        }
      }
      c.reply_offset += n;
      bytes.remove_prefix(n);
      if (c.reply_offset == script_.reply.size()) {
        c.reply_offset = 0;
        c.first_reply_checked = true;
        ++replies;
      }
    }
    return replies;
  }

  const Options& options_;
  Measurement& out_;
  const Script script_;
  std::string requests_;
  std::vector<char> scratch_;
  std::vector<Connection> connections_;
  Epoll epoll_;
};

// Asks once, so that the length and first bytes of the response are known.
Script http_script(const Options& options) {
  Script script;
  script.request = get_request(options.path);
  script.check_whole_first = false;
  const int fd = connect_blocking(options.port, 0);
  send_all(fd, script.request);
  while (response_length(script.reply) == 0) {
    script.reply += receive_exactly(fd, 1);
    if (script.reply.size() > 65536) fail("no end of the response");
  }
  close(fd);
  if (!script.reply.starts_with("HTTP/1.1 200")) fail("not a 200: " + script.reply);
  const std::size_t body = script.reply.size() - (script.reply.find("\r\n\r\n") + 4);
  if (options.body_bytes != 0 && body != options.body_bytes) {
    fail("a body of " + std::to_string(body) + " bytes");
  }
  return script;
}

}  // namespace

void run_exchange(const Options& options, Measurement& out) {
  Script script;
  if (options.mode == "http") {
    script = http_script(options);
  } else {
    const std::string payload = make_payload(options.payload_bytes);
    script.request = client_frame(payload, options.text);
    script.reply = server_frame(payload, options.text);
    script.check = script.check_whole_first = options.mode == "echo";
  }
  Exchange exchange(options, out, std::move(script));
  exchange.open(options);
  exchange.run();
}

}  // namespace bench
