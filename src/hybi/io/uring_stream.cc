// See uring_stream.h.
#include <hybi/base/assert.h>
#include <hybi/io/uring_stream.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

namespace hybi::io {
namespace {

constexpr std::size_t kMaxBytesPerEvent = 2 * 1024 * 1024;  // more waits for the others
constexpr std::size_t kMaxFileBytes = 2 * 1024 * 1024;      // per send_file
constexpr std::size_t kDirectSendBytes = 64 * 1024;         // larger writes are not queued
constexpr std::uint8_t kSmallReads = 32;                    // in a row end the bulk way of reading

}  // namespace

UringStream::UringStream(UringBackend& backend, int fd)
    : UringTarget(backend.add_target()), backend_(backend), fd_(fd) {
  backend_.set_target(slot(), *this);
}

UringStream::~UringStream() {
  if (write_pending_) backend_.forget_send(*this);
  if (armed_ && !canceling_) backend_.cancel(reading_op(), slot());
  if (writable_armed_) backend_.cancel(UringOp::Writable, slot());
  if (broken_armed_) backend_.cancel(UringOp::Broken, slot());
  backend_.remove_target(slot());
  backend_.close_later(fd_);
}

void UringStream::start(StreamOwner& owner) {
  owner_ = &owner;
  // The kernel waits for us only where the descriptor may block; our own calls say MSG_DONTWAIT.
  const int flags = ::fcntl(fd_, F_GETFL);
  if ((flags & O_NONBLOCK) != 0) ::fcntl(fd_, F_SETFL, flags & ~O_NONBLOCK);
  // A multishot receive that took bytes waits for the next wake-up; a reset that came together with
  // these bytes has had its own.
  watch_broken();
  arm();
}

void UringStream::arm() {
  if (armed_ || ended_ || end_held_ || dead_) return;
  if (paused_) return watch_broken();
  io_uring_sqe* entry = backend_.new_request();
  if (entry == nullptr) return fail_later({Errc::Io, ENOSPC});
  bulk_ = go_bulk_;
  if (bulk_) {
    io_uring_prep_poll_multishot(entry, fd_, POLLIN | POLLRDHUP);
  } else {
    io_uring_prep_recv_multishot(entry, fd_, nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = UringRing::kBufferGroup;
    entry->ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
  backend_.set_request(entry, reading_op(), slot());
  armed_ = true;
}

void UringStream::watch_broken() {
  if (broken_armed_) return;
  if (io_uring_sqe* entry = backend_.new_request()) {
    io_uring_prep_poll_add(entry, fd_, 0);  // POLLERR and POLLHUP are told unasked
    backend_.set_request(entry, UringOp::Broken, slot());
    broken_armed_ = true;
  }
}

void UringStream::disarm() {
  if (!armed_ || canceling_) return;
  canceling_ = true;
  backend_.cancel(reading_op(), slot());
}

void UringStream::resume_reading() {
  if (!paused_) return;
  paused_ = false;
  if (dead_) return;
  if (held_ || end_held_ || missed_) backend_.look_later(slot());
  arm();
}

void UringStream::ask_for_place(bool on) {
  asks_ = on;
  if (!on || go_bulk_) return;
  go_bulk_ = true;
  small_reads_ = 0;
  if (!bulk_) disarm();
}

void UringStream::shutdown_write() {
  if (write_pending_) {
    shutdown_wanted_ = true;  // after what was written
  } else {
    ::shutdown(fd_, SHUT_WR);
  }
}

void UringStream::reset_on_close() {
  set_reset_on_close(fd_);
}

WriteResult UringStream::write(std::span<const Bytes> pieces) {
  HYBI_ASSERT(!write_pending_);
  HYBI_ASSERT(pieces.size() <= kMaxPieces);
  if (dead_) return {.failed = true};
  std::size_t offered = 0;
  for (Bytes piece : pieces) offered += piece.size();
  if (offered == 0) return {};
  if (offered > kDirectSendBytes) return after_send(send_pieces(fd_, pieces), offered, false);
  write_pending_ = true;
  backend_.send_later(*this, fd_, pieces);
  return {.pending = true};
}

WriteResult UringStream::write_at_once(std::span<const Bytes> pieces) {
  HYBI_ASSERT(!write_pending_);
  if (dead_) return {.failed = true};
  std::size_t offered = 0;
  for (Bytes piece : pieces) offered += piece.size();
  return after_send(send_pieces(fd_, pieces), offered, false);
}

WriteResult UringStream::send_file(int fd, std::uint64_t offset, std::size_t count) {
  HYBI_ASSERT(!write_pending_);
  if (dead_) return {.failed = true};
  if (count == 0) return {};
  const std::size_t now = std::min(count, kMaxFileBytes);
  // sendfile has no MSG_DONTWAIT.
  const int flags = ::fcntl(fd_, F_GETFL);
  ::fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
  const Sent sent = send_from_file(fd_, fd, offset, now);
  ::fcntl(fd_, F_SETFL, flags);
  return after_send(sent, count, sent.count == now);
}

WriteResult UringStream::after_send(Sent sent, std::size_t offered, bool by_choice) {
  if (sent.error.code != Errc::Ok) {
    fail_later(sent.error);
    return {.failed = true};
  }
  if (sent.count < offered) {
    wants_writable_ = true;
    if (by_choice) {
      writable_due_ = true;
      backend_.look_later(slot());
    } else {
      watch_writable();
    }
  }
  return {.count = sent.count};
}

void UringStream::finish_write(int result, std::size_t offered) {
  write_pending_ = false;
  if (told_error_) return;
  std::size_t count = 0;
  if (result >= 0) {
    count = static_cast<std::size_t>(result);
  } else if (result != -EAGAIN && result != -EINTR) {
    fail_later(error_from(-result));
  }
  if (count < offered && !dead_) {
    wants_writable_ = true;
    watch_writable();
  }
  if (shutdown_wanted_) {
    shutdown_wanted_ = false;
    ::shutdown(fd_, SHUT_WR);
  }
  owner_->on_written(count);
}

void UringStream::watch_writable() {
  if (writable_armed_) return;
  if (io_uring_sqe* entry = backend_.new_request()) {
    io_uring_prep_poll_add(entry, fd_, POLLOUT);
    backend_.set_request(entry, UringOp::Writable, slot());
    writable_armed_ = true;
  }
}

void UringStream::on_completion(UringOp op, int result, std::uint32_t flags) {
  const bool more = (flags & IORING_CQE_F_MORE) != 0;
  switch (op) {
    case UringOp::Receive:
      return on_received(result, flags);
    case UringOp::Readable:
      if (!more) armed_ = canceling_ = false;
      if (result >= 0) {
        UringBackend& backend = backend_;  // survives what the owner does
        on_readable(result);
        if (!backend.is_alive(*this)) return;
      }
      if (!more) arm();
      return;
    case UringOp::Writable:
      writable_armed_ = false;
      if (dead_ || !wants_writable_) return;
      wants_writable_ = false;
      return owner_->on_writable();
    case UringOp::Broken:
      broken_armed_ = false;
      if (dead_) return;
      if (const int error = take_socket_error(fd_); error != 0) fail(error_from(error));
      return;
    case UringOp::Ignore:
    case UringOp::Wake:
    case UringOp::Accept:
    case UringOp::Send:
      return;
  }
}

void UringStream::on_received(int result, std::uint32_t flags) {
  const bool more = (flags & IORING_CQE_F_MORE) != 0;
  if (!more) armed_ = canceling_ = false;
  if (result > 0) {
    const std::uint16_t id = UringRing::buffer_id(flags);
    UringRing& ring = backend_.ring();
    const bool go_on = deliver(ring.buffer(id, static_cast<std::size_t>(result)));
    ring.give_back(id);
    if (!go_on) return;
    if (static_cast<std::size_t>(result) == UringRing::kBufferBytes && !go_bulk_) {
      go_bulk_ = true;
      small_reads_ = 0;
      disarm();
    } else if (paused_) {
      disarm();
    }
  } else if (dead_) {
    return;
  } else if (result == 0) {
    if (!end()) return;
  } else if (result != -ENOBUFS && result != -ECANCELED && result != -EAGAIN && result != -EINTR) {
    return fail(error_from(-result));
  }
  if (!more) arm();
}

bool UringStream::deliver(MutableBytes in) {
  if (dead_) return false;
  if (paused_ || held_) {
    if (!held_) held_ = std::make_unique<std::string>();
    held_->append(as_text(in));
    return true;
  }
  UringBackend& backend = backend_;
  owner_->on_bytes(in);
  return backend.is_alive(*this) && !dead_;
}

bool UringStream::end() {
  if (paused_ || held_) {
    end_held_ = true;
    return true;
  }
  ended_ = true;
  UringBackend& backend = backend_;
  owner_->on_end();
  return backend.is_alive(*this) && !dead_;
}

void UringStream::on_readable(int mask) {
  if (dead_ || ended_ || end_held_) return;
  if (paused_ || held_) {
    missed_ = true;
    disarm();
    return;
  }
  if (missed_) return;  // enough for this turn
  // A poll may report several times what one read took, or what came behind it: that is for the
  // next turn.
  const auto turn = static_cast<std::uint32_t>(backend_.turn());
  if (bulk_turn_ == turn) {
    missed_ = true;
    backend_.look_later(slot());
    return;
  }
  bulk_turn_ = turn;
  if (!read_bulk((mask & (POLLHUP | POLLRDHUP | POLLERR)) != 0)) return;
  if (small_reads_ >= kSmallReads && go_bulk_ && !asks_) {
    go_bulk_ = false;
    disarm();
  }
}

bool UringStream::read_bulk(bool to_the_end) {
  UringBackend& backend = backend_;
  for (std::size_t taken = 0; taken < kMaxBytesPerEvent;) {
    MutableBytes place = backend.loop().scratch();
    if (asks_) {
      if (const MutableBytes asked = owner_->place_for_bytes(); !asked.empty()) place = asked;
      if (dead_) return false;
      if (paused_) {
        missed_ = true;
        return true;
      }
    }
    const ssize_t count = ::recv(fd_, place.data(), place.size(), MSG_DONTWAIT);
    if (count > 0) {
      const auto size = static_cast<std::size_t>(count);
      if (size >= UringRing::kBufferBytes / 2) {
        small_reads_ = 0;
      } else if (small_reads_ < kSmallReads) {
        ++small_reads_;
      }
      owner_->on_bytes(place.first(size));
      if (!backend.is_alive(*this) || dead_) return false;
      if (size < place.size() && !to_the_end) return true;
      if (paused_) {
        missed_ = true;
        return true;
      }
      taken += size;
    } else if (count == 0) {
      return end();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return true;
    } else if (errno != EINTR) {
      fail(error_from(errno));
      return false;
    }
  }
  missed_ = true;  // others first
  backend_.look_later(slot());
  return true;
}

void UringStream::on_ready() {
  UringBackend& backend = backend_;
  if (told_error_) return;
  if (dead_) return fail(error_from(failure_));
  if (held_ && !paused_) {
    const std::unique_ptr<std::string> held = std::move(held_);
    std::string& bytes = *held;
    owner_->on_bytes({reinterpret_cast<std::byte*>(bytes.data()), bytes.size()});
    if (!backend.is_alive(*this) || dead_) return;
  }
  if (end_held_ && !paused_) {
    end_held_ = false;
    if (!end()) return;
  }
  if (missed_ && !paused_) {
    missed_ = false;
    on_readable(POLLIN | POLLRDHUP);  // an end that was reported before is not reported again
    if (!backend.is_alive(*this) || dead_) return;
  }
  if (writable_due_) {
    writable_due_ = wants_writable_ = false;
    owner_->on_writable();
  }
}

void UringStream::fail(Error error) {
  dead_ = told_error_ = true;
  owner_->on_error(error);
}

void UringStream::fail_later(Error error) {
  if (dead_) return;
  dead_ = true;
  failure_ = error.os;
  backend_.look_later(slot());
}

}  // namespace hybi::io
