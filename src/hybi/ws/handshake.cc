#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/http/field_value.h>
#include <hybi/http/writer.h>
#include <hybi/ws/handshake.h>
#include <hybi/ws/hixie_key.h>

#include <algorithm>
#include <cstring>
#include <optional>

namespace hybi::ws {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3

// Any base64 of 16 bytes, also one whose unused last bits are not zero: old clients send such.
// Before 13 nobody checked, and clients that send 15 bytes are about (npm ws 0.4).
bool is_key(std::string_view key, Version version) {
  const auto bytes = base64_decode(key);
  return bytes && (bytes->size() == 16 || (bytes->size() == 15 && version != Version::V13));
}

// Returns: nothing for a request that says no version we know. The order is fixed: hybi-01 and
// later ones can be told from 76 by what they say first.
std::optional<Version> detect_version(const http::Head& head) {
  // RFC 6455 4.2.1 6, 11.3.5: once, a decimal without leading zeros
  if (const std::size_t count = head.count("sec-websocket-version"); count > 0) {
    for (std::size_t i = 0; i < kVersionCount && count == 1; ++i) {
      const Version version = version_at(i);
      if (has_version_field(version) &&
          head.find("sec-websocket-version") == std::to_string(number_of(version))) {
        return version;
      }
    }
    return std::nullopt;
  }
  if (head.count("sec-websocket-draft") > 0) {
    const std::string_view draft = head.find("sec-websocket-draft");
    if (draft == "0") return Version::Hixie76;
    if (draft == "1") return Version::Hybi01;
    if (draft == "2" || draft == "3") return Version::Hybi02;
    return std::nullopt;
  }
  if (head.count("sec-websocket-key1") > 0 || head.count("sec-websocket-key2") > 0) {
    return Version::Hixie76;
  }
  if (head.count("sec-websocket-key") > 0) return std::nullopt;  // 4 or later without its number
  return Version::Hixie75;
}

// The value as it was sent, less the one space behind the colon.
std::string_view raw_value(const http::Head& head, std::string_view name) {
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    if (!equals_ignoring_case(field.name, name)) continue;
    const std::string_view bytes = head.bytes();
    const auto after_name =
        static_cast<std::size_t>(field.name.data() + field.name.size() - bytes.data());
    std::string_view rest = bytes.substr(after_name + 1);
    rest = rest.substr(0, rest.find("\r\n"));
    if (rest.starts_with(' ')) rest.remove_prefix(1);
    return rest;
  }
  return {};
}

Result<void> read_challenge(const http::Head& head, Offer& offer) {
  if (head.count("sec-websocket-key1") != 1 || head.count("sec-websocket-key2") != 1) {
    return Errc::WsHandshakeChallenge;
  }
  const auto number1 = parse_hixie_key(raw_value(head, "sec-websocket-key1"));
  const auto number2 = parse_hixie_key(raw_value(head, "sec-websocket-key2"));
  if (!number1 || !number2) return Errc::WsHandshakeChallenge;
  offer.number1 = *number1;
  offer.number2 = *number2;
  return {};
}

template <class Handle>
Result<void> for_each_line(const http::Head& head, std::string_view name, Handle handle) {
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    if (equals_ignoring_case(field.name, name)) HYBI_TRY(handle(field.value));
  }
  return {};
}

// Before 4: one string, compared as a whole; from hybi-01 on perhaps several with spaces between.
Result<std::vector<std::string_view>> read_old_subprotocols(const http::Head& head,
                                                            Version version) {
  const std::string_view name =
      version == Version::Hixie75 ? "websocket-protocol" : "sec-websocket-protocol";
  std::vector<std::string_view> offered;
  const std::size_t count = head.count(name);
  if (count == 0) return offered;
  std::string_view list = head.find(name);
  if (count > 1 || list.empty()) return Errc::WsHandshakeProtocol;
  if (version <= Version::Hixie76) return std::vector{list};
  while (!list.empty()) {
    const std::size_t size = std::min(list.find(' '), list.size());
    if (size > 0) offered.push_back(list.substr(0, size));
    list.remove_prefix(std::min(size + 1, list.size()));
  }
  return offered;
}

// RFC 6455 4.1 10: tokens that are all different, most wanted first; repeated fields are one list.
Result<std::vector<std::string_view>> read_subprotocols(const http::Head& head, Version version) {
  if (version < Version::V4) return read_old_subprotocols(head, version);
  std::vector<std::string_view> offered;
  HYBI_TRY(
      for_each_line(head, "sec-websocket-protocol", [&](std::string_view line) -> Result<void> {
        std::string_view element;
        for (http::ListReader list(line); list.next(element);) {
          if (!is_token(element)) return Errc::WsHandshakeProtocol;
          offered.push_back(element);
        }
        // RFC 6455 11.3.4: 1#token
        if (offered.empty()) return Errc::WsHandshakeProtocol;
        return {};
      }));
  // Sorted: comparing each with each would cost the square of what a head can hold.
  std::vector<std::string_view> sorted = offered;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) {
    return Errc::WsHandshakeProtocol;
  }
  return offered;
}

// RFC 6454 7.3: one; of two, a check could look at the wrong one. From 4 to hybi-10 it has another
// name, which clients of 8 and earlier may still use, or both.
Result<std::string_view> read_origin(const http::Head& head, Version version) {
  if (head.count("origin") > 1) return Errc::WsHandshakeOrigin;
  const std::string_view origin = head.find("origin");
  if (version < Version::V4 || version > Version::V8) return origin;
  if (head.count("sec-websocket-origin") > 1) return Errc::WsHandshakeOrigin;
  const std::string_view older = head.find("sec-websocket-origin");
  if (older.data() == nullptr) return origin;
  if (origin.data() != nullptr && origin != older) return Errc::WsHandshakeOrigin;
  return older;
}

struct Authority {
  std::string_view host, port;  // port empty if absent
};

Authority split_authority(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');  // of an IPv6 address, whose colons are its own
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_port) return {text, {}};
  return {text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

bool is_websocket_request(const http::Head& head) {
  return head.has_token("upgrade", "websocket");
}

bool has_challenge(const http::Head& head) {
  if (!is_websocket_request(head)) return false;
  const auto version = detect_version(head);
  return version >= Version::Hixie76 && version <= Version::Hybi02;
}

// The order of the checks is the order of the errors, and tested. The version comes before the key:
// a client of another version, with other rules for keys, has to learn which versions are served.
Result<Offer> check_request(const http::Head& head, Versions accepted) {
  // RFC 6455 4.1 2: GET, at least HTTP/1.1
  if (head.method() != http::Method::Get) return Errc::WsHandshakeMethod;
  if (head.minor_version() < 1) return Errc::WsHandshakeHttpVersion;
  // RFC 6455 4.2.1 3, 4: tokens of lists, in any case
  if (!head.has_token("upgrade", "websocket") || !head.has_token("connection", "upgrade")) {
    return Errc::WsHandshakeUpgrade;
  }
  // RFC 6455 4.4
  const std::optional<Version> version = detect_version(head);
  if (!version || !accepted.has(*version)) return Errc::WsHandshakeVersion;
  Offer offer{.version = *version};
  const bool challenged = has_challenge(head);
  if (has_version_field(*version)) {
    // RFC 6455 4.2.1 5; 11.3.1: once
    offer.key = head.find("sec-websocket-key");
    if (head.count("sec-websocket-key") != 1 || !is_key(offer.key, *version)) {
      return Errc::WsHandshakeKey;
    }
  } else if (challenged) {
    HYBI_TRY(read_challenge(head, offer));
  }

  Result<std::vector<std::string_view>> subprotocols = read_subprotocols(head, *version);
  if (!subprotocols) return subprotocols.error();
  offer.subprotocols = std::move(*subprotocols);

  if (has_version_field(*version)) {
    HYBI_TRY(for_each_line(head, "sec-websocket-extensions", [&](std::string_view line) {
      return parse_extensions(line, offer.extensions);
    }));
  }

  const Result<std::string_view> origin = read_origin(head, *version);
  if (!origin) return origin.error();
  offer.origin = *origin;

  // What follows the head are frames; a body would be taken for them. Some clients announce the
  // eight bytes of the challenge.
  const bool announced = challenged && !head.chunked() && head.content_length() == kKey3Bytes;
  if (head.has_body() && !announced) return Errc::WsHandshakeBody;
  return offer;
}

void write_refusal_fields(Errc why, Versions accepted, OutBuffer& out) {
  if (info(why).http_status == 405) out.append("Allow: GET\r\n");
  if (info(why).http_status == 426) {
    out.append("Upgrade: websocket\r\nConnection: Upgrade\r\n");
  }
  if (why != Errc::WsHandshakeVersion) return;
  std::string numbers;
  for (std::size_t i = kVersionCount; i-- > 0;) {
    const Version version = version_at(i);
    if (!has_version_field(version) || !accepted.has(version)) continue;
    if (!numbers.empty()) numbers += ", ";
    numbers += std::to_string(number_of(version));
  }
  if (!numbers.empty()) (void)http::write_field("Sec-WebSocket-Version", numbers, out);
}

bool is_same_origin(std::string_view origin, std::string_view host) {
  const std::size_t end = origin.find("://");
  if (end == std::string_view::npos || host.empty()) return false;  // "null" is no one's origin
  const std::string_view scheme = origin.substr(0, end);
  const Authority from = split_authority(origin.substr(end + 3));
  const Authority here = split_authority(host);
  std::string_view default_port;
  if (equals_ignoring_case(scheme, "http") || equals_ignoring_case(scheme, "ws"))
    default_port = "80";
  if (equals_ignoring_case(scheme, "https") || equals_ignoring_case(scheme, "wss")) {
    default_port = "443";
  }
  const std::string_view from_port = from.port.empty() ? default_port : from.port;
  const std::string_view here_port = here.port.empty() ? default_port : here.port;
  return !from.host.empty() && equals_ignoring_case(from.host, here.host) && from_port == here_port;
}

void write_accept(std::string_view key, char (&out)[28]) {
  // The text as sent is hashed, not the bytes it stands for. RFC 6455 4.2.2 5.4
  std::string text(key);
  text += kGuid;
  const std::string accept = base64_encode(sha1(as_bytes(text)));
  std::memcpy(out, accept.data(), sizeof out);
}

std::string location_of(const http::Head& head, bool secure) {
  const Authority authority = split_authority(head.authority());
  std::string location = secure ? "wss://" : "ws://";
  for (char c : authority.host) location += to_lower(c);
  if (!authority.port.empty() && authority.port != (secure ? "443" : "80")) {
    location += ':';
    location += authority.port;
  }
  if (head.form() != http::TargetForm::Absolute) {
    location += head.target();
  } else {
    location += head.path();
    if (!head.query().empty()) (location += '?') += head.query();
  }
  return location;
}

namespace {

// 75 to hybi-02. WebKit compares the first three lines byte by byte, and then the values.
Result<void> write_old_answer(const Offer& offer, const AnswerParts& parts, OutBuffer& out) {
  const bool first = offer.version == Version::Hixie75;
  const std::string prefix = first ? "WebSocket-" : "Sec-WebSocket-";
  out.append(first ? "HTTP/1.1 101 Web Socket Protocol Handshake\r\n"
                   : "HTTP/1.1 101 WebSocket Protocol Handshake\r\n");
  out.append("Upgrade: WebSocket\r\nConnection: Upgrade\r\n");
  if (offer.origin.data() != nullptr) {
    HYBI_TRY(http::write_field(prefix + "Origin", offer.origin, out));
  }
  HYBI_TRY(http::write_field(prefix + "Location", parts.location, out));
  if (parts.subprotocol.empty()) return {};
  return http::write_field(prefix + "Protocol", parts.subprotocol, out);
}

Result<void> write_new_answer(const Offer& offer, const AnswerParts& parts, OutBuffer& out) {
  char accept[28];
  write_accept(offer.key, accept);
  out.append(
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ");
  out.append(std::string_view(accept, sizeof accept));
  out.append("\r\n");
  if (offer.version == Version::V4) {
    HYBI_TRY(http::write_field("Sec-WebSocket-Nonce", parts.nonce, out));
  }
  if (!parts.subprotocol.empty()) {
    HYBI_TRY(http::write_field("Sec-WebSocket-Protocol", parts.subprotocol, out));
  }
  if (parts.extensions.empty()) return {};
  return http::write_field("Sec-WebSocket-Extensions", parts.extensions, out);
}

}  // namespace

Result<void> write_answer(const Offer& offer, const AnswerParts& parts, OutBuffer& out) {
  // RFC 6455 4.2.2 5.5: chosen from what the client offered
  const auto& offered = offer.subprotocols;
  if (!parts.subprotocol.empty() &&
      std::find(offered.begin(), offered.end(), parts.subprotocol) == offered.end()) {
    return Errc::BadSubprotocol;
  }
  const std::size_t before = out.size();
  const Result<void> written = has_version_field(offer.version)
                                   ? write_new_answer(offer, parts, out)
                                   : write_old_answer(offer, parts, out);
  if (!written) out.truncate(before);
  return written;
}

}  // namespace hybi::ws
