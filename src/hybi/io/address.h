// Where to listen and who is there: host:port, [v6]:port, unix:/path.
#pragma once

#include <hybi/result.h>

#include <cstdint>
#include <string>
#include <string_view>

#include <sys/socket.h>

namespace hybi::io {

// The numeric address of a peer or of a listener. 32 bytes at most would not hold a unix path: a
// unix peer has none, a unix listener keeps its path apart.
struct Address {
  enum class Family : std::uint8_t { None, V4, V6, Unix };
  Family family = Family::None;
  std::uint16_t port = 0;
  unsigned char ip[16] = {};  // V4: the first four

  friend bool operator==(const Address&, const Address&) = default;
};

std::string to_string(const Address& address);     // "127.0.0.1:80", "[::1]:80", "unix:"
std::string ip_to_string(const Address& address);  // "127.0.0.1", "::1", ""
// One client's, for tables: of IPv6 the first 64 bits, since one client has the rest to itself
// (RFC 4291 2.5.4). The same for all whose address is not known.
std::string client_key(const Address& address);
// A numeric address without port and brackets; a v4-mapped one is the v4 address. Family None if it
// is none.
Address parse_ip(std::string_view text);
Address from_sockaddr(const sockaddr* address, socklen_t length);

}  // namespace hybi::io
