// The mask over long data, at the speed of the memory, whatever the machine has.
//
// On x86-64 the loop exists twice, for every processor and for those with AVX2; which one runs is
// decided at run time, so the library needs no flags to be fast and none to be portable.
#include <hybi/ws/mask.h>

namespace hybi::ws::detail {

// 32 bytes a turn through a fixed array: every compiler makes vector instructions of it, at any
// alignment.
void mask_large_portable(std::byte* to, const std::byte* from, std::size_t count,
                         std::uint64_t key) {
  for (; count != 0; count -= 32, to += 32, from += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), from, 32);
    for (std::uint64_t& word : words) word ^= key;
    std::memcpy(to, words.data(), 32);
  }
}

#if defined(HYBI_MASK_AVX2)

bool has_avx2() {
  return __builtin_cpu_supports("avx2") != 0;
}

// One vector variable at a time: gcc keeps that in a register, an array it does not.
[[gnu::target("avx2")]] void mask_large_avx2(std::byte* to, const std::byte* from,
                                             std::size_t count, std::uint64_t key) {
  using Vector = std::uint64_t __attribute__((vector_size(32)));
  const Vector keys = {key, key, key, key};
  Vector words;
  for (; count >= 128; count -= 128, to += 128, from += 128) {
    for (std::size_t at = 0; at < 128; at += 32) {
      std::memcpy(&words, from + at, 32);
      words ^= keys;
      std::memcpy(to + at, &words, 32);
    }
  }
  for (; count != 0; count -= 32, to += 32, from += 32) {
    std::memcpy(&words, from, 32);
    words ^= keys;
    std::memcpy(to, &words, 32);
  }
}

#endif

void mask_large(std::byte* to, const std::byte* from, std::size_t count, std::uint64_t key) {
#if defined(HYBI_MASK_AVX2)
  constexpr std::size_t kWorthAsking = 256;
  if (count >= kWorthAsking && has_avx2()) return mask_large_avx2(to, from, count, key);
#endif
  mask_large_portable(to, from, count, key);
}

}  // namespace hybi::ws::detail
