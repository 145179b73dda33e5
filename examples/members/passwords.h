// Passwords as they are kept: not at all, only a salted hash that tells whether a guess is right.
#pragma once

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <string>
#include <string_view>

inline std::string random_bytes(int count) {
  std::string bytes(std::size_t(count), '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), count) != 1) std::abort();
  return bytes;
}

class Password {
 public:
  explicit Password(std::string_view password)
      : salt_(random_bytes(16)), hash_(scrypt(password, salt_)) {}

  bool is(std::string_view guess) const {
    return CRYPTO_memcmp(scrypt(guess, salt_).data(), hash_.data(), hash_.size()) == 0;
  }

 private:
  // Slow and hungry on purpose (16 MiB, tens of ms), for who wants to try many. RFC 7914
  static std::string scrypt(std::string_view password, std::string_view salt) {
    std::string hash(32, '\0');
    const auto* const salted = reinterpret_cast<const unsigned char*>(salt.data());
    auto* const out = reinterpret_cast<unsigned char*>(hash.data());
    if (EVP_PBE_scrypt(password.data(), password.size(), salted, salt.size(), 1 << 14, 8, 1,
                       64 << 20, out, hash.size()) != 1) {
      std::abort();
    }
    return hash;
  }

  std::string salt_, hash_;
};
