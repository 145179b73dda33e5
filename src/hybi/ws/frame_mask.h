// Masking of whole frames: versions 4, 5 and 6, client to server. hybi-04 4.3, hybi-05 4.3.
//
//   key (4 bytes, clear), then header and payload, both masked; i = 0 at the header's first byte
//
// In 5 and 6 byte i meets key[i mod 4]. In 4 the four bytes are a nonce: byte i meets F[i mod 20],
// F = SHA-1(nonce + K), and K comes from the handshake. A step before the decoder, which then sees
// frames as a server sends them. Called by protocol.cc.
#pragma once

#include <hybi/base/digest.h>
#include <hybi/bytes.h>
#include <hybi/ws/version.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace hybi::ws {

using FrameNonce = std::array<std::byte, 4>;
using FrameKey = std::array<std::byte, 20>;  // of 5 and 6: the four bytes five times

// K of version 4, from the values of Sec-WebSocket-Key and Sec-WebSocket-Nonce as they were sent.
Sha1 connection_key(std::string_view key, std::string_view nonce);

// Requires: one of the three versions. `connection_key` counts in 4 only.
FrameKey frame_key(Version version, const FrameNonce& nonce, const Sha1& connection_key);

// Masks or unmasks `bytes`, which begin `at` bytes behind the frame's first one.
void apply_frame_key(const FrameKey& key, std::uint64_t at, MutableBytes bytes);

// The server's side: what comes in -> the same frames without keys and masks.
class FrameUnmasker {
 public:
  FrameUnmasker(Version version, const Sha1& connection_key, bool libwebsockets_masking)
      : connection_key_(connection_key), version_(version), undecided_(libwebsockets_masking) {}

  // Takes bytes from the front of `in`, unmasked in place.
  // Returns: the next part of one frame, never of two; empty if `in` was used up without one.
  // Lifetime: that of `in`, and until the next call.
  MutableBytes take(MutableBytes& in);

  bool in_frame() const { return key_bytes_ != 0; }

 private:
  bool take_key(MutableBytes& in);
  MutableBytes take_header(MutableBytes& in);

  Sha1 connection_key_;
  FrameKey key_{};
  FrameNonce nonce_{};
  std::array<std::byte, 10> header_{};
  std::uint64_t at_ = 0;    // bytes of the frame given out; 0: its header is not complete
  std::uint64_t left_ = 0;  // of the payload
  std::uint8_t key_bytes_ = 0, header_bytes_ = 0;
  Version version_;
  bool undecided_;  // nothing of a client that may be libwebsockets has been understood yet
  bool libwebsockets_ = false;
};

}  // namespace hybi::ws
