// How the versions of the protocol differ on the wire.
//
// The decoder and the encoder take everything that changes between versions from VersionTraits: a
// version is a row of the table here, not a branch elsewhere. Only the framing of 75 and 76 is a
// codec of its own (sentinel.h), and the masking of 4, 5 and 6 a step before the decoder
// (frame_mask.h).
#pragma once

#include <hybi/ws/close_code.h>
#include <hybi/ws/opcode.h>
#include <hybi/ws/version.h>

#include <array>
#include <cstdint>

namespace hybi::ws {

enum class Framing : std::uint8_t {
  Sentinel,  // hixie: 00 text FF
  Frames,    // RFC 6455 5.2 and its forerunners
};

// How a client masks what it sends. A server never masks.
enum class Masking : std::uint8_t {
  None,
  Whole,    // 4, 5, 6: key first, then the header and the payload
  Payload,  // RFC 6455 5.3: key after the length, payload only
};

// What ends the conversation, and what it can say.
enum class CloseForm : std::uint8_t {
  EndOfStream,    // 75: the end of TCP
  Mark,           // 76: FF 00
  Echo,           // hybi-01 to 04: a close frame whose body the reply repeats
  Letter,         // 5: its body begins with the sender's letter
  CodeAndReason,  // RFC 6455 5.5.1: nothing, or 2 bytes of code and a reason in UTF-8
};

// Which codes a version knows.
enum class CloseCodes : std::uint8_t {
  None,
  Hybi06,   // 6, 7: 1000 to 1004; whatever comes is taken
  Hybi08,   // 8: 1007 as well; 1005, 1006, 1015 are for local use
  Rfc6455,  // RFC 6455 7.4 and the registry
};

// What happens to text that is not UTF-8.
enum class BadText : std::uint8_t {
  Replace,  // each bad part becomes U+FFFD
  Fail,     // RFC 6455 8.1: the connection fails
};

// The low four bits of a frame's first byte and what they mean, in both directions.
struct OpcodeSet {
  std::array<Opcode, 16> meaning{};
  std::array<std::uint8_t, 16> bits{};  // index: the Opcode
};

struct alignas(64) VersionTraits {
  Framing framing;
  bool last_frame_bit;  // bit 7 of the first byte on the last frame of a message
  Masking client_masking;
  bool shortest_length_only;  // RFC 6455 5.2: the minimal number of bytes MUST be used
  CloseForm close_form;
  CloseCodes close_codes;
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

// hybi-01 to 06.
constexpr OpcodeSet opcodes_of_hybi01() {
  OpcodeSet set;
  constexpr std::array kMeaning{Opcode::Continuation, Opcode::Close, Opcode::Ping,
                                Opcode::Pong,         Opcode::Text,  Opcode::Binary};
  for (std::uint8_t bits = 0; bits < 16; ++bits) {
    set.meaning[bits] = bits < kMeaning.size() ? kMeaning[bits] : kReservedOpcode;
  }
  for (std::uint8_t bits = 0; bits < kMeaning.size(); ++bits) {
    set.bits[static_cast<std::uint8_t>(kMeaning[bits])] = bits;
  }
  return set;
}

constexpr std::array<VersionTraits, kVersionCount> make_version_traits() {
  constexpr VersionTraits kHixie{.framing = Framing::Sentinel,
                                 .last_frame_bit = false,
                                 .client_masking = Masking::None,
                                 .shortest_length_only = false,
                                 .close_form = CloseForm::EndOfStream,
                                 .close_codes = CloseCodes::None,
                                 .bad_text = BadText::Replace,
                                 .opcodes = {}};
  constexpr VersionTraits kRfc6455{.framing = Framing::Frames,
                                   .last_frame_bit = true,
                                   .client_masking = Masking::Payload,
                                   .shortest_length_only = true,
                                   .close_form = CloseForm::CodeAndReason,
                                   .close_codes = CloseCodes::Rfc6455,
                                   .bad_text = BadText::Fail,
                                   .opcodes = opcodes_of_rfc6455()};
  std::array<VersionTraits, kVersionCount> all{};
  const auto of = [&all](Version version) -> VersionTraits& {
    return all[static_cast<std::size_t>(version)];
  };
  of(Version::Hixie75) = kHixie;
  of(Version::Hixie76) = kHixie;
  of(Version::Hixie76).close_form = CloseForm::Mark;

  of(Version::V13) = kRfc6455;
  of(Version::V8) = kRfc6455;
  of(Version::V8).shortest_length_only = false;  // a MUST since hybi-14
  of(Version::V8).close_codes = CloseCodes::Hybi08;
  of(Version::V7) = of(Version::V8);
  of(Version::V7).close_codes = CloseCodes::Hybi06;
  of(Version::V7).bad_text = BadText::Replace;  // 1007 is from hybi-10
  of(Version::V6) = of(Version::V7);
  of(Version::V6).client_masking = Masking::Whole;
  of(Version::V6).opcodes = opcodes_of_hybi01();
  of(Version::V5) = of(Version::V6);
  of(Version::V5).close_form = CloseForm::Letter;
  of(Version::V5).close_codes = CloseCodes::None;
  of(Version::V4) = of(Version::V5);
  of(Version::V4).close_form = CloseForm::Echo;
  of(Version::Hybi02) = of(Version::V4);
  of(Version::Hybi02).client_masking = Masking::None;
  of(Version::Hybi02).last_frame_bit = false;  // the bit says that more fragments follow
  of(Version::Hybi01) = of(Version::Hybi02);
  return all;
}
}  // namespace detail

inline constexpr std::array<VersionTraits, kVersionCount> kVersionTraits =
    detail::make_version_traits();

constexpr const VersionTraits& traits(Version version) {
  return kVersionTraits[static_cast<std::size_t>(version)];
}

// Whether a close frame of that version may carry the code.
constexpr bool may_receive(CloseCodes codes, CloseCode code) {
  switch (codes) {
    case CloseCodes::Rfc6455:
      return may_be_on_wire(code);
    case CloseCodes::Hybi08:  // hybi-08 7.4.1: reserved for local use; 1015 came later
      return code >= 1000 && code <= 4999 && code != kNoStatusReceived &&
             code != kAbnormalClosure && code != kTlsHandshake;
    default:
      return true;
  }
}

// The code of that version that says nearest to what `code` says. Requires: may_be_on_wire(code).
constexpr CloseCode nearest_code(CloseCodes codes, CloseCode code) {
  if (codes == CloseCodes::Rfc6455 || code < kInvalidPayload || code >= 3000) return code;
  switch (code) {
    case kInvalidPayload:
      return codes == CloseCodes::Hybi08 ? code : kUnsupportedData;
    case kPolicyViolation:
    case kMandatoryExtension:
      return kProtocolError;
    case kMessageTooBig:
      return kFrameTooLarge;
    default:
      return kGoingAway;
  }
}

}  // namespace hybi::ws
