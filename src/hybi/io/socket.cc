// See socket.h.
#include <hybi/io/socket.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

namespace hybi::io {
namespace {

bool is_full(int error_number) {
  return error_number == EAGAIN || error_number == EWOULDBLOCK;
}

// sendfile has no MSG_NOSIGNAL: SIGPIPE is held back on this thread and taken away if it came.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
    sigset_t pending;
    sigemptyset(&pending);
    if (::sigismember(&before_, SIGPIPE) == 1) ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
  }
  ~NoSigpipe() {
    if (broken_ && !was_pending_) {
      const timespec at_once{};
      while (::sigtimedwait(&pipe_, nullptr, &at_once) < 0 && errno == EINTR) {
      }
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;
  void broken() { broken_ = true; }

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
  bool broken_ = false;
};

}  // namespace

Error error_from(int error_number) {
  switch (error_number) {
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
    case ETIMEDOUT:
      return {Errc::ConnectionReset, error_number};
    case EMFILE:
    case ENFILE:
      return {Errc::OutOfDescriptors, error_number};
    case EACCES:
    case EPERM:
      return {Errc::PermissionDenied, error_number};
    case EADDRINUSE:
      return {Errc::AddressInUse, error_number};
    default:
      return {Errc::Io, error_number};
  }
}

std::size_t to_iovec(std::span<const Bytes> pieces, iovec* out) {
  const std::size_t count = std::min(pieces.size(), kMaxPieces);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = {const_cast<std::byte*>(pieces[i].data()), pieces[i].size()};
  }
  return count;
}

Sent send_pieces(int fd, std::span<const Bytes> pieces) {
  iovec vector[kMaxPieces];
  for (;;) {
    ssize_t count;
    if (pieces.size() == 1) {
      count = ::send(fd, pieces[0].data(), pieces[0].size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    } else {
      msghdr message{};
      message.msg_iov = vector;
      message.msg_iovlen = to_iovec(pieces, vector);
      count = ::sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    if (count >= 0) return {static_cast<std::size_t>(count), {}};
    if (is_full(errno)) return {};
    if (errno != EINTR) return {0, error_from(errno)};
  }
}

Sent send_from_file(int fd, int file, std::uint64_t offset, std::size_t count) {
  NoSigpipe guard;
  for (;;) {
    off_t at = static_cast<off_t>(offset);
    const ssize_t sent = ::sendfile(fd, file, &at, count);
    if (sent > 0) return {static_cast<std::size_t>(sent), {}};
    if (sent == 0) return {0, {Errc::Io, ENODATA}};
    if (is_full(errno)) return {};
    if (errno == EPIPE) guard.broken();
    if (errno != EINTR) return {0, error_from(errno)};
  }
}

int take_socket_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return errno;
  return error;
}

void set_reset_on_close(int fd) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

SpareDescriptor::SpareDescriptor() {
  reopen();
}

void SpareDescriptor::reopen() {
  spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void SpareDescriptor::turn_away(int listening, std::size_t count) {
  // With io_uring the descriptor is one that blocks; and another loop may share its queue.
  const int flags = ::fcntl(listening, F_GETFL);
  ::fcntl(listening, F_SETFL, flags | O_NONBLOCK);
  for (std::size_t i = 0; i < count; ++i) {
    spare_.reset();
    const int fd = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) break;
    ::shutdown(fd, SHUT_WR);
    ::close(fd);
    reopen();
  }
  ::fcntl(listening, F_SETFL, flags);
  if (!spare_) reopen();
}

}  // namespace hybi::io
