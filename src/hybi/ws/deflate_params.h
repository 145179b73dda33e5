// Agreeing on compression: offers and answers in Sec-WebSocket-Extensions. RFC 7692 5, 7.1, and
// deflate-frame, x-webkit-deflate-frame and deflate-stream before it. No compressor here.
#pragma once

#include <hybi/compression.h>
#include <hybi/result.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/version.h>

#include <optional>
#include <string_view>
#include <vector>

namespace hybi::ws {

inline constexpr int kMaxWindowBits = 15;

// What was agreed, seen from the two compressors.
struct DeflateParams {
  enum class Kind : std::uint8_t {
    Message,  // permessage-deflate: the first frame's RSV1 is for the whole message
    Frame,    // deflate-frame: each frame has its own
    Stream,   // deflate-stream: all bytes after the heads
  };
  struct Side {
    std::uint8_t window_bits = kMaxWindowBits;
    bool no_context = false;  // each message is compressed by itself
  };
  Kind kind = Kind::Message;
  Side server, client;
};

struct AcceptedDeflate {
  DeflateParams params;
  ExtensionOffer answer;  // for Sec-WebSocket-Extensions
};

// The server's choice: permessage-deflate before its forerunners, and of each the first offer that
// can be accepted. An offer that cannot be accepted is passed over.
// Returns: nothing if no offer can be, or the version has no such extension.
std::optional<AcceptedDeflate> choose_deflate(const Compression& ours, Version version,
                                              const std::vector<ExtensionOffer>& offers);

// What a client offers. Requires: `ours` is not Off.
ExtensionOffer deflate_offer(const Compression& ours);

// What a client makes of the answer to deflate_offer().
// Fails: WsHandshakeAccept if the answer does not fit the offer. RFC 7692 5.1, 7.1
Result<DeflateParams> take_deflate_answer(const ExtensionOffer& offer,
                                          const ExtensionOffer& answer);

}  // namespace hybi::ws
