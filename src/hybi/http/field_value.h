// The small languages inside field values: lists, parameters, quoted strings, weights. RFC
// 9110 5.6.
//
// Views only; nothing is copied except the text of a quoted string that has escapes.
#pragma once

#include <hybi/http/head.h>
#include <hybi/result.h>

#include <string>
#include <string_view>

namespace hybi::http {

// The elements of a comma-separated list (RFC 9110 5.6.1), without surrounding whitespace. Commas
// in quoted strings do not separate; empty elements are passed over.
//
//   for (ListReader list(value); list.next(element);) ...
class ListReader {
 public:
  explicit ListReader(std::string_view value) : rest_(value) {}

  // Returns: false at the end.
  bool next(std::string_view& element);

 private:
  std::string_view rest_;
};

// Whether the list has this element, in any case. Compares whole elements, with their parameters.
bool list_has_token(std::string_view list, std::string_view token);

// An element with parameters: `permessage-deflate; server_max_window_bits="10"`. RFC 9110 5.6.6
//
//   ParameterReader reader(element);   reader.name() is what stands before the first semicolon
//   while (reader.next(parameter)) ...
struct Parameter {
  std::string_view name;
  std::string_view
      value;  // as sent; a quoted string keeps its quotes (see unquote). Null data(): none
};

class ParameterReader {
 public:
  explicit ParameterReader(std::string_view element);

  std::string_view name() const { return name_; }
  // Returns: false at the end or at a malformed parameter; ok() tells which.
  bool next(Parameter& parameter);
  bool ok() const { return ok_; }

 private:
  std::string_view name_, rest_;
  bool ok_ = true;
};

// The text of a token or quoted string, escapes removed. RFC 9110 5.6.4
// Fails: BadField if it is neither.
Result<std::string> unquote(std::string_view text);

// The weight of an element in thousandths: "gzip;q=0.5" is 500; 1000 if there is none, 0 if it is
// malformed. RFC 9110 12.4.2
unsigned weight_of(std::string_view element);

// The value of a list field over all its lines (RFC 9110 5.3): the only line as it is, or several
// joined in `joined`. Null data(): there is none. Lifetime: the head's and that of `joined`.
std::string_view combined_value(const Head& head, std::string_view name, std::string& joined);

}  // namespace hybi::http
