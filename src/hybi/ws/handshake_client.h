// The opening handshake of version 13, client side: making the request, checking the answer.
// RFC 6455 4.1. No I/O.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/version.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi::ws {

struct ClientRequest {
  std::string_view host{};                       // with the port unless it is the scheme's own
  std::string_view target = "/";                 // path and query
  std::string_view origin{};                     // left out if empty
  std::vector<std::string_view> subprotocols{};  // most wanted first
  std::vector<ExtensionOffer> extensions{};
  std::vector<std::pair<std::string_view, std::string_view>>
      fields{};  // cookies, authorisation ...
};

// base64 of 16 random bytes. RFC 6455 4.1 7
std::string make_key(Entropy& entropy);

// The whole head of the request.
// Fails: BadField if a value holds CR, LF or NUL or a name is no token; BadSubprotocol if one is no
// token or comes twice. Then nothing is written.
Result<void> write_request(const ClientRequest& request, std::string_view key, OutBuffer& out);

// What the server chose. Views. Lifetime: those of the head.
struct Answer {
  std::string_view subprotocol;  // empty if none
  std::vector<ExtensionOffer> extensions;
};

// A response head: status and fields as sent. Views. Lifetime: the bytes it was read from.
struct ResponseHead {
  unsigned status = 0;
  std::vector<std::pair<std::string_view, std::string_view>> fields;  // name, value without OWS
};

// Reads one response head, with its empty line, from the front of `in`; `in` is advanced past it.
// Returns: false if it is not complete; then `in` is to be offered again with more behind it.
// Fails: HttpHeadTooLarge above `max_bytes`; WsHandshakeAccept if it does not begin like HTTP/1.1;
// what the rules of field lines say.
Result<bool> parse_response_head(Bytes& in, std::size_t max_bytes, ResponseHead& head);

// Whether a 101 answer accepts what was asked. `extension_names` that were offered are in
// `request`. Fails: WsHandshakeAccept for anything RFC 6455 4.1 says to fail on, also for another
// status.
Result<Answer> check_answer(const ResponseHead& head, const ClientRequest& request,
                            std::string_view key);

}  // namespace hybi::ws
