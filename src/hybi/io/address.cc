// See address.h.
#include <hybi/io/address.h>

#include <cstring>

#include <arpa/inet.h>
#include <netinet/in.h>

namespace hybi::io {

std::string ip_to_string(const Address& address) {
  char text[INET6_ADDRSTRLEN] = "";
  switch (address.family) {
    case Address::Family::V4:
      ::inet_ntop(AF_INET, address.ip, text, sizeof text);
      break;
    case Address::Family::V6:
      ::inet_ntop(AF_INET6, address.ip, text, sizeof text);
      break;
    case Address::Family::None:
    case Address::Family::Unix:
      break;
  }
  return text;
}

std::string to_string(const Address& address) {
  switch (address.family) {
    case Address::Family::V4:
      return ip_to_string(address) + ":" + std::to_string(address.port);
    case Address::Family::V6:
      return "[" + ip_to_string(address) + "]:" + std::to_string(address.port);
    case Address::Family::Unix:
      return "unix:";
    case Address::Family::None:
      break;
  }
  return "";
}

std::string client_key(const Address& address) {
  using Family = Address::Family;
  const std::size_t bytes = address.family == Family::V4 ? 4 : address.family == Family::V6 ? 8 : 0;
  std::string key(1, static_cast<char>(address.family));
  for (std::size_t i = 0; i < bytes; ++i) key += static_cast<char>(address.ip[i]);
  return key;
}

Address parse_ip(std::string_view text) {
  const std::string ip(text);  // with its end
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    return from_sockaddr(reinterpret_cast<const sockaddr*>(&v4), sizeof v4);
  }
  if (::inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    return from_sockaddr(reinterpret_cast<const sockaddr*>(&v6), sizeof v6);
  }
  return {};
}

Address from_sockaddr(const sockaddr* address, socklen_t length) {
  Address result;
  if (address == nullptr || length < sizeof(sa_family_t)) return result;
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, address, sizeof v4);
    result.family = Address::Family::V4;
    result.port = ntohs(v4.sin_port);
    std::memcpy(result.ip, &v4.sin_addr, 4);
  } else if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, address, sizeof v6);
    result.port = ntohs(v6.sin6_port);
    // RFC 4291 2.5.5.2: a v4 peer of a dual-stack socket is told as what it is.
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      result.family = Address::Family::V4;
      std::memcpy(result.ip, v6.sin6_addr.s6_addr + 12, 4);
    } else {
      result.family = Address::Family::V6;
      std::memcpy(result.ip, &v6.sin6_addr, 16);
    }
  } else if (address->sa_family == AF_UNIX) {
    result.family = Address::Family::Unix;
  }
  return result;
}

}  // namespace hybi::io
