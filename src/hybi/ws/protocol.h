// One end of an open WebSocket connection, without I/O. RFC 6455 5, 6, 7.
//
//   bytes from the peer --next()--> events          calls --send_*()/close()--> bytes in `out`
//
// Begins after the opening handshake (handshake.h). The owner moves bytes, keeps time, runs user
// code. Thread: one at a time. Never throws, never calls back, never reads a clock.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/limits.h>
#include <hybi/result.h>
#include <hybi/ws/assembler.h>
#include <hybi/ws/close_code.h>
#include <hybi/ws/decoder.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/opcode.h>
#include <hybi/ws/state.h>
#include <hybi/ws/version.h>

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

class Protocol {
 public:
  // Lifetime: `limits` and `entropy` outlive the protocol. `entropy` gives mask keys (client role).
  Protocol(Role role, const WebSocketLimits& limits, Entropy& entropy,
           Version version = Version::V13);

  // The extension that was negotiated. Before the first next() or send_*().
  void set_extension(std::unique_ptr<Extension> extension);

  // Takes the next event from the front of `in`; `in` is advanced past the bytes used and payload
  // bytes are unmasked in place. Replies (pong, close) are appended to `out`. Every ping is an
  // event and is answered; an owner whose peer reads nothing may keep the latest pong only (RFC
  // 6455 5.5.3). Call again until NeedMore: then `in` is empty. Requires: `in` is writable. After
  // Close or Failed every further byte is discarded. RFC 6455 1.4, 7.1.7
  Event next(MutableBytes& in, OutBuffer& out);

  // The peer ended its stream. Returns: Close (code as received) if the closing handshake was
  // complete, else Failed{WsAbnormalClosure}: code 1006, nothing is sent.
  Event end_of_input();

  // A whole message. Fails: BadState unless can_send_message().
  // Requires: `text` is UTF-8 (checked in checked builds only).
  Result<void> send_text(std::string_view text, OutBuffer& out);
  Result<void> send_binary(Bytes data, OutBuffer& out);

  // Sends the message received last back without a copy: writes the header and gives up the memory
  // of the payload, which is to follow in the stream. `data` stays valid as long as that memory.
  // Returns: empty, and nothing is written, if `data` is not the whole payload of that message, if
  // that does not lie in memory of its own, or if it cannot go as it is (masking, extension).
  std::optional<OutBuffer> send_back(Opcode opcode, Bytes data, OutBuffer& out);

  // A message in fragments made by the caller: first, any number of middle ones, last.
  // `opcode` is Text or Binary on the first, ignored later. Control frames may be sent between.
  // Fragments never go through an extension.
  // Fails: BadState unless Open, or when the first `opcode` is neither.
  Result<void> send_fragment(Opcode opcode, Bytes data, bool last, OutBuffer& out);

  // Fails: BadState unless Open; BadControlPayload above 125 bytes.
  Result<void> send_ping(Bytes data, OutBuffer& out);
  Result<void> send_pong(Bytes data, OutBuffer& out);

  // Starts the closing handshake. Code 1005 sends an empty body.
  // Fails: BadState unless Open; BadCloseCode; BadCloseReason.
  Result<void> close(std::uint16_t code, std::string_view reason, OutBuffer& out);

  // Fails the connection from our side: a close frame with the error's code, then Closed. No frame
  // is sent if ours went out before, or if the code must not appear on the wire (1006). RFC
  // 6455 7.1.7. No effect once Closed.
  void fail(Errc why, OutBuffer& out);

  State state() const { return state_; }
  // Open, and no fragmented message of ours is unfinished.
  bool can_send_message() const { return can_send(state_) && !sending_fragments_; }
  // Server: half-close the stream once `out` is flushed. RFC 6455 7.1.1: the server closes first.
  bool eof_due() const { return role_ == Role::Server && !can_receive(state_); }
  // Arm the close timeout: nothing is awaited but the peer's close frame or the end of its stream.
  bool close_expected() const { return !can_send(state_); }
  // 1006 until a close frame came, then what it said, 1005 if nothing.
  CloseCode received_code() const { return received_code_; }
  std::string_view received_reason() const { return assembler_.reason(); }  // Lifetime: this object
  // A close frame was sent and one was received. RFC 6455 7.1.4
  bool clean() const { return close_sent_ && close_received_; }
  // Inside a frame or a fragmented message.
  bool collecting() const {
    return decoder_.in_header() || decoder_.in_frame() || assembler_.in_message();
  }

 private:
  bool take_small_message(MutableBytes& in, Event& event) const;
  Event next_frame(MutableBytes& in, OutBuffer& out);
  Event next_part(MutableBytes& in, OutBuffer& out);
  Event on_control(Opcode opcode, Bytes payload, MutableBytes& in, OutBuffer& out);
  Event on_close(Bytes payload, MutableBytes& in, OutBuffer& out);
  Event finish_message();
  Event fail_event(Errc why, MutableBytes& in, OutBuffer& out);
  Result<void> send_message(Opcode opcode, Bytes data, OutBuffer& out);
  void send_frame(FrameHeader header, Bytes payload, OutBuffer& out);
  void send_control(Opcode opcode, Bytes payload, OutBuffer& out);
  void send_close(CloseCode code, std::string_view reason, OutBuffer& out);

  const WebSocketLimits* limits_;
  Entropy* entropy_;
  std::unique_ptr<Extension> extension_;
  Decoder decoder_;
  Assembler assembler_;
  CloseCode received_code_ = kAbnormalClosure;
  Role role_;
  Version version_;
  State state_ = State::Open;
  bool close_sent_ = false;
  bool close_received_ = false;
  bool sending_fragments_ = false;
};

// A whole unmasked message as a server sends it, for sharing among many connections.
void encode_server_message(Opcode opcode, Bytes payload, OutBuffer& out,
                           Version version = Version::V13);

}  // namespace hybi::ws
