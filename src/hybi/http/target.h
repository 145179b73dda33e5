// Taking targets apart and undoing percent-encoding. RFC 3986 2.1; queries as HTML forms write
// them.
//
// The parser has refused malformed escapes; these functions are safe on any text all the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hybi::http {

// One segment of a path, decoded. "%2F" becomes a slash that separates nothing any more.
// Returns: empty if an escape is malformed or stands for NUL.
std::optional<std::string> decode_segment(std::string_view segment);

// A name or value of a query, decoded; "+" is a space.
// Returns: empty if an escape is malformed.
std::optional<std::string> decode_query(std::string_view text);

// The `name=value` pairs of a query, as sent.
//
//   for (QueryReader reader(head.query()); reader.next(pair);) ...
class QueryReader {
 public:
  struct Pair {
    std::string_view name, value;  // the value is empty without "="
  };
  explicit QueryReader(std::string_view query) : rest_(query) {}

  // Returns: false at the end. Empty pairs are passed over.
  bool next(Pair& pair);

 private:
  std::string_view rest_;
};

// The first value of `name`, decoded; empty if it is absent or malformed.
std::optional<std::string> find_query(std::string_view query, std::string_view name);

// Escapes all bytes but unreserved ones. RFC 3986 2.3
std::string encode_component(std::string_view text);

}  // namespace hybi::http
