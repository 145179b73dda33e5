// The loop's backend over io_uring: completion, multishot requests, all writes of a turn in one
// call.
//
// Writes are queued and submitted together at the end of the turn. They say MSG_DONTWAIT, so each
// has completed, in part or with EAGAIN, when the submission returns: no write outlives its turn,
// and owners may write from memory that they share among themselves.
#include <hybi/io/backend_uring.h>
#include <hybi/io/uring_listener.h>
#include <hybi/io/uring_stream.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

namespace hybi::io {
namespace {

constexpr std::uint32_t kGenerationMask = 0xffffff;
constexpr unsigned kBatch = 256;  // completions taken at once

UringOp op_of(std::uint64_t user_data) {
  return static_cast<UringOp>(user_data & 0xff);
}

std::uint32_t slot_of(std::uint64_t user_data) {
  return static_cast<std::uint32_t>(user_data >> 32);
}

}  // namespace

UringBackend::UringBackend(std::unique_ptr<UringRing> ring, Fd wake)
    : ring_(std::move(ring)), wake_(std::move(wake)) {}

UringBackend::~UringBackend() {
  ring_.reset();
  for (const int fd : to_close_) ::close(fd);
}

std::unique_ptr<Stream> UringBackend::adopt(int fd) {
  return std::make_unique<UringStream>(*this, fd);
}

std::unique_ptr<Listener> UringBackend::listen(int fd, Listener::OnAccept on_accept,
                                               std::size_t accepts_per_turn) {
  return std::make_unique<UringListener>(*this, fd, std::move(on_accept), accepts_per_turn);
}

std::uint32_t UringBackend::add_target() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void UringBackend::remove_target(std::uint32_t slot) {
  Slot& entry = slots_[slot];
  if (current_ == entry.target) current_ = nullptr;
  entry.target = nullptr;
  entry.generation = (entry.generation + 1) & kGenerationMask;
  free_slots_.push_back(slot);
}

std::uint64_t UringBackend::user_data(UringOp op, std::uint32_t slot) const {
  return (std::uint64_t{slot} << 32) | (std::uint64_t{slots_[slot].generation} << 8) |
         static_cast<std::uint64_t>(op);
}

UringTarget* UringBackend::find(std::uint64_t user_data) const {
  const Slot& entry = slots_[slot_of(user_data)];
  return entry.generation == ((user_data >> 8) & kGenerationMask) ? entry.target : nullptr;
}

void UringBackend::set_request(io_uring_sqe* entry, UringOp op, std::uint32_t slot) {
  io_uring_sqe_set_data64(entry, user_data(op, slot));
}

void UringBackend::cancel(UringOp op, std::uint32_t slot) {
  io_uring_sqe* entry = ring_->next_entry();
  if (entry == nullptr) return;  // the ring is going away
  io_uring_prep_cancel64(entry, user_data(op, slot), 0);
  entry->flags |= IOSQE_CQE_SKIP_SUCCESS;
  io_uring_sqe_set_data64(entry, static_cast<std::uint64_t>(UringOp::Ignore));
}

void UringBackend::look_later(std::uint32_t slot) {
  look_at_.push_back(user_data(UringOp::Ignore, slot));
}

void UringBackend::close_later(int fd) {
  to_close_.push_back(fd);
}

void UringBackend::wake() {
  ::eventfd_write(wake_.get(), 1);
}

void UringBackend::watch_wake() {
  // Every write to the eventfd completes this once more; its count need not be read.
  if (io_uring_sqe* entry = ring_->next_entry()) {
    io_uring_prep_poll_multishot(entry, wake_.get(), POLLIN);
    io_uring_sqe_set_data64(entry, static_cast<std::uint64_t>(UringOp::Wake));
    watching_wake_ = true;
  }
}

void UringBackend::wait(Clock::duration timeout) {
  ++turn_;
  if (!watching_wake_) watch_wake();
  if (!to_close_.empty()) {
    ring_->submit();
    for (const int fd : to_close_) ::close(fd);
    to_close_.clear();
  }
  const bool at_once = !look_at_.empty() || !kept_.empty();
  ring_->submit_and_wait(at_once ? Clock::duration::zero() : timeout);
}

void UringBackend::deliver() {
  const std::vector<std::uint64_t> look_at = std::exchange(look_at_, {});
  for (const std::uint64_t target : look_at) {
    current_ = find(target);
    if (current_ != nullptr) current_->on_ready();
  }
  const std::vector<Completion> kept = std::exchange(kept_, {});
  for (const Completion& completion : kept) dispatch(completion);

  Completion batch[kBatch];
  unsigned budget = UringRing::kCompletions;  // what comes meanwhile: in the next turn
  for (unsigned count = kBatch; count == kBatch && budget > 0;) {
    count = ring_->take(batch, std::min(kBatch, budget));
    budget -= count;
    for (unsigned i = 0; i < count; ++i) dispatch(batch[i]);
  }
  current_ = nullptr;
}

void UringBackend::dispatch(const Completion& completion) {
  switch (op_of(completion.user_data)) {
    case UringOp::Ignore:
    case UringOp::Send:
      return;
    case UringOp::Wake:
      if ((completion.flags & IORING_CQE_F_MORE) == 0) watching_wake_ = false;
      return;
    default:
      break;
  }
  current_ = find(completion.user_data);
  if (current_ != nullptr) {
    current_->on_completion(op_of(completion.user_data), completion.result, completion.flags);
    return;
  }
  // Too late: nobody is there any more.
  if ((completion.flags & IORING_CQE_F_BUFFER) != 0) {
    ring_->give_back(UringRing::buffer_id(completion.flags));
  }
  if (op_of(completion.user_data) == UringOp::Accept && completion.result >= 0)
    ::close(completion.result);
}

void UringBackend::send_later(UringStream& stream, int fd, std::span<const Bytes> pieces) {
  const auto first = static_cast<unsigned>(vectors_.size());
  vectors_.resize(first + pieces.size());
  const std::size_t count = to_iovec(pieces, vectors_.data() + first);
  std::size_t offered = 0;
  for (Bytes piece : pieces) offered += piece.size();
  sends_.push_back({&stream, fd, first, static_cast<unsigned>(count), -EAGAIN, offered});
}

void UringBackend::forget_send(UringStream& stream) {
  for (std::vector<Pending>* list : {&sends_, &sending_}) {
    for (Pending& send : *list) {
      if (send.stream == &stream) send.stream = nullptr;
    }
  }
}

bool UringBackend::finish_writes() {
  if (sends_.empty()) return false;
  sending_.swap(sends_);
  vectors_in_work_.swap(vectors_);
  submit_sends();
  for (std::size_t i = 0; i < sending_.size(); ++i) {
    const Pending send = sending_[i];
    if (send.stream != nullptr) send.stream->finish_write(send.result, send.offered);
  }
  sending_.clear();
  vectors_in_work_.clear();
  return true;
}

void UringBackend::submit_sends() {
  messages_.assign(sending_.size(), msghdr{});
  std::size_t open = 0;
  for (std::size_t i = 0; i < sending_.size(); ++i) {
    Pending& send = sending_[i];
    if (send.stream == nullptr) continue;
    iovec* vector = vectors_in_work_.data() + send.first_vector;
    messages_[i].msg_iov = vector;
    messages_[i].msg_iovlen = send.vector_count;
    constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
    io_uring_sqe* entry = sending_.size() == 1 ? nullptr : ring_->next_entry();
    if (entry == nullptr) {  // alone: a call of its own is no dearer
      const ssize_t count = ::sendmsg(send.fd, &messages_[i], kFlags);
      send.result = count >= 0 ? static_cast<int>(count) : -errno;
      continue;
    }
    if (send.vector_count == 1) {
      io_uring_prep_send(entry, send.fd, vector->iov_base, vector->iov_len, kFlags);
    } else {
      io_uring_prep_sendmsg(entry, send.fd, &messages_[i], kFlags);
    }
    io_uring_sqe_set_data64(entry,
                            (std::uint64_t{i} << 32) | static_cast<std::uint64_t>(UringOp::Send));
    ++open;
  }
  if (open == 0) return;
  ring_->submit();
  collect_sends(open);
  while (open > 0) {  // the kernel put one off, which it says it does not do
    ring_->submit_and_wait(std::chrono::milliseconds(10));
    collect_sends(open);
  }
}

void UringBackend::collect_sends(std::size_t& open) {
  Completion batch[kBatch];
  while (open > 0) {
    const unsigned count = ring_->take(batch, kBatch);
    if (count == 0) return;
    for (unsigned i = 0; i < count; ++i) {
      if (op_of(batch[i].user_data) == UringOp::Send) {
        sending_[slot_of(batch[i].user_data)].result = batch[i].result;
        --open;
      } else {
        kept_.push_back(batch[i]);
      }
    }
  }
}

Result<std::unique_ptr<Backend>> create_uring_backend() {
  auto ring = UringRing::create();
  if (!ring) return ring.error();
  Fd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return error_from(errno);
  return std::unique_ptr<Backend>(
      std::make_unique<UringBackend>(std::move(ring).value(), std::move(wake)));
}

}  // namespace hybi::io
