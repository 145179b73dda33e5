#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/http/field_value.h>
#include <hybi/http/writer.h>
#include <hybi/ws/handshake.h>

#include <algorithm>
#include <cstring>

namespace hybi::ws {

namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455 1.3
constexpr std::size_t kKeyBytes = 16;

// Any base64 of 16 bytes, also one whose unused last bits are not zero: old clients send such.
bool is_key(std::string_view key) {
  if (key.size() != base64_size(kKeyBytes)) return false;
  const auto bytes = base64_decode(key);
  return bytes && bytes->size() == kKeyBytes;
}

template <class Handle>
Result<void> for_each_line(const http::Head& head, std::string_view name, Handle handle) {
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    if (equals_ignoring_case(field.name, name)) HYBI_TRY(handle(field.value));
  }
  return {};
}

// RFC 6455 4.1 10: tokens that are all different, most wanted first; repeated fields are one list.
Result<std::vector<std::string_view>> read_subprotocols(const http::Head& head) {
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

// The order of the checks is the order of the errors, and tested. The version comes before the key:
// a client of another version, with other rules for keys, has to learn which versions are served.
Result<Offer> check_request(const http::Head& head) {
  // RFC 6455 4.1 2: GET, at least HTTP/1.1
  if (head.method() != http::Method::Get) return Errc::WsHandshakeMethod;
  if (head.minor_version() < 1) return Errc::WsHandshakeHttpVersion;
  // RFC 6455 4.2.1 3, 4: tokens of lists, in any case
  if (!head.has_token("upgrade", "websocket") || !head.has_token("connection", "upgrade")) {
    return Errc::WsHandshakeUpgrade;
  }
  // RFC 6455 4.2.1 6, 4.4; 11.3.5: once
  Offer offer;
  if (head.count("sec-websocket-version") != 1 || head.find("sec-websocket-version") != "13") {
    return Errc::WsHandshakeVersion;
  }
  // RFC 6455 4.2.1 5; 11.3.1: once
  offer.key = head.find("sec-websocket-key");
  if (head.count("sec-websocket-key") != 1 || !is_key(offer.key)) return Errc::WsHandshakeKey;

  Result<std::vector<std::string_view>> subprotocols = read_subprotocols(head);
  if (!subprotocols) return subprotocols.error();
  offer.subprotocols = std::move(*subprotocols);

  HYBI_TRY(for_each_line(head, "sec-websocket-extensions", [&](std::string_view line) {
    return parse_extensions(line, offer.extensions);
  }));

  // RFC 6454 7.3: one; of two, a check could look at the wrong one
  if (head.count("origin") > 1) return Errc::WsHandshakeOrigin;
  offer.origin = head.find("origin");

  // What follows the head are frames; a body would be taken for them.
  if (head.has_body()) return Errc::WsHandshakeBody;
  return offer;
}

void write_refusal_fields(Errc why, OutBuffer& out) {
  if (info(why).http_status == 405) out.append("Allow: GET\r\n");
  if (info(why).http_status == 426) {
    out.append("Upgrade: websocket\r\nConnection: Upgrade\r\n");
  }
  if (why == Errc::WsHandshakeVersion) out.append("Sec-WebSocket-Version: 13\r\n");
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

Result<void> write_answer(const Offer& offer, std::string_view subprotocol,
                          std::string_view extensions, OutBuffer& out) {
  // RFC 6455 4.2.2 5.5: chosen from what the client offered
  if (!subprotocol.empty() && std::find(offer.subprotocols.begin(), offer.subprotocols.end(),
                                        subprotocol) == offer.subprotocols.end()) {
    return Errc::BadSubprotocol;
  }
  const std::size_t before = out.size();
  char accept[28];
  write_accept(offer.key, accept);
  out.append(
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ");
  out.append(std::string_view(accept, sizeof accept));
  out.append("\r\n");
  if (!subprotocol.empty()) {
    out.append("Sec-WebSocket-Protocol: ");
    out.append(subprotocol);
    out.append("\r\n");
  }
  if (!extensions.empty()) {
    if (const auto written = http::write_field("Sec-WebSocket-Extensions", extensions, out);
        !written) {
      out.truncate(before);
      return written.error();
    }
  }
  return {};
}

}  // namespace hybi::ws
