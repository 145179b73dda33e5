// One end of a WebSocket in a test: bytes in, a readable log out.
//
//   event text "abc"          what next() returned        out pong "x"        a frame written to
//   `out` event close 1000 "bye"                                half-close          eof_due()
//   became true event failed WsBadLength                              refused BadState    a call
//   returned an error
#pragma once

#include <hybi/testing/split.h>
#include <hybi/ws/message_deflate.h>
#include <hybi/ws/protocol.h>

#include <string>
#include <string_view>
#include <vector>

namespace hybi::testing {

// The same keys in every run.
class CountingEntropy final : public Entropy {
 public:
  void fill(MutableBytes out) override {
    for (std::byte& byte : out) byte = std::byte(next_++ * 37 + 11);
  }

 private:
  unsigned next_ = 0;
};

using Log = std::vector<std::string>;

class WsPeer {
 public:
  // What other versions than 13 write is logged as it is: "out 84 05 48 65 6c 6c 6f".
  explicit WsPeer(ws::Role role, const WebSocketLimits& limits = {},
                  ws::Version version = ws::Version::V13, const ws::LegacyOptions& legacy = {});

  // Compression as it was agreed; what is written is logged as it is.
  void use_deflate(const Compression& compression, const ws::DeflateParams& params);

  // Gives the bytes to the protocol, piece by piece, and writes down what happens.
  void receive(const Pieces& pieces);
  void receive(Bytes input) { receive(Pieces{owned(input)}); }
  void end_of_input();

  // Calls into the protocol; `refused` is logged when one fails.
  void send_text(std::string_view text);
  void send_binary(Bytes data);
  void send_fragment(ws::Opcode opcode, std::string_view text, bool last);
  void send_ping(std::string_view data);
  void send_pong(std::string_view data);
  void close(ws::CloseCode code, std::string_view reason = {});
  void fail(Errc why);

  const Log& log() const { return log_; }
  // The events alone.
  Log events() const;
  // Everything written so far.
  Bytes sent() const { return out_.view(); }
  std::size_t logged_bytes() const { return logged_; }
  ws::Protocol& protocol() { return protocol_; }

 private:
  void note(const ws::Event& event);
  void note(const Result<void>& result);
  void note_output();
  void note_frames();

  ws::Role role_;
  WebSocketLimits limits_;
  CountingEntropy entropy_;
  ws::DeflatePool pool_;
  ws::Protocol protocol_;
  bool as_bytes_;  // how output is logged
  OutBuffer out_;
  std::size_t logged_ = 0;  // bytes of out_ that are in the log
  bool half_closed_ = false;
  Log log_;
};

// How payloads look in the log: text in quotes, binary as hex, long ones as a count.
std::string show_text(std::string_view text);
std::string show_binary(Bytes data);

// A frame as `from` sends it to the other side; a client masks with `key`.
OwnedBytes frame(ws::Role from, ws::FrameHeader header, Bytes payload);
OwnedBytes frame(ws::Role from, ws::Opcode opcode, std::string_view payload, bool fin = true);

}  // namespace hybi::testing
