#include <hybi/base/utf8.h>

#include <simdjson.h>

#include <algorithm>
#include <array>

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

void append_as_utf8(Bytes text, OutBuffer& out) {
  constexpr std::array kReplacement{std::byte{0xEF}, std::byte{0xBF}, std::byte{0xBD}};  // U+FFFD
  std::size_t at = 0;
  while (at < text.size()) {
    // What is good is copied in one go: the longest start without a bad part.
    const std::size_t begin = at;
    std::size_t bad = 0;  // bytes of the bad part behind it
    while (at < text.size() && bad == 0) {
      Utf8Checker character;
      std::size_t size = 0;
      bool ok = true;
      do {
        ok = character.add(text.subspan(at + size, 1));
        if (ok) ++size;
      } while (ok && !character.complete() && at + size < text.size());
      if (character.complete()) {
        at += size;
      } else {
        bad = std::max<std::size_t>(size, 1);
      }
    }
    out.append(text.subspan(begin, at - begin));
    if (bad != 0) out.append(kReplacement);
    at += bad;
  }
}

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
