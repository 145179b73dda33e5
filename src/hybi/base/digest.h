// Digests, HMAC and base64, through OpenSSL. SHA-1 and MD5 are for the opening handshake, not for
// secrets; what vouches for a secret is HMAC-SHA256, compared in constant time.
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

using Sha256 = std::array<std::byte, 32>;

// RFC 2104 with SHA-256. The key may have any length.
Sha256 hmac_sha256(Bytes key, Bytes data);

// Whether both are the same; the time depends on the lengths alone.
bool equal_in_constant_time(Bytes a, Bytes b);

// RFC 4648 5: for cookies and URLs, without padding.
std::string base64url_encode(Bytes data);

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
