// What proxies say of the client: Forwarded (RFC 7239) and X-Forwarded-For before it.
//
// Anyone can send these fields. Each proxy appends, so only the elements at the right end, one for
// each trusted proxy, are worth anything: walk from the right, stop at the first address that is
// not a trusted proxy's. This file reads; whom to trust is decided where addresses are known.
#pragma once

#include <hybi/result.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::http {

inline constexpr std::size_t kMaxForwarded = 64;  // elements

// RFC 7239 6: node.
struct Node {
  enum class Kind : std::uint8_t { Unknown, V4, V6, Obfuscated };
  Kind kind = Kind::Unknown;
  std::string_view name;  // the address without brackets; "unknown"; "_hidden"
  std::optional<std::uint16_t> port;
  std::string_view obfuscated_port;  // "_8000"; empty: none
};

// "192.0.2.43", "192.0.2.43:47011", "[2001:db8::1]:4711", "unknown", "_SEVKISEK:_p".
// `bare_v6`: also an IPv6 address without brackets, as X-Forwarded-For has it.
// Lifetime of the result: the text's. Fails: HttpBadForwarded.
Result<Node> parse_node(std::string_view text, bool bare_v6 = false);

// One element of Forwarded; what it does not say is empty.
struct ForwardedElement {
  std::string by, client, host, proto;  // client: the parameter `for`
};

// All elements, the client's first, of a field over all its lines; unknown parameters are passed
// over. Fails: HttpBadForwarded if any is malformed, since with quotes a part that the client sent
// can swallow what the proxy appended; also for more than kMaxForwarded, a parameter that is
// repeated, a node, host or proto that is none.
Result<std::vector<ForwardedElement>> parse_forwarded(std::string_view value);

// The elements of X-Forwarded-For, -Proto or -Host, from the right: the last proxy's first.
//
//   for (FromTheRight list(value); list.next(element);) ...
class FromTheRight {
 public:
  explicit FromTheRight(std::string_view value) : rest_(value) {}

  // Returns: false at the left end. Empty elements are told: they are a proxy's as well.
  bool next(std::string_view& element);

 private:
  std::string_view rest_;
  bool ended_ = false;
};

}  // namespace hybi::http
