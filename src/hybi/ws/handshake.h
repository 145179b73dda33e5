// The opening handshake of version 13, server side: checking the request, making the answer.
// RFC 6455 4.2, 4.4, 9.1, 11.3. No I/O: heads in, verdicts and bytes out.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/http/head.h>
#include <hybi/result.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/version.h>

#include <string>
#include <string_view>
#include <vector>

namespace hybi::ws {

// What a valid request offers. Views. Lifetime: those of the head.
struct Offer {
  Version version = Version::V13;
  std::string_view key;
  std::vector<std::string_view> subprotocols;  // in the client's order of preference
  std::vector<ExtensionOffer> extensions;
  std::string_view origin;  // null data() if absent
};

// True if the request asks for a WebSocket at all (RFC 6455 4.2.1 3: Upgrade lists websocket, in
// any case). Such a request goes through check_request; any other is an ordinary request.
bool is_websocket_request(const http::Head& head);

// Fails with one WsHandshake* error; the caller answers its status, with write_refusal_fields.
// Order: method, HTTP version, Upgrade and Connection, version, key, subprotocols, extensions,
// origin, body. (Host is the HTTP parser's.)
Result<Offer> check_request(const http::Head& head);

// Field lines that belong to the refusal of such a request: `Upgrade: websocket` with 426 (RFC 9110
// 15.5.22), the versions served on WsHandshakeVersion (RFC 6455 4.4), `Allow: GET` with 405.
void write_refusal_fields(Errc why, OutBuffer& out);

// Which origins may connect. RFC 6455 10.2.
//   same_origin: scheme is not compared (a TLS terminator hides it); host and port must equal Host
bool is_same_origin(std::string_view origin, std::string_view host);

// base64(SHA-1(key + GUID)). RFC 6455 4.2.2 5.4
void write_accept(std::string_view key, char (&out)[28]);

// The head of the 101 answer without its empty line: the caller adds fields (cookies), then the
// end. `subprotocol` and `extensions` are left out when empty. Fails: BadSubprotocol unless
// offered.
Result<void> write_answer(const Offer& offer, std::string_view subprotocol,
                          std::string_view extensions, OutBuffer& out);

}  // namespace hybi::ws
