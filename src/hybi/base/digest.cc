#include <hybi/base/digest.h>

#include <openssl/evp.h>

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
