// What an access log line looks like: a pattern taken apart once, lines made from its values.
//
// Knows nothing of requests: middleware_access_log.cc finds the values. Nothing in a value can end
// the line or the quotes around it.
#pragma once

#include <hybi/result.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

struct LogItem {
  enum class Kind : std::uint8_t {
    Literal,  // `name` as it stands
    Nothing,  // %l
    Client,
    Peer,
    User,
    Time,
    IsoTime,
    RequestLine,
    Method,
    Target,
    Path,
    Query,
    Protocol,
    Host,
    Status,
    Bytes,
    AllBytes,
    Microseconds,
    Milliseconds,
    Seconds,
    Cut,
    RequestId,
    RequestField,   // `name`
    ResponseField,  // `name`
  };
  Kind kind = Kind::Literal;
  std::string name = {};
  std::string key = {};  // of the named styles
};

class AccessLogFormat {
 public:
  // Unknown directives become literals; `mistake` tells whether there are any.
  explicit AccessLogFormat(std::string_view format);
  Result<void> mistake() const { return mistake_; }

  std::span<const LogItem> items() const { return items_; }
  // The line of these values, one for each item; empty ones are "-", or left out of the named
  // styles. Requires: as many as items.
  std::string line(std::span<const std::string> values) const;

 private:
  enum class Style : std::uint8_t { Pattern, Json, Logfmt };

  void parse(std::string_view pattern);
  void add_named();
  void add_literal(std::string_view text);
  std::string json(std::span<const std::string> values) const;
  std::string logfmt(std::span<const std::string> values) const;

  Style style_ = Style::Pattern;
  std::vector<LogItem> items_;
  Result<void> mistake_;
};

}  // namespace hybi
