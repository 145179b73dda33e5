// Checking and splitting of authorities.
#include <hybi/base/ascii.h>
#include <hybi/http/authority.h>
#include <hybi/http/chars.h>

namespace hybi::http {
namespace {

// RFC 3986 3.2.2: reg-name; IPv4 addresses are a part of it.
bool is_name(std::string_view host) {
  for (std::size_t i = 0; i < host.size(); ++i) {
    if (kHostChars.has(host[i])) continue;
    if (host[i] != '%' || host.size() - i < 3) return false;
    if (hex_value(host[i + 1]) < 0 || hex_value(host[i + 2]) < 0) return false;
    i += 2;
  }
  return true;
}

// RFC 3986 3.2.2: "v" hexdigits "." and then characters of names and ":".
bool is_ip_future(std::string_view text) {
  if (text.empty() || to_lower(text[0]) != 'v') return false;
  std::size_t at = 1;
  while (at < text.size() && hex_value(text[at]) >= 0) ++at;
  if (at == 1 || at + 1 >= text.size() || text[at] != '.') return false;
  for (char c : text.substr(at + 1)) {
    if (!kHostChars.has(c) && c != ':') return false;
  }
  return true;
}

bool is_port(std::string_view digits) {
  unsigned value = 0;
  for (char c : digits) {
    if (!is_digit(c)) return false;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > 65'535) return false;
  }
  return true;
}

}  // namespace

// RFC 3986 3.2.2: dec-octets of an address inside of an IPv6 address.
bool is_ipv4_address(std::string_view text) {
  for (int octet = 0; octet < 4; ++octet) {
    std::size_t digits = 0;
    int value = 0;
    for (; digits < text.size() && digits < 3 && is_digit(text[digits]); ++digits) {
      value = value * 10 + (text[digits] - '0');
    }
    if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
    text.remove_prefix(digits);
    if (octet == 3) return text.empty();
    if (text.empty() || text[0] != '.') return false;
    text.remove_prefix(1);
  }
  return false;
}

// RFC 3986 3.2.2: eight groups, or fewer around one "::"; the last two may be an IPv4 address.
bool is_ipv6_address(std::string_view text) {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (groups <= 6 && text.find('.') < text.find(':')) {
      groups += 2;
      if (!is_ipv4_address(text)) return false;
      break;
    }
    std::size_t digits = 0;
    while (digits < text.size() && digits < 5 && hex_value(text[digits]) >= 0) ++digits;
    if (digits == 0 || digits > 4) return false;
    ++groups;
    text.remove_prefix(digits);
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(2);
    } else if (text[0] == ':' && text.size() > 1) {
      text.remove_prefix(1);
    } else {
      return false;
    }
  }
  return gap ? groups < 8 : groups == 8;
}

Authority split_authority(std::string_view text) {
  // A colon inside of brackets belongs to the address.
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

bool is_authority(std::string_view text) {
  // Nearly all are names without escapes, and perhaps a port: one pass over them.
  std::size_t name_bytes = 0;
  while (name_bytes < text.size() && kHostChars.has(text[name_bytes])) ++name_bytes;
  if (name_bytes == text.size()) return true;
  if (text[name_bytes] == ':') return is_port(text.substr(name_bytes + 1));

  const auto [host, port] = split_authority(text);
  if (!is_port(port)) return false;
  if (!host.starts_with('[')) return is_name(host);
  if (!host.ends_with(']')) return false;
  const std::string_view address = host.substr(1, host.size() - 2);
  return is_ipv6_address(address) || is_ip_future(address);
}

}  // namespace hybi::http
