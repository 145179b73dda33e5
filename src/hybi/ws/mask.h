// The XOR mask over payloads. RFC 6455 5.3.
//
// Any length, any alignment, and any place in the key to start at, because a payload comes in
// pieces. Masking and unmasking are the same operation.
#pragma once

#include <hybi/bytes.h>

#include <array>
#include <bit>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#define HYBI_MASK_AVX2 1
#endif

namespace hybi::ws {

// Four bytes as they stand on the wire, turned so that the next payload byte meets the first.
class MaskKey {
 public:
  MaskKey() = default;
  explicit MaskKey(const std::byte* at) { std::memcpy(&word_, at, 4); }
  explicit MaskKey(const std::array<std::byte, 4>& key) : MaskKey(key.data()) {}

  // The four bytes, as an integer in the machine's own order.
  std::uint32_t word() const { return word_; }
  std::array<std::byte, 4> bytes() const {
    std::array<std::byte, 4> key;
    std::memcpy(key.data(), &word_, 4);
    return key;
  }

  // Moves on by `count` payload bytes.
  void advance(std::uint64_t count) {
    const int bits = static_cast<int>(count & 3) * 8;
    word_ = std::endian::native == std::endian::little ? std::rotr(word_, bits)
                                                       : std::rotl(word_, bits);
  }

 private:
  std::uint32_t word_ = 0;
};

namespace detail {
// Requires: count is a multiple of 32.
void mask_large(std::byte* to, const std::byte* from, std::size_t count, std::uint64_t key);
// What it chooses from, for the tests.
void mask_large_portable(std::byte* to, const std::byte* from, std::size_t count,
                         std::uint64_t key);
#if defined(HYBI_MASK_AVX2)
bool has_avx2();
void mask_large_avx2(std::byte* to, const std::byte* from, std::size_t count, std::uint64_t key);
#endif

// `to` and `from` are equal or do not overlap.
inline void mask_any(std::byte* to, const std::byte* from, std::size_t count, MaskKey key) {
  const std::uint64_t key8 = key.word() * 0x100000001ULL;
  if (count >= 64) {
    const std::size_t large = count & ~std::size_t{31};
    mask_large(to, from, large, key8);
    to += large;
    from += large;
    count -= large;
  }
  for (; count >= 8; count -= 8, to += 8, from += 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    word ^= key8;
    std::memcpy(to, &word, 8);
  }
  if (count >= 4) {
    std::uint32_t word;
    std::memcpy(&word, from, 4);
    word ^= key.word();
    std::memcpy(to, &word, 4);
    to += 4;
    from += 4;
    count -= 4;
  }
  std::array<std::byte, 4> bytes;
  const std::uint32_t word = key.word();
  std::memcpy(bytes.data(), &word, 4);
  for (std::size_t i = 0; i < count; ++i) to[i] = from[i] ^ bytes[i];
}
}  // namespace detail

// Masks less than 128 bytes in place and returns all resulting bytes, or-ed together in any
// position: no bit 0x80 in it means that the result is ASCII.
inline std::uint64_t mask_small(MutableBytes data, MaskKey key) {
  std::byte* at = data.data();
  std::size_t count = data.size();
  const std::uint64_t key8 = key.word() * 0x100000001ULL;
  std::uint64_t seen = 0;
  for (; count >= 8; count -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    word ^= key8;
    seen |= word;
    std::memcpy(at, &word, 8);
  }
  if (count >= 4) {
    std::uint32_t word;
    std::memcpy(&word, at, 4);
    word ^= key.word();
    seen |= word;
    std::memcpy(at, &word, 4);
    at += 4;
    count -= 4;
  }
  const std::array<std::byte, 4> bytes = key.bytes();
  for (std::size_t i = 0; i < count; ++i) {
    at[i] ^= bytes[i];
    seen |= std::to_integer<std::uint8_t>(at[i]);
  }
  return seen;
}

// Masks `data` in place. The key is not moved on.
inline void mask(MutableBytes data, MaskKey key) {
  detail::mask_any(data.data(), data.data(), data.size(), key);
}

// Writes `from`, masked, to `to`. Requires: room for from.size() bytes; `to` is where `from` lies,
// or they do not overlap.
inline void mask_copy(std::byte* to, Bytes from, MaskKey key) {
  detail::mask_any(to, from.data(), from.size(), key);
}

}  // namespace hybi::ws
