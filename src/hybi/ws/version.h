// Versions of the WebSocket protocol and how they differ on the wire. RFC 6455 11.6.
//
// The decoder and the encoder take everything that changes between versions from VersionTraits: a
// new version is a row of the table here, not a branch elsewhere.
#pragma once

#include <hybi/ws/opcode.h>

#include <array>
#include <cstdint>

namespace hybi::ws {

enum class Version : std::uint8_t { V13 };

inline constexpr std::size_t kVersionCount = 1;

// How a client masks what it sends. A server never masks.
enum class Masking : std::uint8_t {
  None,
  Payload,  // RFC 6455 5.3: key after the length, payload only
};

// What the body of a close frame is.
enum class CloseBody : std::uint8_t {
  Free,           // any bytes, not looked at; sent empty
  CodeAndReason,  // RFC 6455 5.5.1: nothing, or 2 bytes of code and a reason in UTF-8
};

// What happens to text that is not UTF-8.
enum class BadText : std::uint8_t {
  Pass,  // the application gets it as it is
  Fail,  // RFC 6455 8.1: the connection fails
};

// The low four bits of a frame's first byte and what they mean, in both directions.
struct OpcodeSet {
  std::array<Opcode, 16> meaning{};
  std::array<std::uint8_t, 16> bits{};  // index: the Opcode
};

struct VersionTraits {
  std::uint8_t number;  // Sec-WebSocket-Version
  bool last_frame_bit;  // bit 7 of the first byte on the last frame of a message
  Masking client_masking;
  bool shortest_length_only;  // RFC 6455 5.2: the minimal number of bytes MUST be used
  CloseBody close_body;
  BadText bad_text;
  OpcodeSet opcodes;

  constexpr Opcode opcode_of(std::uint8_t bits) const { return opcodes.meaning[bits & 0x0F]; }
  constexpr std::uint8_t bits_of(Opcode opcode) const {
    return opcodes.bits[static_cast<std::uint8_t>(opcode)];
  }
  // The first byte of a frame that is a whole message.
  constexpr std::uint8_t first_byte_of(Opcode opcode) const {
    return static_cast<std::uint8_t>(bits_of(opcode) | (last_frame_bit ? 0x80 : 0));
  }
};

namespace detail {
// RFC 6455 11.8: the enumerators of Opcode are the numbers on the wire.
constexpr OpcodeSet opcodes_of_rfc6455() {
  OpcodeSet set;
  for (std::uint8_t bits = 0; bits < 16; ++bits) {
    set.meaning[bits] = static_cast<Opcode>(bits);
    set.bits[bits] = bits;
  }
  return set;
}
}  // namespace detail

inline constexpr std::array<VersionTraits, kVersionCount> kVersionTraits{{
    {.number = 13,
     .last_frame_bit = true,
     .client_masking = Masking::Payload,
     .shortest_length_only = true,
     .close_body = CloseBody::CodeAndReason,
     .bad_text = BadText::Fail,
     .opcodes = detail::opcodes_of_rfc6455()},
}};

constexpr const VersionTraits& traits(Version version) {
  return kVersionTraits[static_cast<std::size_t>(version)];
}

}  // namespace hybi::ws
