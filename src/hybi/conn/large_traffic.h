// While large messages come in, this loop's thread keeps more memory for them than it does
// otherwise.
//
// Several messages of 16 MiB at a time, each in fresh memory, cost twice as much in page faults as
// in copying; but what a burst needed must not be held for ever.
#pragma once

#include <hybi/base/block_cache.h>
#include <hybi/io/loop.h>

namespace hybi::conn {

class LargeTraffic final : private io::LoopMember {
 public:
  static constexpr std::size_t kKeptBytes = 128 * 1024 * 1024;
  static constexpr std::chrono::seconds kQuiet{5};  // after so long it is over

  explicit LargeTraffic(io::Loop& loop) : loop_(loop) {}
  ~LargeTraffic() override {
    if (going_on_) keep_blocks(kKeptBlockBytes);
  }

  bool going_on() const { return going_on_; }

  // A part of a large message is received. Thread: the loop's.
  void seen() {
    seen_ = true;
    if (going_on_) return;
    going_on_ = true;
    keep_blocks(kKeptBytes);
    loop_.set_deadline(*this, loop_.now() + kQuiet);
  }

 private:
  void on_deadline() override {
    if (seen_) {
      seen_ = false;
      loop_.set_deadline(*this, loop_.now() + kQuiet);
    } else {
      going_on_ = false;
      keep_blocks(kKeptBlockBytes);
    }
  }

  io::Loop& loop_;
  bool going_on_ = false;
  bool seen_ = false;
};

}  // namespace hybi::conn
