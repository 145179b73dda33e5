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
  // `masked_input`: the peer is a client of a version that masks.
  Decoder(Version version, bool masked_input) : version_(version), masked_input_(masked_input) {}

  // Bits a negotiated extension may set on the first frame of a message.
  void allow_rsv(std::uint8_t bits) { allowed_rsv_ = bits; }

  bool in_frame() const { return in_frame_; }  // between enter() and the payload's last byte
  bool in_header() const { return spilled_ != 0; }
  bool between_frames() const { return !in_frame_ && spilled_ == 0; }
  bool masked_input() const { return masked_input_; }

  struct HeaderStep {
    FrameHeader header;
    Errc errc = Errc::Ok;  // the header breaks a rule
    bool ready = false;    // false without error: `in` was used up, more bytes are needed
  };

  // Takes the next header from the front of `in`. Requires: !in_frame().
  HeaderStep read_header(MutableBytes& in) {
    if (spilled_ != 0 || in.size() < 2) [[unlikely]]
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
    in_frame_ = true;
  }
  // The frame entered; payload_bytes is what is left of it, mask_key what masks the next byte.
  const FrameHeader& frame() const { return frame_; }

  struct Part {
    MutableBytes bytes;  // still masked, with `key` if masked_input()
    MaskKey key;
    bool last = false;  // of its frame
  };
  // Takes what `in` holds of the frame's payload. Requires: in_frame().
  Part take_part(MutableBytes& in);

 private:
  HeaderStep read_spilled(MutableBytes& in);

  // What the first two bytes tell.
  Errc check(std::byte first_byte, std::byte second_byte) const {
    const auto first = std::to_integer<std::uint8_t>(first_byte);
    const auto second = std::to_integer<std::uint8_t>(second_byte);
    const VersionTraits& version = traits(version_);
    const Opcode opcode = version.opcode_of(first);
    const std::uint8_t rsv = first & (kRsv1 | kRsv2 | kRsv3);
    // RFC 6455 5.2: reserved bits MUST be 0 unless an extension gives them a meaning
    if (rsv != 0 &&
        ((rsv & ~allowed_rsv_) != 0 || is_control(opcode) || opcode == Opcode::Continuation)) {
      return Errc::WsReservedBits;
    }
    // RFC 6455 5.2: an unknown opcode fails the connection
    if (is_reserved(opcode)) return Errc::WsReservedOpcode;
    // RFC 6455 5.1: a client MUST mask, a server MUST NOT
    if ((second >= 0x80) != masked_input_) {
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
  Version version_;
  bool masked_input_;
  bool in_frame_ = false;
};

}  // namespace hybi::ws
