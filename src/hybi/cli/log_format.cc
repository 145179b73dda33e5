#include <hybi/cli/log_format.h>
#include <hybi/cli/quote.h>

#include <fmt/format.h>

#include <algorithm>

namespace hybi::cli {
namespace {

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "debug";
    case LogLevel::Info:
      return "info";
    case LogLevel::Warn:
      return "warn";
    case LogLevel::Error:
      return "error";
  }
  return {};
}

std::string_view capitals_of(LogLevel level) {
  switch (level) {
    case LogLevel::Debug:
      return "DEBUG";
    case LogLevel::Info:
      return "INFO ";
    case LogLevel::Warn:
      return "WARN ";
    case LogLevel::Error:
      return "ERROR";
  }
  return {};
}

// Numbers and flags, the same in all formats. Returns: false if it is text.
bool append_bare(std::string& out, const LogField::Content& content) {
  if (const auto* number = std::get_if<std::int64_t>(&content)) {
    out += std::to_string(*number);
  } else if (const auto* count = std::get_if<std::uint64_t>(&content)) {
    out += std::to_string(*count);
  } else if (const auto* flag = std::get_if<bool>(&content)) {
    out += *flag ? "true" : "false";
  } else {
    return false;
  }
  return true;
}

// A value of logfmt is quoted where it would not end at the next space.
void append_logfmt(std::string& out, std::string_view text) {
  const bool bare =
      !text.empty() && text.find_first_of(" =") == std::string_view::npos && !needs_escape(text);
  if (bare) {
    out += text;
  } else {
    append_quoted(out, text);
  }
}

void append_logfmt(std::string& out, std::span<const LogField> fields) {
  for (const LogField& field : fields) {
    out += ' ';
    out += field.name();
    out += '=';
    if (!append_bare(out, field.content())) {
      append_logfmt(out, std::get<std::string_view>(field.content()));
    }
  }
}

void append_json(std::string& out, std::span<const LogField> fields) {
  for (const LogField& field : fields) {
    out += ',';
    append_quoted(out, field.name());
    out += ':';
    if (!append_bare(out, field.content())) {
      append_quoted(out, std::get<std::string_view>(field.content()));
    }
  }
}

}  // namespace

std::string format_time(LogTime time) {
  using namespace std::chrono;
  const auto whole = floor<milliseconds>(time);
  const auto day = floor<days>(whole);
  const year_month_day date(day);
  const hh_mm_ss clock(whole - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string format_line(LogFormat format, LogTime time, LogLevel level, std::string_view message,
                        std::span<const LogField> fields) {
  std::string out;
  out.reserve(128);
  const std::string when = format_time(time);
  switch (format) {
    case LogFormat::Text:
      out += fmt::format("{} {} ", when, capitals_of(level));
      append_escaped(out, message);
      if (!fields.empty()) out += ' ';
      append_logfmt(out, fields);
      break;
    case LogFormat::Logfmt:
      out += fmt::format("time={} level={} msg=", when, name_of(level));
      append_logfmt(out, message);
      append_logfmt(out, fields);
      break;
    case LogFormat::Json:
      out += fmt::format(R"({{"time":"{}","level":"{}","msg":)", when, name_of(level));
      append_quoted(out, message);
      append_json(out, fields);
      out += '}';
      break;
  }
  out += '\n';
  return out;
}

}  // namespace hybi::cli
