// SHA-1, MD5 and base64, through OpenSSL. For the opening handshake; not for secrets.
#pragma once

#include <hybi/bytes.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

using Sha1 = std::array<std::byte, 20>;

using Md5 = std::array<std::byte, 16>;

Sha1 sha1(Bytes data);
Md5 md5(Bytes data);

// RFC 4648 4, with padding, on one line.
std::string base64_encode(Bytes data);

// Characters base64_encode gives for `bytes` bytes.
constexpr std::size_t base64_size(std::size_t bytes) {
  return (bytes + 2) / 3 * 4;
}

// Returns: nothing unless `text` is whole groups of 4 characters of the alphabet, padded at the end
// only. Bits that padding leaves over are not looked at.
std::optional<std::vector<std::byte>> base64_decode(std::string_view text);

}  // namespace hybi
