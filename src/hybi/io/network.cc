// Sets of addresses, see network.h.
#include <hybi/io/network.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>

#include <arpa/inet.h>

namespace hybi::io {
namespace {

int bits_of(Address::Family family) {
  return family == Address::Family::V4 ? 32 : family == Address::Family::V6 ? 128 : 0;
}

bool same_prefix(const unsigned char* a, const unsigned char* b, int bits) {
  const int bytes = bits / 8;
  if (std::memcmp(a, b, static_cast<std::size_t>(bytes)) != 0) return false;
  const int rest = bits % 8;
  return rest == 0 || ((a[bytes] ^ b[bytes]) >> (8 - rest)) == 0;
}

}  // namespace

Result<void> Networks::add(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string ip(text.substr(0, slash));
  Network network{};
  if (text == "unix") {
    network.address.family = Address::Family::Unix;
  } else if (::inet_pton(AF_INET, ip.c_str(), network.address.ip) == 1) {
    network.address.family = Address::Family::V4;
  } else if (::inet_pton(AF_INET6, ip.c_str(), network.address.ip) == 1) {
    network.address.family = Address::Family::V6;
  } else {
    return Errc::BadTrustedProxy;
  }
  network.prefix_bits = bits_of(network.address.family);
  if (slash != std::string_view::npos) {
    const std::string_view number = text.substr(slash + 1);
    int bits = -1;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), bits);
    if (error != std::errc() || end != number.data() + number.size() || bits < 0 ||
        bits > network.prefix_bits) {
      return Errc::BadTrustedProxy;
    }
    network.prefix_bits = bits;
  }
  networks_.push_back(network);
  return {};
}

bool Networks::has(const Address& address) const {
  return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
    return network.address.family == address.family &&
           same_prefix(network.address.ip, address.ip, network.prefix_bits);
  });
}

}  // namespace hybi::io
