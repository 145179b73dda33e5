// One event as one line: for people, for logfmt readers, for JSON readers. Nothing but text.
//
//   text    2026-11-21T16:20:00.123Z WARN  needs a restart  key=server.threads
//   logfmt  time=2026-11-21T16:20:00.123Z level=warn msg="needs a restart" key=server.threads
//   json    {"time":"2026-11-21T16:20:00.123Z","level":"warn","msg":"needs a restart","key":"..."}
//
// Fields keep the order they were given in. Whatever stands in a message or a field, the line is
// UTF-8 and ends once (quote.h).
#pragma once

#include <hybi/cli/serve_config.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace hybi::cli {

// Lifetime: that of the text it was made of.
class LogField {
 public:
  using Content = std::variant<std::string_view, std::int64_t, std::uint64_t, bool>;

  // `name` is letters, digits, "_" and ".".
  LogField(std::string_view name, std::string_view text) : name_(name), content_(text) {}
  LogField(std::string_view name, const char* text) : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, const std::string& text)
      : LogField(name, std::string_view(text)) {}
  LogField(std::string_view name, bool flag) : name_(name), content_(flag) {}
  template <std::signed_integral T>
  LogField(std::string_view name, T number) : name_(name), content_(std::int64_t{number}) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view name, T number)
      : name_(name), content_(std::uint64_t{number}) {}

  std::string_view name() const { return name_; }
  const Content& content() const { return content_; }

 private:
  std::string_view name_;
  Content content_;
};

using LogTime = std::chrono::system_clock::time_point;

// UTC with milliseconds: "2026-11-21T16:20:00.123Z".
std::string format_time(LogTime time);

// The line with its line feed.
std::string format_line(LogFormat format, LogTime time, LogLevel level, std::string_view message,
                        std::span<const LogField> fields);

}  // namespace hybi::cli
