#include <hybi/cli/config_checks.h>

#include <hybi/cli/number.h>
#include <hybi/cli/quote.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include <arpa/inet.h>

namespace hybi::cli {
namespace {

constexpr std::size_t kMinSecret = 32;
constexpr std::size_t kMaxUnixPath = 107;  // sockaddr_un

std::optional<unsigned> number(std::string_view text, unsigned most) {
  const std::optional<unsigned> value = parse_number<unsigned>(text);
  return value && *value <= most ? value : std::nullopt;
}

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// RFC 9110 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

bool is_ip(int family, std::string_view text) {
  unsigned char address[16];
  return inet_pton(family, std::string(text).c_str(), address) == 1;
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string check_listen(std::string_view text) {
  const std::string bad = "is no address; host:port, [v6]:port, port or unix:/path";
  if (text.find('\0') != std::string_view::npos) return bad;
  if (text.starts_with("unix:")) {
    const std::size_t length = text.size() - 5;
    return length == 0 || length > kMaxUnixPath ? bad : "";
  }
  std::string_view port = text;
  if (text.starts_with('[')) {
    const std::size_t end = text.find("]:");
    if (end == std::string_view::npos || !is_ip(AF_INET6, text.substr(1, end - 1))) return bad;
    port = text.substr(end + 2);
  } else if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    if (text.substr(0, colon).find(':') != std::string_view::npos) return bad;
    port = text.substr(colon + 1);
  }
  return number(port, 65535) ? "" : bad;
}

std::string check_network(std::string_view text) {
  if (text == "unix") return {};
  const std::string bad = "is no network; 127.0.0.1, 10.0.0.0/8, ::1 or unix";
  const std::size_t slash = text.find('/');
  const std::string_view ip = text.substr(0, slash);
  if (ip.find('\0') != std::string_view::npos) return bad;
  const bool v4 = is_ip(AF_INET, ip);
  if (!v4 && !is_ip(AF_INET6, ip)) return bad;
  if (slash == std::string_view::npos) return {};
  return number(text.substr(slash + 1), v4 ? 32 : 128) ? "" : bad;
}

std::string check_url_path(std::string_view text) {
  if (!text.starts_with('/')) return "must begin with \"/\"";
  if (text.size() < 2 || text.ends_with('/')) return "must not end with \"/\"";
  const auto ok = [](char c) {
    return is_letter_or_digit(c) || std::string_view("/-._~").find(c) != std::string_view::npos;
  };
  if (!std::all_of(text.begin(), text.end(), ok)) {
    return "may have letters, digits and / - . _ ~ only";
  }
  return text.find("//") == std::string_view::npos ? "" : "has an empty part";
}

std::string check_route(std::string_view text) {
  return text.empty() ? std::string() : check_url_path(text);
}

std::string check_origin(std::string_view text) {
  if (text == "*") return {};
  const std::size_t scheme = text.find("://");
  const bool good = scheme != std::string_view::npos && scheme > 0 && scheme + 3 < text.size() &&
                    text.find_first_of("/?# \t", scheme + 3) == std::string_view::npos &&
                    !has_control_character(text);
  return good ? "" : "is no origin; https://example.com without a path, or *";
}

std::string check_file_name(std::string_view text) {
  const bool good = !text.empty() && text != "." && text != ".." &&
                    text.find('/') == std::string_view::npos && !has_control_character(text);
  return good ? "" : "is no name of a file; without a folder, please";
}

std::string check_media_type(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool good = slash != std::string_view::npos && is_token(text.substr(0, slash)) &&
                    is_token(text.substr(slash + 1));
  return good ? "" : "is no media type; text/html or text/*";
}

std::string check_store(std::string_view text) {
  constexpr std::string_view kRedis = "redis://";
  const bool good = text == "memory" || (text.starts_with(kRedis) && text.size() > kRedis.size() &&
                                         !has_control_character(text));
  return good ? "" : "is no store; memory or redis://host:6379/0";
}

std::string check_secret(std::string_view text) {
  return text.empty() || text.size() >= kMinSecret ? ""
                                                   : "is too short for a secret; 32 bytes at least";
}

std::string check_field_value(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) {
                       return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
                     })
             ? "has control characters"
             : "";
}

std::string check_field_name(std::string_view text) {
  if (!is_token(text)) return "is no name of a header";
  constexpr std::array kOwn{"Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Date"};
  for (const std::string_view own : kOwn) {
    if (same_ignoring_case(text, own)) return "is a header that the server sets itself";
  }
  return {};
}

}  // namespace hybi::cli
