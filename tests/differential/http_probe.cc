// The request parser as a program, for the comparison with Node's (run.mjs).
//
// Reads inputs from standard input, each as four bytes of length (little-endian) and so many bytes
// of a connection; writes one line of JSON for each:
//   {"requests":[{"method","target","minor","keepAlive","fields":[name,value,...],"body","complete"},...],
//    "error":"HttpBadHost" or "", "status":400, "waits":true if the bytes end inside a request,
//    "starts":[where each request starts, and where reading began last]}
// Bytes are written as the characters U+0000 to U+00FF.
#include <hybi/http/parser.h>

#include <cstdio>
#include <string>

namespace {

using namespace hybi;

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
      out += c;
    } else {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    }
  }
  return out + '"';
}

std::string described(const http::Head& head) {
  std::string out = "{\"method\":" + quoted(head.method_text());
  out += ",\"target\":" + quoted(head.target());
  out += ",\"minor\":" + std::to_string(head.minor_version());
  out += std::string(",\"keepAlive\":") + (head.keep_alive() ? "true" : "false");
  out += ",\"fields\":[";
  for (std::size_t i = 0; i < head.field_count(); ++i) {
    const http::Field field = head.field(i);
    out += (i == 0 ? "" : ",") + quoted(field.name) + "," + quoted(field.value);
  }
  return out + "]";
}

std::string verdict(std::string_view wire) {
  using Kind = http::ParseEvent::Kind;
  const HttpLimits limits;
  http::RequestParser parser(limits);
  Bytes in = as_bytes(wire);
  std::string requests, body, starts = "0";
  bool open = false;
  const auto close_request = [&](bool complete) {
    if (!open) return;
    requests += ",\"body\":" + quoted(body) + ",\"complete\":" + (complete ? "true}" : "false}");
    body.clear();
    open = false;
  };
  for (;;) {
    const http::ParseEvent event = parser.next(in);
    if (event.kind == Kind::Head) {
      requests += (requests.empty() ? "" : ",") + described(parser.head());
      open = true;
    } else if (event.kind == Kind::Body) {
      body += as_text(event.body);
    } else if (event.kind == Kind::End) {
      close_request(true);
      starts += "," + std::to_string(wire.size() - in.size());
    } else {
      close_request(false);
      const bool failed = event.kind == Kind::Failed;
      return "{\"requests\":[" + requests +
             "],\"error\":" + quoted(failed ? info(event.errc).name : "") +
             ",\"status\":" + std::to_string(failed ? info(event.errc).http_status : 0) +
             ",\"waits\":" + (!failed && !parser.between_requests() ? "true" : "false") +
             ",\"starts\":[" + starts + "]}";
    }
  }
}

}  // namespace

int main() {
  std::string wire;
  for (unsigned char head[4]; std::fread(head, 1, sizeof head, stdin) == sizeof head;) {
    wire.resize(head[0] | head[1] << 8 | head[2] << 16 | static_cast<std::size_t>(head[3]) << 24);
    if (std::fread(wire.data(), 1, wire.size(), stdin) != wire.size()) return 1;
    std::puts(verdict(wire).c_str());
  }
  return 0;
}
