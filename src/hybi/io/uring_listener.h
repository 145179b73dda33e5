// A listener of the io_uring backend: multishot accept. Private to io/.
//
// The kernel accepts as fast as connections come; what a turn may not hand over waits here, and
// when too much waits the accept is taken back until it is handed over.
#pragma once

#include <hybi/io/backend_uring.h>

#include <deque>

namespace hybi::io {

class UringListener final : public Listener, public UringTarget, public LoopMember {
 public:
  UringListener(UringBackend& backend, int fd, OnAccept on_accept, std::size_t accepts_per_turn);
  ~UringListener() override;

  void on_completion(UringOp op, int result, std::uint32_t flags) override;
  void on_ready() override;

 private:
  void on_deadline() override { arm(); }
  void arm();
  bool hand_over(int fd);  // false: destroyed

  UringBackend& backend_;
  Fd fd_;
  std::shared_ptr<OnAccept> on_accept_;  // shared with a call under way that destroys the listener
  std::size_t accepts_per_turn_;
  std::size_t accepted_ = 0;  // in turn_
  std::uint64_t turn_ = 0;
  std::deque<int> waiting_;
  bool armed_ = false;
  bool canceling_ = false;
  bool looking_ = false;  // on_ready is asked for
  SpareDescriptor spare_;
};

}  // namespace hybi::io
