// Writing response heads and chunks.
#include <hybi/base/ascii.h>
#include <hybi/base/assert.h>
#include <hybi/http/chars.h>
#include <hybi/http/date.h>
#include <hybi/http/writer.h>

#include <charconv>

namespace hybi::http {
namespace {

struct Phrase {
  unsigned status;
  std::string_view text;
};

// RFC 9110 15, and the registry where other documents added codes that servers use.
constexpr Phrase kPhrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {511, "Network Authentication Required"},
};

void put(std::byte*& to, std::string_view text) {
  if (text.empty()) return;  // it may have no data() at all
  std::memcpy(to, text.data(), text.size());
  to += text.size();
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  for (const Phrase& phrase : kPhrases) {
    if (phrase.status == status) return phrase.text;
  }
  return {};
}

void write_status_line(unsigned status, OutBuffer& out) {
  HYBI_ASSERT(status >= 100 && status <= 599);
  if (status == 200) {
    out.append("HTTP/1.1 200 OK\r\n");
    return;
  }
  const std::string_view phrase = reason_phrase(status);
  const char digits[3] = {static_cast<char>('0' + status / 100),
                          static_cast<char>('0' + status / 10 % 10),
                          static_cast<char>('0' + status % 10)};
  std::byte* to = out.grow(9 + 3 + 1 + phrase.size() + 2);
  put(to, "HTTP/1.1 ");
  put(to, {digits, 3});
  // RFC 9112 4: the space stays even if there is no phrase.
  put(to, " ");
  put(to, phrase);
  put(to, "\r\n");
}

Result<void> write_field(std::string_view name, std::string_view value, OutBuffer& out) {
  // RFC 9110 5.5: no control character may reach the wire, above all no CR LF.
  if (!is_token(name) || !is_field_value(value)) return Errc::BadField;
  std::byte* to = out.grow(name.size() + 2 + value.size() + 2);
  put(to, name);
  put(to, ": ");
  put(to, value);
  put(to, "\r\n");
  return {};
}

void write_content_length(std::uint64_t length, OutBuffer& out) {
  char digits[20];
  const char* const end = std::to_chars(digits, digits + sizeof digits, length).ptr;
  const std::string_view number(digits, static_cast<std::size_t>(end - digits));
  constexpr std::string_view kName = "Content-Length: ";
  std::byte* to = out.grow(kName.size() + number.size() + 2);
  put(to, kName);
  put(to, number);
  put(to, "\r\n");
}

std::string_view DateLine::at(std::int64_t unix_seconds) {
  static_assert(sizeof line_ == 6 + kDateBytes + 2);
  if (second_ != unix_seconds) {
    second_ = unix_seconds;
    std::memcpy(line_, "Date: ", 6);
    format_date(unix_seconds, std::span<char, kDateBytes>(line_ + 6, kDateBytes));
    std::memcpy(line_ + 6 + kDateBytes, "\r\n", 2);
  }
  return {line_, sizeof line_};
}

void write_end_of_head(OutBuffer& out) {
  out.append("\r\n");
}

void write_chunk(Bytes data, OutBuffer& out) {
  if (data.empty()) return;
  char digits[16];
  const char* const end = std::to_chars(digits, digits + sizeof digits, data.size(), 16).ptr;
  const std::string_view number(digits, static_cast<std::size_t>(end - digits));
  std::byte* to = out.grow(number.size() + 2 + data.size() + 2);
  put(to, number);
  put(to, "\r\n");
  put(to, as_text(data));
  put(to, "\r\n");
}

void write_last_chunk(OutBuffer& out, std::string_view trailer_lines) {
  out.append("0\r\n");
  out.append(trailer_lines);
  out.append("\r\n");
}

}  // namespace hybi::http
