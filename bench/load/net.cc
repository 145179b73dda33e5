// Socket helpers of the generator, see net.h.
#include "load/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "load/wire.h"

namespace bench {
namespace {

constexpr std::size_t kSourceAddresses = 200;

int open_socket(std::size_t index, int flags) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) fail(std::string("socket: ") + std::strerror(errno));
  const int one = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);
  sockaddr_in source{};
  source.sin_family = AF_INET;
  source.sin_addr.s_addr =
      htonl(0x7f000101U + static_cast<std::uint32_t>(index % kSourceAddresses));  // 127.0.1.1 ...
  if (bind(fd, reinterpret_cast<sockaddr*>(&source), sizeof source) != 0) {
    fail(std::string("bind: ") + std::strerror(errno));
  }
  return fd;
}

int connect_to(int fd, int port) {
  sockaddr_in peer{};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(static_cast<std::uint16_t>(port));
  peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return connect(fd, reinterpret_cast<sockaddr*>(&peer), sizeof peer);
}

}  // namespace

void fail(std::string_view why) {
  std::fprintf(stderr, "load: %.*s\n", static_cast<int>(why.size()), why.data());
  std::exit(1);
}

int connect_blocking(int port, std::size_t index) {
  const int fd = open_socket(index, 0);
  const timeval five{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &five, sizeof five);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &five, sizeof five);
  if (connect_to(fd, port) != 0) fail(std::string("connect: ") + std::strerror(errno));
  return fd;
}

int connect_nonblocking(int port, std::size_t index) {
  const int fd = open_socket(index, SOCK_NONBLOCK);
  if (connect_to(fd, port) != 0 && errno != EINPROGRESS) {
    fail(std::string("connect: ") + std::strerror(errno));
  }
  return fd;
}

void set_nonblocking(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) fail(std::string("send: ") + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string receive_exactly(int fd, std::size_t bytes) {
  std::string data(bytes, '\0');
  for (std::size_t got = 0; got < bytes;) {
    const ssize_t n = recv(fd, data.data() + got, bytes - got, 0);
    if (n < 0) fail(std::string("recv: ") + std::strerror(errno));
    if (n == 0) fail("the server closed the connection");
    got += static_cast<std::size_t>(n);
  }
  return data;
}

std::string upgrade_blocking(int fd, std::string_view path, std::string_view offer) {
  send_all(fd, upgrade_request(path, offer));
  std::string head;
  char buffer[4096];
  while (!head.ends_with("\r\n\r\n")) {
    const ssize_t n = recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) fail("no answer to the upgrade: " + head);
    head.append(buffer, static_cast<std::size_t>(n));
    if (head.size() > 16384) fail("the answer to the upgrade has no end");
  }
  if (!is_upgrade_answer(head)) fail("not a correct 101: " + head);
  return answered_extensions(head);
}

Epoll::Epoll() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) fail("epoll_create1");
}

Epoll::~Epoll() {
  close(fd_);
}

void Epoll::add(int fd, std::uint32_t events, std::uint32_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = tag;
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl add");
}

void Epoll::modify(int fd, std::uint32_t events, std::uint32_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u32 = tag;
  if (epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl mod");
}

std::span<const epoll_event> Epoll::wait(int timeout_ms) {
  return ready(epoll_wait(fd_, events_, kBatch, timeout_ms));
}

std::span<const epoll_event> Epoll::wait_ns(std::uint64_t timeout_ns) {
  const timespec timeout{static_cast<time_t>(timeout_ns / 1'000'000'000U),
                         static_cast<long>(timeout_ns % 1'000'000'000U)};
  return ready(epoll_pwait2(fd_, events_, kBatch, &timeout, nullptr));
}

std::span<const epoll_event> Epoll::ready(int n) const {
  if (n < 0 && errno != EINTR) fail("epoll_wait");
  return {events_, static_cast<std::size_t>(n < 0 ? 0 : n)};
}

}  // namespace bench
