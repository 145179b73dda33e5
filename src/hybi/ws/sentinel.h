// Framing of hixie-75 and hixie-76: frames that end at a byte, or after a length.
//
//   00..7F  type, bytes until FF            00 is text in UTF-8, the others are dropped
//   80..FF  type, length, bytes             dropped; `FF 00` is the end of the conversation in 76
//   length: 7 bits a byte, the most significant first, the top bit says that another follows
//
// Called by protocol.cc. The server and the client speak it alike.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/error.h>
#include <hybi/limits.h>
#include <hybi/ws/version.h>

#include <cstdint>
#include <string_view>

namespace hybi::ws {

class SentinelDecoder {
 public:
  SentinelDecoder(Version version, bool length_frames)
      : length_frames_(length_frames), close_mark_(version == Version::Hixie76) {}

  struct Item {
    enum class Kind : std::uint8_t { NeedMore, Text, Binary, Close, Failed };
    Kind kind = Kind::NeedMore;
    Bytes payload;  // text is UTF-8. Lifetime: until the next call, and no longer than `in`
    Errc errc = Errc::Ok;
  };
  // Takes the next item from the front of `in`.
  // Fails: WsMessageTooBig, WsFrameTooBig (also for what is dropped), WsBadLength.
  Item next(MutableBytes& in, const WebSocketLimits& limits);

  bool in_frame() const { return stage_ != Stage::Type; }

 private:
  enum class Stage : std::uint8_t { Type, Text, Skipped, Length, Counted };

  Item take_text(MutableBytes& in, std::size_t limit);
  Item take_skipped(MutableBytes& in, std::size_t limit);
  Item take_length(MutableBytes& in, const WebSocketLimits& limits);
  Item take_counted(MutableBytes& in);
  Bytes whole(Bytes last);

  OutBuffer message_;        // a message whose end has not come
  std::uint64_t count_ = 0;  // Skipped: bytes so far; Length: its value so far; Counted: bytes left
  Stage stage_ = Stage::Type;
  std::uint8_t type_ = 0;
  std::uint8_t groups_ = 0;  // of the length
  bool length_frames_, close_mark_;
  bool given_ = false;  // message_ was given out
};

// A text as it goes out: the frame's bytes between 00 and FF. UTF-8 has no FF; what is not UTF-8
// could end the frame, so FF becomes U+FFFD.
void append_sentinel_text(std::string_view text, OutBuffer& out);

// 76: `FF 00` ends the conversation.
void append_close_mark(OutBuffer& out);

inline constexpr std::byte kTextBegin{0x00}, kTextEnd{0xFF};

}  // namespace hybi::ws
