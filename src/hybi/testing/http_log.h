// What the request parser says to some bytes, as lines of text: for tests, transcripts and the
// fuzzer.
//
//   head GET /a HTTP/1.1 host=a keep-alive      field Host: a      body "abc"      trailer X: y
//   end                                         fail HttpBadHost 400               waits
//
// Pieces of a body are joined, so equal logs mean equal behaviour. `waits` is the last line when
// the bytes end inside a request. Every offer is made from memory of its exact size, so that a
// sanitizer sees any read behind it.
#pragma once

#include <hybi/http/parser.h>
#include <hybi/testing/split.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::testing {

using Lines = std::vector<std::string>;

// Printable ASCII as it is, everything else (and the quote) escaped.
inline std::string escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\r') {
      out += "\\r";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    }
  }
  return out;
}

class HttpLog {
 public:
  explicit HttpLog(const HttpLimits& limits) : limits_(limits) {}
  HttpLog(const HttpLog&) = delete;
  HttpLog& operator=(const HttpLog&) = delete;

  // Bytes that arrive.
  void receive(std::string_view piece) {
    std::vector<char> bytes;
    bytes.reserve(rest_.size() + piece.size());
    bytes.insert(bytes.end(), rest_.begin(), rest_.end());
    bytes.insert(bytes.end(), piece.begin(), piece.end());
    Bytes in = as_bytes({bytes.data(), bytes.size()});
    while (!parser_.failed()) {
      const http::ParseEvent event = parser_.next(in);
      if (event.kind == http::ParseEvent::Kind::NeedMore) break;
      log(event);
    }
    rest_.assign(as_text(in));
  }

  // Everything that was said, and whether more is waited for.
  Lines finish() {
    flush_body();
    if (!parser_.failed() && !parser_.between_requests()) lines_.push_back("waits");
    return lines_;
  }

  http::RequestParser& parser() { return parser_; }
  std::string_view rest() const { return rest_; }  // what the parser left to be offered again

 private:
  void log(const http::ParseEvent& event) {
    using Kind = http::ParseEvent::Kind;
    if (event.kind == Kind::Body) {
      body_.append(as_text(event.body));
      return;
    }
    flush_body();
    if (event.kind == Kind::Head) log_head();
    if (event.kind == Kind::End) {
      std::string_view trailer = parser_.trailer_lines();
      while (!trailer.empty()) {
        const std::size_t end = trailer.find("\r\n");
        lines_.push_back("trailer " + escaped(trailer.substr(0, end)));
        trailer.remove_prefix(end + 2);
      }
      lines_.push_back("end");
    }
    if (event.kind == Kind::Failed) {
      const ErrorInfo& what = info(event.errc);
      lines_.push_back("fail " + std::string(what.name) + " " + std::to_string(what.http_status));
    }
  }

  void log_head() {
    const http::Head& head = parser_.head();
    std::string line = "head ";
    line.append(head.method_text()).append(" ").append(escaped(head.target()));
    line.append(" HTTP/1.").append(std::to_string(head.minor_version()));
    if (head.form() != http::TargetForm::Origin) {
      line.append(" path=").append(head.path()).append(" query=").append(head.query());
    }
    line.append(" host=").append(head.authority());
    if (head.chunked()) line.append(" chunked");
    if (head.has_content_length()) {
      line.append(" length=").append(std::to_string(head.content_length()));
    }
    line.append(head.keep_alive() ? " keep-alive" : " close");
    if (head.upgrade()) line.append(" upgrade");
    if (head.expect_continue()) line.append(" expect-continue");
    lines_.push_back(line);
    for (std::size_t i = 0; i < head.field_count(); ++i) {
      const http::Field field = head.field(i);
      lines_.push_back("field " + std::string(field.name) + ": " + escaped(field.value));
    }
  }

  void flush_body() {
    if (!body_.empty()) lines_.push_back("body \"" + escaped(body_) + "\"");
    body_.clear();
  }

  const HttpLimits limits_;
  http::RequestParser parser_{limits_};
  std::string rest_;
  std::string body_;
  Lines lines_;
};

inline Lines http_log(const std::vector<std::string_view>& pieces, const HttpLimits& limits = {}) {
  HttpLog log(limits);
  for (std::string_view piece : pieces) log.receive(piece);
  return log.finish();
}

// The log of `wire` cut in every way of split.h.
// Returns: the log of the whole; with a line more if any other differs.
inline Lines http_log_of_every_split(std::string_view wire, const HttpLimits& limits = {}) {
  const Lines whole = http_log({wire}, limits);
  Lines result = whole;
  for_each_split(as_bytes(wire), [&](const Pieces& pieces) {
    HttpLog log(limits);
    for (const OwnedBytes& piece : pieces) log.receive(as_text(piece));
    if (result.size() == whole.size() && log.finish() != whole) {
      result.push_back("different in pieces, the first of " + std::to_string(pieces[0].size()));
    }
  });
  return result;
}

}  // namespace hybi::testing
