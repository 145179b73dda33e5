// What a client of the JSON rows says: a cycle of different messages, as frames made beforehand, so
// that sending one costs the generator no more than its bytes.
//
// With context every frame refers to the messages before it, but for the first: nothing in it
// points back, so the cycle can start again in the middle of a connection, which is legal DEFLATE,
// and all connections share it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "load/deflate.h"

namespace bench {

class Cycle {
 public:
  // At 1 KiB twice as much as the largest window holds: no server finds a message in it whole.
  static constexpr std::size_t kMessages = 64;

  Cycle(std::size_t payload_bytes, Deflate deflate, int window_bits);

  const std::string& payload(std::uint64_t number) const {
    return payloads_[static_cast<std::size_t>(number % kMessages)];
  }

  // Bytes of `count` frames from message `number` on.
  std::size_t frame_bytes(std::uint64_t number, std::size_t count) const;
  // The endless stream of frames from its byte `offset` on: at least one cycle of it.
  std::string_view frames_from(std::size_t offset) const;
  // Where the frame of message `number` begins.
  std::size_t offset_of(std::uint64_t number) const {
    return offsets_[static_cast<std::size_t>(number % kMessages)];
  }

 private:
  std::array<std::string, kMessages> payloads_;
  std::array<std::size_t, kMessages> offsets_;
  std::size_t bytes_ = 0;  // of one cycle
  std::string frames_;     // twice
};

}  // namespace bench
