// broadcast: publishers and subscribers in rooms. What one of a room publishes reaches every
// connection of that room, its own too. A delivery is a message.
//
// First as fast as it goes: each publisher has `depth` publications under way, and one is complete
// when the whole room has it. Then, with --half-load, half of the deliveries a second that were
// reached, at equal distances whatever the server does: latency counts from the time at which a
// publication was due. With --stalled that alternates with the same beside a subscriber that never
// reads. All end only when every delivery has arrived, once and in order.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "load/modes.h"
#include "load/net.h"
#include "load/numbered.h"
#include "load/process.h"
#include "load/stalled.h"

namespace bench {
namespace {

constexpr std::uint64_t kLostAfterNs = 3'000'000'000U;
constexpr std::size_t kMaxUnderWay = 64;  // of a publisher at half load; further ones wait

struct Member {
  int fd = -1;
  NumberedFrames::Partial partial;
};

struct Publisher {
  std::uint32_t member = 0;
  std::uint32_t published = 0;
  std::uint32_t completed = 0;
  std::uint32_t due = 0;  // to be published at the end of this batch of events
};

class Broadcast {
 public:
  Broadcast(const Options& options, Measurement& out)
      : options_(options),
        out_(out),
        counting_(&out),
        frames_(options.payload_bytes, options.text),
        scratch_(256 * 1024),
        room_size_(options.connections / options.rooms),
        publishers_each_(options.all_publish ? room_size_ : 1),
        under_way_each_(std::max(options.depth, kMaxUnderWay)) {
    if (room_size_ == 0) fail("more rooms than connections");
  }

  void open() {
    members_.resize(room_size_ * options_.rooms);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      members_[i].fd = connect_blocking(options_.port, i);
      upgrade_blocking(members_[i].fd, room_path(options_, i / room_size_));
    }
    // The publishers never block either: their few bytes always fit.
    for (std::size_t i = 0; i < members_.size(); ++i) {
      set_nonblocking(members_[i].fd);
      epoll_.add(members_[i].fd, EPOLLIN, static_cast<std::uint32_t>(i));
    }
    publishers_.resize(publishers_each_ * options_.rooms);
    for (std::size_t i = 0; i < publishers_.size(); ++i) {
      publishers_[i].member =
          static_cast<std::uint32_t>(i / publishers_each_ * room_size_ + i % publishers_each_);
    }
    expected_.resize(members_.size() * publishers_each_);
    under_way_.resize(publishers_.size() * under_way_each_);
  }

  void run() {
    run_full();
    if (options_.half_load) run_half(out_.half_load_latency);
    if (!options_.stalled.empty()) {
      run_stalled();
      run_half(out_.half_load_latency);
      run_stalled();
    }
    for (const Member& member : members_) close(member.fd);
  }

 private:
  struct Publication {
    std::uint64_t sent_at = 0;
    std::size_t left = 0;  // members of the room that do not have it yet
  };

  double server_memory() const {
    return static_cast<double>(process_memory(options_.server_pid).anonymous_bytes);
  }

  void run_full() {
    for (Publisher& publisher : publishers_) {
      publisher.due = static_cast<std::uint32_t>(options_.depth);
      ready_.push_back(&publisher);
    }
    closed_loop_ = true;
    Window window(options_, out_);
    while (window.running()) {
      for (Publisher* publisher : ready_) publish(*publisher, std::exchange(publisher->due, 0));
      ready_.clear();
      take(epoll_.wait(50));
    }
    closed_loop_ = false;
    finish();
  }

  void run_stalled() {
    const double before = server_memory();
    const StalledSubscriber stalled(options_.port, options_.stalled);
    run_half(out_.stalled_latency);
    out_.grown_bytes = std::max(out_.grown_bytes, server_memory() - before);
  }

  void run_half(Histogram& latency) {
    Measurement half;
    const double rate =
        static_cast<double>(out_.messages) / (static_cast<double>(out_.window_ns) / 1e9) / 2;
    const double interval_ns = static_cast<double>(room_size_) / rate * 1e9;
    prctl(PR_SET_TIMERSLACK, 1);
    std::size_t turn = 0;  // publishers one after the other
    double due = static_cast<double>(now_ns());
    counting_ = &half;
    Window window(options_, half);
    while (window.running()) {
      const auto now = static_cast<double>(now_ns());
      for (; due <= now; due += interval_ns, ++turn) {
        Publisher& publisher = publishers_[turn % publishers_.size()];
        if (publisher.published - publisher.completed == under_way_each_) break;
        publish(publisher, 1, static_cast<std::uint64_t>(due));
      }
      const double left = due - static_cast<double>(now_ns());
      take(epoll_.wait_ns(left <= 0 ? 0 : static_cast<std::uint64_t>(std::min(left, 5e7))));
    }
    out_.half_load_per_second =
        static_cast<double>(half.messages) / (static_cast<double>(half.window_ns) / 1e9);
    latency.add(half.latency);
    finish();
  }

  // Until everything has arrived. What comes here is checked, but not measured.
  void finish() {
    Measurement ignored;
    counting_ = &ignored;
    const auto complete = [](const Publisher& p) { return p.completed == p.published; };
    while (!std::all_of(publishers_.begin(), publishers_.end(), complete)) take(epoll_.wait(50));
    counting_ = nullptr;
    ready_.clear();
    for (Publisher& publisher : publishers_) publisher.due = 0;
  }

  void publish(Publisher& publisher, std::uint32_t count, std::uint64_t due = 0) {
    const auto number = static_cast<std::uint32_t>(&publisher - publishers_.data());
    const std::uint64_t at = due != 0 ? due : now_ns();
    requests_.clear();
    for (std::uint32_t i = 0; i < count; ++i) {
      under_way(number, publisher.published) = {at, room_size_};
      requests_ += frames_.request({number, publisher.published++});
    }
    const ssize_t n =
        send(members_[publisher.member].fd, requests_.data(), requests_.size(), MSG_NOSIGNAL);
    if (n != static_cast<ssize_t>(requests_.size())) fail("a publisher could not send");
  }

  void take(std::span<const epoll_event> ready) {
    for (const epoll_event& event : ready) receive(event.data.u32);
    const std::uint64_t now = now_ns();
    if (!ready.empty() || last_delivery_ == 0) last_delivery_ = now;
    if (now - last_delivery_ > kLostAfterNs) fail("deliveries stopped: one was lost");
  }

  void receive(std::uint32_t index) {
    Member& member = members_[index];
    const ssize_t n = recv(member.fd, scratch_.data(), scratch_.size(), 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) fail("a subscriber lost its connection");
    const std::uint64_t now = now_ns();
    frames_.read(member.partial, {scratch_.data(), static_cast<std::size_t>(n)},
                 [&](NumberedFrames::Number number) { delivered(index, number, now); });
  }

  void delivered(std::uint32_t index, NumberedFrames::Number number, std::uint64_t now) {
    if (number.publisher / publishers_each_ != index / room_size_) {
      fail("a delivery from another room");
    }
    std::uint32_t& expected =
        expected_[index * publishers_each_ + number.publisher % publishers_each_];
    if (number.sequence != expected) {
      fail("publication " + std::to_string(number.sequence) + " came where " +
           std::to_string(expected) + " was due");
    }
    ++expected;
    Publisher& publisher = publishers_[number.publisher];
    if (number.sequence >= publisher.published) fail("a delivery nobody published");
    Publication& publication = under_way(number.publisher, number.sequence);
    counting_->latency.record(now - publication.sent_at);
    ++counting_->messages;
    if (--publication.left != 0) return;
    ++publisher.completed;
    // All publications that become complete in this batch are replaced at once.
    if (closed_loop_ && publisher.due++ == 0) ready_.push_back(&publisher);
  }

  Publication& under_way(std::uint32_t publisher, std::uint32_t sequence) {
    return under_way_[publisher * under_way_each_ + sequence % under_way_each_];
  }

  const Options& options_;
  Measurement& out_;
  Measurement* counting_;
  NumberedFrames frames_;
  std::vector<char> scratch_;
  std::size_t room_size_;
  std::size_t publishers_each_;  // of a room
  std::size_t under_way_each_;   // of a publisher, at most
  std::vector<Member> members_;  // room after room
  std::vector<Publisher> publishers_;
  std::vector<std::uint32_t> expected_;  // by member and publisher of its room
  std::vector<Publication> under_way_;
  std::vector<Publisher*> ready_;  // those with due != 0
  bool closed_loop_ = false;
  std::string requests_;
  std::uint64_t last_delivery_ = 0;
  Epoll epoll_;
};

}  // namespace

void run_broadcast(const Options& options, Measurement& out) {
  Broadcast broadcast(options, out);
  broadcast.open();
  broadcast.run();
}

}  // namespace bench
