// broadcast: connection 0 publishes, every connection (the publisher too) receives. At most `depth`
// publications are under way; one is complete when every connection has it. A delivery is a
// message.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/wire.h"

namespace bench {
namespace {

struct Subscriber {
  int fd = -1;
  std::size_t offset = 0;      // inside the current frame
  std::uint64_t received = 0;  // frames
};

class Broadcast {
 public:
  Broadcast(const Options& options, Measurement& out)
      : options_(options), out_(out), scratch_(256 * 1024), under_way_(options.depth) {
    const std::string payload = make_payload(options.payload_bytes);
    frame_ = server_frame(payload, options.text);
    const std::string request = client_frame(payload, options.text);
    for (std::size_t i = 0; i < options.depth; ++i) requests_ += request;
  }

  void open() {
    subscribers_.resize(options_.connections);
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      subscribers_[i].fd = connect_blocking(options_.port, i);
      upgrade_blocking(subscribers_[i].fd, options_.path);
      epoll_.add(subscribers_[i].fd, EPOLLIN, static_cast<std::uint32_t>(i));
    }
    // The publisher never blocks either: its few bytes always fit.
    for (Subscriber& s : subscribers_) set_nonblocking(s.fd);
  }

  void run() {
    publish(options_.depth);
    Window window(options_, out_);
    std::uint64_t last_delivery = now_ns();
    while (window.running()) {
      const auto ready = epoll_.wait(50);
      for (const epoll_event& event : ready) receive(subscribers_[event.data.u32]);
      // All publications that became complete in this batch are replaced at once.
      if (completed_ != 0) publish(std::exchange(completed_, 0));
      if (!ready.empty()) last_delivery = now_ns();
      if (now_ns() - last_delivery > 3'000'000'000U) fail("deliveries stopped: one was lost");
    }
    for (Subscriber& s : subscribers_) close(s.fd);
  }

 private:
  struct Publication {
    std::uint64_t sent_at = 0;
    std::size_t delivered = 0;
  };

  void publish(std::size_t count) {
    const std::uint64_t now = now_ns();
    for (std::size_t i = 0; i < count; ++i) {
      under_way_[published_++ % options_.depth] = {now, 0};
    }
    const std::size_t bytes = count * (requests_.size() / options_.depth);
    const ssize_t n = send(subscribers_[0].fd, requests_.data(), bytes, MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(bytes)) fail("the publisher could not send");
  }

  void receive(Subscriber& s) {
    const ssize_t n = recv(s.fd, scratch_.data(), scratch_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("a subscriber lost its connection");
    std::string_view bytes(scratch_.data(), static_cast<std::size_t>(n));
    const std::uint64_t now = now_ns();
    while (!bytes.empty()) {
      const std::size_t part = std::min(bytes.size(), frame_.size() - s.offset);
      // Every byte is compared for the first frame, the first few of the others.
      const std::size_t check = s.received == 0 ? part : std::min<std::size_t>(part, 8);
      if (std::memcmp(bytes.data(), frame_.data() + s.offset, check) != 0) {
        fail("a delivery has the wrong bytes");
      }
      s.offset += part;
      bytes.remove_prefix(part);
      if (s.offset != frame_.size()) continue;
      s.offset = 0;
      delivered(s.received++, now);
    }
  }

  void delivered(std::uint64_t number, std::uint64_t now) {
    if (number >= published_) fail("a delivery nobody published");
    Publication& publication = under_way_[number % options_.depth];
    out_.latency.record(now - publication.sent_at);
    ++out_.messages;
    if (++publication.delivered == subscribers_.size()) ++completed_;
  }

  const Options& options_;
  Measurement& out_;
  std::string requests_;
  std::string frame_;
  std::vector<char> scratch_;
  std::vector<Subscriber> subscribers_;
  std::vector<Publication> under_way_;
  std::uint64_t published_ = 0;
  std::size_t completed_ = 0;
  Epoll epoll_;
};

}  // namespace

void run_broadcast(const Options& options, Measurement& out) {
  Broadcast broadcast(options, out);
  broadcast.open();
  broadcast.run();
}

}  // namespace bench
