#include <hybi/ws/assembler.h>

#include <algorithm>

namespace hybi::ws {

namespace {

// What a fragment is charged beyond its bytes, so that empty ones are not free.
constexpr std::uint64_t kFragmentCharge = 64;

// Of what has come; so much room is made for what was announced.
constexpr std::size_t kTrustFactor = 32;

// So that what was received into a place is in the cache when it is unmasked.
constexpr std::size_t kLargestPlace = 1024 * 1024;

std::uint64_t held_limit(const WebSocketLimits& limits) {
  const std::uint64_t message = limits.max_message_bytes;
  const std::uint64_t twice = message > kNoLimit / 2 ? kNoLimit : message * 2;
  return std::max<std::uint64_t>(limits.max_held_bytes, twice);
}

}  // namespace

Errc Assembler::admit_part(const FrameHeader& header, const WebSocketLimits& limits) const {
  const bool continues = header.opcode == Opcode::Continuation;
  // RFC 6455 5.4: a message is one frame, or a first one and continuations; messages do not
  // interleave
  if (continues && !in_message()) return Errc::WsUnexpectedContinuation;
  if (!continues && in_message()) return Errc::WsExpectedContinuation;

  const std::uint64_t arrived = continues ? cold_->arrived : 0;
  const std::uint64_t fragments = (continues ? cold_->fragments : 0) + 1;
  const bool coded = header.rsv != 0 || (continues && cold_->coded);
  // Subtractions: a sum of lengths near 2^63 would wrap. The size of a coded message is known only
  // to its extension, which checks it; what is held of it is bounded here all the same.
  const std::uint64_t whole = coded ? held_limit(limits) : limits.max_message_bytes;
  if (arrived > whole || header.payload_bytes > whole - arrived) return Errc::WsMessageTooBig;
  if (continues || !header.fin) {
    const std::uint64_t held = held_limit(limits);
    const std::uint64_t charge = arrived + fragments * kFragmentCharge;
    if (charge > held || header.payload_bytes > held - charge) return Errc::WsHeldTooBig;
  }
  return Errc::Ok;
}

void Assembler::begin_frame(const FrameHeader& header, bool marks_frames) {
  Cold& message = cold();
  if (header.opcode != Opcode::Continuation) message.opcode = header.opcode;
  if (header.opcode != Opcode::Continuation || marks_frames) {
    message.coded = header.rsv != 0;
    message.begun = false;
  }
  ++message.fragments;
}

Errc Assembler::add(MutableBytes piece, MaskKey key, bool masked, std::uint64_t announced,
                    bool last, bool check_text, Extension* extension,
                    const WebSocketLimits& limits) {
  Cold& message = *cold_;
  message.arrived += piece.size();
  const std::size_t before = message.message.size();
  Errc failed = Errc::Ok;
  if (message.coded) {
    if (masked) mask(piece, key);
    const bool last_coded = extension->per_frame() ? announced == 0 : last;
    const Result<void> decoded = extension->decode(piece, !message.begun, last_coded,
                                                   message.message, limits.max_message_bytes);
    if (!decoded) failed = decoded.error().code;
    message.begun = true;
  } else if (!piece.empty()) {
    // Frames that were coded may have brought more than their bytes on the wire.
    if (piece.size() > limits.max_message_bytes - before) return Errc::WsMessageTooBig;
    const bool in_place = piece.data() == message.message.spare().data();  // see place()
    if (!in_place) make_room(before + piece.size(), announced);
    std::byte* const to = message.message.grow(piece.size());
    if (masked) {
      mask_copy(to, piece, key);
    } else if (to != piece.data()) {
      std::memcpy(to, piece.data(), piece.size());
    }
  }
  if (message.opcode == Opcode::Text && check_text) {
    // RFC 6455 8.1: fails at the first wrong byte, wherever the frame ends; and before what is
    // wrong behind it, however the input was cut.
    if (!message.utf8.add(message.message.view().subspan(before))) return Errc::WsInvalidText;
    if (failed == Errc::Ok && last && !message.utf8.complete()) return Errc::WsInvalidText;
  }
  return failed;
}

// For `announced` bytes after the first `size`. An announced length costs the peer nothing: memory
// follows what has come. Otherwise the buffer doubles.
void Assembler::make_room(std::size_t size, std::uint64_t announced) {
  if (size < kTrustworthyBytes) return;
  const std::uint64_t most = std::uint64_t{size} * (kTrustFactor - 1);
  cold_->message.reserve(size + static_cast<std::size_t>(std::min(announced, most)));
}

MutableBytes Assembler::place(std::uint64_t announced) {
  if (!collects_plain()) return {};
  make_room(cold_->message.size(), announced);
  const MutableBytes spare = cold_->message.spare();
  const std::uint64_t size = std::min<std::uint64_t>({spare.size(), announced, kLargestPlace});
  return size < kSmallestPlace ? MutableBytes() : spare.first(static_cast<std::size_t>(size));
}

Bytes Assembler::finish() {
  cold_->opcode = Opcode::Continuation;
  cold_->given = true;
  return cold_->message.view();
}

Bytes Assembler::finish_as_utf8(Bytes text) {
  OutBuffer replaced;
  append_as_utf8(text, replaced);
  cold().message = std::move(replaced);
  return finish();
}

std::optional<OutBuffer> Assembler::take_message(Bytes data) {
  if (cold_ == nullptr || !cold_->given || in_message()) return std::nullopt;
  const Bytes message = cold_->message.view();
  if (message.data() != data.data() || message.size() != data.size()) return std::nullopt;
  return std::move(cold_->message);
}

void Assembler::add_control(Bytes piece) {
  cold().control.append(piece);
}

Bytes Assembler::finish_control() {
  cold().given = true;
  return cold_->control.view();
}

void Assembler::keep_reason(std::string_view reason) {
  if (!reason.empty()) cold().reason = reason;
}

void Assembler::drop_message() {
  if (!in_message()) return;
  cold_->opcode = Opcode::Continuation;
  cold_->message.reset();
}

void Assembler::release_given() {
  // Between two messages nothing is kept; a control frame inside a message leaves the message
  // alone.
  if (!in_message() && cold_->reason.empty()) {
    cold_.reset();
    return;
  }
  cold_->control.reset();
  cold_->given = false;
}

}  // namespace hybi::ws
