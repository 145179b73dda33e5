// See name.h.
#include <hybi/engine/name.h>

#include <hybi/base/endian.h>
#include <hybi/base/entropy.h>

#include <bit>

namespace hybi::engine {
namespace {

struct Words {
  std::uint64_t a, b, c, d;

  void round() {
    a += b;
    c += d;
    b = std::rotl(b, 13) ^ a;
    d = std::rotl(d, 16) ^ c;
    a = std::rotl(a, 32);
    c += b;
    a += d;
    b = std::rotl(b, 17) ^ c;
    d = std::rotl(d, 21) ^ a;
    c = std::rotl(c, 32);
  }
};

template <int kOfEachWord, int kAtTheEnd>
std::uint64_t siphash(HashSecret secret, std::string_view text) {
  Words words{secret.low ^ 0x736f6d6570736575, secret.high ^ 0x646f72616e646f6d,
              secret.low ^ 0x6c7967656e657261, secret.high ^ 0x7465646279746573};
  const auto take = [&](std::uint64_t word) {
    words.d ^= word;
    for (int i = 0; i < kOfEachWord; ++i) words.round();
    words.a ^= word;
  };
  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  for (; text.size() >= 8; text.remove_prefix(8)) {
    // Its words are little-endian.
    take(detail::swap_bytes(load_be<std::uint64_t>(as_bytes(text).data())));
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[i])) << (8 * i);
  }
  take(last);
  words.c ^= 0xff;
  for (int i = 0; i < kAtTheEnd; ++i) words.round();
  return words.a ^ words.b ^ words.c ^ words.d;
}

}  // namespace

HashSecret random_hash_secret() {
  HashSecret secret;
  SystemEntropy().fill(std::as_writable_bytes(std::span(&secret, 1)));
  return secret;
}

std::uint64_t siphash_1_3(HashSecret secret, std::string_view text) {
  return siphash<1, 3>(secret, text);
}

std::uint64_t siphash_2_4(HashSecret secret, std::string_view text) {
  return siphash<2, 4>(secret, text);
}

}  // namespace hybi::engine
