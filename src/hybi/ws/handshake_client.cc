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

bool is_challenged(Version version) {
  return version >= Version::Hixie76 && version <= Version::Hybi02;
}

// Fails: BadSubprotocol.
Result<std::string> subprotocol_list(const ClientRequest& request) {
  // 75, 76: one string; hybi-01, hybi-02: spaces between; later: RFC 6455 11.3.4
  if (request.version <= Version::Hixie76 && request.subprotocols.size() > 1) {
    return Errc::BadSubprotocol;
  }
  const std::string_view separator = has_version_field(request.version) ? ", " : " ";
  std::string list;
  for (std::string_view subprotocol : request.subprotocols) {
    if (!is_token(subprotocol)) return Errc::BadSubprotocol;
    if (!list.empty()) list += separator;
    list += subprotocol;
  }
  return list;
}

// 75 to hybi-02; servers of the time may insist on this order.
Result<void> write_old_fields(const ClientRequest& request, const ClientKeys& keys,
                              std::string_view subprotocols, OutBuffer& out) {
  const bool first = request.version == Version::Hixie75;
  HYBI_TRY(http::write_field("Upgrade", "WebSocket", out));
  HYBI_TRY(http::write_field("Connection", "Upgrade", out));
  HYBI_TRY(http::write_field("Host", request.host, out));
  if (!request.origin.empty()) HYBI_TRY(http::write_field("Origin", request.origin, out));
  if (!subprotocols.empty()) {
    HYBI_TRY(http::write_field(first ? "WebSocket-Protocol" : "Sec-WebSocket-Protocol",
                               subprotocols, out));
  }
  if (first) return {};
  if (request.version == Version::Hybi01) out.append("Sec-WebSocket-Draft: 1\r\n");
  if (request.version == Version::Hybi02) out.append("Sec-WebSocket-Draft: 2\r\n");
  HYBI_TRY(http::write_field("Sec-WebSocket-Key1", keys.key1, out));
  return http::write_field("Sec-WebSocket-Key2", keys.key2, out);
}

Result<void> write_new_fields(const ClientRequest& request, const ClientKeys& keys,
                              std::string_view subprotocols, OutBuffer& out) {
  HYBI_TRY(http::write_field("Host", request.host, out));
  HYBI_TRY(http::write_field("Upgrade", "websocket", out));
  HYBI_TRY(http::write_field("Connection", "Upgrade", out));
  HYBI_TRY(http::write_field("Sec-WebSocket-Key", keys.key, out));
  if (!request.origin.empty()) {
    // hybi-11: renamed. Servers of 8 take either.
    const bool renamed = request.version == Version::V13;
    HYBI_TRY(http::write_field(renamed ? "Origin" : "Sec-WebSocket-Origin", request.origin, out));
  }
  HYBI_TRY(
      http::write_field("Sec-WebSocket-Version", std::to_string(number_of(request.version)), out));
  if (!subprotocols.empty()) {
    HYBI_TRY(http::write_field("Sec-WebSocket-Protocol", subprotocols, out));
  }
  if (request.extensions.empty()) return {};
  return http::write_field("Sec-WebSocket-Extensions", format_extensions(request.extensions), out);
}

Result<void> write_fields(const ClientRequest& request, const ClientKeys& keys, OutBuffer& out) {
  const Result<std::string> subprotocols = subprotocol_list(request);
  if (!subprotocols) return subprotocols.error();
  HYBI_TRY(has_version_field(request.version)
               ? write_new_fields(request, keys, *subprotocols, out)
               : write_old_fields(request, keys, *subprotocols, out));
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

ClientKeys make_keys(Version version, Entropy& entropy) {
  ClientKeys keys;
  if (has_version_field(version)) {
    std::array<std::byte, 16> random;
    entropy.fill(random);
    keys.key = base64_encode(random);
  } else if (is_challenged(version)) {
    keys.key1 = make_hixie_key(entropy);
    keys.key2 = make_hixie_key(entropy);
    entropy.fill(keys.key3);
  }
  return keys;
}

Result<void> write_request(const ClientRequest& request, const ClientKeys& keys, OutBuffer& out) {
  if (!is_target(request.target) || request.host.empty()) return Errc::BadField;
  // RFC 6455 4.1 10: all of them different
  if (!all_different(request.subprotocols)) return Errc::BadSubprotocol;
  const std::size_t before = out.size();
  out.append("GET ");
  out.append(request.target);
  out.append(" HTTP/1.1\r\n");
  if (const Result<void> written = write_fields(request, keys, out); !written) {
    out.truncate(before);
    return written.error();
  }
  http::write_end_of_head(out);
  if (is_challenged(request.version)) out.append(keys.key3);
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

namespace {

// The one value of that name; nothing if there is none or more than one.
std::string_view only_value(const ResponseHead& head, std::string_view name) {
  const auto lines = lines_of(head, name);
  return lines.size() == 1 ? lines[0] : std::string_view();
}

// 75 to hybi-02: the server repeats who connected to what, so that no other server's answer passes.
Result<Answer> check_old_answer(const ResponseHead& head, const ClientRequest& request) {
  const std::string prefix = request.version == Version::Hixie75 ? "WebSocket-" : "Sec-WebSocket-";
  std::string location = request.secure ? "wss://" : "ws://";
  for (char c : request.host) location += to_lower(c);
  location += request.target;
  if (only_value(head, prefix + "Location") != location) return Errc::WsHandshakeAccept;
  if (!request.origin.empty() && only_value(head, prefix + "Origin") != request.origin) {
    return Errc::WsHandshakeAccept;
  }
  Answer answer;
  answer.subprotocol = only_value(head, prefix + "Protocol");
  return answer;
}

Result<Answer> check_new_answer(const ResponseHead& head, const ClientRequest& request,
                                const ClientKeys& keys) {
  char expected[28];
  write_accept(keys.key, expected);
  if (only_value(head, "sec-websocket-accept") != std::string_view(expected, sizeof expected)) {
    return Errc::WsHandshakeAccept;
  }
  Answer answer;
  if (request.version == Version::V4) {
    answer.nonce = only_value(head, "sec-websocket-nonce");
    if (answer.nonce.empty()) return Errc::WsHandshakeAccept;
  }
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
  // 6, 11.3.4: at most one subprotocol
  const auto chosen = lines_of(head, "sec-websocket-protocol");
  if (chosen.size() > 1) return Errc::WsHandshakeAccept;
  if (chosen.size() == 1) answer.subprotocol = chosen[0];
  return answer;
}

}  // namespace

Result<Answer> check_answer(const ResponseHead& head, const ClientRequest& request,
                            const ClientKeys& keys) {
  // RFC 6455 4.1, second list, 1 to 6
  if (head.status != 101) return Errc::WsHandshakeAccept;
  if (!lists_token(head, "upgrade", "websocket")) return Errc::WsHandshakeAccept;
  if (!lists_token(head, "connection", "upgrade")) return Errc::WsHandshakeAccept;
  Result<Answer> answer = has_version_field(request.version) ? check_new_answer(head, request, keys)
                                                             : check_old_answer(head, request);
  if (!answer) return answer;
  // 6: a subprotocol that was not offered
  const auto& offered = request.subprotocols;
  if (answer->subprotocol.data() != nullptr &&
      std::find(offered.begin(), offered.end(), answer->subprotocol) == offered.end()) {
    return Errc::WsHandshakeAccept;
  }
  return answer;
}

Result<bool> take_challenge_answer(Bytes& in, Version version, const ClientKeys& keys) {
  if (!is_challenged(version)) return true;
  const auto number1 = parse_hixie_key(keys.key1);
  const auto number2 = parse_hixie_key(keys.key2);
  if (!number1 || !number2) return Errc::WsHandshakeAccept;
  const Md5 expected = hixie_answer(*number1, *number2, keys.key3);
  const std::size_t size = std::min(in.size(), expected.size());
  if (!std::equal(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size), expected.begin())) {
    return Errc::WsHandshakeAccept;
  }
  if (size < expected.size()) return false;
  in = in.subspan(size);
  return true;
}

}  // namespace hybi::ws
