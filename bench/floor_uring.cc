// The floor for io_uring: the same exchange as floor_epoll.cc with multishot accept and receive,
// provided buffers, and all sends of a turn submitted together with the wait.
//
//   floor_uring [--port P] [--request BYTES] [--reply BYTES] [--buffer BYTES] [--buffers COUNT]
//
// A reply is sent out of the buffer that was received into; the buffer goes back to the kernel when
// the send is complete. Descriptors are the plain kind. Exits with 2 where io_uring is not allowed.
#include <liburing.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "args.h"
#include "floor_account.h"
#include "listen.h"

namespace {

enum class Kind : std::uint64_t { Accept, Receive, Send };

constexpr unsigned kEntries = 4096;
constexpr int kGroup = 0;

// user_data: what completed, on which descriptor, with which buffer.
std::uint64_t pack(Kind kind, int fd, unsigned buffer) {
  return static_cast<std::uint64_t>(kind) << 56 | std::uint64_t{buffer} << 32 |
         static_cast<std::uint32_t>(fd);
}

class Floor {
 public:
  Floor(int listener, bench::FrameSizes sizes, std::size_t buffer_bytes, unsigned buffers)
      : listener_(listener), sizes_(sizes), buffer_bytes_(buffer_bytes), buffer_count_(buffers) {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
    params.cq_entries = 4 * kEntries;
    if (const int error = io_uring_queue_init_params(kEntries, &ring_, &params); error != 0) {
      std::fprintf(stderr, "io_uring: %s\n", std::strerror(-error));
      std::exit(2);
    }
    make_buffers();
  }

  void run() {
    accept();
    for (;;) {
      io_uring_submit_and_wait(&ring_, 1);
      io_uring_cqe* cqe = nullptr;
      unsigned head = 0, seen = 0;
      io_uring_for_each_cqe(&ring_, head, cqe) {
        complete(*cqe);
        ++seen;
      }
      io_uring_cq_advance(&ring_, seen);
      if (returned_ != 0) io_uring_buf_ring_advance(buffer_ring_, returned_);
      returned_ = 0;
    }
  }

 private:
  void make_buffers() {
    void* memory = mmap(nullptr, buffer_count_ * sizeof(io_uring_buf), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uint64_t>(memory);
    registration.ring_entries = buffer_count_;
    registration.bgid = kGroup;
    if (const int error = io_uring_register_buf_ring(&ring_, &registration, 0); error != 0) {
      std::fprintf(stderr, "provided buffers: %s\n", std::strerror(-error));
      std::exit(2);
    }
    io_uring_buf_ring_init(buffer_ring_);
    buffers_.resize(buffer_bytes_ * buffer_count_);
    for (unsigned i = 0; i < buffer_count_; ++i) give_back(i);
    io_uring_buf_ring_advance(buffer_ring_, returned_);
    returned_ = 0;
  }

  char* buffer(unsigned id) { return buffers_.data() + id * buffer_bytes_; }

  void give_back(unsigned id) {
    io_uring_buf_ring_add(buffer_ring_, buffer(id), static_cast<unsigned>(buffer_bytes_),
                          static_cast<unsigned short>(id), io_uring_buf_ring_mask(buffer_count_),
                          static_cast<int>(returned_++));
  }

  io_uring_sqe* next_sqe() {
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe != nullptr) return sqe;
    io_uring_submit(&ring_);
    return io_uring_get_sqe(&ring_);
  }

  void accept() {
    io_uring_sqe* sqe = next_sqe();
    io_uring_prep_multishot_accept(sqe, listener_, nullptr, nullptr, SOCK_CLOEXEC);
    sqe->user_data = pack(Kind::Accept, listener_, 0);
  }

  void receive(int fd) {
    io_uring_sqe* sqe = next_sqe();
    io_uring_prep_recv_multishot(sqe, fd, nullptr, 0, 0);
    sqe->flags |= IOSQE_BUFFER_SELECT;
    sqe->buf_group = kGroup;
    sqe->user_data = pack(Kind::Receive, fd, 0);
  }

  void complete(const io_uring_cqe& cqe) {
    const int fd = static_cast<int>(cqe.user_data & 0xffffffffU);
    switch (static_cast<Kind>(cqe.user_data >> 56)) {
      case Kind::Accept:
        if (cqe.res >= 0) open(cqe.res);
        if ((cqe.flags & IORING_CQE_F_MORE) == 0) accept();
        return;
      case Kind::Receive:
        if (cqe.res > 0) {
          reply(fd, cqe.flags >> IORING_CQE_BUFFER_SHIFT, static_cast<std::uint64_t>(cqe.res));
        }
        if ((cqe.flags & IORING_CQE_F_MORE) != 0) return;
        if (cqe.res > 0 || cqe.res == -ENOBUFS) {
          receive(fd);  // out of buffers for a moment: those of this turn's sends come back
        } else {
          close(fd);
        }
        return;
      case Kind::Send:
        // MSG_WAITALL: the kernel continues short sends by itself; an error shows in the receive.
        give_back(static_cast<unsigned>(cqe.user_data >> 32) & 0xffffffU);
        return;
    }
  }

  void open(int fd) {
    bench::set_nodelay(fd);
    if (accounts_.size() <= static_cast<std::size_t>(fd))
      accounts_.resize(static_cast<std::size_t>(fd) + 1);
    accounts_[static_cast<std::size_t>(fd)] = bench::Account();
    receive(fd);
  }

  void reply(int fd, unsigned id, std::uint64_t bytes) {
    const std::uint64_t due = accounts_[static_cast<std::size_t>(fd)].receive(bytes, sizes_);
    if (due == 0) return give_back(id);
    io_uring_sqe* sqe = next_sqe();
    io_uring_prep_send(sqe, fd, buffer(id), due, MSG_NOSIGNAL | MSG_WAITALL);
    sqe->user_data = pack(Kind::Send, fd, id);
  }

  const int listener_;
  const bench::FrameSizes sizes_;
  const std::size_t buffer_bytes_;
  const unsigned buffer_count_;
  io_uring ring_{};
  io_uring_buf_ring* buffer_ring_ = nullptr;
  unsigned returned_ = 0;  // buffers given back in this turn, not yet published to the kernel
  std::vector<char> buffers_;
  std::vector<bench::Account> accounts_;  // by descriptor
};

}  // namespace

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  const bench::FrameSizes sizes{static_cast<std::uint64_t>(args.number("--request", 26)),
                                static_cast<std::uint64_t>(args.number("--reply", 22))};
  // Small messages need many buffers in a turn, large ones large buffers.
  const long buffer = args.number("--buffer", sizes.request > 2048 ? 65536 : 4096);
  const auto count = static_cast<unsigned>(args.number("--buffers", buffer > 8192 ? 128 : 1024));
  const int listener = bench::listen_on(static_cast<int>(args.number("--port", 0)));
  Floor floor(listener, sizes, static_cast<std::size_t>(buffer), count);
  floor.run();
}
