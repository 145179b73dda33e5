#include <hybi/ws/decoder.h>

namespace hybi::ws {

// A header in parts: collected until it is whole, judged as soon as two bytes of it are there.
Decoder::HeaderStep Decoder::read_spilled(MutableBytes& in) {
  for (;;) {
    const std::size_t needed = spilled_ < 2 ? 2 : header_bytes(spill_[1]);
    const std::size_t count = std::min(needed - spilled_, in.size());
    std::copy_n(in.begin(), count, spill_.begin() + spilled_);
    spilled_ = static_cast<std::uint8_t>(spilled_ + count);
    in = in.subspan(count);
    if (spilled_ != 0) busy_ |= kInHeader;
    if (spilled_ < needed) return {};

    if (const Errc errc = check(spill_[0], spill_[1]); errc != Errc::Ok) return {{}, errc, false};
    const DecodedHeader decoded = decode_header(Bytes(spill_.data(), spilled_), traits(version_));
    if (decoded.errc != Errc::Ok) return {{}, decoded.errc, false};
    if (decoded.used == 0) continue;  // the second byte asks for more
    spilled_ = 0;
    busy_ &= static_cast<std::uint8_t>(~kInHeader);
    return {decoded.header, Errc::Ok, true};
  }
}

Decoder::Part Decoder::take_part(MutableBytes& in) {
  Part part;
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>({frame_.payload_bytes, in.size(), kMaxPartBytes}));
  part.bytes = in.first(count);
  part.key = MaskKey(frame_.mask_key);
  in = in.subspan(count);

  frame_.payload_bytes -= count;
  MaskKey next = part.key;
  next.advance(count);
  frame_.mask_key = next.bytes();
  part.last = frame_.payload_bytes == 0;
  if (part.last) busy_ &= static_cast<std::uint8_t>(~kInFrame);
  return part;
}

}  // namespace hybi::ws
