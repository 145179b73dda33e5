// One end of an open WebSocket connection of any version, without I/O. RFC 6455 5, 6, 7; RFC 7692.
//
//   bytes from the peer --next()--> events          calls --send_*()/close()--> bytes in `out`
//
// Begins after the opening handshake (handshake.h). The owner moves bytes, keeps time, runs user
// code. Thread: one at a time. Never throws but std::bad_alloc, never calls back, never reads a
// clock. Receiving is in protocol.cc, sending in protocol_send.cc.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/limits.h>
#include <hybi/result.h>
#include <hybi/ws/assembler.h>
#include <hybi/ws/close_code.h>
#include <hybi/ws/decoder.h>
#include <hybi/ws/deflate_stream.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/frame_mask.h>
#include <hybi/ws/opcode.h>
#include <hybi/ws/sentinel.h>
#include <hybi/ws/state.h>
#include <hybi/ws/version_traits.h>

#include <memory>
#include <optional>

namespace hybi::ws {

enum class Role : std::uint8_t { Server, Client };

struct Event {
  enum class Kind : std::uint8_t { NeedMore, Text, Binary, Ping, Pong, Close, Failed };
  Kind kind = Kind::NeedMore;
  Bytes payload;         // Lifetime: until the next call on this Protocol, and no longer than `in`
  CloseCode code = 0;    // Close: what the peer said (1005 when it said nothing)
  Errc errc = Errc::Ok;  // Failed: why; the close frame is already in `out`
};

// What the bytes of a server's message depend on: connections with equal encodings can be sent the
// same ones.
struct Encoding {
  Version version = Version::V13;  // the last of those that frame alike
  DeflateForm deflate = {};
  bool base64 = false;  // binary, where there are no binary messages

  friend bool operator==(const Encoding&, const Encoding&) = default;
};

class Protocol {
 public:
  // Lifetime: `limits` and `entropy` outlive the protocol. `entropy` gives mask keys (client role).
  Protocol(Role role, const WebSocketLimits& limits, Entropy& entropy,
           Version version = Version::V13, const LegacyOptions& legacy = {});

  // What the handshake has brought. Before the first next() or send_*().
  void set_extension(std::unique_ptr<Extension> extension);
  void set_deflate_stream(std::unique_ptr<DeflateStream> stream);
  void set_connection_key(const Sha1& key);  // Requires: version 4, and sets it in any case.

  // Takes the next event from the front of `in`; `in` is advanced past the bytes used, and those
  // may be overwritten (payloads are unmasked in place). Replies (pong, close) are appended to
  // `out`. Every ping is an event and is answered; an owner whose peer reads nothing may keep the
  // latest pong only (RFC 6455 5.5.3). Call again until NeedMore: then `in` is empty. Requires:
  // `in` is writable. After Close or Failed every further byte is discarded. RFC 6455 1.4, 7.1.7
  Event next(MutableBytes& in, OutBuffer& out);
  // Whether next() may have events although all input was taken: deflate-stream.
  bool has_more() const { return detour_ != nullptr && detour_->has_more(); }

  // Where the owner may put the bytes that come next, so that next() need not copy them: the
  // payload of the frame begun, at most its rest. It may hand over these bytes, fewer, or bytes
  // that lie elsewhere. Empty: nothing is gained. Lifetime: until the next call of next() or
  // send_back().
  MutableBytes place_for_payload();
  // Whether it is worth asking, or will be when some more has come.
  bool wants_place() const { return decoder_.in_frame() && in_large_frame(); }

  // The peer ended its stream. Returns: Close (code as received) if the closing handshake was
  // complete, else Failed{WsAbnormalClosure}: code 1006, nothing is sent. In 75 the end of the
  // stream between two messages is the closing handshake.
  Event end_of_input();

  // A whole message. `compress`: as far as an extension was agreed.
  // Fails: BadState unless can_send_message(); NoBinary in 75 and 76.
  // Requires: `text` is UTF-8 (checked in checked builds only).
  Result<void> send_text(std::string_view text, OutBuffer& out, bool compress = true);
  Result<void> send_binary(Bytes data, OutBuffer& out, bool compress = true);

  // Sends the message received last back without a copy: writes the header and gives up the memory
  // of the payload, which is to follow in the stream. `data` stays valid as long as that memory.
  // Returns: empty, and nothing is written, if `data` is not the whole payload of that message, if
  // that does not lie in memory of its own, or if it cannot go as it is (masking, extension,
  // sentinels).
  std::optional<OutBuffer> send_back(Opcode opcode, Bytes data, OutBuffer& out);

  // A message in fragments made by the caller: first, any number of middle ones, last.
  // `opcode` is Text or Binary on the first, ignored later. Control frames may be sent between.
  // Fragments never go through a compressing extension.
  // Fails: BadState unless Open, or when the first `opcode` is neither; NoBinary in 75 and 76.
  Result<void> send_fragment(Opcode opcode, Bytes data, bool last, OutBuffer& out);

  // A message for many, see encode_server_message. Requires: a server's, can_send_message().
  Encoding encoding(std::size_t message_bytes, bool compress) const;
  // Such a message, made with that encoding, is sent.
  // Returns: false if `frame` is to follow in the stream as it is; true if it was written to `out`
  // in another form.
  bool send_shared(Bytes frame, const Encoding& encoding, OutBuffer& out);

  // Fails: BadState unless Open; BadControlPayload above 125 bytes; NoPing in 75 and 76.
  Result<void> send_ping(Bytes data, OutBuffer& out);
  Result<void> send_pong(Bytes data, OutBuffer& out);

  // Starts the closing handshake. Code 1005 sends an empty body. What the version cannot say is
  // left out: older ones have fewer codes, or none, or no close frame at all.
  // Fails: BadState unless Open; BadCloseCode; BadCloseReason.
  Result<void> close(std::uint16_t code, std::string_view reason, OutBuffer& out);

  // Fails the connection from our side: a close frame with the error's code, then Closed. No frame
  // is sent if ours went out before, or if the code must not appear on the wire (1006). RFC
  // 6455 7.1.7. No effect once Closed.
  void fail(Errc why, OutBuffer& out);

  State state() const { return state_; }
  Version version() const { return version_; }
  bool has_ping() const { return !sentinel(); }
  // As it is registered; "" if there is none.
  std::string_view extension_name() const {
    if (extension_ != nullptr) return extension_->name();
    return detour_ != nullptr && detour_->stream ? "deflate-stream" : std::string_view();
  }
  // Open, and no fragmented message of ours is unfinished.
  bool can_send_message() const { return can_send(state_) && !sending_fragments_; }
  // Half-close the stream once `out` is flushed. RFC 6455 7.1.1: the server closes first. In 75 the
  // end of the stream is what closing is.
  bool eof_due() const {
    return (role_ == Role::Server && !can_receive(state_)) ||
           (traits(version_).close_form == CloseForm::EndOfStream && !can_send(state_));
  }
  // Arm the close timeout: nothing is awaited but the peer's close frame or the end of its stream.
  bool close_expected() const { return !can_send(state_); }
  // 1006 until a close frame came, then what it said, 1005 if nothing.
  CloseCode received_code() const { return received_code_; }
  std::string_view received_reason() const { return assembler_.reason(); }  // Lifetime: this object
  // A close frame was sent and one was received. RFC 6455 7.1.4
  bool clean() const { return close_sent_ && close_received_; }
  // Inside a frame or a fragmented message.
  bool collecting() const {
    return decoder_.in_header() || decoder_.in_frame() || assembler_.in_message() ||
           (detour_ != nullptr && detour_->in_frame());
  }

 private:
  // What the straight way through the decoder does not have: the framing of 75 and 76, the masking
  // of 4, 5 and 6, deflate-stream.
  struct Detour {
    LegacyOptions legacy;
    Sha1 connection_key{};                    // 4
    std::optional<SentinelDecoder> sentinel;  // 75, 76
    std::optional<FrameUnmasker> unmasker;    // 4, 5, 6 on the server
    std::unique_ptr<DeflateStream> stream;
    MutableBytes plain;     // what the stream gave and nobody has read yet
    bool sniffing = false;  // 76 that may turn out to be hybi-01

    bool has_more() const { return !plain.empty() || (stream && stream->has_more()); }
    bool in_frame() const {
      return (sentinel && sentinel->in_frame()) || (unmasker && unmasker->in_frame());
    }
  };

  Detour& detour();
  bool in_large_frame() const;
  bool take_small_message(MutableBytes& in, Event& event) const;
  Event next_detour(MutableBytes& in, OutBuffer& out);
  Event next_plain(MutableBytes& in, OutBuffer& out);
  Event next_sentinel(MutableBytes& in, OutBuffer& out);
  Event next_frame(MutableBytes& in, OutBuffer& out);
  Event next_part(MutableBytes& in, OutBuffer& out);
  Event on_control(Opcode opcode, Bytes payload, MutableBytes& in, OutBuffer& out);
  Event on_close(Bytes payload, MutableBytes& in, OutBuffer& out);
  Event on_close_code(Bytes payload, MutableBytes& in, OutBuffer& out);
  Event closed(CloseCode code, std::string_view reason, MutableBytes& in);
  Event finish_message(MutableBytes& in, OutBuffer& out);
  Event bad_text(Bytes text, MutableBytes& in, OutBuffer& out);
  Event fail_event(Errc why, MutableBytes& in, OutBuffer& out);
  // 5: how a close frame's body begins. hybi-05 4.5.1
  std::byte close_letter() const { return std::byte(role_ == Role::Server ? 'S' : 'C'); }
  bool sentinel() const { return traits(version_).framing == Framing::Sentinel; }
  Result<void> send_message(Opcode opcode, Bytes data, OutBuffer& out, bool compress);
  Result<void> send_sentinel(Opcode opcode, Bytes data, OutBuffer& out);
  void send_frame(FrameHeader header, Bytes payload, OutBuffer& out);
  void send_control(Opcode opcode, Bytes payload, OutBuffer& out);
  void send_close(CloseCode code, std::string_view reason, OutBuffer& out);
  void end_sentinel_text(OutBuffer& out);
  void send_code(CloseCode code, std::string_view reason, OutBuffer& out);

  const WebSocketLimits* limits_;
  Entropy* entropy_;
  std::unique_ptr<Extension> extension_;
  std::unique_ptr<Detour> detour_;  // null in 7, 8, 13 and where nothing else needs it
  Decoder decoder_;
  Assembler assembler_;
  CloseCode received_code_ = kAbnormalClosure;
  Role role_;
  Version version_;
  State state_ = State::Open;
  bool close_sent_ = false;
  bool close_received_ = false;
  bool sending_fragments_ = false;
  bool quick_ = false;  // what is sent is a header and the payload, nothing else
};

// A whole message as a server sends it, for sharing among many connections. `pool` may be null
// where nothing is compressed. Fails: NoBinary; then nothing is written.
Result<void> encode_server_message(const Encoding& encoding, DeflatePool* pool, Opcode opcode,
                                   Bytes payload, OutBuffer& out);

}  // namespace hybi::ws
