// The challenge of hixie-76, hybi-01 and hybi-02: two numbers hidden among characters and spaces,
// eight bytes behind the head, and the MD5 of all three. hixie-76 1.3, 4.1, 5.2.
#pragma once

#include <hybi/base/digest.h>
#include <hybi/base/entropy.h>
#include <hybi/bytes.h>
#include <hybi/result.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace hybi::ws {

inline constexpr std::size_t kKey3Bytes = 8;

// The number in a key: its digits joined, divided by its spaces. `key`: the field's value as sent,
// without the one space behind the colon; other spaces count, also at the ends.
// Fails: WsHandshakeChallenge without a digit or a space, if the spaces do not divide the number,
// or if the quotient does not fit into 32 bits.
Result<std::uint32_t> parse_hixie_key(std::string_view key);

// What proves that the server has read all three.
Md5 hixie_answer(std::uint32_t number1, std::uint32_t number2,
                 std::span<const std::byte, kKey3Bytes> key3);

// A key that hides a random number, for clients: 1 to 12 spaces, never at the ends, and 1 to 12
// other characters.
std::string make_hixie_key(Entropy& entropy);

}  // namespace hybi::ws
