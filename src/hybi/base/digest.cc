#include <hybi/base/digest.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>

namespace hybi {

namespace {

template <class Digest>
Digest digest_of(Bytes data, const EVP_MD* kind) {
  Digest digest;
  unsigned int size = 0;
  if (EVP_Digest(data.data(), data.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 kind, nullptr) != 1) {
    std::abort();  // out of memory, or an OpenSSL that forbids it: no handshake is possible
  }
  return digest;
}

}  // namespace

Sha1 sha1(Bytes data) {
  return digest_of<Sha1>(data, EVP_sha1());
}

Md5 md5(Bytes data) {
  return digest_of<Md5>(data, EVP_md5());
}

Sha256 hmac_sha256(Bytes key, Bytes data) {
  Sha256 code;
  unsigned int size = 0;
  // A null key means "the one before" to OpenSSL.
  const unsigned char none = 0;
  const auto* const secret =
      key.empty() ? &none : reinterpret_cast<const unsigned char*>(key.data());
  if (HMAC(EVP_sha256(), secret, static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(data.data()), data.size(),
           reinterpret_cast<unsigned char*>(code.data()), &size) == nullptr) {
    std::abort();  // nothing that is signed could be trusted
  }
  return code;
}

bool equal_in_constant_time(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

std::string base64url_encode(Bytes data) {
  std::string text = base64_encode(data);
  text.resize(std::min(text.find('='), text.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string base64_encode(Bytes data) {
  // EVP_EncodeBlock writes a terminating NUL: it lands on the string's own.
  std::string text(base64_size(data.size()), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  return text;
}

std::optional<std::vector<std::byte>> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  // EVP_DecodeBlock trims spaces and line ends and takes '=' anywhere: refused here.
  for (char c : text.substr(0, text.size() - padding)) {
    const bool ok = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                    c == '+' || c == '/';
    if (!ok) return std::nullopt;
  }
  std::vector<std::byte> data(text.size() / 4 * 3);
  if (text.empty()) return data;
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  for (; padding != 0; --padding) data.pop_back();
  return data;
}

}  // namespace hybi
