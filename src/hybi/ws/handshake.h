// The opening handshake of every version, server side: checking the request, making the answer.
// RFC 6455 4.2, 4.4, 9.1, 11.3 and the drafts before it. No I/O: heads in, verdicts and bytes out.
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
  std::string_view key{};                        // from 4 on
  std::uint32_t number1 = 0, number2 = 0;        // the challenge of hixie-76, hybi-01, hybi-02
  std::vector<std::string_view> subprotocols{};  // in the client's order of preference
  std::vector<ExtensionOffer> extensions{};      // from 4 on
  std::string_view origin{};                     // null data() if absent
};

// True if the request asks for a WebSocket at all (RFC 6455 4.2.1 3: Upgrade lists websocket, in
// any case). Such a request goes through check_request; any other is an ordinary request.
bool is_websocket_request(const http::Head& head);

// True if behind the head of such a request come the eight bytes of a challenge (hixie_key.h),
// whatever Content-Length says.
bool has_challenge(const http::Head& head);

// Fails with one WsHandshake* error; the caller answers its status, with write_refusal_fields.
// Order: method, HTTP version, Upgrade and Connection, version, key or challenge, subprotocols,
// extensions, origin, body. (Host is the HTTP parser's.)
Result<Offer> check_request(const http::Head& head, Versions accepted);

// Field lines that belong to the refusal of such a request: `Upgrade: websocket` with 426 (RFC 9110
// 15.5.22), the versions served on WsHandshakeVersion (RFC 6455 4.4), `Allow: GET` with 405.
void write_refusal_fields(Errc why, Versions accepted, OutBuffer& out);

// Whether a page of that origin is one of this host: host and port are compared, not the scheme (a
// TLS terminator hides it). RFC 6455 10.2
bool is_same_origin(std::string_view origin, std::string_view host);

// base64(SHA-1(key + GUID)). RFC 6455 4.2.2 5.4
void write_accept(std::string_view key, char (&out)[28]);

// The URL that a client of 75 to hybi-02 has connected to; it compares it byte by byte: ws or wss,
// the host in lower case, no default port. `secure`: the client speaks TLS, perhaps to a proxy.
std::string location_of(const http::Head& head, bool secure);

struct AnswerParts {
  std::string_view subprotocol = {};  // left out if empty
  std::string_view extensions = {};   // left out if empty
  std::string_view nonce = {};        // 4: base64 of 16 random bytes
  std::string_view location = {};     // 75 to hybi-02: location_of()
};

// The head of the 101 answer without its empty line: the caller adds fields (cookies), then the
// end. The lines stand in the order and spelling that browsers of the version compared.
// Fails: BadSubprotocol unless offered, BadField; then nothing is written.
Result<void> write_answer(const Offer& offer, const AnswerParts& parts, OutBuffer& out);

}  // namespace hybi::ws
