// Is it UTF-8? RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
//
// Whole texts go to simdjson's validator. Texts in pieces go through Utf8Checker, which tells at
// the piece that holds it that a byte is wrong, even in the middle of a character.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>

#include <cstdint>

namespace hybi {

namespace detail {
bool is_utf8_large(Bytes text);

inline bool is_ascii_small(Bytes text) {
  std::uint64_t seen = 0;
  const std::byte* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    seen |= word;
  }
  std::uint64_t rest = 0;
  if (left != 0) std::memcpy(&rest, at, left);
  return ((seen | rest) & 0x8080808080808080U) == 0;
}
}  // namespace detail

// Cost: short ASCII texts, the usual ones, need no call.
inline bool is_utf8(Bytes text) {
  if (text.size() <= 128 && detail::is_ascii_small(text)) return true;
  return detail::is_utf8_large(text);
}
inline bool is_utf8(std::string_view text) {
  return is_utf8(as_bytes(text));
}

// Appends `text` with U+FFFD in place of each part that is not UTF-8: the longest start of a
// character that could have become one, or else a single byte. At most three times as long.
void append_as_utf8(Bytes text, OutBuffer& out);

// A text that comes in pieces.
class Utf8Checker {
 public:
  // Returns: false as soon as a byte cannot belong to UTF-8; then it stays false.
  bool add(Bytes piece);

  // True if the text may end here: valid so far and no character is unfinished.
  bool complete() const { return need_ == 0 && !failed_; }

 private:
  bool step(std::uint8_t byte);

  std::uint8_t need_ = 0;    // continuation bytes still missing
  std::uint8_t low_ = 0x80;  // bounds of the next one
  std::uint8_t high_ = 0xBF;
  bool failed_ = false;
};

}  // namespace hybi
