// Response heads and the chunked coding, written into an OutBuffer. RFC 9112 4, 5, 7.1.
//
// Every name and value is checked here, so that no caller can split a response (CR, LF, NUL
// refused).
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>

#include <string_view>

namespace hybi::http {

std::string_view reason_phrase(unsigned status);  // "OK"; "" for an unknown status

// "HTTP/1.1 200 OK\r\n". Requires: 100 <= status <= 599.
void write_status_line(unsigned status, OutBuffer& out);
// "name: value\r\n". Fails: BadField (nothing is written).
Result<void> write_field(std::string_view name, std::string_view value, OutBuffer& out);
void write_content_length(std::uint64_t length, OutBuffer& out);
// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n" RFC 9110 5.6.7, 6.6.1. `unix_seconds` since 1970.
// Formats once per second and keeps the line: one DateLine per loop.
class DateLine {
 public:
  std::string_view at(std::int64_t unix_seconds);

 private:
  std::int64_t second_ = -1;
  char line_[37] = {};
};
void write_end_of_head(OutBuffer& out);  // the empty line

// One chunk of the chunked coding; nothing for empty data (that would end the body).
void write_chunk(Bytes data, OutBuffer& out);
// `trailer_lines`: fields, each with its CRLF. RFC 9112 7.1.2
void write_last_chunk(OutBuffer& out, std::string_view trailer_lines = {});

}  // namespace hybi::http
