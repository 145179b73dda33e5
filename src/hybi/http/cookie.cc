// Reading and building of cookies.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/cookie.h>

#include <algorithm>

namespace hybi::http {
namespace {

// RFC 6265 4.1.1: cookie-octet.
bool is_cookie_octet(char c) {
  const auto u = static_cast<unsigned char>(c);
  return u > 0x20 && u < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\';
}

bool is_cookie_value(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
    value = value.substr(1, value.size() - 2);
  }
  return std::all_of(value.begin(), value.end(), is_cookie_octet);
}

// RFC 6265 4.1.1: av-octets.
bool is_attribute(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 && u < 0x7f && c != ';';
  });
}

}  // namespace

bool CookieReader::next(Pair& pair) {
  while (!rest_.empty()) {
    const std::size_t end = rest_.find(';');
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    pair = {trim_ows(text.substr(0, equals)), trim_ows(text.substr(equals + 1))};
    return true;
  }
  return false;
}

std::string_view find_cookie(std::string_view field, std::string_view name) {
  CookieReader::Pair pair;
  for (CookieReader reader(field); reader.next(pair);) {
    if (pair.name == name) return pair.value;
  }
  return {};
}

std::string_view find_cookie(const Head& head, std::string_view name) {
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const Field field = head.field(i);
    if (!equals_ignoring_case(field.name, "cookie")) continue;
    const std::string_view value = find_cookie(field.value, name);
    if (value.data() != nullptr) return value;
  }
  return {};
}

Result<std::string> SetCookie::build() const {
  if (!is_token(name) || !is_cookie_value(value)) return Errc::BadField;
  if (!is_attribute(path) || !is_attribute(domain)) return Errc::BadField;
  if (!path.empty() && path.front() != '/') return Errc::BadField;
  if (same_site == SameSite::None && !secure) return Errc::BadField;
  // The prefixes of RFC 6265bis 4.1.3: a browser throws the cookie away if these do not hold.
  const std::string_view start = name;
  if (start.starts_with("__Secure-") && !secure) return Errc::BadField;
  if (start.starts_with("__Host-") && (!secure || !domain.empty() || path != "/")) {
    return Errc::BadField;
  }

  std::string text = name + "=" + value;
  if (!path.empty()) text.append("; Path=").append(path);
  if (!domain.empty()) text.append("; Domain=").append(domain);
  if (max_age) text.append("; Max-Age=").append(std::to_string(max_age->count()));
  if (secure) text.append("; Secure");
  if (http_only) text.append("; HttpOnly");
  switch (same_site) {
    case SameSite::Unset:
      break;
    case SameSite::Lax:
      text.append("; SameSite=Lax");
      break;
    case SameSite::Strict:
      text.append("; SameSite=Strict");
      break;
    case SameSite::None:
      text.append("; SameSite=None");
      break;
  }
  return text;
}

}  // namespace hybi::http
