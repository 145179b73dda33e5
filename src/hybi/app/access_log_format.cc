// See access_log_format.h.
#include <hybi/app/access_log_format.h>
#include <hybi/app/log_redaction.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hybi {
namespace {

using Kind = LogItem::Kind;

constexpr std::string_view kCommon = "%h %l %u %t \"%r\" %>s %b";
constexpr std::string_view kCombined =
    "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\"";

struct Directive {
  char letter;
  std::string_view argument;
  Kind kind;
};

constexpr Directive kDirectives[] = {
    {'h', "", Kind::Client},         {'a', "", Kind::Client},      {'a', "c", Kind::Peer},
    {'l', "", Kind::Nothing},        {'u', "", Kind::User},        {'t', "", Kind::Time},
    {'t', "iso", Kind::IsoTime},     {'r', "", Kind::RequestLine}, {'m', "", Kind::Method},
    {'U', "", Kind::Path},           {'q', "", Kind::Query},       {'H', "", Kind::Protocol},
    {'v', "", Kind::Host},           {'V', "", Kind::Host},        {'s', "", Kind::Status},
    {'b', "", Kind::Bytes},          {'B', "", Kind::AllBytes},    {'D', "", Kind::Microseconds},
    {'T', "", Kind::Seconds},        {'T', "s", Kind::Seconds},    {'T', "ms", Kind::Milliseconds},
    {'T', "us", Kind::Microseconds}, {'X', "", Kind::Cut},         {'L', "", Kind::RequestId},
};

bool is_number(Kind kind) {
  return kind == Kind::Status || kind == Kind::AllBytes || kind == Kind::Microseconds;
}

// Values that stand without quotes in the usual patterns: a space would begin the next one.
bool is_word(Kind kind) {
  return kind != Kind::RequestLine && kind != Kind::Time && kind != Kind::RequestField &&
         kind != Kind::ResponseField;
}

void append_escaped(std::string_view value, bool word, std::string& out) {
  constexpr char kHex[] = "0123456789abcdef";
  while (!value.empty()) {
    const auto c = static_cast<unsigned char>(value.front());
    if (value.starts_with(kRedacted)) {
      out.append(kRedacted);
      value.remove_prefix(kRedacted.size());
      continue;
    }
    if (c == '"' || c == '\\') {
      out += '\\';
      out += value.front();
    } else if (c < 0x20 || c >= 0x7f || (word && c == ' ')) {
      out.append("\\x");
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += value.front();
    }
    value.remove_prefix(1);
  }
}

}  // namespace

AccessLogFormat::AccessLogFormat(std::string_view format) {
  if (format == "json" || format == "logfmt") {
    style_ = format == "json" ? Style::Json : Style::Logfmt;
    add_named();
  } else {
    parse(format == "common" ? kCommon : format == "combined" ? kCombined : format);
  }
}

void AccessLogFormat::add_named() {
  items_ = {{Kind::IsoTime, "", "time"},
            {Kind::Client, "", "client"},
            {Kind::User, "", "user"},
            {Kind::Method, "", "method"},
            {Kind::Target, "", "target"},
            {Kind::Protocol, "", "protocol"},
            {Kind::Host, "", "host"},
            {Kind::Status, "", "status"},
            {Kind::AllBytes, "", "bytes"},
            {Kind::Microseconds, "", "us"},
            {Kind::RequestField, "Referer", "referer"},
            {Kind::RequestField, "User-Agent", "user_agent"},
            {Kind::RequestId, "", "request_id"},
            {Kind::Cut, "", "cut"}};
}

void AccessLogFormat::add_literal(std::string_view text) {
  // The pattern is the operator's own; it must still make one line.
  std::string one_line;
  for (const char c : text) one_line += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  if (!items_.empty() && items_.back().kind == Kind::Literal) {
    items_.back().name += one_line;
  } else if (!one_line.empty()) {
    items_.push_back({Kind::Literal, one_line, ""});
  }
}

void AccessLogFormat::parse(std::string_view pattern) {
  while (!pattern.empty()) {
    const std::size_t percent = pattern.find('%');
    add_literal(pattern.substr(0, percent));
    if (percent == std::string_view::npos) return;
    pattern.remove_prefix(percent);
    std::string_view rest = pattern.substr(1);
    if (rest.starts_with('>')) rest.remove_prefix(1);
    std::string_view argument;
    if (rest.starts_with('{')) {
      const std::size_t end = std::min(rest.find('}'), rest.size());
      argument = rest.substr(1, end - 1);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    const char letter = rest.empty() ? '\0' : rest.front();
    const std::size_t used = pattern.size() - rest.size() + (rest.empty() ? 0 : 1);
    const auto* const found =
        std::find_if(std::begin(kDirectives), std::end(kDirectives), [&](const Directive& known) {
          return known.letter == letter && known.argument == argument;
        });
    if (letter == '%' && argument.empty()) {
      add_literal("%");
    } else if ((letter == 'i' || letter == 'o') && !argument.empty()) {
      items_.push_back(
          {letter == 'i' ? Kind::RequestField : Kind::ResponseField, std::string(argument), ""});
    } else if (found != std::end(kDirectives)) {
      items_.push_back({found->kind, "", ""});
    } else {
      mistake_ = Errc::BadLogFormat;
      add_literal(pattern.substr(0, used));
    }
    pattern.remove_prefix(used);
  }
}

std::string AccessLogFormat::line(std::span<const std::string> values) const {
  if (style_ == Style::Json) return json(values);
  if (style_ == Style::Logfmt) return logfmt(values);
  std::string out;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const LogItem& item = items_[i];
    if (item.kind == Kind::Literal) {
      out.append(item.name);
    } else if (values[i].empty()) {
      if (item.kind != Kind::Query) out += '-';
    } else {
      append_escaped(values[i], is_word(item.kind), out);
    }
  }
  return out;
}

std::string AccessLogFormat::json(std::span<const std::string> values) const {
  std::string out = "{";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (values[i].empty()) continue;
    if (out.size() > 1) out += ',';
    out.append("\"").append(items_[i].key).append("\":");
    if (is_number(items_[i].kind)) {
      out.append(values[i]);
    } else if (items_[i].kind == Kind::Cut) {
      out.append(values[i] == "X" ? "true" : "false");
    } else {
      out.append(
          nlohmann::json(values[i]).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
    }
  }
  return out + "}";
}

std::string AccessLogFormat::logfmt(std::span<const std::string> values) const {
  std::string out;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (values[i].empty()) continue;
    if (!out.empty()) out += ' ';
    out.append(items_[i].key).append("=");
    if (items_[i].kind == Kind::Cut) {
      out.append(values[i] == "X" ? "true" : "false");
      continue;
    }
    const bool plain = values[i].find_first_of(" =\"\\") == std::string::npos;
    if (!plain) out += '"';
    append_escaped(values[i], false, out);
    if (!plain) out += '"';
  }
  return out;
}

}  // namespace hybi
