// broadcast of JSON: connection 0 publishes, every connection (the publisher too) receives. At most
// `depth` publications are under way; one is complete when every connection has it. A delivery is a
// message. The replies' lengths are not known beforehand, so they carry no number as those of
// broadcast.cc do: each connection's are the cycle's, in order.
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/cycle.h"
#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/replies.h"

namespace bench {
namespace {

struct Subscriber {
  int fd = -1;
  std::uint64_t received = 0;  // messages
  std::optional<ReplyReader> replies;
};

class JsonBroadcast {
 public:
  JsonBroadcast(const Options& options, Measurement& out)
      : options_(options), out_(out), scratch_(256 * 1024), under_way_(options.depth) {
    if (options.depth > Cycle::kMessages) fail("--depth is too large for JSON");
  }

  void open() {
    subscribers_.resize(options_.connections);
    std::string answer;
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      subscribers_[i].fd = connect_blocking(options_.port, i);
      const std::string said =
          upgrade_blocking(subscribers_[i].fd, room_path(options_, 0), options_.offer);
      if (i == 0) answer = said;
      if (said != answer) fail("two connections, two answers to the same offer: " + said);
      epoll_.add(subscribers_[i].fd, EPOLLIN, static_cast<std::uint32_t>(i));
    }
    // The publisher never blocks either: its few bytes always fit.
    for (Subscriber& s : subscribers_) set_nonblocking(s.fd);
    prepare(answer);
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

  void prepare(std::string_view answer) {
    cycle_.emplace(options_.payload_bytes, options_.deflate,
                   check_answer(answer, options_.deflate));
    const auto inflater = std::make_shared<Inflater>(options_.deflate);
    for (std::size_t i = 0; i < subscribers_.size(); ++i) {
      subscribers_[i].replies.emplace(*cycle_, options_.deflate, i, inflater);
    }
  }

  // What publications number `published_` and the next ones are made of.
  std::string_view requests(std::size_t count) const {
    return cycle_->frames_from(cycle_->offset_of(published_))
        .substr(0, cycle_->frame_bytes(published_, count));
  }

  void publish(std::size_t count) {
    const std::string_view bytes = requests(count);
    const std::uint64_t now = now_ns();
    for (std::size_t i = 0; i < count; ++i) {
      under_way_[published_++ % options_.depth] = {now, 0};
    }
    const ssize_t n = send(subscribers_[0].fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(bytes.size())) fail("the publisher could not send");
  }

  void receive(Subscriber& s) {
    const ssize_t n = recv(s.fd, scratch_.data(), scratch_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("a subscriber lost its connection");
    const std::string_view bytes(scratch_.data(), static_cast<std::size_t>(n));
    const std::uint64_t now = now_ns();
    std::size_t messages = s.replies->read(bytes, out_.reply_bytes);
    for (; messages != 0; --messages) delivered(s.received++, now);
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
  std::optional<Cycle> cycle_;
  std::vector<char> scratch_;
  std::vector<Subscriber> subscribers_;
  std::vector<Publication> under_way_;
  std::uint64_t published_ = 0;
  std::size_t completed_ = 0;
  Epoll epoll_;
};

}  // namespace

void run_json_broadcast(const Options& options, Measurement& out) {
  JsonBroadcast broadcast(options, out);
  broadcast.open();
  broadcast.run();
}

}  // namespace bench
