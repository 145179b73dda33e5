#include <hybi/ws/mask.h>

namespace hybi::ws::detail {

// 32 bytes a turn through a fixed array: every compiler makes vector instructions of it, at any
// alignment. Requires: count is a multiple of 32.
void mask_large(std::byte* to, const std::byte* from, std::size_t count, std::uint64_t key) {
  for (; count != 0; count -= 32, to += 32, from += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), from, 32);
    for (std::uint64_t& word : words) word ^= key;
    std::memcpy(to, words.data(), 32);
  }
}

}  // namespace hybi::ws::detail
