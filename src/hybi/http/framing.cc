// What the fields of a head mean for the parser: where the body ends, whether the connection stays
// open, and the fields that a request may have only once. RFC 9112 3.2, 6, 9; RFC 9110 10.1.1. Also
// the trailer section, where such fields may not stand at all (RFC 9110 6.5.1).
#include <hybi/http/authority.h>
#include <hybi/http/field_value.h>
#include <hybi/http/parser.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace hybi::http {
namespace {

// Whether what stands at `name` is `lower`, which has letters and "-" only. Requires: as many
// bytes, without control characters. There, setting bit 5 makes small letters of capitals, and
// nothing else becomes a letter or "-" by it.
template <std::size_t kSize>
bool is_name(const char* name, const char (&lower)[kSize]) {
  constexpr std::size_t kBytes = kSize - 1;
  using Word = std::conditional_t<(kBytes >= 8), std::uint64_t, std::uint32_t>;
  static_assert(kBytes >= sizeof(Word));
  constexpr Word kBit = static_cast<Word>(0x2020202020202020u);
  const auto differ = [&](std::size_t at) {
    Word a = 0, b = 0;
    std::memcpy(&a, name + at, sizeof a);
    std::memcpy(&b, lower + at, sizeof b);
    return (a | kBit) != b;
  };
  for (std::size_t at = 0; at + sizeof(Word) <= kBytes; at += sizeof(Word)) {
    if (differ(at)) return false;
  }
  return !differ(kBytes - sizeof(Word));  // the rest, with some bytes twice
}

// RFC 9110 6.5.1: framing, routing, request modifiers, authentication and what describes the
// content may not come after it.
bool may_be_trailer(std::string_view name) {
  static constexpr std::string_view kRefused[] = {
      "authorization",
      "cache-control",
      "connection",
      "content-encoding",
      "content-length",
      "content-range",
      "content-type",
      "cookie",
      "expect",
      "host",
      "if-match",
      "if-modified-since",
      "if-none-match",
      "if-range",
      "if-unmodified-since",
      "keep-alive",
      "max-forwards",
      "pragma",
      "proxy-authorization",
      "proxy-connection",
      "range",
      "te",
      "trailer",
      "transfer-encoding",
      "upgrade",
      "set-cookie",
      "origin",
      "forwarded",
      "x-forwarded-for",
      "x-forwarded-host",
      "x-forwarded-proto",
  };
  for (std::string_view refused : kRefused) {
    if (equals_ignoring_case(name, refused)) return false;
  }
  return name.size() < 14 || !equals_ignoring_case(name.substr(0, 14), "sec-websocket-");
}

}  // namespace

Errc RequestParser::add_field(const char* base, const FieldLine& line) {
  HeadLayout& layout = head_.layout();
  if (layout.fields.size() >= limits_->max_field_count) return Errc::HttpTooManyFields;
  const auto name_bytes = static_cast<std::size_t>(line.name_end - line.name);
  if (name_bytes > std::numeric_limits<std::uint16_t>::max()) return Errc::HttpHeadTooLarge;
  layout.fields.push_back({static_cast<std::uint32_t>(line.name - base),
                           static_cast<std::uint32_t>(line.value - base),
                           static_cast<std::uint32_t>(line.value_end - line.value),
                           static_cast<std::uint16_t>(name_bytes)});
  switch (name_bytes) {
    case 4:
      if (is_name(line.name, "host")) return read_host(base, line);
      break;
    case 6:
      if (is_name(line.name, "expect")) return read_expect(line.value_text());
      break;
    case 7:
      if (is_name(line.name, "upgrade")) seen_.upgrade = true;
      break;
    case 10:
      if (is_name(line.name, "connection")) read_connection(line.value_text());
      break;
    case 14:
      if (is_name(line.name, "content-length")) return read_content_length(line.value_text());
      break;
    case 17:
      if (is_name(line.name, "transfer-encoding")) {
        return read_transfer_encoding(line.value_text());
      }
      break;
    default:
      break;
  }
  return Errc::Ok;
}

Errc RequestParser::read_host(const char* base, const FieldLine& line) {
  if (seen_.host) return Errc::HttpRepeatedHost;  // RFC 9112 3.2
  if (!is_authority(line.value_text())) return Errc::HttpBadHost;
  seen_.host = true;
  seen_.host_at = static_cast<std::uint32_t>(line.value - base);
  seen_.host_bytes = static_cast<std::uint32_t>(line.value_end - line.value);
  return Errc::Ok;
}

Errc RequestParser::read_content_length(std::string_view value) {
  HeadLayout& layout = head_.layout();
  // RFC 9112 6.3: both fields together are how requests are smuggled.
  if (seen_.transfer_encoding) return Errc::HttpAmbiguousLength;
  // RFC 9110 8.6 lets equal values pass; we do not.
  if (layout.has_content_length) return Errc::HttpRepeatedLength;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::uint64_t length = 0;
  for (char c : value) {
    if (!is_digit(c)) return Errc::HttpBadLength;
    const auto digit = static_cast<unsigned>(c - '0');
    if (length > (kMost - digit) / 10) return Errc::HttpBadLength;
    length = length * 10 + digit;
  }
  if (value.empty()) return Errc::HttpBadLength;
  layout.has_content_length = true;
  layout.content_length = length;
  return Errc::Ok;
}

Errc RequestParser::read_transfer_encoding(std::string_view value) {
  HeadLayout& layout = head_.layout();
  // RFC 9112 6.1: faulty framing, also when HTTP/1.0 comes from behind a proxy.
  if (layout.minor_version == 0) return Errc::HttpTransferEncodingIn10;
  if (layout.has_content_length) return Errc::HttpAmbiguousLength;
  seen_.transfer_encoding = true;
  for (bool more = true; more;) {
    const std::size_t comma = value.find(',');
    const std::string_view coding = trim_ows(value.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) value.remove_prefix(comma + 1);
    // RFC 9112 6.3: chunked comes last, and once. An empty element is no list we want to guess
    // about.
    if (layout.chunked) return Errc::HttpBadTransferEncoding;
    if (equals_ignoring_case(coding, "chunked")) {
      layout.chunked = true;
      continue;
    }
    const std::string_view name = trim_ows(coding.substr(0, coding.find(';')));
    // RFC 9112 7: chunked has no parameters.
    if (!is_token(name) || equals_ignoring_case(name, "chunked")) {
      return Errc::HttpBadTransferEncoding;
    }
    return Errc::HttpUnknownTransferEncoding;  // RFC 9112 6.1
  }
  return Errc::Ok;
}

void RequestParser::read_connection(std::string_view value) {
  if (value.size() == 10 && is_name(value.data(), "keep-alive")) {  // what most clients send
    seen_.connection_keep_alive = true;
    return;
  }
  if (value.size() == 7 && is_name(value.data(), "upgrade")) {
    seen_.connection_upgrade = true;
    return;
  }
  std::string_view option;
  for (ListReader list(value); list.next(option);) {
    if (equals_ignoring_case(option, "keep-alive")) seen_.connection_keep_alive = true;
    if (equals_ignoring_case(option, "upgrade")) seen_.connection_upgrade = true;
    if (equals_ignoring_case(option, "close")) seen_.connection_close = true;
  }
}

Errc RequestParser::read_expect(std::string_view value) {
  // RFC 9110 10.1.1: 100-continue is the only expectation there is.
  if (!equals_ignoring_case(value, "100-continue")) return Errc::HttpExpectation;
  seen_.expect_continue = true;
  return Errc::Ok;
}

// Trailer fields are taken one by one, so no more than a line of them has to be kept by the caller.
ParseEvent RequestParser::next_trailer(Bytes& in) {
  for (;;) {
    if (in.empty()) return {};
    const char* const line = reinterpret_cast<const char*>(in.data());
    if (*line == '\r') {  // the empty line; not counted
      if (in.size() == 1) return {};
      if (line[1] == '\n') {
        in = in.subspan(2);
        scanned_ = 0;
        state_ = State::Head;
        return {ParseEvent::Kind::End, {}, Errc::Ok};
      }
    }
    const std::size_t room = limits_->max_trailer_bytes - trailer_.size();
    const bool limit_reached = in.size() >= room;
    const char* const end = line + std::min(in.size(), room);
    if (scanned_ > 0 && !limit_reached &&
        std::memchr(line + scanned_, '\n', in.size() - scanned_) == nullptr) {
      scanned_ = static_cast<std::uint32_t>(in.size());
      return {};
    }
    Errc errc = Errc::Ok;
    FieldLine field;
    const char* const behind = read_field_line(line, end, field, errc);
    if (behind != nullptr) {
      if (trailer_count_ == limits_->max_field_count) {
        errc = Errc::HttpTooManyFields;
      } else if (!may_be_trailer(field.name_text())) {
        errc = Errc::HttpBadTrailer;
      }
    }
    if (behind == nullptr || errc != Errc::Ok) {
      return incomplete_line(line, end, limit_reached, errc, Errc::HttpHeadTooLarge);
    }
    const auto size = static_cast<std::size_t>(behind - line);
    trailer_.append(line, size);
    in = in.subspan(size);
    scanned_ = 0;
    ++trailer_count_;
  }
}

}  // namespace hybi::http
