// What a proxy in front says about its client. RFC 7239, and X-Forwarded-Proto before it.
#pragma once

#include <hybi/conn/connection.h>
#include <hybi/http/head.h>

namespace hybi::conn {

// Whether the client speaks TLS: what a trusted proxy says, else ServerOptions::behind_tls.
bool client_speaks_tls(Connection& connection, const http::Head& head);

}  // namespace hybi::conn
