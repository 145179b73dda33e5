// The two rings shared with the kernel and the receive buffers it picks from. Used by
// backend_uring.cc.
//
// Knows nothing of streams. Made disabled, so that the thread that first submits, not the one that
// created it, becomes the single issuer the kernel may then rely on.
#pragma once

#include <hybi/bytes.h>
#include <hybi/io/fd.h>
#include <hybi/result.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include <liburing.h>

namespace hybi::io {

// What a request came to.
struct Completion {
  std::uint64_t user_data;
  std::int32_t result;  // or -errno
  std::uint32_t flags;  // IORING_CQE_F_*
};

class UringRing {
 public:
  static constexpr unsigned kEntries = 1024;
  static constexpr unsigned kCompletions = 8192;
  static constexpr unsigned kBuffers = 256;               // a power of two
  static constexpr std::size_t kBufferBytes = 16 * 1024;  // of each
  static constexpr std::uint16_t kBufferGroup = 0;

  // Fails: NoBackend when the kernel refuses or knows no multishot receive.
  static Result<std::unique_ptr<UringRing>> create();
  ~UringRing();
  UringRing(const UringRing&) = delete;
  UringRing& operator=(const UringRing&) = delete;

  // An empty entry to fill in; submits the others first when there is no room. Null only when the
  // kernel takes nothing any more.
  io_uring_sqe* next_entry();
  bool submit();  // gives all entries to the kernel; false if it takes none
  unsigned unsubmitted() const { return io_uring_sq_ready(&ring_); }

  // Submits, then waits for a completion; zero: only looks, negative: no end.
  void submit_and_wait(std::chrono::nanoseconds timeout);

  // Takes at most `room` completions. Returns their number.
  unsigned take(Completion* out, unsigned room);

  // The buffer of a completion with IORING_CQE_F_BUFFER; goes back to the kernel with give_back.
  static std::uint16_t buffer_id(std::uint32_t flags) {
    return static_cast<std::uint16_t>(flags >> IORING_CQE_BUFFER_SHIFT);
  }
  MutableBytes buffer(std::uint16_t id, std::size_t size) {
    return {buffers_ + id * kBufferBytes, size};
  }
  void give_back(std::uint16_t id);

 private:
  UringRing() = default;
  Result<void> open();
  Result<void> add_buffers();
  Result<void> try_out();  // a multishot receive that the kernel really goes on with
  void enable();

  mutable io_uring ring_{};
  bool open_ = false;
  bool enabled_ = false;
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::byte* buffers_ = nullptr;
};

}  // namespace hybi::io
