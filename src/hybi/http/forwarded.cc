// Reading of Forwarded and its forerunners.
#include <hybi/base/ascii.h>
#include <hybi/http/authority.h>
#include <hybi/http/field_value.h>
#include <hybi/http/forwarded.h>

#include <algorithm>

namespace hybi::http {
namespace {

// RFC 7239 6.3: "_" and then letters, digits, ".", "_", "-".
bool is_obfuscated(std::string_view text) {
  if (text.size() < 2 || text[0] != '_') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '.' || c == '_' || c == '-';
  });
}

// RFC 7239 6: 1 to 5 digits or an obfuscated one.
bool read_port(std::string_view text, Node& node) {
  if (is_obfuscated(text)) {
    node.obfuscated_port = text;
    return true;
  }
  if (text.empty() || text.size() > 5) return false;
  unsigned port = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    port = port * 10 + static_cast<unsigned>(c - '0');
  }
  if (port > 65'535) return false;
  node.port = static_cast<std::uint16_t>(port);
  return true;
}

// RFC 3986 3.1: scheme.
bool is_scheme(std::string_view text) {
  if (text.empty() || to_lower(text[0]) < 'a' || to_lower(text[0]) > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    const char lower = to_lower(c);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '+' || c == '-' || c == '.';
  });
}

// Whether the value of a known parameter is what it has to be.
bool is_valid(std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "proto")) return is_scheme(value);
  if (equals_ignoring_case(name, "host")) return !value.empty() && is_authority(value);
  return parse_node(value).has_value();
}

Result<ForwardedElement> parse_element(std::string_view element) {
  // RFC 7239 4: pairs from the first on, without a name in front; read as parameters of nothing.
  std::string text = ";";
  text.append(element);
  ParameterReader reader(text);
  ForwardedElement result;
  Parameter parameter;
  while (reader.next(parameter)) {
    const auto known = [&](std::string_view name) {
      return equals_ignoring_case(parameter.name, name);
    };
    std::string* const field = known("for")     ? &result.client
                               : known("by")    ? &result.by
                               : known("host")  ? &result.host
                               : known("proto") ? &result.proto
                                                : nullptr;
    if (parameter.value.data() == nullptr) return Errc::HttpBadForwarded;
    if (field == nullptr) continue;
    // RFC 7239 4: each parameter at most once in an element. Valid values are never empty.
    Result<std::string> value = unquote(parameter.value);
    if (!field->empty() || !value || !is_valid(parameter.name, value.value())) {
      return Errc::HttpBadForwarded;
    }
    *field = std::move(value).value();
  }
  if (!reader.ok()) return Errc::HttpBadForwarded;
  return result;
}

}  // namespace

Result<Node> parse_node(std::string_view text, bool bare_v6) {
  Node node;
  if (bare_v6 && is_ipv6_address(text)) {
    node.kind = Node::Kind::V6;
    node.name = text;
    return node;
  }
  const Authority parts = split_authority(text);
  node.name = parts.host;
  if (parts.host.starts_with('[')) {
    if (!parts.host.ends_with(']')) return Errc::HttpBadForwarded;
    node.name = parts.host.substr(1, parts.host.size() - 2);
    if (!is_ipv6_address(node.name)) return Errc::HttpBadForwarded;
    node.kind = Node::Kind::V6;
  } else if (is_ipv4_address(parts.host)) {
    node.kind = Node::Kind::V4;
  } else if (is_obfuscated(parts.host)) {
    node.kind = Node::Kind::Obfuscated;
  } else if (!equals_ignoring_case(parts.host, "unknown")) {
    return Errc::HttpBadForwarded;
  }
  const bool has_port = parts.host.size() < text.size();
  if (has_port && !read_port(parts.port, node)) return Errc::HttpBadForwarded;
  return node;
}

Result<std::vector<ForwardedElement>> parse_forwarded(std::string_view value) {
  std::vector<ForwardedElement> elements;
  std::string_view text;
  for (ListReader list(value); list.next(text);) {
    if (elements.size() == kMaxForwarded) return Errc::HttpBadForwarded;
    Result<ForwardedElement> element = parse_element(text);
    if (!element) return element.error();
    elements.push_back(std::move(element).value());
  }
  return elements;
}

bool FromTheRight::next(std::string_view& element) {
  if (ended_ || rest_.data() == nullptr) return false;
  const std::size_t comma = rest_.rfind(',');
  ended_ = comma == std::string_view::npos;
  element = trim_ows(ended_ ? rest_ : rest_.substr(comma + 1));
  rest_ = ended_ ? std::string_view() : rest_.substr(0, comma);
  return true;
}

}  // namespace hybi::http
