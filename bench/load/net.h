// Sockets of the generator: blocking while connections are set up, non-blocking while measuring.
// A failure ends the program with one line on stderr: a benchmark with holes is worth nothing.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bench {

[[noreturn]] void fail(std::string_view why);

// A TCP connection to 127.0.0.1:port with TCP_NODELAY and a 5 s timeout on blocking calls. `index`
// picks the source address inside 127/8, so that ports do not run out.
int connect_blocking(int port, std::size_t index);
// The same, but the connection may still be under way and the socket never blocks.
int connect_nonblocking(int port, std::size_t index);
void set_nonblocking(int fd);

void send_all(int fd, std::string_view bytes);
// Reads exactly `bytes` (at most 5 s each), or fails.
std::string receive_exactly(int fd, std::size_t bytes);

// Sends the upgrade request and waits for a correct 101. Returns the extensions it agreed to.
std::string upgrade_blocking(int fd, std::string_view path, std::string_view offer = {});

class Epoll {
 public:
  Epoll();
  ~Epoll();
  Epoll(const Epoll&) = delete;
  Epoll& operator=(const Epoll&) = delete;

  void add(int fd, std::uint32_t events, std::uint32_t tag);
  void modify(int fd, std::uint32_t events, std::uint32_t tag);
  // The ready sockets' events; empty after `timeout_ms`. Lifetime: until the next wait.
  std::span<const epoll_event> wait(int timeout_ms);
  // The same with a finer clock, for what has to happen at a certain time.
  std::span<const epoll_event> wait_ns(std::uint64_t timeout_ns);

 private:
  static constexpr int kBatch = 1024;
  std::span<const epoll_event> ready(int n) const;

  int fd_;
  epoll_event events_[kBatch];
};

}  // namespace bench
