// Frames -> messages, for what does not arrive in one piece. RFC 6455 5.4, 5.6, 8.1.
//
// Holds what an idle connection and a connection with small messages do not need, on the heap and
// only while it is needed: the bytes of an unfinished message, its UTF-8 state and accounting, an
// unfinished control frame, the reason of the peer's close. A message that lies whole in the input
// never comes here.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/base/utf8.h>
#include <hybi/limits.h>
#include <hybi/ws/extension.h>
#include <hybi/ws/frame.h>
#include <hybi/ws/mask.h>

#include <memory>
#include <optional>
#include <string>

namespace hybi::ws {

// From so many bytes on the announced rest of a frame is believed, up to a multiple of them, and
// room for it is made at once.
inline constexpr std::size_t kTrustworthyBytes = 64 * 1024;

// For less a copy is cheaper than a receive of its own.
inline constexpr std::size_t kSmallestPlace = 32 * 1024;

class Assembler {
 public:
  bool empty() const { return cold_ == nullptr; }
  bool in_message() const { return cold_ != nullptr && cold_->opcode != Opcode::Continuation; }

  // A message is unfinished, and what its frame brings now is the message itself.
  bool collects_plain() const { return in_message() && !cold_->coded; }

  // Whether a data frame may come now and fits the limits; asked before its payload is looked at.
  Errc admit(const FrameHeader& header, const WebSocketLimits& limits) const {
    if (header.payload_bytes > limits.max_frame_bytes) return Errc::WsFrameTooBig;
    if (cold_ == nullptr && header.fin && header.opcode != Opcode::Continuation &&
        header.payload_bytes <= limits.max_message_bytes) [[likely]] {
      return Errc::Ok;
    }
    return admit_part(header, limits);
  }

  // The payload of an admitted data frame begins. `marks_frames`: the extension's bits are about
  // this frame alone, not the message.
  void begin_frame(const FrameHeader& header, bool marks_frames);

  // A piece of it, still masked with `key` if `masked`. Unmasks it, on the way into the message or
  // in place. `announced` is what the frame has left after this piece; `last`: of the message.
  // Fails: WsInvalidText at the piece with the wrong byte; what the extension says.
  Errc add(MutableBytes piece, MaskKey key, bool masked, std::uint64_t announced, bool last,
           bool check_text, Extension* extension, const WebSocketLimits& limits);

  // Where the next piece of the frame, of which `announced` bytes are missing, can be put so that
  // add() need not copy it. Empty: nowhere. Lifetime: until the next call of another function.
  MutableBytes place(std::uint64_t announced);

  // The message is whole: the payload lives until release().
  Bytes finish();
  // The same for a message that lay whole in the input, as text without what is not UTF-8.
  Bytes finish_as_utf8(Bytes text);
  Opcode opcode() const { return cold_->opcode; }

  // Gives up the memory of the message that finish() gave out, if `data` is all of it.
  std::optional<OutBuffer> take_message(Bytes data);

  // A piece of a control frame.
  void add_control(Bytes piece);
  Bytes finish_control();

  void keep_reason(std::string_view reason);
  std::string_view reason() const {
    return cold_ == nullptr ? std::string_view() : std::string_view(cold_->reason);
  }

  // What finish() and finish_control() gave out is no longer needed.
  void release() {
    if (cold_ != nullptr && cold_->given) [[unlikely]]
      release_given();
  }
  // No more data is read: an unfinished message is given up.
  void drop_message();

 private:
  struct Cold {
    OutBuffer message;
    OutBuffer control;
    std::string reason;
    std::uint64_t arrived = 0;    // payload bytes of the message on the wire, whole frames or parts
    std::uint64_t fragments = 0;  // frames of the message begun
    Utf8Checker utf8;
    Opcode opcode = Opcode::Continuation;  // of the message; Continuation: there is none
    bool coded = false;                    // the extension decodes it, or this frame of it
    bool begun = false;                    // and has seen the first piece
    bool given = false;
  };

  Cold& cold() {
    if (cold_ == nullptr) cold_ = std::make_unique<Cold>();
    return *cold_;
  }
  void make_room(std::size_t size, std::uint64_t announced);
  Errc admit_part(const FrameHeader& header, const WebSocketLimits& limits) const;
  void release_given();

  std::unique_ptr<Cold> cold_;
};

}  // namespace hybi::ws
