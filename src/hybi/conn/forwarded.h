// Who the client is when proxies stand in between: Forwarded (RFC 7239) and X-Forwarded-* before
// it, believed only where a trusted proxy says so.
//
// Each proxy appends its peer at the right end. From there on the addresses of trusted proxies are
// passed over; the first other one is the client, and what stands left of it may be anybody's.
#pragma once

#include <hybi/http/head.h>
#include <hybi/io/address.h>

#include <string>

namespace hybi::conn {

class Connection;
struct ServerShare;

struct Client {
  // Family::None: it cannot be told. Something is malformed or hidden, or Forwarded and
  // X-Forwarded-For disagree: one of them is what the client sent and the proxy let through.
  io::Address address;
  bool https = false;
  std::string host;  // as authority; empty: as the request says
};

Client client_of(const ServerShare& share, const io::Address& peer, const http::Head& head);

// Whether the client speaks TLS.
bool client_speaks_tls(Connection& connection, const http::Head& head);

}  // namespace hybi::conn
