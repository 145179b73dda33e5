// idle: memory of the server per open, quiet WebSocket. Each connection echoes one message first,
// so that what a server keeps after traffic counts. Kernel memory (sockets) is not included: only
// the server's anonymous pages are compared, before and after.
#include <time.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "load/modes.h"
#include "load/net.h"
#include "load/process.h"
#include "load/wire.h"

namespace bench {
namespace {

// Opened before the first reading: pools and lazily made tables are not a connection's cost.
constexpr std::size_t kPrimers = 64;

void settle() {
  const timespec half_second{0, 500'000'000};
  nanosleep(&half_second, nullptr);
}

void open_one(const Options& options, std::size_t index, std::vector<int>& sockets) {
  const std::string payload = make_payload(options.payload_bytes);
  const std::string reply = server_frame(payload, options.text);
  const int fd = connect_blocking(options.port, index);
  sockets.push_back(fd);
  upgrade_blocking(fd, options.path);
  send_all(fd, client_frame(payload, options.text));
  if (receive_exactly(fd, reply.size()) != reply) fail("a reply has the wrong bytes");
}

}  // namespace

void run_idle(const Options& options, Measurement& out) {
  if (options.server_pid == 0) fail("idle needs --server-pid");
  std::vector<int> sockets;
  for (std::size_t i = 0; i < kPrimers; ++i) open_one(options, i, sockets);
  settle();
  const Memory before = process_memory(options.server_pid);
  const std::uint64_t started = now_ns();
  const std::uint64_t cpu = process_cpu_ns(options.server_pid);
  for (std::size_t i = 0; i < options.connections; ++i) open_one(options, i, sockets);
  out.window_ns = now_ns() - started;
  out.server_cpu_ns = process_cpu_ns(options.server_pid) - cpu;
  settle();
  const Memory after = process_memory(options.server_pid);
  out.messages = options.connections;
  out.rss_bytes = after.rss_bytes;
  out.bytes_per_connection =
      (static_cast<double>(after.anonymous_bytes) - static_cast<double>(before.anonymous_bytes)) /
      static_cast<double>(options.connections);
  for (const int fd : sockets) close(fd);
}

}  // namespace bench
