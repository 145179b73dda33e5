#include <hybi/ws/protocol.h>

#include <hybi/base/assert.h>

namespace hybi::ws {

Protocol::Protocol(Role role, const WebSocketLimits& limits, Entropy& entropy, Version version)
    : limits_(&limits),
      entropy_(&entropy),
      decoder_(version, role == Role::Server && traits(version).client_masking == Masking::Payload),
      role_(role),
      version_(version) {}

void Protocol::set_extension(std::unique_ptr<Extension> extension) {
  decoder_.allow_rsv(extension == nullptr ? 0 : extension->rsv_bits());
  extension_ = std::move(extension);
}

// ---- receiving ----

// The straight path: at the front of `in` lies a frame that is a whole message of at most 125
// bytes. Returns: false, with nothing done, for anything else, wrong or right: next_frame decides
// that.
inline bool Protocol::take_small_message(MutableBytes& in, Event& event) const {
  const VersionTraits& version = traits(version_);
  const std::size_t header_size = decoder_.masked_input() ? 6 : 2;
  if (in.size() < header_size) return false;
  const auto first = std::to_integer<std::uint8_t>(in[0]);
  const bool text = first == version.first_byte_of(Opcode::Text);
  if (!text && first != version.first_byte_of(Opcode::Binary)) return false;
  // A wrong mask bit and the longer forms of the length all give more than 125.
  const std::uint8_t mask_bit = decoder_.masked_input() ? 0x80 : 0;
  const std::size_t size = std::to_integer<std::uint8_t>(in[1]) ^ mask_bit;
  if (size > 125 || size > in.size() - header_size || size > limits_->max_frame_bytes ||
      size > limits_->max_message_bytes) {
    return false;
  }
  const MutableBytes payload = in.subspan(header_size, size);
  const bool ascii = decoder_.masked_input() &&
                     (mask_small(payload, MaskKey(in.data() + 2)) & 0x8080808080808080U) == 0;
  in = in.subspan(header_size + size);
  // RFC 6455 8.1: text that is not UTF-8 fails the connection
  if (text && !ascii && version.bad_text == BadText::Fail && !is_utf8(payload)) [[unlikely]] {
    event = {Event::Kind::Failed, {}, 0, Errc::WsInvalidText};
  } else {
    event = {text ? Event::Kind::Text : Event::Kind::Binary, payload};
  }
  return true;
}

Event Protocol::next(MutableBytes& in, OutBuffer& out) {
  assembler_.release();
  if (!can_receive(state_)) [[unlikely]] {
    // RFC 6455 1.4: after Close any further data is discarded
    in = {};
    return {};
  }
  if (in.empty()) return {};
  Event event;
  if (decoder_.between_frames() && assembler_.empty() && take_small_message(in, event)) [[likely]] {
    return event.kind == Event::Kind::Failed ? fail_event(event.errc, in, out) : event;
  }
  return next_frame(in, out);
}

Event Protocol::next_frame(MutableBytes& in, OutBuffer& out) {
  for (;;) {
    if (!decoder_.in_frame()) {
      const Decoder::HeaderStep step = decoder_.read_header(in);
      if (!step.ready) {
        return step.errc == Errc::Ok ? Event{} : fail_event(step.errc, in, out);
      }
      const FrameHeader& header = step.header;
      const bool data = !is_control(header.opcode);
      if (data) {
        const Errc errc = assembler_.admit(header, *limits_);
        if (errc != Errc::Ok) [[unlikely]]
          return fail_event(errc, in, out);
      }
      if (header.payload_bytes <= in.size()) {
        // A whole message in one frame in one input: no copy, no allocation.
        const bool whole_message =
            data && header.fin && header.rsv == 0 && header.opcode != Opcode::Continuation;
        if (whole_message || !data) [[likely]] {
          const MutableBytes payload = in.first(static_cast<std::size_t>(header.payload_bytes));
          in = in.subspan(payload.size());
          if (header.masked) mask(payload, MaskKey(header.mask_key));
          if (!data) [[unlikely]]
            return on_control(header.opcode, payload, in, out);
          if (header.opcode == Opcode::Binary) return {Event::Kind::Binary, payload};
          // RFC 6455 8.1: text that is not UTF-8 fails the connection
          if (traits(version_).bad_text == BadText::Fail && !is_utf8(payload)) [[unlikely]] {
            return fail_event(Errc::WsInvalidText, in, out);
          }
          return {Event::Kind::Text, payload};
        }
      }
      decoder_.enter(header);
      if (data) assembler_.begin_frame(header);
    }
    const Event event = next_part(in, out);
    if (event.kind != Event::Kind::NeedMore || decoder_.in_frame()) return event;
  }
}

// What `in` holds of a frame that does not make a whole message by itself, or is not wholly there.
// Returns: NeedMore also at the end of a fragment.
Event Protocol::next_part(MutableBytes& in, OutBuffer& out) {
  const FrameHeader frame = decoder_.frame();
  const Decoder::Part part = decoder_.take_part(in);
  if (is_control(frame.opcode)) {
    if (frame.masked) mask(part.bytes, part.key);
    assembler_.add_control(part.bytes);
    if (!part.last) return {};
    return on_control(frame.opcode, assembler_.finish_control(), in, out);
  }
  const bool last = part.last && frame.fin;
  const bool check_text = traits(version_).bad_text == BadText::Fail;
  const Errc errc =
      assembler_.add(part.bytes, part.key, frame.masked, frame.payload_bytes - part.bytes.size(),
                     last, check_text, extension_.get(), *limits_);
  if (errc != Errc::Ok) return fail_event(errc, in, out);
  return last ? finish_message() : Event{};
}

Event Protocol::finish_message() {
  const bool text = assembler_.opcode() == Opcode::Text;
  return {text ? Event::Kind::Text : Event::Kind::Binary, assembler_.finish()};
}

Event Protocol::on_control(Opcode opcode, Bytes payload, MutableBytes& in, OutBuffer& out) {
  switch (opcode) {
    case Opcode::Ping:
      // RFC 6455 5.5.2: a ping is answered unless the peer's close frame came before it
      send_control(Opcode::Pong, payload, out);
      return {Event::Kind::Ping, payload};
    case Opcode::Pong:
      // RFC 6455 5.5.3: a pong may come unasked
      return {Event::Kind::Pong, payload};
    default:
      return on_close(payload, in, out);
  }
}

Event Protocol::on_close(Bytes payload, MutableBytes& in, OutBuffer& out) {
  const bool has_code = traits(version_).close_body == CloseBody::CodeAndReason && !payload.empty();
  CloseCode code = kNoStatusReceived;
  std::string_view reason;
  if (has_code) {
    // RFC 6455 5.5.1: a body begins with a 2-byte code
    if (payload.size() < 2) return fail_event(Errc::WsBadClosePayload, in, out);
    code = load_be<std::uint16_t>(payload.data());
    // RFC 6455 7.4.1, 7.4.2: some codes are for local use, some reserved
    if (!may_be_on_wire(code)) return fail_event(Errc::WsBadCloseCode, in, out);
    // RFC 6455 5.5.1: the reason is UTF-8
    if (!is_utf8(payload.subspan(2))) return fail_event(Errc::WsInvalidCloseReason, in, out);
    reason = as_text(payload.subspan(2));
  }
  received_code_ = code;
  close_received_ = true;
  // RFC 6455 5.5.1: a close frame is answered with one, which typically echoes the code
  if (!close_sent_) send_close(code, {}, out);
  state_ = after(state_, Step::ReceiveClose);
  assembler_.drop_message();
  assembler_.keep_reason(reason);
  in = {};
  return {Event::Kind::Close, as_bytes(received_reason()), code};
}

Event Protocol::fail_event(Errc why, MutableBytes& in, OutBuffer& out) {
  fail(why, out);
  in = {};
  return {Event::Kind::Failed, {}, 0, why};
}

Event Protocol::end_of_input() {
  assembler_.release();
  // A failure was told when it happened; what is told here is only how the stream ended.
  state_ = after(state_, Step::EndOfInput);
  if (!clean()) return {Event::Kind::Failed, {}, 0, Errc::WsAbnormalClosure};
  return {Event::Kind::Close, as_bytes(received_reason()), received_code_};
}

// ---- sending ----

Result<void> Protocol::send_text(std::string_view text, OutBuffer& out) {
#if defined(HYBI_CHECKED)
  if (!is_utf8(text)) return Errc::BadText;
#endif
  return send_message(Opcode::Text, as_bytes(text), out);
}

Result<void> Protocol::send_binary(Bytes data, OutBuffer& out) {
  return send_message(Opcode::Binary, data, out);
}

Result<void> Protocol::send_message(Opcode opcode, Bytes data, OutBuffer& out) {
  if (!can_send_message()) return Errc::BadState;
  if (role_ == Role::Server && data.size() <= 125 && extension_ == nullptr) [[likely]] {
    std::byte* const at = out.grow(2 + data.size());
    at[0] = std::byte{traits(version_).first_byte_of(opcode)};
    at[1] = std::byte(data.size());
    if (!data.empty()) std::memcpy(at + 2, data.data(), data.size());
    return {};
  }
  FrameHeader header{.payload_bytes = data.size(), .opcode = opcode};
  if (extension_ != nullptr) [[unlikely]] {
    OutBuffer coded;
    header.rsv = extension_->encode(opcode, data, coded);
    if (header.rsv != 0) {
      header.payload_bytes = coded.size();
      send_frame(header, coded.view(), out);
      return {};
    }
  }
  send_frame(header, data, out);
  return {};
}

std::optional<OutBuffer> Protocol::send_back(Opcode opcode, Bytes data, OutBuffer& out) {
  if (!can_send_message() || role_ == Role::Client || extension_ != nullptr) return std::nullopt;
  std::optional<OutBuffer> payload = assembler_.take_message(data);
  if (payload) {
    std::byte* const at = out.grow(encoded_header_bytes(data.size(), false));
    encode_header({.payload_bytes = data.size(), .opcode = opcode}, traits(version_), at);
  }
  return payload;
}

Result<void> Protocol::send_fragment(Opcode opcode, Bytes data, bool last, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (sending_fragments_) {
    opcode = Opcode::Continuation;
  } else if (opcode != Opcode::Text && opcode != Opcode::Binary) {
    return Errc::BadState;
  }
  send_frame({.payload_bytes = data.size(), .opcode = opcode, .fin = last}, data, out);
  sending_fragments_ = !last;
  return {};
}

Result<void> Protocol::send_ping(Bytes data, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (data.size() > kMaxControlPayload) return Errc::BadControlPayload;
  send_control(Opcode::Ping, data, out);
  return {};
}

Result<void> Protocol::send_pong(Bytes data, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (data.size() > kMaxControlPayload) return Errc::BadControlPayload;
  send_control(Opcode::Pong, data, out);
  return {};
}

Result<void> Protocol::close(CloseCode code, std::string_view reason, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (code != kNoStatusReceived && !may_be_on_wire(code)) return Errc::BadCloseCode;
  // Without a code there is no place for a reason. RFC 6455 5.5.1
  const std::size_t room = code == kNoStatusReceived ? 0 : kMaxCloseReasonBytes;
  if (reason.size() > room || !is_utf8(reason)) return Errc::BadCloseReason;
  send_close(code, reason, out);
  state_ = after(state_, Step::SendClose);
  return {};
}

void Protocol::fail(Errc why, OutBuffer& out) {
  if (state_ == State::Closed) return;
  const ErrorInfo& error = info(why);
  // RFC 6455 7.1.7: a close frame with the code that fits, if none was sent
  if (!close_sent_ && may_be_on_wire(error.close_code)) {
    send_close(error.close_code, error.text, out);
  }
  state_ = after(state_, Step::Fail);
  assembler_.drop_message();
}

void Protocol::send_close(CloseCode code, std::string_view reason, OutBuffer& out) {
  std::array<std::byte, kMaxControlPayload> body;
  std::size_t size = 0;
  if (code != kNoStatusReceived && traits(version_).close_body == CloseBody::CodeAndReason) {
    HYBI_ASSERT(reason.size() <= kMaxCloseReasonBytes);
    store_be(body.data(), code);
    std::copy_n(as_bytes(reason).begin(), reason.size(), body.begin() + 2);
    size = 2 + reason.size();
  }
  send_control(Opcode::Close, Bytes(body.data(), size), out);
  close_sent_ = true;
}

void Protocol::send_control(Opcode opcode, Bytes payload, OutBuffer& out) {
  send_frame({.payload_bytes = payload.size(), .opcode = opcode}, payload, out);
}

void Protocol::send_frame(FrameHeader header, Bytes payload, OutBuffer& out) {
  const VersionTraits& version = traits(version_);
  if (role_ == Role::Client && version.client_masking == Masking::Payload) {
    // RFC 6455 5.3: a fresh, unpredictable key for every frame
    header.masked = true;
    entropy_->fill(header.mask_key);
  }
  const std::size_t header_size = encoded_header_bytes(payload.size(), header.masked);
  std::byte* const at = out.grow(header_size + payload.size());
  encode_header(header, version, at);
  if (payload.empty()) return;
  if (header.masked) {
    mask_copy(at + header_size, payload, MaskKey(header.mask_key));
  } else {
    std::memcpy(at + header_size, payload.data(), payload.size());
  }
}

void encode_server_message(Opcode opcode, Bytes payload, OutBuffer& out, Version version) {
  const std::size_t header_size = encoded_header_bytes(payload.size(), false);
  std::byte* const at = out.grow(header_size + payload.size());
  encode_header({.payload_bytes = payload.size(), .opcode = opcode}, traits(version), at);
  if (!payload.empty()) std::memcpy(at + header_size, payload.data(), payload.size());
}

}  // namespace hybi::ws
