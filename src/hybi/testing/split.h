// Input in pieces: what a decoder says must not depend on how its bytes were cut.
#pragma once

#include <hybi/base/ascii.h>
#include <hybi/bytes.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace hybi::testing {

using OwnedBytes = std::vector<std::byte>;

// Each piece is memory of its own, writable, so that reading past its end is seen by a sanitizer.
using Pieces = std::vector<OwnedBytes>;

// "81 04 5370" as bytes; spaces and line ends are passed over. Anything else ends the program.
inline OwnedBytes bytes(std::string_view hex) {
  OwnedBytes result;
  int high = -1;
  for (char c : hex) {
    if (c == ' ' || c == '\n') continue;
    const int value = hex_value(c);
    if (value < 0) std::abort();
    if (high < 0) {
      high = value;
    } else {
      result.push_back(std::byte(high * 16 + value));
      high = -1;
    }
  }
  if (high >= 0) std::abort();
  return result;
}

inline OwnedBytes owned(Bytes data) {
  return {data.begin(), data.end()};
}

// `input` cut at the positions given, which rise and lie inside it.
inline Pieces cut(Bytes input, const std::vector<std::size_t>& positions) {
  Pieces pieces;
  std::size_t from = 0;
  for (std::size_t position : positions) {
    if (position < from || position > input.size()) std::abort();
    pieces.push_back(owned(input.subspan(from, position - from)));
    from = position;
  }
  pieces.push_back(owned(input.subspan(from)));
  return pieces;
}

inline Pieces byte_by_byte(Bytes input) {
  Pieces pieces;
  for (std::byte byte : input) pieces.push_back({byte});
  return pieces;
}

// Calls `check(Pieces)` with the input whole, cut in two at every byte, and byte by byte.
template <class Check>
void for_each_split(Bytes input, Check check) {
  check(Pieces{owned(input)});
  for (std::size_t at = 1; at < input.size(); ++at) check(cut(input, {at}));
  check(byte_by_byte(input));
}

}  // namespace hybi::testing
