// Sending one file, see file_answer.h.
#include <hybi/app/file_answer.h>
#include <hybi/base/entropy.h>
#include <hybi/http/conditional.h>
#include <hybi/http/date.h>
#include <hybi/http/field_value.h>
#include <hybi/http/negotiation.h>
#include <hybi/http/range.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace hybi {
namespace {

std::int64_t unix_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// RFC 9110 12.5.3. Who refuses even the plain file gets it all the same: 406 helps nobody.
Coding choose_coding(const Request& request, const ServedFile& file) {
  if (!file.is_negotiated()) return Coding::Identity;
  std::array<std::string_view, kCodingCount> offers;
  std::size_t count = 0;
  for (const Coding coding : {Coding::Brotli, Coding::Gzip}) {  // the smaller one first
    const auto index = static_cast<std::size_t>(coding);
    if (file.representations[index]) offers[count++] = kCodingNames[index];
  }
  std::string joined;
  const auto accepted = http::combined_value(request.head(), "Accept-Encoding", joined);
  const auto best = http::best_encoding(accepted, std::span(offers).first(count));
  for (std::size_t i = 0; best && i < kCodingCount; ++i) {
    if (kCodingNames[i] == *best) return static_cast<Coding>(i);
  }
  return Coding::Identity;
}

// Nobody can foresee it, so no file can hold it. RFC 2046 5.1.1
std::string make_boundary() {
  std::array<std::byte, 16> random;
  SystemEntropy().fill(random);
  std::string text;
  for (const std::byte byte : random) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    text += kDigits[std::to_integer<std::size_t>(byte >> 4)];
    text += kDigits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  return text;
}

void append_range(std::vector<BodyPiece>& pieces, const Representation& of, http::ByteRange range) {
  if (of.in_memory()) {
    if (pieces.empty() || pieces.back().file) pieces.emplace_back();
    pieces.back().bytes += of.bytes.substr(range.first, range.size());
  } else {
    pieces.push_back({.bytes = {}, .file = of.file, .offset = range.first, .count = range.size()});
  }
}

void append_text(std::vector<BodyPiece>& pieces, std::string text) {
  if (pieces.empty() || pieces.back().file) pieces.emplace_back();
  pieces.back().bytes += text;
}

void answer_partial(Response& response, const Representation& of, const std::string& type,
                    std::vector<http::ByteRange> ranges) {
  response.status(206);
  std::vector<BodyPiece> pieces;
  if (ranges.size() == 1) {
    response.set("Content-Range", http::content_range(ranges.front(), of.size));
    append_range(pieces, of, ranges.front());
    return response.body(std::move(pieces), type);
  }
  const http::ByteRangesBody body(make_boundary(), type, std::move(ranges), of.size);
  for (std::size_t i = 0; i < body.ranges().size(); ++i) {
    append_text(pieces, body.part_head(i));
    append_range(pieces, of, body.ranges()[i]);
  }
  append_text(pieces, body.end());
  response.body(std::move(pieces), body.content_type());
}

void answer_whole(Response& response, const Representation& of, const std::string& type) {
  if (of.in_memory()) return response.bytes(as_bytes(of.bytes), type);
  std::vector<BodyPiece> pieces;
  pieces.push_back({.bytes = {}, .file = of.file, .offset = 0, .count = of.size});
  response.body(std::move(pieces), type);
}

// RFC 9110 14.2: for GET alone.
http::RangeAnswer asked_ranges(const Request& request, const Representation& of,
                               const http::Validators& current, std::size_t max_ranges,
                               std::int64_t now) {
  if (request.method() != http::Method::Get) return {};
  std::string joined;
  const std::string_view range = http::combined_value(request.head(), "Range", joined);
  if (range.data() == nullptr) return {};
  if (!http::if_range_holds(request.header("If-Range"), current, now)) return {};
  return http::read_range(range, of.size, max_ranges);
}

}  // namespace

void answer_file(const Request& request, Response& response, const ServedFile& file,
                 const FileAnswer& how) {
  const auto coding = static_cast<std::size_t>(choose_coding(request, file));
  const Representation& chosen = *file.representations[coding];
  const std::int64_t now = unix_now();
  http::Validators current{.entity_tag = chosen.etag, .last_modified = file.modified};
  // RFC 9110 8.8.2.1: not later than the answer.
  if (current.last_modified) current.last_modified = std::min(*current.last_modified, now);

  if (file.is_negotiated()) response.add("Vary", "Accept-Encoding");
  if (how.nosniff) response.set("X-Content-Type-Options", "nosniff");
  const bool plain = response.status() == 200;  // else the page of an error: as it is
  const http::Verdict verdict =
      plain ? http::evaluate(request.head(), &current, now) : http::Verdict::Go;
  if (verdict == http::Verdict::PreconditionFailed) {
    return answer_file_error(response, {Errc::HttpPreconditionFailed});
  }
  http::RangeAnswer ranges;
  if (plain && verdict == http::Verdict::Go) {
    ranges = asked_ranges(request, chosen, current, how.max_ranges, now);
  }
  if (ranges.kind == http::RangeAnswer::Kind::NotSatisfiable) {
    response.set("Content-Range", http::content_range_not_satisfiable(chosen.size));
    return answer_file_error(response, {Errc::HttpRangeNotSatisfiable});
  }

  if (plain) {
    response.set("ETag", chosen.etag);
    if (current.last_modified) {
      response.set("Last-Modified", http::format_date(*current.last_modified));
    }
    if (!how.cache_control.empty()) response.set("Cache-Control", how.cache_control);
  }
  if (verdict == http::Verdict::NotModified) {
    response.status(304);
  } else {
    if (plain) response.set("Accept-Ranges", "bytes");
    if (coding != 0) response.set("Content-Encoding", kCodingNames[coding]);
  }
  if (how.on_file != nullptr && *how.on_file) (*how.on_file)(request, response, how.path);
  if (response.answered()) return;
  if (verdict == http::Verdict::NotModified) return response.end();
  if (ranges.kind == http::RangeAnswer::Kind::Partial) {
    return answer_partial(response, chosen, file.type, std::move(ranges.ranges));
  }
  answer_whole(response, chosen, file.type);
}

void answer_file_error(Response& response, Error error) {
  const ErrorInfo& about = info(error.code);
  if (about.http_status == 0) return response.error(500);
  response.error(about.http_status, about.text);
}

void redirect_to_directory(const Request& request, Response& response) {
  const std::string_view path = request.path();
  // "./": a segment with a colon is no scheme, an empty one no host.
  std::string location = "./";
  location += path.substr(path.rfind('/') + 1);
  location += '/';
  if (!request.query().empty()) {
    location += '?';
    location += request.query();
  }
  response.set("Cache-Control", "no-cache");
  response.redirect(location, 301);
}

bool asks_for_page(const Request& request, std::string_view path) {
  std::string joined;
  const auto accepted = http::combined_value(request.head(), "Accept", joined);
  return accepted.find("text/html") != std::string_view::npos &&
         path.substr(path.rfind('/') + 1).find('.') == std::string_view::npos;
}

std::string default_cache_control(const std::string& given, std::chrono::seconds max_age) {
  if (!given.empty()) return given;
  if (max_age.count() <= 0) return "no-cache";
  return "public, max-age=" + std::to_string(max_age.count());
}

}  // namespace hybi
