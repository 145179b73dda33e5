// Integers in network byte order, at any alignment.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hybi {

namespace detail {
constexpr std::uint16_t swap_bytes(std::uint16_t v) {
  return __builtin_bswap16(v);
}
constexpr std::uint32_t swap_bytes(std::uint32_t v) {
  return __builtin_bswap32(v);
}
constexpr std::uint64_t swap_bytes(std::uint64_t v) {
  return __builtin_bswap64(v);
}

template <class T>
constexpr T to_big_endian(T value) {
  if constexpr (std::endian::native == std::endian::little) return swap_bytes(value);
  return value;
}
}  // namespace detail

// The first sizeof(T) bytes at `at` as an unsigned integer.
template <class T>
T load_be(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return detail::to_big_endian(value);
}

template <class T>
void store_be(std::byte* at, T value) {
  value = detail::to_big_endian(value);
  std::memcpy(at, &value, sizeof value);
}

}  // namespace hybi
