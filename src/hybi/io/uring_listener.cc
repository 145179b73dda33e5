// See uring_listener.h.
#include <hybi/io/uring_listener.h>

#include <cerrno>

#include <fcntl.h>

namespace hybi::io {
namespace {

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::size_t kMaxWaitingTurns = 4;  // of accepts_per_turn each

}  // namespace

UringListener::UringListener(UringBackend& backend, int fd, OnAccept on_accept,
                             std::size_t accepts_per_turn)
    : UringTarget(backend.add_target()),
      backend_(backend),
      fd_(fd),
      on_accept_(std::make_shared<OnAccept>(std::move(on_accept))),
      accepts_per_turn_(accepts_per_turn) {
  backend_.set_target(slot(), *this);
  // The kernel waits for us only where the descriptor may block.
  ::fcntl(fd_.get(), F_SETFL, ::fcntl(fd_.get(), F_GETFL) & ~O_NONBLOCK);
  arm();
}

UringListener::~UringListener() {
  if (armed_ && !canceling_) backend_.cancel(UringOp::Accept, slot());
  backend_.remove_target(slot());
  for (const int fd : waiting_) ::close(fd);
  backend_.close_later(fd_.release());
}

void UringListener::arm() {
  if (armed_) return;
  io_uring_sqe* entry = backend_.new_request();
  if (entry == nullptr) return;
  io_uring_prep_multishot_accept(entry, fd_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  backend_.set_request(entry, UringOp::Accept, slot());
  armed_ = true;
}

void UringListener::on_completion(UringOp, int result, std::uint32_t flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) armed_ = canceling_ = false;
  if (result >= 0) {
    if (turn_ != backend_.turn()) {
      turn_ = backend_.turn();
      accepted_ = 0;
    }
    if (waiting_.empty() && accepted_ < accepts_per_turn_) {
      if (!hand_over(result)) return;
    } else {
      waiting_.push_back(result);
      if (!looking_) {
        looking_ = true;
        backend_.look_later(slot());
      }
    }
    if (armed_ && !canceling_ && waiting_.size() > kMaxWaitingTurns * accepts_per_turn_) {
      canceling_ = true;
      backend_.cancel(UringOp::Accept, slot());
    }
  } else if (result == -EMFILE || result == -ENFILE || result == -ENOBUFS || result == -ENOMEM) {
    spare_.turn_away(fd_.get(), accepts_per_turn_);
    backend_.loop().set_deadline(*this, backend_.loop().now() + kAcceptPause);
    return;
  }
  if (!armed_ && waiting_.empty()) arm();
}

bool UringListener::hand_over(int fd) {
  ++accepted_;
  // A multishot accept has one place for the addresses of all its connections.
  sockaddr_storage peer;
  socklen_t length = sizeof peer;
  Address address;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0) {
    address = from_sockaddr(reinterpret_cast<const sockaddr*>(&peer), length);
  }
  const std::shared_ptr<OnAccept> on_accept = on_accept_;
  UringBackend& backend = backend_;  // survives what the owner does
  (*on_accept)(backend.adopt(fd), address);
  return backend.is_alive(*this);
}

void UringListener::on_ready() {
  looking_ = false;
  turn_ = backend_.turn();
  accepted_ = 0;
  while (!waiting_.empty() && accepted_ < accepts_per_turn_) {
    const int fd = waiting_.front();
    waiting_.pop_front();
    if (!hand_over(fd)) return;
  }
  if (waiting_.empty()) {
    if (!armed_ && !backend_.loop().has_deadline(*this)) arm();
  } else {
    looking_ = true;
    backend_.look_later(slot());
  }
}

}  // namespace hybi::io
