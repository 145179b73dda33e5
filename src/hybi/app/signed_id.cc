// See signed_id.h.
#include <hybi/app/signed_id.h>
#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/http/cookie.h>

#include <algorithm>
#include <array>

namespace hybi {
namespace {

bool is_base64url(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

constexpr char kOfId = 'i', kOfText = 't';

}  // namespace

Result<SignedId> SignedId::create(std::string purpose, std::vector<std::string> secrets) {
  const auto is_short = [](const std::string& secret) { return secret.size() < kMinSecretBytes; };
  if (secrets.empty() || std::any_of(secrets.begin(), secrets.end(), is_short)) {
    return Errc::BadSecret;
  }
  return SignedId(std::move(purpose), std::move(secrets));
}

std::string SignedId::make_id(Entropy& entropy) {
  std::array<std::byte, 16> random;
  entropy.fill(random);
  return base64url_encode(random);
}

// The parts cannot be shifted against each other: the purpose ends with its NUL.
std::string SignedId::signature(std::string_view secret, char kind, std::string_view text) const {
  std::string signed_text = purpose_;
  signed_text += '\0';
  signed_text += kind;
  signed_text += text;
  return base64url_encode(hmac_sha256(as_bytes(secret), as_bytes(signed_text)));
}

std::string SignedId::sign(std::string_view id) const {
  return std::string(id) + "." + signature(secrets_.front(), kOfId, id);
}

std::optional<SignedId::Verified> SignedId::verify(std::string_view value) const {
  if (value.size() != kValueSize || value[kIdSize] != '.') return std::nullopt;
  const std::string_view id = value.substr(0, kIdSize);
  const std::string_view given = value.substr(kIdSize + 1);
  if (!is_base64url(id)) return std::nullopt;
  for (const std::string& secret : secrets_) {
    if (equal_in_constant_time(as_bytes(signature(secret, kOfId, id)), as_bytes(given))) {
      return Verified{id, &secret != &secrets_.front()};
    }
  }
  return std::nullopt;
}

std::vector<SignedId::Verified> SignedId::find_all(const http::Head& head,
                                                   std::string_view cookie) const {
  std::vector<Verified> found;
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    if (!equals_ignoring_case(field.name, "cookie")) continue;
    http::CookieReader::Pair pair;
    for (http::CookieReader reader(field.value); reader.next(pair);) {
      if (pair.name != cookie) continue;
      const std::optional<Verified> verified = verify(pair.value);
      const auto same = [&](const Verified& other) { return other.id == verified->id; };
      if (verified && std::none_of(found.begin(), found.end(), same)) found.push_back(*verified);
    }
  }
  return found;
}

std::string SignedId::sign_text(std::string_view text) const {
  return signature(secrets_.front(), kOfText, text);
}

bool SignedId::verify_text(std::string_view text, std::string_view given) const {
  return std::any_of(secrets_.begin(), secrets_.end(), [&](const std::string& secret) {
    return equal_in_constant_time(as_bytes(signature(secret, kOfText, text)), as_bytes(given));
  });
}

}  // namespace hybi
