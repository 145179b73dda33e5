// Publications of the broadcast rows: each says which publisher's it is and the how manieth, so
// that a subscriber sees at once when one is lost, comes twice or overtakes another.
//
// The number is the payload's first 8 bytes, 7 bits each: valid UTF-8 in text rows too. The rest is
// the same in all. Compared are the frame's header and the first bytes of the rest; all of it in
// the first frame of a connection.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "load/net.h"
#include "load/wire.h"

namespace bench {

class NumberedFrames {
 public:
  static constexpr std::size_t kNumberBytes = 8;
  struct Number {
    std::uint32_t publisher = 0;  // both below 2^28
    std::uint32_t sequence = 0;
  };
  // What has come of one connection's current frame.
  struct Partial {
    std::size_t bytes = 0;
    bool compared_one = false;
    std::array<char, 10 + kNumberBytes> head{};
  };

  NumberedFrames(std::size_t payload_bytes, bool text)
      : text_(text),
        payload_(make_payload(payload_bytes)),
        frame_(server_frame(payload_, text)),
        header_bytes_(frame_.size() - payload_.size()) {
    if (payload_bytes < kNumberBytes) fail("--payload is too small for a number");
  }

  // A publisher's frame.
  std::string request(Number number) const {
    std::string payload = payload_;
    put(payload.data(), number.publisher);
    put(payload.data() + 4, number.sequence);
    return client_frame(payload, text_);
  }

  // Calls delivered(Number) for each frame that became complete. Anything wrong ends the program.
  template <class F>
  void read(Partial& partial, std::string_view bytes, F&& delivered) const {
    while (!bytes.empty()) {
      const std::size_t part = std::min(bytes.size(), frame_.size() - partial.bytes);
      check(partial, bytes.substr(0, part));
      partial.bytes += part;
      bytes.remove_prefix(part);
      if (partial.bytes != frame_.size()) return;
      partial.bytes = 0;
      partial.compared_one = true;
      const char* const number = partial.head.data() + header_bytes_;
      delivered(Number{get(number), get(number + 4)});
    }
  }

 private:
  static constexpr std::size_t kCompared = 8;

  static void put(char* at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) at[i] = static_cast<char>(value >> (7 * i) & 0x7f);
  }
  static std::uint32_t get(const char* at) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) {
      value |= static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]) & 0x7f) << (7 * i);
    }
    return value;
  }

  void check(Partial& partial, std::string_view part) const {
    const std::size_t begin = partial.bytes, end = begin + part.size();
    const std::size_t head_bytes = header_bytes_ + kNumberBytes;
    if (begin < head_bytes) {
      std::memcpy(partial.head.data() + begin, part.data(), std::min(end, head_bytes) - begin);
    }
    if (begin < header_bytes_) compare(part, begin, std::min(end, header_bytes_) - begin);
    if (end <= head_bytes) return;
    const std::size_t from = std::max(begin, head_bytes);
    part.remove_prefix(from - begin);
    compare(part, from, partial.compared_one ? std::min(part.size(), kCompared) : part.size());
  }
  void compare(std::string_view bytes, std::size_t at, std::size_t count) const {
    if (std::memcmp(bytes.data(), frame_.data() + at, count) != 0) {
      fail("a delivery has the wrong bytes");
    }
  }

  bool text_;
  std::string payload_;
  std::string frame_;  // as a server sends it, but for the number
  std::size_t header_bytes_;
};

}  // namespace bench
