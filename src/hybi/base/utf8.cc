#include <hybi/base/utf8.h>

#include <simdjson.h>

namespace hybi {

namespace detail {
bool is_utf8_large(Bytes text) {
  return simdjson::validate_utf8(reinterpret_cast<const char*>(text.data()), text.size());
}
}  // namespace detail

namespace {

// Pieces shorter than this are not worth the split into head, middle and tail.
constexpr std::size_t kWorthTheCall = 32;

// How many bytes at the end of `text` begin a character that does not end in it; 0..3.
// What is wrong in other ways may stay on either side: each side is checked.
std::size_t unfinished_tail(Bytes text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = std::to_integer<std::uint8_t>(text[text.size() - back]);
    if (byte < 0x80) return 0;
    if (byte < 0xC0) continue;
    const std::size_t length = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
    return length > back ? back : 0;
  }
  return 0;
}

}  // namespace

bool Utf8Checker::step(std::uint8_t byte) {
  if (need_ != 0) {
    if (byte < low_ || byte > high_) return false;
    --need_;
    low_ = 0x80;
    high_ = 0xBF;
    return true;
  }
  if (byte < 0x80) return true;
  // RFC 3629 4: the lead byte fixes the number of bytes and the range of the second one.
  if (byte < 0xC2 || byte > 0xF4) return false;
  need_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
  if (byte == 0xE0) low_ = 0xA0;
  if (byte == 0xED) high_ = 0x9F;
  if (byte == 0xF0) low_ = 0x90;
  if (byte == 0xF4) high_ = 0x8F;
  return true;
}

bool Utf8Checker::add(Bytes piece) {
  std::size_t at = 0;
  if (failed_) return false;
  while (need_ != 0 && at < piece.size()) {
    if (!step(std::to_integer<std::uint8_t>(piece[at++]))) return !(failed_ = true);
  }
  if (piece.size() - at >= kWorthTheCall) {
    const Bytes rest = piece.subspan(at);
    const Bytes middle = rest.first(rest.size() - unfinished_tail(rest));
    if (!is_utf8(middle)) return !(failed_ = true);
    at += middle.size();
  }
  for (; at < piece.size(); ++at) {
    if (!step(std::to_integer<std::uint8_t>(piece[at]))) return !(failed_ = true);
  }
  return true;
}

}  // namespace hybi
