// Sending, see protocol.h.
#include <hybi/base/assert.h>
#include <hybi/base/digest.h>
#include <hybi/ws/protocol.h>

#include <algorithm>
#include <array>

namespace hybi::ws {
namespace {

// A frame without a mask.
void append_frame(FrameHeader header, const VersionTraits& version, Bytes payload, OutBuffer& out) {
  header.payload_bytes = payload.size();
  const std::size_t header_size = encoded_header_bytes(payload.size(), false);
  std::byte* const at = out.grow(header_size + payload.size());
  encode_header(header, version, at);
  if (!payload.empty()) std::memcpy(at + header_size, payload.data(), payload.size());
}

void append_byte(std::byte byte, OutBuffer& out) {
  *out.grow(1) = byte;
}

}  // namespace

Result<void> Protocol::send_text(std::string_view text, OutBuffer& out, bool compress) {
#if defined(HYBI_CHECKED)
  if (!is_utf8(text)) return Errc::BadText;
#endif
  return send_message(Opcode::Text, as_bytes(text), out, compress);
}

Result<void> Protocol::send_binary(Bytes data, OutBuffer& out, bool compress) {
  return send_message(Opcode::Binary, data, out, compress);
}

Result<void> Protocol::send_message(Opcode opcode, Bytes data, OutBuffer& out, bool compress) {
  if (!can_send_message()) return Errc::BadState;
  if (quick_ && data.size() <= 125) [[likely]] {
    std::byte* const at = out.grow(2 + data.size());
    at[0] = std::byte{traits(version_).first_byte_of(opcode)};
    at[1] = std::byte(data.size());
    if (!data.empty()) std::memcpy(at + 2, data.data(), data.size());
    return {};
  }
  if (sentinel()) return send_sentinel(opcode, data, out);
  FrameHeader header{.opcode = opcode};
  if (extension_ != nullptr && compress) [[unlikely]] {
    OutBuffer coded;
    header.rsv = extension_->encode(data, coded);
    if (header.rsv != 0) {
      send_frame(header, coded.view(), out);
      return {};
    }
  }
  send_frame(header, data, out);
  return {};
}

Result<void> Protocol::send_sentinel(Opcode opcode, Bytes data, OutBuffer& out) {
  detour_->sniffing = false;
  const Encoding encoding{.version = Version::Hixie76, .base64 = detour_->legacy.base64_binary};
  return encode_server_message(encoding, nullptr, opcode, data, out);
}

std::optional<OutBuffer> Protocol::send_back(Opcode opcode, Bytes data, OutBuffer& out) {
  if (!can_send_message() || !quick_) return std::nullopt;
  std::optional<OutBuffer> payload = assembler_.take_message(data);
  if (payload) {
    std::byte* const at = out.grow(encoded_header_bytes(data.size(), false));
    encode_header({.payload_bytes = data.size(), .opcode = opcode}, traits(version_), at);
  }
  return payload;
}

Result<void> Protocol::send_fragment(Opcode opcode, Bytes data, bool last, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  const bool first = !sending_fragments_;
  if (first && opcode != Opcode::Text && opcode != Opcode::Binary) return Errc::BadState;
  if (!sentinel()) {
    if (!first) opcode = Opcode::Continuation;
    send_frame({.opcode = opcode, .fin = last}, data, out);
  } else {
    if (first && opcode == Opcode::Binary) return Errc::NoBinary;
    detour_->sniffing = false;
    if (first) append_byte(kTextBegin, out);
    append_sentinel_text(as_text(data), out);
    if (last) append_byte(kTextEnd, out);
  }
  sending_fragments_ = !last;
  return {};
}

Result<void> Protocol::send_ping(Bytes data, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (data.size() > kMaxControlPayload) return Errc::BadControlPayload;
  if (sentinel()) return Errc::NoPing;
  send_control(Opcode::Ping, data, out);
  return {};
}

Result<void> Protocol::send_pong(Bytes data, OutBuffer& out) {
  if (!can_send(state_)) return Errc::BadState;
  if (data.size() > kMaxControlPayload) return Errc::BadControlPayload;
  if (sentinel()) return Errc::NoPing;
  send_control(Opcode::Pong, data, out);
  return {};
}

// --- closing

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

// 75, 76: what follows a text that has not ended would be a part of it.
void Protocol::end_sentinel_text(OutBuffer& out) {
  if (sentinel() && sending_fragments_) append_byte(kTextEnd, out);
}

// Says as much of code and reason as the version can.
void Protocol::send_close(CloseCode code, std::string_view reason, OutBuffer& out) {
  close_sent_ = true;
  end_sentinel_text(out);
  const VersionTraits& version = traits(version_);
  switch (version.close_form) {
    case CloseForm::EndOfStream:
      break;  // see eof_due()
    case CloseForm::Mark:
      append_close_mark(out);
      break;
    case CloseForm::Echo:
      send_control(Opcode::Close, {}, out);
      break;
    case CloseForm::Letter: {
      const std::byte letter = close_letter();
      send_control(Opcode::Close, {&letter, 1}, out);
      break;
    }
    case CloseForm::CodeAndReason:
      if (code != kNoStatusReceived) code = nearest_code(version.close_codes, code);
      send_code(code, reason, out);
      break;
  }
}

void Protocol::send_code(CloseCode code, std::string_view reason, OutBuffer& out) {
  std::array<std::byte, kMaxControlPayload> body;
  std::size_t size = 0;
  if (code != kNoStatusReceived) {
    HYBI_ASSERT(reason.size() <= kMaxCloseReasonBytes);
    store_be(body.data(), code);
    std::copy_n(as_bytes(reason).begin(), reason.size(), body.begin() + 2);
    size = 2 + reason.size();
  }
  send_control(Opcode::Close, Bytes(body.data(), size), out);
  close_sent_ = true;
}

// --- frames

void Protocol::send_control(Opcode opcode, Bytes payload, OutBuffer& out) {
  send_frame({.opcode = opcode}, payload, out);
}

void Protocol::send_frame(FrameHeader header, Bytes payload, OutBuffer& out) {
  const VersionTraits& version = traits(version_);
  const std::size_t before = out.size();
  if (role_ == Role::Server || version.client_masking == Masking::None) {
    append_frame(header, version, payload, out);
  } else if (version.client_masking == Masking::Payload) {
    // RFC 6455 5.3: a fresh, unpredictable key for every frame
    header.payload_bytes = payload.size();
    header.masked = true;
    entropy_->fill(header.mask_key);
    const std::size_t header_size = encoded_header_bytes(payload.size(), true);
    std::byte* const at = out.grow(header_size + payload.size());
    encode_header(header, version, at);
    if (!payload.empty()) mask_copy(at + header_size, payload, MaskKey(header.mask_key));
  } else {
    FrameNonce nonce;
    entropy_->fill(nonce);
    out.append(nonce);
    append_frame(header, version, payload, out);
    apply_frame_key(frame_key(version_, nonce, detour_->connection_key), 0,
                    out.mutable_view().subspan(before + nonce.size()));
  }
  if (detour_ != nullptr && detour_->stream) detour_->stream->encode(out, before);
}

// --- for many

Encoding Protocol::encoding(std::size_t message_bytes, bool compress) const {
  Encoding encoding;
  if (quick_) [[likely]] {
    if (version_ < Version::V7) encoding.version = Version::Hybi02;
    return encoding;
  }
  if (sentinel()) {
    encoding.version = Version::Hixie76;
    encoding.base64 = detour_->legacy.base64_binary;
  } else if (version_ < Version::V7) {
    encoding.version = version_ < Version::V4 ? Version::Hybi02 : Version::V6;
  }
  if (extension_ != nullptr && compress) encoding.deflate = extension_->shared_form(message_bytes);
  return encoding;
}

bool Protocol::send_shared(Bytes frame, const Encoding& encoding, OutBuffer& out) {
  if (quick_) [[likely]]
    return false;
  if (extension_ != nullptr && encoding.deflate.window_bits != 0) extension_->sent_shared();
  if (detour_ == nullptr) return false;
  detour_->sniffing = false;
  if (!detour_->stream) return false;
  const std::size_t before = out.size();
  out.append(frame);
  detour_->stream->encode(out, before);
  return true;
}

Result<void> encode_server_message(const Encoding& encoding, DeflatePool* pool, Opcode opcode,
                                   Bytes payload, OutBuffer& out) {
  const VersionTraits& version = traits(encoding.version);
  if (version.framing == Framing::Sentinel) {
    if (opcode == Opcode::Binary && !encoding.base64) return Errc::NoBinary;
    append_byte(kTextBegin, out);
    if (opcode == Opcode::Binary) {
      out.append(base64_encode(payload));
    } else {
      append_sentinel_text(as_text(payload), out);
    }
    append_byte(kTextEnd, out);
    return {};
  }
  FrameHeader header{.opcode = opcode};
  if (encoding.deflate.window_bits != 0) {
    HYBI_ASSERT(pool != nullptr);
    OutBuffer coded;
    pool->deflate(payload, encoding.deflate, coded);
    if (coded.size() < payload.size()) {
      header.rsv = kRsv1;
      append_frame(header, version, coded.view(), out);
      return {};
    }
  }
  append_frame(header, version, payload, out);
  return {};
}

}  // namespace hybi::ws
