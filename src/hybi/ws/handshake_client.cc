#include <hybi/base/ascii.h>
#include <hybi/base/digest.h>
#include <hybi/http/field_line.h>
#include <hybi/http/field_value.h>
#include <hybi/http/writer.h>
#include <hybi/ws/handshake.h>
#include <hybi/ws/handshake_client.h>

#include <algorithm>
#include <array>

namespace hybi::ws {

namespace {

bool all_different(std::vector<std::string_view> list) {
  std::sort(list.begin(), list.end());
  return std::adjacent_find(list.begin(), list.end()) == list.end();
}

// A target goes into the request line: no space, no control character.
bool is_target(std::string_view target) {
  return target.starts_with('/') && std::all_of(target.begin(), target.end(), [](char c) {
           return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
         });
}

Result<void> write_fields(const ClientRequest& request, std::string_view key, OutBuffer& out) {
  HYBI_TRY(http::write_field("Host", request.host, out));
  HYBI_TRY(http::write_field("Upgrade", "websocket", out));
  HYBI_TRY(http::write_field("Connection", "Upgrade", out));
  HYBI_TRY(http::write_field("Sec-WebSocket-Key", key, out));
  HYBI_TRY(http::write_field("Sec-WebSocket-Version", "13", out));
  if (!request.origin.empty()) HYBI_TRY(http::write_field("Origin", request.origin, out));
  if (!request.subprotocols.empty()) {
    std::string list;
    for (std::string_view subprotocol : request.subprotocols) {
      if (!is_token(subprotocol)) return Errc::BadSubprotocol;
      if (!list.empty()) list += ", ";
      list += subprotocol;
    }
    HYBI_TRY(http::write_field("Sec-WebSocket-Protocol", list, out));
  }
  if (!request.extensions.empty()) {
    HYBI_TRY(
        http::write_field("Sec-WebSocket-Extensions", format_extensions(request.extensions), out));
  }
  for (const auto& [name, value] : request.fields) HYBI_TRY(http::write_field(name, value, out));
  return {};
}

// All values of one name, each line for itself.
std::vector<std::string_view> lines_of(const ResponseHead& head, std::string_view name) {
  std::vector<std::string_view> lines;
  for (const auto& [field, value] : head.fields) {
    if (equals_ignoring_case(field, name)) lines.push_back(value);
  }
  return lines;
}

bool lists_token(const ResponseHead& head, std::string_view name, std::string_view token) {
  const auto lines = lines_of(head, name);
  return std::any_of(lines.begin(), lines.end(),
                     [token](std::string_view line) { return http::list_has_token(line, token); });
}

}  // namespace

std::string make_key(Entropy& entropy) {
  std::array<std::byte, 16> random;
  entropy.fill(random);
  return base64_encode(random);
}

Result<void> write_request(const ClientRequest& request, std::string_view key, OutBuffer& out) {
  if (!is_target(request.target) || request.host.empty()) return Errc::BadField;
  // RFC 6455 4.1 10: all of them different
  if (!all_different(request.subprotocols)) return Errc::BadSubprotocol;
  const std::size_t before = out.size();
  out.append("GET ");
  out.append(request.target);
  out.append(" HTTP/1.1\r\n");
  if (const Result<void> written = write_fields(request, key, out); !written) {
    out.truncate(before);
    return written.error();
  }
  http::write_end_of_head(out);
  return {};
}

Result<bool> parse_response_head(Bytes& in, std::size_t max_bytes, ResponseHead& head) {
  const std::string_view text = as_text(in);
  const std::string_view searched = text.substr(0, std::min(text.size(), max_bytes));
  const std::size_t size = searched.find("\r\n\r\n");
  if (size == std::string_view::npos) {
    if (text.size() >= max_bytes) return Errc::HttpHeadTooLarge;
    return false;
  }
  // RFC 9112 4: HTTP-version SP status-code SP [reason]
  const std::string_view status_line = text.substr(0, text.find("\r\n"));
  const std::string_view status = status_line.substr(0, 12);
  if (!status.starts_with("HTTP/1.1 ") || status.size() != 12 ||
      !std::all_of(status.begin() + 9, status.end(), is_digit) ||
      (status_line.size() > 12 && status_line[12] != ' ')) {
    return Errc::WsHandshakeAccept;
  }
  head.status = 0;
  for (char digit : status.substr(9)) head.status = head.status * 10 + unsigned(digit - '0');
  head.fields.clear();

  const char* at = text.data() + status_line.size() + 2;
  const char* const end = text.data() + size + 2;  // of the last field line
  while (at < end) {
    http::FieldLine line;
    Errc errc = Errc::Ok;
    at = http::read_field_line(at, end, line, errc);
    if (at == nullptr) return errc == Errc::Ok ? Errc::HttpBadFieldValue : errc;
    head.fields.emplace_back(line.name_text(), line.value_text());
  }
  in = in.subspan(size + 4);
  return true;
}

Result<Answer> check_answer(const ResponseHead& head, const ClientRequest& request,
                            std::string_view key) {
  // RFC 6455 4.1, second list, 1 to 6
  if (head.status != 101) return Errc::WsHandshakeAccept;
  if (!lists_token(head, "upgrade", "websocket")) return Errc::WsHandshakeAccept;
  if (!lists_token(head, "connection", "upgrade")) return Errc::WsHandshakeAccept;
  char expected[28];
  write_accept(key, expected);
  const auto accepts = lines_of(head, "sec-websocket-accept");
  if (accepts.size() != 1 || accepts[0] != std::string_view(expected, sizeof expected)) {
    return Errc::WsHandshakeAccept;
  }

  Answer answer;
  // 5: an extension that was not offered
  for (std::string_view line : lines_of(head, "sec-websocket-extensions")) {
    if (!parse_extensions(line, answer.extensions)) return Errc::WsHandshakeAccept;
  }
  for (const ExtensionOffer& extension : answer.extensions) {
    const bool offered =
        std::any_of(request.extensions.begin(), request.extensions.end(),
                    [&](const ExtensionOffer& offer) { return offer.name == extension.name; });
    if (!offered) return Errc::WsHandshakeAccept;
  }
  // 6: a subprotocol that was not offered; 11.3.4: at most one
  const auto chosen = lines_of(head, "sec-websocket-protocol");
  if (chosen.size() > 1) return Errc::WsHandshakeAccept;
  if (chosen.size() == 1) {
    answer.subprotocol = chosen[0];
    if (std::find(request.subprotocols.begin(), request.subprotocols.end(), chosen[0]) ==
        request.subprotocols.end()) {
      return Errc::WsHandshakeAccept;
    }
  }
  return answer;
}

}  // namespace hybi::ws
