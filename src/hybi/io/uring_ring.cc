// See uring_ring.h.
#include <hybi/io/socket.h>
#include <hybi/io/uring_ring.h>

#include <cerrno>

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace hybi::io {
namespace {

constexpr std::size_t kRingBytes = UringRing::kBuffers * sizeof(io_uring_buf);
constexpr std::size_t kBuffersBytes = UringRing::kBuffers * UringRing::kBufferBytes;

void* map(std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

Error no_backend(int result) {
  return {Errc::NoBackend, result < 0 ? -result : 0};
}

}  // namespace

Result<std::unique_ptr<UringRing>> UringRing::create() {
  {
    // On a ring of its own: trying out submits, which would make this thread the issuer.
    UringRing trial;
    HYBI_TRY(trial.open());
    HYBI_TRY(trial.add_buffers());
    HYBI_TRY(trial.try_out());
  }
  std::unique_ptr<UringRing> ring(new UringRing);
  HYBI_TRY(ring->open());
  HYBI_TRY(ring->add_buffers());
  return ring;
}

UringRing::~UringRing() {
  if (open_) io_uring_queue_exit(&ring_);
  if (buffer_ring_ != nullptr) ::munmap(buffer_ring_, kRingBytes);
  if (buffers_ != nullptr) ::munmap(buffers_, kBuffersBytes);
}

Result<void> UringRing::open() {
  // From the cheapest to what any kernel with multishot receive has.
  constexpr unsigned kWishes[] = {IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
                                  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
                                  IORING_SETUP_COOP_TASKRUN, 0};
  int result = -EINVAL;
  for (const unsigned wish : kWishes) {
    io_uring_params params{};
    params.flags = wish | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
    params.cq_entries = kCompletions;
    result = io_uring_queue_init_params(kEntries, &ring_, &params);
    if (result == 0) {
      open_ = true;
      const unsigned needed = IORING_FEAT_NODROP | IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;
      if ((params.features & needed) != needed) return Errc::NoBackend;
      return {};
    }
    if (result != -EINVAL) break;
  }
  return no_backend(result);
}

Result<void> UringRing::add_buffers() {
  void* ring = map(kRingBytes);
  buffer_ring_ = static_cast<io_uring_buf_ring*>(ring);
  buffers_ = static_cast<std::byte*>(map(kBuffersBytes));
  if (buffer_ring_ == nullptr || buffers_ == nullptr) return error_from(ENOMEM);
  io_uring_buf_reg registration{};
  registration.ring_addr = reinterpret_cast<std::uintptr_t>(ring);
  registration.ring_entries = kBuffers;
  registration.bgid = kBufferGroup;
  const int result = io_uring_register_buf_ring(&ring_, &registration, 0);
  if (result != 0) return no_backend(result);
  io_uring_buf_ring_init(buffer_ring_);
  for (unsigned id = 0; id < kBuffers; ++id) give_back(static_cast<std::uint16_t>(id));
  return {};
}

Result<void> UringRing::try_out() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return error_from(errno);
  const Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  if (::send(theirs.get(), "?", 1, MSG_NOSIGNAL) != 1) return error_from(errno);
  io_uring_sqe* entry = next_entry();
  if (entry == nullptr) return Errc::NoBackend;
  io_uring_prep_recv_multishot(entry, ours.get(), nullptr, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = kBufferGroup;
  submit_and_wait(std::chrono::seconds(1));
  Completion completion;
  if (take(&completion, 1) != 1) return Errc::NoBackend;
  if (completion.result != 1 || (completion.flags & IORING_CQE_F_MORE) == 0) {
    return no_backend(completion.result);
  }
  return {};
}

void UringRing::enable() {
  if (enabled_) return;
  enabled_ = true;
  // By hand: liburing 2.3 declares io_uring_enable_rings, its shared library does not export it.
  ::syscall(__NR_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
}

io_uring_sqe* UringRing::next_entry() {
  io_uring_sqe* entry = io_uring_get_sqe(&ring_);
  if (entry == nullptr && submit()) entry = io_uring_get_sqe(&ring_);
  return entry;
}

bool UringRing::submit() {
  enable();
  for (int attempts = 0; attempts < 100 && unsubmitted() > 0; ++attempts) {
    const int result = io_uring_submit(&ring_);
    if (result >= 0 || result == -EINTR) continue;
    // Completions wait for room in their ring: they get it once the caller has taken some.
    if (result == -EBUSY || result == -EAGAIN) {
      io_uring_get_events(&ring_);
      continue;
    }
    return false;
  }
  return unsubmitted() == 0;
}

void UringRing::submit_and_wait(std::chrono::nanoseconds timeout) {
  enable();
  if (timeout == std::chrono::nanoseconds::zero()) {
    io_uring_submit_and_get_events(&ring_);
    return;
  }
  io_uring_cqe* first = nullptr;
  if (timeout < std::chrono::nanoseconds::zero()) {
    io_uring_submit_and_wait_timeout(&ring_, &first, 1, nullptr, nullptr);
    return;
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(timeout);
  __kernel_timespec time{};
  time.tv_sec = seconds.count();
  time.tv_nsec = (timeout - seconds).count();
  io_uring_submit_and_wait_timeout(&ring_, &first, 1, &time, nullptr);
}

unsigned UringRing::take(Completion* out, unsigned room) {
  unsigned count = 0;
  unsigned head;
  io_uring_cqe* completion;
  io_uring_for_each_cqe(&ring_, head, completion) {
    if (count == room) break;
    out[count++] = {completion->user_data, completion->res, completion->flags};
  }
  io_uring_cq_advance(&ring_, count);
  return count;
}

void UringRing::give_back(std::uint16_t id) {
  io_uring_buf_ring_add(buffer_ring_, buffers_ + id * kBufferBytes, kBufferBytes, id,
                        io_uring_buf_ring_mask(kBuffers), 0);
  io_uring_buf_ring_advance(buffer_ring_, 1);
}

}  // namespace hybi::io
