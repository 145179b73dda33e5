// Bytes from the peer -> frame headers and pieces of payload. RFC 6455 5.1, 5.2, 5.5.
//
// Enforces what one header can break by itself: reserved bits and opcodes, masking by role,
// lengths, shape of control frames. Messages and limits are assembler.h's. Keeps at most the 14
// bytes of a header that came in parts, never payload.
#pragma once

#include <hybi/ws/frame.h>
#include <hybi/ws/mask.h>

#include <algorithm>

namespace hybi::ws {

class Decoder {
 public:
  // `masked_input`: the peer is a client of a version with a mask bit.
  Decoder(Version version, bool masked_input) : version_(version), masked_input_(masked_input) {}

  // Bits a negotiated extension may set: on the first frame of a message, or on all of them.
  void allow_rsv(std::uint8_t bits, bool on_continuations) {
    allowed_rsv_ = bits;
    continued_rsv_ = on_continuations ? bits : 0;
  }
  // The input is not what came in, but what a step before made of it: straight() is never true.
  void set_detour() { busy_ |= kDetour; }

  bool in_frame() const { return (busy_ & kInFrame) != 0; }  // from enter() to the last byte
  bool in_header() const { return (busy_ & kInHeader) != 0; }
  // A frame begins at the front of the input.
  bool straight() const { return busy_ == 0; }
  bool masked_input() const { return masked_input_; }

  struct HeaderStep {
    FrameHeader header;
    Errc errc = Errc::Ok;  // the header breaks a rule
    bool ready = false;    // false without error: `in` was used up, more bytes are needed
  };

  // Takes the next header from the front of `in`. Requires: !in_frame().
  HeaderStep read_header(MutableBytes& in) {
    if (in_header() || in.size() < 2) [[unlikely]]
      return read_spilled(in);
    if (const Errc errc = check(in[0], in[1]); errc != Errc::Ok) [[unlikely]]
      return {{}, errc, false};
    const DecodedHeader decoded = decode_header(in, traits(version_));
    if (decoded.used == 0) [[unlikely]] {
      if (decoded.errc != Errc::Ok) return {{}, decoded.errc, false};
      return read_spilled(in);
    }
    in = in.subspan(decoded.used);
    return {decoded.header, Errc::Ok, true};
  }

  // The payload of `header` begins and is not wholly there.
  void enter(const FrameHeader& header) {
    frame_ = header;
    busy_ |= kInFrame;
  }
  // The frame entered; payload_bytes is what is left of it, mask_key what masks the next byte.
  const FrameHeader& frame() const { return frame_; }

  struct Part {
    MutableBytes bytes;  // still masked, with `key` if masked_input()
    MaskKey key;
    bool last = false;  // of its frame
  };
  // Takes what `in` holds of the frame's payload, kMaxPartBytes at most: few enough to stay in the
  // cache from one step to the next (unmasking, UTF-8 check, inflating). Requires: in_frame().
  static constexpr std::size_t kMaxPartBytes = 64 * 1024;
  Part take_part(MutableBytes& in);

 private:
  static constexpr std::uint8_t kInFrame = 1, kInHeader = 2, kDetour = 4;

  HeaderStep read_spilled(MutableBytes& in);

  // What the first two bytes tell.
  Errc check(std::byte first_byte, std::byte second_byte) const {
    const auto first = std::to_integer<std::uint8_t>(first_byte);
    const auto second = std::to_integer<std::uint8_t>(second_byte);
    const VersionTraits& version = traits(version_);
    const Opcode opcode = version.opcode_of(first);
    const std::uint8_t rsv = first & (kRsv1 | kRsv2 | kRsv3);
    // RFC 6455 5.2: reserved bits MUST be 0 unless an extension gives them a meaning
    if (rsv != 0) [[unlikely]] {
      const std::uint8_t allowed = opcode == Opcode::Continuation ? continued_rsv_
                                   : is_control(opcode)           ? 0
                                                                  : allowed_rsv_;
      if ((rsv & ~allowed) != 0) return Errc::WsReservedBits;
    }
    // RFC 6455 5.2: an unknown opcode fails the connection
    if (is_reserved(opcode)) return Errc::WsReservedOpcode;
    // RFC 6455 5.1: a client MUST mask, a server MUST NOT
    if ((second >= 0x80) != masked_input_) [[unlikely]] {
      // hybi-01 to 06: the bit is a fourth reserved one
      if (version.client_masking != Masking::Payload) return Errc::WsReservedBits;
      return masked_input_ ? Errc::WsUnmaskedFrame : Errc::WsMaskedFrame;
    }
    if (is_control(opcode)) {
      // RFC 6455 5.5: control frames are at most 125 bytes and never fragmented
      if ((first >= 0x80) != version.last_frame_bit) return Errc::WsControlFragmented;
      if ((second & 0x7F) > kMaxControlPayload) return Errc::WsControlTooLong;
    }
    return Errc::Ok;
  }

  FrameHeader frame_;
  std::array<std::byte, kMaxHeaderBytes> spill_;
  std::uint8_t spilled_ = 0;
  std::uint8_t allowed_rsv_ = 0;
  std::uint8_t continued_rsv_ = 0;
  std::uint8_t busy_ = 0;
  Version version_;
  bool masked_input_;
};

}  // namespace hybi::ws
