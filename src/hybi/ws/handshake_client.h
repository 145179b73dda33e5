// The opening handshake of every version, client side: making the request, checking the answer.
// RFC 6455 4.1 and the drafts before it. No I/O.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/hixie_key.h>
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
  std::vector<std::string_view> subprotocols{};  // most wanted first; 75, 76: one
  std::vector<ExtensionOffer> extensions{};      // from 4 on
  std::vector<std::pair<std::string_view, std::string_view>>
      fields{};  // cookies, authorisation ...
  Version version = Version::V13;
  bool secure = false;  // wss; 75 to hybi-02: the server repeats it
};

// What one handshake asks the server to prove itself with.
struct ClientKeys {
  std::string key;         // from 4 on: base64 of 16 bytes. RFC 6455 4.1 7
  std::string key1, key2;  // hixie-76, hybi-01, hybi-02
  std::array<std::byte, kKey3Bytes> key3{};
};
ClientKeys make_keys(Version version, Entropy& entropy);

// The whole head of the request, and behind it the eight bytes of a challenge where the version has
// one.
// Fails: BadField if a value holds CR, LF or NUL or a name is no token; BadSubprotocol if one is no
// token or comes twice, or if the version cannot say them. Then nothing is written.
Result<void> write_request(const ClientRequest& request, const ClientKeys& keys, OutBuffer& out);

// What the server chose. Views. Lifetime: those of the head.
struct Answer {
  std::string_view subprotocol;  // empty if none
  std::vector<ExtensionOffer> extensions;
  std::string_view nonce;  // 4: goes into connection_key (frame_mask.h)
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

// Whether a 101 answer accepts what was asked. Fails: WsHandshakeAccept for anything RFC 6455 4.1
// says to fail on, also for another status.
Result<Answer> check_answer(const ResponseHead& head, const ClientRequest& request,
                            const ClientKeys& keys);

// hixie-76, hybi-01, hybi-02: takes the 16 bytes behind the head from the front of `in`; other
// versions have none, and nothing is taken.
// Returns: false if they are not complete. Fails: WsHandshakeAccept if they are wrong.
Result<bool> take_challenge_answer(Bytes& in, Version version, const ClientKeys& keys);

}  // namespace hybi::ws
