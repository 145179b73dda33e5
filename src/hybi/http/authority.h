// Host and port as they stand in a Host field or a target. RFC 9110 7.2, RFC 3986 3.2.
#pragma once

#include <string_view>

namespace hybi::http {

// Whether `text` is uri-host [ ":" port ]: no userinfo, a port of at most 65535. The host may be
// empty, as the Host field of a client that knows no authority (RFC 9112 3.2).
bool is_authority(std::string_view text);

// The two parts of a valid authority; the port is empty if there is none. The host keeps its
// brackets.
struct Authority {
  std::string_view host, port;
};
Authority split_authority(std::string_view text);

// Numeric addresses as they stand in URIs, without brackets. RFC 3986 3.2.2
bool is_ipv4_address(std::string_view text);
bool is_ipv6_address(std::string_view text);

}  // namespace hybi::http
