#include <hybi/testing/ws_peer.h>

#include <algorithm>

namespace hybi::testing {

using ws::Event;
using ws::Opcode;
using ws::Role;

namespace {

constexpr std::size_t kShownBytes = 80;

std::string_view name_of(Opcode opcode) {
  switch (opcode) {
    case Opcode::Continuation:
      return "continuation";
    case Opcode::Text:
      return "text";
    case Opcode::Binary:
      return "binary";
    case Opcode::Close:
      return "close";
    case Opcode::Ping:
      return "ping";
    case Opcode::Pong:
      return "pong";
  }
  return "reserved";
}

std::string show_close(ws::CloseCode code, std::string_view reason) {
  std::string text = "close " + std::to_string(code);
  if (!reason.empty()) text += " " + show_text(reason);
  return text;
}

std::string show_frame(Opcode opcode, Bytes payload) {
  std::string text(name_of(opcode));
  switch (opcode) {
    case Opcode::Close:
      if (payload.size() < 2) return text;
      return show_close(load_be<std::uint16_t>(payload.data()), as_text(payload.subspan(2)));
    case Opcode::Binary:
    case Opcode::Continuation:
      return text + " " + show_binary(payload);
    default:
      return text + " " + show_text(as_text(payload));
  }
}

}  // namespace

std::string show_text(std::string_view text) {
  if (text.size() > kShownBytes) return std::to_string(text.size()) + " bytes";
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      shown += {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
    } else {
      shown += c;
    }
  }
  return shown + "\"";
}

std::string show_binary(Bytes data) {
  if (data.size() > kShownBytes) return std::to_string(data.size()) + " bytes";
  if (data.empty()) return "empty";
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string shown;
  for (std::byte b : data) {
    const auto byte = std::to_integer<unsigned>(b);
    if (!shown.empty()) shown += ' ';
    shown += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return shown;
}

WsPeer::WsPeer(Role role, const WebSocketLimits& limits, ws::Version version,
               const ws::LegacyOptions& legacy)
    : role_(role),
      limits_(limits),
      protocol_(role, limits_, entropy_, version, legacy),
      as_bytes_(version != ws::Version::V13) {}

void WsPeer::use_deflate(const Compression& compression, const ws::DeflateParams& params) {
  as_bytes_ = true;
  if (params.kind == ws::DeflateParams::Kind::Stream) {
    protocol_.set_deflate_stream(std::make_unique<ws::DeflateStream>());
    return;
  }
  const bool server = role_ == Role::Server;
  protocol_.set_extension(std::make_unique<ws::MessageDeflate>(
      pool_, compression, params.kind, server ? params.server : params.client,
      server ? params.client : params.server));
}

void WsPeer::receive(const Pieces& pieces) {
  for (OwnedBytes piece : pieces) {
    MutableBytes in(piece);
    for (;;) {
      const Event event = protocol_.next(in, out_);
      note(event);
      note_output();
      if (event.kind == Event::Kind::NeedMore) break;
    }
    if (!in.empty()) log_.push_back("input left at NeedMore");
  }
}

void WsPeer::end_of_input() {
  note(protocol_.end_of_input());
  note_output();
}

void WsPeer::send_text(std::string_view text) {
  note(protocol_.send_text(text, out_));
}
void WsPeer::send_binary(Bytes data) {
  note(protocol_.send_binary(data, out_));
}
void WsPeer::send_fragment(Opcode opcode, std::string_view text, bool last) {
  note(protocol_.send_fragment(opcode, as_bytes(text), last, out_));
}
void WsPeer::send_ping(std::string_view data) {
  note(protocol_.send_ping(as_bytes(data), out_));
}
void WsPeer::send_pong(std::string_view data) {
  note(protocol_.send_pong(as_bytes(data), out_));
}
void WsPeer::close(ws::CloseCode code, std::string_view reason) {
  note(protocol_.close(code, reason, out_));
}
void WsPeer::fail(Errc why) {
  protocol_.fail(why, out_);
  note_output();
}

Log WsPeer::events() const {
  Log kept;
  std::copy_if(log_.begin(), log_.end(), std::back_inserter(kept),
               [](const std::string& line) { return line.starts_with("event"); });
  return kept;
}

void WsPeer::note(const Event& event) {
  switch (event.kind) {
    case Event::Kind::NeedMore:
      return;
    case Event::Kind::Text:
      log_.push_back("event text " + show_text(as_text(event.payload)));
      return;
    case Event::Kind::Binary:
      log_.push_back("event binary " + show_binary(event.payload));
      return;
    case Event::Kind::Ping:
      log_.push_back("event ping " + show_text(as_text(event.payload)));
      return;
    case Event::Kind::Pong:
      log_.push_back("event pong " + show_text(as_text(event.payload)));
      return;
    case Event::Kind::Close:
      log_.push_back("event " + show_close(event.code, as_text(event.payload)));
      return;
    case Event::Kind::Failed:
      log_.push_back("event failed " + std::string(info(event.errc).name));
      return;
  }
}

void WsPeer::note(const Result<void>& result) {
  if (!result) log_.push_back("refused " + std::string(info(result.error().code).name));
  note_output();
}

void WsPeer::note_output() {
  if (!as_bytes_) {
    note_frames();
  } else if (logged_ < out_.size()) {
    log_.push_back("out " + show_binary(out_.view().subspan(logged_)));
    logged_ = out_.size();
  }
  if (protocol_.eof_due() && !half_closed_) {
    half_closed_ = true;
    log_.push_back("half-close");
  }
}

void WsPeer::note_frames() {
  while (logged_ < out_.size()) {
    const Bytes rest = out_.view().subspan(logged_);
    const ws::DecodedHeader decoded = ws::decode_header(rest, ws::traits(ws::Version::V13));
    if (decoded.used == 0 || rest.size() - decoded.used < decoded.header.payload_bytes) {
      log_.push_back("out half a frame");
      logged_ = out_.size();
      return;
    }
    OwnedBytes payload =
        owned(rest.subspan(decoded.used, static_cast<std::size_t>(decoded.header.payload_bytes)));
    if (decoded.header.masked) {
      for (std::size_t i = 0; i < payload.size(); ++i) payload[i] ^= decoded.header.mask_key[i % 4];
    }
    std::string line = "out ";
    // RFC 6455 5.1
    if (decoded.header.masked != (role_ == Role::Client)) line += "wrongly masked ";
    if (!decoded.header.fin) line += "first of ";
    if (decoded.header.rsv != 0) line += "rsv " + std::to_string(decoded.header.rsv >> 4) + " ";
    log_.push_back(line + show_frame(decoded.header.opcode, payload));
    logged_ += decoded.used + payload.size();
  }
}

OwnedBytes frame(Role from, ws::FrameHeader header, Bytes payload) {
  header.masked = from == Role::Client;
  header.payload_bytes = payload.size();
  OwnedBytes result(ws::kMaxHeaderBytes);
  result.resize(ws::encode_header(header, ws::traits(ws::Version::V13), result.data()));
  for (std::size_t i = 0; i < payload.size(); ++i) {
    result.push_back(header.masked ? payload[i] ^ header.mask_key[i % 4] : payload[i]);
  }
  return result;
}

OwnedBytes frame(Role from, Opcode opcode, std::string_view payload, bool fin) {
  const std::array<std::byte, 4> key{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21},
                                     std::byte{0x3D}};
  return frame(from, {.mask_key = key, .opcode = opcode, .fin = fin}, as_bytes(payload));
}

}  // namespace hybi::testing
