// The challenge of hixie-76, see hixie_key.h.
#include <hybi/base/ascii.h>
#include <hybi/base/endian.h>
#include <hybi/ws/hixie_key.h>

#include <algorithm>

namespace hybi::ws {
namespace {

constexpr int kMostDigits = 19;  // 64 bits hold any number of so many

// From 0 to `most`.
std::uint32_t random_up_to(Entropy& entropy, std::uint32_t most) {
  std::array<std::byte, 8> random;
  entropy.fill(random);
  return static_cast<std::uint32_t>(load_be<std::uint64_t>(random.data()) %
                                    (std::uint64_t{most} + 1));
}

// U+0021 to U+002F or U+003A to U+007E: no digit, no space.
char random_character(Entropy& entropy) {
  const std::uint32_t at = random_up_to(entropy, 0x2F - 0x21 + 0x7E - 0x3A + 1);
  return static_cast<char>(at <= 0x2F - 0x21 ? 0x21 + at : 0x3A + at - (0x2F - 0x21 + 1));
}

}  // namespace

Result<std::uint32_t> parse_hixie_key(std::string_view key) {
  std::uint64_t number = 0;
  std::uint64_t spaces = 0;
  int digits = 0;
  for (char c : key) {
    if (is_digit(c)) {
      if (++digits > kMostDigits) return Errc::WsHandshakeChallenge;
      number = number * 10 + static_cast<std::uint64_t>(c - '0');
    } else if (c == ' ') {
      ++spaces;
    }
  }
  // hixie-76 5.2: the spaces must be there, and divide the number
  if (digits == 0 || spaces == 0 || number % spaces != 0) return Errc::WsHandshakeChallenge;
  if (number / spaces > 0xFFFFFFFF) return Errc::WsHandshakeChallenge;
  return static_cast<std::uint32_t>(number / spaces);
}

Md5 hixie_answer(std::uint32_t number1, std::uint32_t number2,
                 std::span<const std::byte, kKey3Bytes> key3) {
  std::array<std::byte, 16> challenge;
  store_be(challenge.data(), number1);
  store_be(challenge.data() + 4, number2);
  std::copy(key3.begin(), key3.end(), challenge.begin() + 8);
  return md5(challenge);
}

std::string make_hixie_key(Entropy& entropy) {
  // hixie-76 4.1, 16 to 22
  const std::uint32_t spaces = 1 + random_up_to(entropy, 11);
  const std::uint32_t number = random_up_to(entropy, 0xFFFFFFFF / spaces);
  std::string key = std::to_string(std::uint64_t{number} * spaces);
  for (std::uint32_t left = 1 + random_up_to(entropy, 11); left > 0; --left) {
    const std::uint32_t at = random_up_to(entropy, static_cast<std::uint32_t>(key.size()));
    key.insert(at, 1, random_character(entropy));
  }
  if (key.size() < 2) key += '!';  // a space needs a place that is not an end
  for (std::uint32_t left = spaces; left > 0; --left) {
    const std::uint32_t at = 1 + random_up_to(entropy, static_cast<std::uint32_t>(key.size()) - 2);
    key.insert(at, 1, ' ');
  }
  return key;
}

}  // namespace hybi::ws
