// Sets of addresses: "192.0.2.1", "10.0.0.0/8", "2001:db8::/32", "unix". RFC 4632, RFC 4291 2.3.
#pragma once

#include <hybi/io/address.h>
#include <hybi/result.h>

#include <string_view>
#include <vector>

namespace hybi::io {

class Networks {
 public:
  // Fails: BadTrustedProxy if it is none of the forms above; nothing is added.
  Result<void> add(std::string_view text);
  bool has(const Address& address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    Address address;
    int prefix_bits;
  };
  std::vector<Network> networks_;
};

}  // namespace hybi::io
