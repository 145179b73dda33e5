// How many bytes a floor owes: the whole "protocol" of a raw server that moves exactly the bytes of
// a WebSocket echo, or of HTTP requests and their answers. A masked client frame of `request` bytes
// is answered by the first `reply` of its bytes (reply = request - 4, the mask), without waiting
// for the frame to be complete. An answer that is longer than its request is complete when the
// request is. Positions are the position in the stream modulo `request`, so no header is read.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bench {

struct FrameSizes {
  std::uint64_t request = 26;
  std::uint64_t reply = 22;
};

class Account {
 public:
  // `bytes` more were received. Returns how many bytes to send for them: at most `bytes`, if no
  // reply is longer than a request.
  std::uint64_t receive(std::uint64_t bytes, const FrameSizes& sizes) {
    const std::uint64_t before = std::min(position_, sizes.reply);
    const std::uint64_t reached = position_ + bytes;
    std::uint64_t frames = 0;
    if (reached >= sizes.request) frames = reached / sizes.request;
    position_ = reached - frames * sizes.request;
    return frames * sizes.reply + std::min(position_, sizes.reply) - before;
  }

 private:
  std::uint64_t position_ = 0;  // inside the current frame
};

}  // namespace bench
