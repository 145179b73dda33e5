// Reading of Authorization, writing of WWW-Authenticate.
#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/base/utf8.h>
#include <hybi/http/authorization.h>
#include <hybi/http/chars.h>

#include <algorithm>

namespace hybi::http {
namespace {

// RFC 9110 11.4: what stands behind the scheme and its spaces.
// Fails: HttpUnauthorized if the scheme is another; HttpBadCredentials if nothing follows.
Result<std::string_view> credentials_of(std::string_view authorization, std::string_view scheme) {
  const std::size_t space = authorization.find(' ');
  if (!equals_ignoring_case(authorization.substr(0, space), scheme)) {
    return Errc::HttpUnauthorized;
  }
  if (space == std::string_view::npos) return Errc::HttpBadCredentials;
  authorization.remove_prefix(space);
  while (authorization.starts_with(' ')) authorization.remove_prefix(1);
  if (authorization.empty()) return Errc::HttpBadCredentials;
  return authorization;
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == '\t'; });
}

// RFC 9110 5.6.4
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    result.push_back(is_control(c) ? ' ' : c);
  }
  return result + "\"";
}

}  // namespace

bool equal_secrets(std::string_view a, std::string_view b) {
  // Volatile: no compiler may stop at the first difference.
  volatile unsigned char differences = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    differences =
        static_cast<unsigned char>(differences | static_cast<unsigned char>(a[i] ^ other));
  }
  return differences == 0;
}

bool BasicCredentials::match(std::string_view expected_user,
                             std::string_view expected_password) const {
  const bool same_user = equal_secrets(user, expected_user);
  const bool same_password = equal_secrets(password, expected_password);
  return same_user && same_password;
}

Result<BasicCredentials> parse_basic(std::string_view authorization) {
  const auto credentials = credentials_of(authorization, "Basic");
  if (!credentials) return credentials.error();
  const auto decoded = base64_decode(credentials.value());
  if (!decoded) return Errc::HttpBadCredentials;
  const std::string_view text = as_text(*decoded);
  // RFC 7617 2: the first colon ends the user-id; control characters are in neither. RFC 7617 2.1:
  // UTF-8, as basic_challenge() asks for.
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || has_control(text) || !is_utf8(text)) {
    return Errc::HttpBadCredentials;
  }
  return BasicCredentials{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<std::string_view> parse_bearer(std::string_view authorization) {
  const auto credentials = credentials_of(authorization, "Bearer");
  if (!credentials) return credentials.error();
  // RFC 6750 2.1: b64token, with "=" at the end only.
  constexpr CharSet kTokenChars("-._~+/");
  std::string_view token = credentials.value();
  while (token.ends_with('=')) token.remove_suffix(1);
  const bool ok =
      std::all_of(token.begin(), token.end(), [&](char c) { return kTokenChars.has(c); });
  if (token.empty() || !ok) return Errc::HttpBadCredentials;
  return credentials.value();
}

std::string basic_challenge(std::string_view realm) {
  return "Basic realm=" + quoted(realm) + ", charset=\"UTF-8\"";
}

std::string bearer_challenge(std::string_view realm, std::string_view error) {
  std::string challenge = "Bearer realm=" + quoted(realm);
  if (!error.empty()) challenge.append(", error=").append(quoted(error));
  return challenge;
}

}  // namespace hybi::http
