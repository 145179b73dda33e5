// subscriptions: what channels and subscriptions cost the server, in memory and CPU. The
// connections are there before the first reading. First every channel gets one subscriber, then the
// others come: the difference tells a channel's cost from a subscription's.
//
// The server subscribes a connection when it is told "s FIRST COUNT", to COUNT channels of a fixed
// permutation, and answers "ok"; "p NUMBER" is published to that channel of the permutation. In the
// end some are, and each must reach just its subscribers.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/wire.h"

namespace bench {
namespace {

constexpr std::size_t kSamples = 1000;

class Subscriptions {
 public:
  explicit Subscriptions(const Options& options) : options_(options) {
    for (std::size_t i = 0; i < options.connections; ++i) {
      sockets_.push_back(connect_blocking(options.port, i));
      upgrade_blocking(sockets_.back(), options.path);
      subscribe(i, 0, 0);
    }
  }
  ~Subscriptions() {
    for (const int fd : sockets_) close(fd);
  }

  // Each connection to so many channels more. The ranges lie behind one another and overlap as
  // often as needed.
  void subscribe_all(std::size_t begin, std::size_t end) {
    const std::size_t distance = options_.channels / options_.connections;
    for (std::size_t i = 0; i < options_.connections; ++i) {
      subscribe(i, i * distance + begin, end - begin);
    }
  }

  void check_deliveries() {
    const std::size_t each = options_.connections * options_.subscriptions / options_.channels;
    std::vector<std::size_t> expected(sockets_.size());
    const std::size_t distance = options_.channels / options_.connections;
    for (std::size_t n = 0; n < kSamples; ++n) {
      const std::size_t channel = n * (options_.channels / kSamples);
      send_all(sockets_[0], client_frame("p " + std::to_string(channel), true));
      for (std::size_t i = 0; i < each; ++i) {
        const std::size_t last = channel / distance;  // the last range that begins before it
        ++expected[(last + sockets_.size() - i) % sockets_.size()];
      }
    }
    const std::string delivery = server_frame("published", true);
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      for (std::size_t n = 0; n < expected[i]; ++n) {
        if (receive_exactly(sockets_[i], delivery.size()) != delivery) fail("a wrong delivery");
      }
    }
    // Nothing else comes before the answer to a further request.
    for (std::size_t i = 0; i < sockets_.size(); ++i) subscribe(i, 0, 0);
  }

 private:
  void subscribe(std::size_t i, std::size_t first, std::size_t count) {
    send_all(sockets_[i],
             client_frame("s " + std::to_string(first) + " " + std::to_string(count), true));
    const std::string answer = server_frame("ok", true);
    if (receive_exactly(sockets_[i], answer.size()) != answer) fail("a wrong answer");
  }

  const Options& options_;
  std::vector<int> sockets_;
};

}  // namespace

void run_subscriptions(const Options& options, Measurement& out) {
  if (options.server_pid == 0) fail("subscriptions needs --server-pid");
  const std::size_t total = options.connections * options.subscriptions;
  if (options.channels % options.connections != 0 || total % options.channels != 0) {
    fail("every connection and every channel must have equally many");
  }
  Subscriptions subscriptions(options);
  const auto memory = [&] {
    return static_cast<double>(process_memory(options.server_pid).anonymous_bytes);
  };
  const double empty = memory();
  const std::uint64_t started = now_ns();
  const std::uint64_t cpu = process_cpu_ns(options.server_pid);
  const std::size_t first_each = options.channels / options.connections;
  subscriptions.subscribe_all(0, first_each);
  const double channels = memory();
  subscriptions.subscribe_all(first_each, options.subscriptions);
  out.window_ns = now_ns() - started;
  out.server_cpu_ns = process_cpu_ns(options.server_pid) - cpu;
  const double full = memory();
  subscriptions.check_deliveries();
  out.messages = total;
  const auto later = static_cast<double>(total - options.channels);
  out.bytes_per_subscription = (full - channels) / std::max(later, 1.0);
  out.bytes_per_channel =
      (channels - empty) / static_cast<double>(options.channels) - out.bytes_per_subscription;
}

}  // namespace bench
