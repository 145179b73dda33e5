// WebSocket frame header: bytes <-> values. RFC 6455 5.2.
//
// Knows nothing of roles, messages, payloads or limits; see decoder.h and assembler.h for those.
// Called by decoder.h (in) and protocol.cc (out). In the header because it runs for every message.
#pragma once

#include <hybi/base/endian.h>
#include <hybi/bytes.h>
#include <hybi/error.h>
#include <hybi/ws/opcode.h>
#include <hybi/ws/version_traits.h>

#include <array>

namespace hybi::ws {

inline constexpr std::size_t kMaxHeaderBytes = 14;      // 2 + 8 (length) + 4 (mask key)
inline constexpr std::size_t kMaxControlPayload = 125;  // RFC 6455 5.5

inline constexpr std::uint8_t kRsv1 = 0x40, kRsv2 = 0x20, kRsv3 = 0x10;

struct FrameHeader {
  std::uint64_t payload_bytes = 0;       // < 2^63
  std::array<std::byte, 4> mask_key{};   // meaningful only when masked
  Opcode opcode = Opcode::Continuation;  // may be a reserved value: the caller decides
  std::uint8_t rsv = 0;                  // kRsv1 | kRsv2 | kRsv3
  bool fin = true;
  bool masked = false;  // kept apart from the key: an all-zero key is legal

  friend bool operator==(const FrameHeader&, const FrameHeader&) = default;
};

struct DecodedHeader {
  FrameHeader header;
  std::uint8_t used = 0;  // bytes of the header; 0: more bytes are needed, or it is wrong
  Errc errc = Errc::Ok;   // WsBadLength
};

// Bytes of a header whose second byte is `second`.
constexpr std::size_t header_bytes(std::byte second) {
  const auto bits = std::to_integer<std::uint8_t>(second);
  const std::uint8_t length = bits & 0x7F;
  return 2U + (length == 126 ? 2U : length == 127 ? 8U : 0U) + (bits >= 0x80 ? 4U : 0U);
}

// Reads one header from the front of `in`.
// Returns: used == 0 and no error if `in` is too short to tell.
// Fails:   WsBadLength when the 64-bit length has its top bit set or is not in the shortest form.
inline DecodedHeader decode_header(Bytes in, const VersionTraits& traits) {
  DecodedHeader decoded;
  if (in.size() < 2) return decoded;
  const std::size_t size = header_bytes(in[1]);
  if (in.size() < size) return decoded;

  const auto first = std::to_integer<std::uint8_t>(in[0]);
  const auto second = std::to_integer<std::uint8_t>(in[1]);
  FrameHeader& header = decoded.header;
  header.fin = (first >= 0x80) == traits.last_frame_bit;
  header.rsv = first & (kRsv1 | kRsv2 | kRsv3);
  header.opcode = traits.opcode_of(first);
  header.masked = second >= 0x80;
  header.payload_bytes = second & 0x7F;
  std::size_t at = 2;
  if (header.payload_bytes == 126) {
    header.payload_bytes = load_be<std::uint16_t>(in.data() + at);
    at += 2;
    // RFC 6455 5.2: the minimal number of bytes MUST be used to encode the length
    if (header.payload_bytes < 126 && traits.shortest_length_only) decoded.errc = Errc::WsBadLength;
  } else if (header.payload_bytes == 127) {
    header.payload_bytes = load_be<std::uint64_t>(in.data() + at);
    at += 8;
    if (header.payload_bytes <= 0xFFFF && traits.shortest_length_only) {
      decoded.errc = Errc::WsBadLength;
    }
    // RFC 6455 5.2: the most significant bit MUST be 0
    if ((header.payload_bytes >> 63) != 0) decoded.errc = Errc::WsBadLength;
  }
  if (header.masked) std::memcpy(header.mask_key.data(), in.data() + at, 4);
  if (decoded.errc == Errc::Ok) decoded.used = static_cast<std::uint8_t>(size);
  return decoded;
}

// Bytes that encode_header writes for such a frame: 2..14.
constexpr std::size_t encoded_header_bytes(std::uint64_t payload_bytes, bool masked) {
  return 2U + (payload_bytes > 0xFFFF ? 8U : payload_bytes > 125 ? 2U : 0U) + (masked ? 4U : 0U);
}

// Writes `header` to `out`, which has room for it, and returns the bytes written.
inline std::size_t encode_header(const FrameHeader& header, const VersionTraits& traits,
                                 std::byte* out) {
  const std::uint8_t last = header.fin == traits.last_frame_bit ? 0x80 : 0;
  out[0] = std::byte(last | header.rsv | traits.bits_of(header.opcode));
  const std::uint8_t mask_bit = header.masked ? 0x80 : 0;
  std::size_t at = 2;
  if (header.payload_bytes <= 125) {
    out[1] = std::byte(mask_bit | header.payload_bytes);
  } else if (header.payload_bytes <= 0xFFFF) {
    out[1] = std::byte(mask_bit | 126);
    store_be(out + at, static_cast<std::uint16_t>(header.payload_bytes));
    at += 2;
  } else {
    out[1] = std::byte(mask_bit | 127);
    store_be(out + at, header.payload_bytes);
    at += 8;
  }
  if (header.masked) {
    std::memcpy(out + at, header.mask_key.data(), 4);
    at += 4;
  }
  return at;
}

}  // namespace hybi::ws
