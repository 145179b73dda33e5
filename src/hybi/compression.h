// How a route compresses its WebSockets' messages. RFC 7692. Plain values.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hybi {

// permessage-deflate, and its forerunners deflate-frame and x-webkit-deflate-frame, where the
// client offers one of them. What each mode costs per connection is measured in
// docs/topics/compression.md.
//
// A secret and text of an attacker's choice in one message let its length tell about the secret
// (CRIME): Message::compress turns compression off for one message, Off for a route.
struct Compression {
  enum class Mode : std::uint8_t {
    Off,
    Shared,     // each message by itself: one compressor per loop, nothing kept per connection
    Dedicated,  // each connection has windows of its own: smaller messages, more memory
  };

  Mode mode = Mode::Off;
  // Dedicated: 8 to 15. Ours compresses with 2^window_bits bytes of history, and so does the peer
  // where it lets us say. A peer that does not needs 2^15 here.
  int window_bits = 13;
  int mem_level = 6;  // Dedicated: 1 to 9; hash table and buffer take 2^(mem_level + 9) bytes
  std::size_t threshold = 128;  // shorter messages are sent as they are
  // Versions 4 to 8: the whole stream through one compressor, as Firefox 6 offers it. Slow, and
  // easy to abuse. Counts in any mode.
  bool deflate_stream = false;

  struct Windows {
    int window_bits = 13;
    int mem_level = 6;
  };
  static constexpr Compression off() { return {}; }
  static constexpr Compression shared() { return {.mode = Mode::Shared}; }
  static constexpr Compression dedicated() { return {.mode = Mode::Dedicated}; }
  static constexpr Compression dedicated(Windows windows) {
    return {.mode = Mode::Dedicated,
            .window_bits = windows.window_bits,
            .mem_level = windows.mem_level};
  }
};

constexpr bool is_valid(const Compression& compression) {
  return compression.window_bits >= 8 && compression.window_bits <= 15 &&
         compression.mem_level >= 1 && compression.mem_level <= 9;
}

}  // namespace hybi
