// See stalled.h.
#include "load/stalled.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <string_view>

#include "load/net.h"
#include "load/wire.h"

namespace bench {
namespace {

constexpr std::size_t kMessageBytes = 16 * 1024;
constexpr int kReceiveBuffer = 4096;
// The kernel's buffers and the server's bound are far below.
constexpr std::size_t kMost = std::size_t{128} << 20;
constexpr int kStalledAfterMs = 300;

}  // namespace

StalledSubscriber::StalledSubscriber(int port, const std::string& path)
    : fd_(connect_blocking(port, 0)) {
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &kReceiveBuffer, sizeof kReceiveBuffer);
  upgrade_blocking(fd_, path);
  set_nonblocking(fd_);
  const std::string frame = client_frame(make_payload(kMessageBytes), false);
  std::string_view left = frame;
  for (std::size_t sent = 0; sent < kMost;) {
    const ssize_t n = send(fd_, left.data(), left.size(), MSG_NOSIGNAL);
    if (n > 0) {
      sent += static_cast<std::size_t>(n);
      left.remove_prefix(static_cast<std::size_t>(n));
      if (left.empty()) left = frame;
      continue;
    }
    pollfd room{fd_, POLLOUT, 0};
    if (poll(&room, 1, kStalledAfterMs) == 0) return;
    if ((room.revents & (POLLERR | POLLHUP)) != 0) fail("the stalled subscriber was closed");
  }
  fail("the stalled subscriber does not stall");
}

StalledSubscriber::~StalledSubscriber() {
  close(fd_);
}

}  // namespace bench
