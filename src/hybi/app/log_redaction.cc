// See log_redaction.h.
#include <hybi/app/log_redaction.h>
#include <hybi/base/ascii.h>
#include <hybi/http/target.h>

#include <algorithm>
#include <array>

namespace hybi {
namespace {

constexpr std::array<std::string_view, 4> kSecretFields = {"authorization", "proxy-authorization",
                                                           "cookie", "set-cookie"};

constexpr std::array<std::string_view, 4> kUrlFields = {"referer", "location", "content-location",
                                                        "origin"};

bool has(const auto& names, std::string_view wanted) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return equals_ignoring_case(name, wanted); });
}

}  // namespace

bool LogRedaction::is_secret_field(std::string_view name) const {
  return has(kSecretFields, name) || has(fields_, name);
}

// The name is compared as a handler would see it: an escape in it hides nothing.
bool LogRedaction::is_secret_parameter(std::string_view name) const {
  const auto decoded = http::decode_query(name);
  return has(parameters_, decoded ? std::string_view(*decoded) : name);
}

void LogRedaction::append_pairs(std::string_view pairs, std::string& out) const {
  for (;;) {
    const std::size_t end = pairs.find('&');
    const std::string_view pair = pairs.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && is_secret_parameter(pair.substr(0, equals))) {
      out.append(pair.substr(0, equals + 1)).append(kRedacted);
    } else {
      out.append(pair);
    }
    if (end == std::string_view::npos) return;
    out += '&';
    pairs.remove_prefix(end + 1);
  }
}

std::string LogRedaction::url(std::string_view url) const {
  std::string out;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) {
    const std::size_t from = scheme + 3;
    const std::string_view authority = url.substr(from, url.find_first_of("/?#", from) - from);
    const std::size_t at = authority.rfind('@');
    if (at != std::string_view::npos && url.find_first_of("/?#") > scheme) {
      out.append(url.substr(0, from)).append(kRedacted);
      url.remove_prefix(from + at);
    }
  }
  const std::size_t fragment = url.find('#');
  const std::string_view before = url.substr(0, fragment);
  const std::size_t query = before.find('?');
  out.append(before.substr(0, query));
  if (query != std::string_view::npos) {
    out += '?';
    append_pairs(before.substr(query + 1), out);
  }
  if (fragment != std::string_view::npos) {
    out += '#';
    append_pairs(url.substr(fragment + 1), out);
  }
  return out;
}

std::string LogRedaction::field(std::string_view name, std::string_view value) const {
  if (value.data() == nullptr) return {};
  if (is_secret_field(name)) return std::string(kRedacted);
  return has(kUrlFields, name) ? url(value) : std::string(value);
}

}  // namespace hybi
