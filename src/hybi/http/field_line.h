// One field line of a head or trailer section. RFC 9112 5.
#pragma once

#include <hybi/base/ascii.h>
#include <hybi/error.h>
#include <hybi/http/chars.h>

namespace hybi::http {

struct FieldLine {
  const char* name = nullptr;
  const char* name_end = nullptr;
  const char* value = nullptr;  // without whitespace around it
  const char* value_end = nullptr;

  std::string_view name_text() const { return {name, name_end}; }
  std::string_view value_text() const { return {value, value_end}; }
};

namespace detail {
// What is wrong with the byte at `at`, where a name should go on or a colon should stand.
inline Errc name_error(const char* begin, const char* at, const char* end) {
  if (*at == '\n') return Errc::HttpBareLf;
  if (*at == '\r' && at + 1 != end && at[1] != '\n') return Errc::HttpBareCr;
  if (*at == ' ' || *at == '\t') {
    // RFC 9112 5.2, 2.2: a line that starts with whitespace goes on with the one before.
    if (at == begin) return Errc::HttpObsFold;
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    // RFC 9112 5.1: refused because others take such a field for another one.
    if (at != end && *at == ':') return Errc::HttpSpaceBeforeColon;
  }
  return Errc::HttpBadFieldName;
}
}  // namespace detail

// RFC 9110 5.5 lets a recipient keep a control character where it does no harm. Clients of hixie-76
// (Java-WebSocket) put DEL into the two keys, which are spelled by chance.
inline bool may_hold_del(const FieldLine& line) {
  const std::string_view name = line.name_text();
  return name.size() == 18 && equals_ignoring_case(name.substr(0, 17), "sec-websocket-key");
}

// Reads the line that starts at `begin`, which is not the empty line.
// Returns: past the line's CRLF; null with `errc` Ok if [begin, end) ends before the line does.
// Fails:   null with the first error, from left to right, in `errc`. It depends on the line only.
inline const char* read_field_line(const char* begin, const char* end, FieldLine& line,
                                   Errc& errc) {
  const char* at = begin;
  while (at != end && is_token_char(*at)) ++at;
  if (at == end) return nullptr;
  if (*at != ':' || at == begin) {
    errc = detail::name_error(begin, at, end);
    return nullptr;
  }
  line.name = begin;
  line.name_end = at++;
  while (at != end && (*at == ' ' || *at == '\t')) ++at;
  line.value = at;
  at = find_control(at, end);
  while (at != end && *at == 0x7f && may_hold_del(line)) at = find_control(at + 1, end);
  if (end - at < 2 && (at == end || *at == '\r')) return nullptr;
  if (*at != '\r' || at[1] != '\n') {
    errc = *at == '\r'   ? Errc::HttpBareCr
           : *at == '\n' ? Errc::HttpBareLf
                         : Errc::HttpBadFieldValue;
    return nullptr;
  }
  const char* last = at;
  while (last != line.value && (last[-1] == ' ' || last[-1] == '\t')) --last;
  line.value_end = last;
  return at + 2;
}

}  // namespace hybi::http
