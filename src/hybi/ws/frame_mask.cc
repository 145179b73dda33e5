// Masking of whole frames, see frame_mask.h.
#include <hybi/base/endian.h>
#include <hybi/ws/frame.h>
#include <hybi/ws/frame_mask.h>

#include <algorithm>
#include <string>

namespace hybi::ws {
namespace {

constexpr std::string_view kConnectionGuid =
    "61AC5F19-FBBA-4540-B96F-6561F1AB40A8";  // hybi-04 5.2.2

// Bytes of an unmasked header of which `have` are there.
std::size_t plain_header_bytes(const std::array<std::byte, 10>& header, std::size_t have) {
  return have < 2 ? 2 : header_bytes(header[1] & std::byte{0x7F});
}

std::uint64_t payload_bytes(const std::array<std::byte, 10>& header, std::size_t size) {
  if (size == 4) return load_be<std::uint16_t>(header.data() + 2);
  if (size == 10) return load_be<std::uint64_t>(header.data() + 2);
  return std::to_integer<std::uint8_t>(header[1]) & 0x7F;
}

// Whether a conversation may begin with these two bytes.
bool may_be_first(std::byte first_byte, std::byte second_byte) {
  const auto first = std::to_integer<std::uint8_t>(first_byte);
  const auto second = std::to_integer<std::uint8_t>(second_byte);
  const Opcode opcode = traits(Version::V4).opcode_of(first);
  if ((first & 0x70) != 0 || second >= 0x80 || is_reserved(opcode)) return false;
  if (is_control(opcode)) return first >= 0x80 && second <= kMaxControlPayload;
  return opcode != Opcode::Continuation;
}

}  // namespace

Sha1 connection_key(std::string_view key, std::string_view nonce) {
  std::string text(key);
  text += nonce;
  text += kConnectionGuid;
  return sha1(as_bytes(text));
}

FrameKey frame_key(Version version, const FrameNonce& nonce, const Sha1& connection_key) {
  FrameKey key;
  if (version == Version::V4) {
    std::array<std::byte, 24> text;
    std::copy(nonce.begin(), nonce.end(), text.begin());
    std::copy(connection_key.begin(), connection_key.end(), text.begin() + 4);
    return sha1(text);
  }
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = nonce[i % 4];
  return key;
}

void apply_frame_key(const FrameKey& key, std::uint64_t at, MutableBytes bytes) {
  std::array<std::byte, 2 * sizeof(FrameKey)> twice;  // any eight bytes from any place are in it
  std::copy(key.begin(), key.end(), twice.begin());
  std::copy(key.begin(), key.end(), twice.begin() + sizeof(FrameKey));
  auto from = static_cast<std::size_t>(at % sizeof(FrameKey));
  std::byte* to = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, to += 8) {
    std::uint64_t word, mask;
    std::memcpy(&word, to, 8);
    std::memcpy(&mask, twice.data() + from, 8);
    word ^= mask;
    std::memcpy(to, &word, 8);
    from = (from + 8) % sizeof(FrameKey);
  }
  for (std::size_t i = 0; i < left; ++i) to[i] ^= twice[from + i];
}

MutableBytes FrameUnmasker::take(MutableBytes& in) {
  if (!take_key(in)) return {};
  if (at_ == 0) return take_header(in);
  const MutableBytes part =
      in.first(static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size())));
  apply_frame_key(key_, at_, part);
  in = in.subspan(part.size());
  at_ += part.size();
  left_ -= part.size();
  if (left_ == 0) at_ = key_bytes_ = 0;
  return part;
}

// Returns: false if it is not complete.
bool FrameUnmasker::take_key(MutableBytes& in) {
  if (key_bytes_ == nonce_.size()) return true;
  const std::size_t count = std::min(nonce_.size() - key_bytes_, in.size());
  std::copy_n(in.begin(), count, nonce_.begin() + key_bytes_);
  key_bytes_ = static_cast<std::uint8_t>(key_bytes_ + count);
  in = in.subspan(count);
  if (key_bytes_ < nonce_.size()) return false;
  key_ = libwebsockets_ ? connection_key_ : frame_key(version_, nonce_, connection_key_);
  return true;
}

// Returns: the header, with what `in` has of the payload if all of the header lies there too.
MutableBytes FrameUnmasker::take_header(MutableBytes& in) {
  const std::size_t before = header_bytes_;
  const std::size_t seen = std::min(header_.size() - before, in.size());
  std::array<std::byte, 10> masked;
  std::copy_n(header_.begin(), before, masked.begin());
  std::copy_n(in.begin(), seen, masked.begin() + static_cast<std::ptrdiff_t>(before));
  const std::size_t have = before + seen;

  std::array<std::byte, 10> plain = masked;
  apply_frame_key(key_, 0, MutableBytes(plain).first(have));
  if (undecided_ && have >= 2) {
    undecided_ = false;
    libwebsockets_ = version_ == Version::V4 && !may_be_first(plain[0], plain[1]);
    if (libwebsockets_) {
      key_ = connection_key_;
      plain = masked;
      apply_frame_key(key_, 0, MutableBytes(plain).first(have));
    }
  }
  const std::size_t size = plain_header_bytes(plain, have);
  if (have < size) {
    header_ = masked;
    header_bytes_ = static_cast<std::uint8_t>(have);
    in = in.subspan(seen);
    return {};
  }
  header_bytes_ = 0;
  left_ = payload_bytes(plain, size);
  MutableBytes part;
  if (before == 0) {
    const auto payload = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - size));
    part = in.first(size + payload);
    apply_frame_key(key_, 0, part);
    in = in.subspan(part.size());
    left_ -= payload;
  } else {
    header_ = plain;
    part = MutableBytes(header_).first(size);
    in = in.subspan(size - before);
  }
  at_ = part.size();
  if (left_ == 0) at_ = key_bytes_ = 0;
  return part;
}

}  // namespace hybi::ws
