// One end of an open WebSocket connection, without I/O. RFC 6455 5, 6, 7.
//
//   bytes from the peer --next()--> events          calls --send_*()/close()--> bytes in `out`
//
// Begins after the opening handshake (handshake.h). The owner moves bytes, keeps time, runs user code.
// Thread: one at a time. Never throws, never calls back, never reads a clock.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/limits.h>
#include <hybi/result.h>
#include <hybi/ws/close_code.h>
#include <hybi/ws/opcode.h>
#include <hybi/ws/version.h>

namespace hybi::ws {

enum class Role : std::uint8_t { Server, Client };

enum class State : std::uint8_t {
  Open,           // both sides may send data
  CloseSent,      // we sent Close, wait for the peer's; incoming data is still delivered
  CloseReceived,  // the peer sent Close, our reply is in `out`
  Closed,         // nothing more is read or sent; next() discards
};

struct Event {
  enum class Kind : std::uint8_t { NeedMore, Text, Binary, Ping, Pong, Close, Failed };
  Kind kind = Kind::NeedMore;
  Bytes payload;         // Lifetime: until the next call on this Protocol, and no longer than `in`
  std::uint16_t code = 0;  // Close: what the peer said (1005 when it said nothing)
  Errc errc = Errc::Ok;    // Failed: why; the close frame is already in `out`
};

class Protocol {
 public:
  // Lifetime: `limits` and `entropy` outlive the protocol. `entropy` gives mask keys (client role).
  Protocol(Role role, const WebSocketLimits& limits, Entropy& entropy, Version version = Version::V13);

  // Takes the next event from the front of `in`; `in` is advanced past the bytes used and payload
  // bytes are unmasked in place. Replies (pong, close) are appended to `out`; of several pings that
  // arrive in one input only the latest needs an answer, but every ping is an event.
  // Call again until NeedMore: then `in` is empty. Requires: `in` is writable.
  // After Close or Failed every further byte is discarded. RFC 6455 1.4, 7.1.7
  Event next(MutableBytes& in, OutBuffer& out);

  // The peer ended its stream. Returns: Close (code as received) if the closing handshake was
  // complete, else Failed{WsAbnormalClosure}: code 1006, nothing is sent.
  Event end_of_input();

  // A whole message. Fails: BadState unless can_send_message().
  // Requires: `text` is UTF-8 (checked in checked builds only).
  Result<void> send_text(std::string_view text, OutBuffer& out);
  Result<void> send_binary(Bytes data, OutBuffer& out);

  // A message in fragments made by the caller: first, any number of middle ones, last.
  // `opcode` is Text or Binary on the first, ignored later. Control frames may be sent between.
  // Fails: BadState unless Open.
  Result<void> send_fragment(Opcode opcode, Bytes data, bool last, OutBuffer& out);

  // Fails: BadState unless Open or CloseReceived...Closed excluded; BadControlPayload above 125 bytes.
  Result<void> send_ping(Bytes data, OutBuffer& out);
  Result<void> send_pong(Bytes data, OutBuffer& out);

  // Starts the closing handshake. Code 1005 sends an empty body.
  // Fails: BadState unless Open; BadCloseCode; BadCloseReason.
  Result<void> close(std::uint16_t code, std::string_view reason, OutBuffer& out);

  // Fails the connection from our side: a close frame with the error's code, then Closed.
  // RFC 6455 7.1.7. No effect once Closed.
  void fail(Errc why, OutBuffer& out);

  State state() const { return state_; }
  bool can_send_message() const;  // Open, and no fragmented message of ours is unfinished
  bool eof_due() const;           // server: half-close the stream once `out` is flushed
  bool close_expected() const;    // arm the close timeout: nothing but the peer's close is awaited
  std::uint16_t received_code() const;        // 1005, 1006 or what the peer's close frame said
  std::string_view received_reason() const;   // Lifetime: this object
  bool clean() const;             // a close frame was sent and one was received
  bool collecting() const;        // inside a frame or a fragmented message

 private:
  State state_ = State::Open;
  // (private parts: ws's business; small, an idle protocol should stay below 100 bytes)
};

// A whole unmasked message as a server sends it, for sharing among many connections.
void encode_server_message(Opcode opcode, Bytes payload, OutBuffer& out);

}  // namespace hybi::ws
