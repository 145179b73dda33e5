// Extensions: the list in Sec-WebSocket-Extensions, and the place in the protocol where one works.
// RFC 6455 9.
//
// The protocol knows no extension. One that was negotiated is an object behind Extension; without
// one nothing is called and nothing is stored.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>
#include <hybi/ws/deflate.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::ws {

struct ExtensionParam {
  std::string name;
  std::optional<std::string> value;  // without quotes and escapes

  friend bool operator==(const ExtensionParam&, const ExtensionParam&) = default;
};

struct ExtensionOffer {
  std::string name;
  std::vector<ExtensionParam> params;

  friend bool operator==(const ExtensionOffer&, const ExtensionOffer&) = default;
};

// Adds the extensions of one field line to `list`; lines of a repeated field are one list in order.
// Fails: WsHandshakeExtensions; `list` may then hold the first ones. Cost: linear in the line.
Result<void> parse_extensions(std::string_view line, std::vector<ExtensionOffer>& list);

// The way back: "name; param=value, ...".
std::string format_extensions(const std::vector<ExtensionOffer>& list);

// A negotiated extension on one connection: it transforms messages, both ways.
class Extension {
 public:
  virtual ~Extension() = default;

  virtual std::string_view name() const = 0;  // as it is registered

  // The bits (kRsv1 ...) the peer may set on a data frame; a frame with one of them goes through
  // decode(). Asked once.
  virtual std::uint8_t rsv_bits() const = 0;
  // True: they may stand on every frame and each is coded by itself. False: they stand on the first
  // frame and are about the message. Asked once.
  virtual bool per_frame() const = 0;

  // Incoming: appends what `piece` becomes to `message`. `first` and `last`: of its message, or of
  // its frame if per_frame().
  // Fails: WsExtensionData; WsMessageTooBig before `message` grows beyond `max_bytes`.
  virtual Result<void> decode(Bytes piece, bool first, bool last, OutBuffer& message,
                              std::size_t max_bytes) = 0;

  // Outgoing: appends what the message becomes to `coded` and returns the bits to set on its frame,
  // or returns 0 and leaves `coded` alone: then it is sent as it is.
  virtual std::uint8_t encode(Bytes message, OutBuffer& coded) = 0;

  // How a message of that size is coded when it goes to several connections; window_bits 0: not at
  // all. One that was coded so is sent with kRsv1, and told with sent_shared().
  virtual DeflateForm shared_form(std::size_t message_bytes) const = 0;
  virtual void sent_shared() = 0;
};

}  // namespace hybi::ws
