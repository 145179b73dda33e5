// The loop's backend over io_uring: what its streams and its listeners share. Private to io/.
//
// A request to the kernel names its target by slot and generation, never by address: a completion
// that comes after its stream was destroyed finds another generation and is dropped. Descriptors
// are closed only after the requests that name them were submitted, so none meets a reused number.
#pragma once

#include <hybi/io/backend.h>
#include <hybi/io/socket.h>
#include <hybi/io/uring_ring.h>

#include <vector>

namespace hybi::io {

class UringStream;

// What a request was; the low byte of its user data.
enum class UringOp : std::uint8_t {
  Ignore,
  Wake,
  Receive,
  Readable,
  Writable,
  Broken,
  Accept,
  Send
};

// Something that has requests at the kernel.
class UringTarget {
 public:
  virtual void on_completion(UringOp op, int result, std::uint32_t flags) = 0;
  virtual void on_ready() = 0;  // asked for with UringBackend::look_later

  std::uint32_t slot() const { return slot_; }

 protected:
  explicit UringTarget(std::uint32_t slot) : slot_(slot) {}
  ~UringTarget() = default;

 private:
  std::uint32_t slot_;
};

class UringBackend final : public Backend {
 public:
  UringBackend(std::unique_ptr<UringRing> ring, Fd wake);
  ~UringBackend() override;

  BackendKind kind() const override { return BackendKind::Uring; }
  void bind(Loop& loop) override { loop_ = &loop; }
  TimePoint now() const override { return Clock::now(); }
  void wait(Clock::duration timeout) override;
  void deliver() override;
  bool finish_writes() override;
  void wake() override;
  std::unique_ptr<Stream> adopt(int fd) override;
  std::unique_ptr<Listener> listen(int fd, Listener::OnAccept on_accept,
                                   std::size_t accepts_per_turn) override;

  // For streams and listeners.
  Loop& loop() { return *loop_; }
  UringRing& ring() { return *ring_; }
  std::uint64_t turn() const { return turn_; }

  std::uint32_t add_target();  // a slot; set_target follows
  void set_target(std::uint32_t slot, UringTarget& target) { slots_[slot].target = &target; }
  void remove_target(std::uint32_t slot);

  // False once the target whose completion is in work was destroyed by what it called.
  bool is_alive(const UringTarget& target) const { return current_ == &target; }

  // A request of `slot`, to be filled in with a prep function; set_request follows. May be null.
  io_uring_sqe* new_request() { return ring_->next_entry(); }
  void set_request(io_uring_sqe* entry, UringOp op, std::uint32_t slot);
  void cancel(UringOp op, std::uint32_t slot);

  void look_later(std::uint32_t slot);  // on_ready in the next turn
  void close_later(int fd);             // after what is queued was submitted

  // `pieces` leave with all other writes of the turn; finish_write tells the stream.
  void send_later(UringStream& stream, int fd, std::span<const Bytes> pieces);
  void forget_send(UringStream& stream);

 private:
  struct Slot {
    UringTarget* target = nullptr;
    std::uint32_t generation = 0;  // 24 bits are used
  };
  struct Pending {
    UringStream* stream;
    int fd;
    unsigned first_vector;
    unsigned vector_count;
    int result;
    std::size_t offered;
  };

  std::uint64_t user_data(UringOp op, std::uint32_t slot) const;
  UringTarget* find(std::uint64_t user_data) const;
  void dispatch(const Completion& completion);
  void watch_wake();
  void submit_sends();
  void collect_sends(std::size_t& open);

  std::unique_ptr<UringRing> ring_;
  Fd wake_;
  Loop* loop_ = nullptr;
  bool watching_wake_ = false;
  std::uint64_t turn_ = 0;
  UringTarget* current_ = nullptr;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<std::uint64_t> look_at_;  // user data of targets
  std::vector<Completion> kept_;        // came while the completions of sends were collected
  std::vector<int> to_close_;
  std::vector<Pending> sends_, sending_;  // queued; in work
  std::vector<iovec> vectors_, vectors_in_work_;
  std::vector<msghdr> messages_;
};

}  // namespace hybi::io
