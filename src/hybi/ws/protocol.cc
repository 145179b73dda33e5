// Receiving, see protocol.h.
#include <hybi/ws/protocol.h>

#include <algorithm>
#include <array>
#include <utility>

namespace hybi::ws {

Protocol::Protocol(Role role, const WebSocketLimits& limits, Entropy& entropy, Version version,
                   const LegacyOptions& legacy)
    : limits_(&limits),
      entropy_(&entropy),
      decoder_(version, role == Role::Server && traits(version).client_masking == Masking::Payload),
      role_(role),
      version_(version),
      quick_(role == Role::Server) {
  const bool whole = traits(version).client_masking == Masking::Whole;
  if (!whole && !sentinel()) return;
  detour().legacy = legacy;
  if (sentinel()) {
    detour().sentinel.emplace(version, legacy.length_frames);
    detour().sniffing = legacy.sniff_hybi01 && version == Version::Hixie76 && role == Role::Server;
  } else if (role == Role::Server) {
    detour().unmasker.emplace(version, Sha1{}, false);
  }
}

Protocol::Detour& Protocol::detour() {
  if (detour_ == nullptr) {
    detour_ = std::make_unique<Detour>();
    decoder_.set_detour();
    quick_ = false;
  }
  return *detour_;
}

void Protocol::set_extension(std::unique_ptr<Extension> extension) {
  decoder_.allow_rsv(extension->rsv_bits(), extension->per_frame());
  extension_ = std::move(extension);
  quick_ = false;
}

void Protocol::set_deflate_stream(std::unique_ptr<DeflateStream> stream) {
  detour().stream = std::move(stream);
}

void Protocol::set_connection_key(const Sha1& key) {
  detour().connection_key = key;
  if (role_ == Role::Client) return;
  detour().unmasker.emplace(version_, key, detour().legacy.libwebsockets_masking);
}

// ---- receiving ----

// The straight path: at the front of `in` lies a frame that is a whole message of at most 125
// bytes. Returns: false, with nothing done, for anything else, wrong or right: next_frame decides
// that. Failed with the payload: text that is not UTF-8.
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
  if (text && !ascii && !is_utf8(payload)) [[unlikely]] {
    event = {Event::Kind::Failed, payload};
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
  if (in.empty() && detour_ == nullptr) return {};
  Event event;
  if (decoder_.straight() && assembler_.empty() && take_small_message(in, event)) [[likely]] {
    return event.kind == Event::Kind::Failed ? bad_text(event.payload, in, out) : event;
  }
  return detour_ == nullptr ? next_frame(in, out) : next_detour(in, out);
}

// By way of deflate-stream, if there is one.
Event Protocol::next_detour(MutableBytes& in, OutBuffer& out) {
  for (;;) {
    MutableBytes* from = &in;
    if (detour_->stream) {
      if (detour_->plain.empty()) {
        const Result<MutableBytes> plain = detour_->stream->take(in);
        if (!plain) return fail_event(plain.error().code, in, out);
        detour_->plain = *plain;
      }
      from = &detour_->plain;
    }
    if (from->empty()) return {};
    const Event event = next_plain(*from, out);
    if (!can_receive(state_)) in = {};
    if (event.kind != Event::Kind::NeedMore) return event;
  }
}

// By way of another framing or masking, if there is one.
Event Protocol::next_plain(MutableBytes& in, OutBuffer& out) {
  if (detour_->sentinel) return next_sentinel(in, out);
  if (!detour_->unmasker) return next_frame(in, out);
  while (!in.empty()) {
    MutableBytes frame = detour_->unmasker->take(in);
    if (frame.empty()) break;
    const Event event = next_frame(frame, out);
    if (event.kind != Event::Kind::NeedMore) return event;
  }
  return {};
}

Event Protocol::next_sentinel(MutableBytes& in, OutBuffer& out) {
  if (std::exchange(detour_->sniffing, false)) {
    // hixie-76 begins with a text, a close mark or a length frame; hybi-01 with a frame, whose
    // opcode is 1 to 5, and only 4 and 5 may have the bit that more follows.
    const auto first = std::to_integer<std::uint8_t>(in[0]);
    if ((first >= 0x01 && first <= 0x05) || first == 0x84 || first == 0x85) {
      detour_->sentinel.reset();
      version_ = Version::Hybi01;
      decoder_ = Decoder(version_, false);
      decoder_.set_detour();
      return next_frame(in, out);
    }
  }
  using Kind = SentinelDecoder::Item::Kind;
  const SentinelDecoder::Item item = detour_->sentinel->next(in, *limits_);
  switch (item.kind) {
    case Kind::Text:
      return {Event::Kind::Text, item.payload};
    case Kind::Binary:
      return {Event::Kind::Binary, item.payload};
    case Kind::Close:
      return on_close({}, in, out);
    case Kind::Failed:
      return fail_event(item.errc, in, out);
    default:
      return {};
  }
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
          if (!is_utf8(payload)) [[unlikely]]
            return bad_text(payload, in, out);
          return {Event::Kind::Text, payload};
        }
      }
      decoder_.enter(header);
      if (data) {
        assembler_.begin_frame(header, extension_ != nullptr && extension_->per_frame());
      }
    }
    const Event event = next_part(in, out);
    if (event.kind != Event::Kind::NeedMore || (decoder_.in_frame() && in.empty())) return event;
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
  return last ? finish_message(in, out) : Event{};
}

bool Protocol::in_large_frame() const {
  const FrameHeader& frame = decoder_.frame();
  return frame.payload_bytes >= kSmallestPlace && !is_control(frame.opcode) &&
         assembler_.collects_plain() && (detour_ == nullptr || !detour_->stream);
}

MutableBytes Protocol::place_for_payload() {
  return wants_place() ? assembler_.place(decoder_.frame().payload_bytes) : MutableBytes();
}

Event Protocol::finish_message(MutableBytes& in, OutBuffer& out) {
  const bool text = assembler_.opcode() == Opcode::Text;
  const Bytes message = assembler_.finish();
  if (!text) return {Event::Kind::Binary, message};
  const bool unchecked = traits(version_).bad_text == BadText::Replace;
  if (unchecked && !is_utf8(message)) return bad_text(message, in, out);
  return {Event::Kind::Text, message};
}

// RFC 6455 8.1: text that is not UTF-8 fails the connection. Before hybi-10 it was mended.
Event Protocol::bad_text(Bytes text, MutableBytes& in, OutBuffer& out) {
  if (traits(version_).bad_text == BadText::Fail) {
    return fail_event(Errc::WsInvalidText, in, out);
  }
  return {Event::Kind::Text, assembler_.finish_as_utf8(text)};
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

// RFC 6455 5.5.1: a close frame is answered with one.
Event Protocol::on_close(Bytes payload, MutableBytes& in, OutBuffer& out) {
  const CloseForm form = traits(version_).close_form;
  if (form == CloseForm::CodeAndReason) return on_close_code(payload, in, out);
  if (!close_sent_) {
    close_sent_ = true;
    if (form == CloseForm::Mark) {
      end_sentinel_text(out);
      append_close_mark(out);
    } else if (form == CloseForm::Echo) {
      // hybi-03 4.5.1: the acknowledgement repeats the body
      send_control(Opcode::Close, payload, out);
    } else {
      // hybi-05: the sender's letter, and the rest as it came
      std::array<std::byte, kMaxControlPayload> body;
      std::copy(payload.begin(), payload.end(), body.begin());
      body[0] = close_letter();
      send_control(Opcode::Close, Bytes(body).first(std::max<std::size_t>(payload.size(), 1)), out);
    }
  }
  return closed(kNoStatusReceived, {}, in);
}

Event Protocol::on_close_code(Bytes payload, MutableBytes& in, OutBuffer& out) {
  const VersionTraits& version = traits(version_);
  CloseCode code = kNoStatusReceived;
  OutBuffer mended;
  std::string_view reason;
  if (!payload.empty()) {
    // RFC 6455 5.5.1: a body begins with a 2-byte code
    if (payload.size() < 2) return fail_event(Errc::WsBadClosePayload, in, out);
    code = load_be<std::uint16_t>(payload.data());
    // RFC 6455 7.4.1, 7.4.2: some codes are for local use, some reserved
    if (!may_receive(version.close_codes, code)) return fail_event(Errc::WsBadCloseCode, in, out);
    reason = as_text(payload.subspan(2));
    if (!is_utf8(reason)) {
      // RFC 6455 5.5.1: the reason is UTF-8
      if (version.bad_text == BadText::Fail) {
        return fail_event(Errc::WsInvalidCloseReason, in, out);
      }
      append_as_utf8(as_bytes(reason), mended);
      reason = as_text(mended.view());
    }
  }
  // RFC 6455 5.5.1: the answer typically echoes the code
  if (!close_sent_) send_code(code, {}, out);
  return closed(code, reason, in);
}

Event Protocol::closed(CloseCode code, std::string_view reason, MutableBytes& in) {
  received_code_ = code;
  close_received_ = true;
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
  if (traits(version_).close_form == CloseForm::EndOfStream && state_ != State::Closed &&
      !collecting()) {
    close_sent_ = close_received_ = true;
    received_code_ = kNoStatusReceived;
  }
  // A failure was told when it happened; what is told here is only how the stream ended.
  state_ = after(state_, Step::EndOfInput);
  if (!clean()) return {Event::Kind::Failed, {}, 0, Errc::WsAbnormalClosure};
  return {Event::Kind::Close, as_bytes(received_reason()), received_code_};
}

}  // namespace hybi::ws
