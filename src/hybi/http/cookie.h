// Cookies: reading the Cookie field, building Set-Cookie. RFC 6265 4.1, 4.2, 5.4.
//
// Reading is lenient, since the field is whatever some page stored; building is strict.
#pragma once

#include <hybi/http/head.h>
#include <hybi/result.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hybi::http {

// The pairs of one Cookie field, as sent; quotes around a value are a part of it.
class CookieReader {
 public:
  struct Pair {
    std::string_view name, value;
  };
  explicit CookieReader(std::string_view field) : rest_(field) {}

  // Returns: false at the end. What has no "=" is passed over.
  bool next(Pair& pair);

 private:
  std::string_view rest_;
};

// The first cookie of that name (case matters); null data() if there is none. RFC 6265 5.4: the one
// with the longest path comes first.
std::string_view find_cookie(std::string_view field, std::string_view name);
// The same over all Cookie fields of a head.
std::string_view find_cookie(const Head& head, std::string_view name);

enum class SameSite : std::uint8_t { Unset, Lax, Strict, None };

struct SetCookie {
  std::string name = {};
  std::string value = {};
  std::string path = "/";   // empty: left out, the browser takes the request's directory
  std::string domain = {};  // empty: this host only
  // Unset: until the browser ends. 0 deletes the cookie.
  std::optional<std::chrono::seconds> max_age = {};
  bool secure = false;
  bool http_only = true;
  SameSite same_site = SameSite::Lax;

  // The value of the Set-Cookie field.
  // Fails: BadField when the name is no token, the value has characters that a cookie cannot carry,
  // an attribute has a control character or ";", SameSite=None is not secure, or the name starts
  // with __Host- or __Secure- and the attributes do not fit it.
  Result<std::string> build() const;
};

}  // namespace hybi::http
