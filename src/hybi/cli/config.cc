// The parts of config.h that know nothing of TOML's syntax; config_read.cc has the others.
#include <hybi/cli/config.h>
#include <hybi/cli/number.h>
#include <hybi/cli/quote.h>
#include <hybi/cli/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace hybi::cli {
namespace {

const Source& source_of(const Config& config, std::string_view section, std::string_view name) {
  static constexpr std::size_t kNone = 0;
  return config.source(find_setting(section, name).value_or(kNone));
}

// The problem stands where the last of the settings that disagree was written.
Problem disagreement(const Config& config, std::string_view section,
                     std::initializer_list<std::string_view> names, std::string text) {
  Problem problem{0, 0, std::move(text)};
  for (const std::string_view name : names) {
    const Source& source = source_of(config, section, name);
    if (source.line < problem.line) continue;
    problem.line = source.line;
    problem.column = source.column;
  }
  return problem;
}

std::string origin_text(const Source& source, std::string_view file) {
  switch (source.kind) {
    case Source::Kind::Default:
      return "default";
    case Source::Kind::File:
      return fmt::format("{}:{}", file, source.line);
    case Source::Kind::Flag:
      return source.flag;
  }
  return {};
}

// A comment ends with its line.
std::string comment(std::string_view text) {
  std::string out;
  append_escaped(out, text);
  return out;
}

bool is_bare_key(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

// Whether the value itself must not be shown. A store is a secret only with a password in it.
bool is_hidden(const Setting& setting, const Value& value) {
  if (!setting.rules.secret) return false;
  const std::string& text = std::get<std::string>(value);
  if (setting.name == "store") return text.find('@') != std::string::npos;
  return !text.empty();
}

std::string show_fields(const FieldMap& fields, const std::string& origin) {
  std::string out;
  for (const auto& [name, value] : fields) {
    out += fmt::format("{} = {}  # {}\n", is_bare_key(name) ? name : quote(name), quote(value),
                       origin);
  }
  return out;
}

std::string out_of_range(const Setting& setting, const std::string& value) {
  return fmt::format("{} is out of range, {}", value, range_of(setting));
}

std::string check_count(const Setting& setting, std::size_t count) {
  if (setting.rules.most == 0 || (count >= setting.rules.least && count <= setting.rules.most))
    return {};
  return fmt::format("{} entries; {} to {} are possible", count, setting.rules.least,
                     setting.rules.most);
}

}  // namespace

std::string to_line(std::string_view file, const Problem& problem) {
  if (problem.line == 0) return fmt::format("{}: {}", file, problem.text);
  return fmt::format("{}:{}:{}: {}", file, problem.line, problem.column, problem.text);
}

void Config::set(std::size_t setting, const Value& value, Source source) {
  settings()[setting].access.set(values_, value);
  sources_[setting] = std::move(source);
}

std::string check_value(const Setting& setting, const Value& value) {
  switch (setting.kind) {
    case Kind::Integer:
    case Kind::Size:
    case Kind::Duration: {
      const std::uint64_t number = std::get<std::uint64_t>(value);
      if (number >= setting.rules.least && number <= setting.rules.most) return {};
      return out_of_range(setting, setting.kind == Kind::Integer ? std::to_string(number)
                                                                 : to_toml(setting, value));
    }
    case Kind::String: {
      const std::string& text = std::get<std::string>(value);
      const std::string wrong =
          setting.rules.check == nullptr ? std::string() : setting.rules.check(text);
      if (wrong.empty()) return {};
      return (setting.rules.secret ? "what stands here" : quote_start(text)) + " " + wrong;
    }
    case Kind::Strings:
      return check_count(setting, std::get<StringList>(value).size());
    case Kind::Numbers:
      return std::get<NumberList>(value).empty() ? "at least one is needed" : std::string();
    case Kind::Bool:
    case Kind::Enum:
    case Kind::Fields:
      break;
  }
  return {};
}

bool parse_flag(const Setting& setting, std::string_view text, Value& value, std::string& problem) {
  problem = "expected " + expectation_of(setting) + ", found " + quote_start(text);
  switch (setting.kind) {
    case Kind::Bool:
      if (text != "true" && text != "false") return false;
      value = text == "true";
      break;
    case Kind::Integer: {
      const auto number = parse_number<std::uint64_t>(text);
      if (!number) return false;
      value = *number;
      break;
    }
    case Kind::Size:
    case Kind::Duration: {
      const auto number = setting.kind == Kind::Size ? parse_size(text) : parse_duration(text);
      if (!number) return false;
      value = *number;
      break;
    }
    case Kind::String:
      value = std::string(text);
      break;
    case Kind::Enum: {
      const auto names = choices_of(setting);
      const auto found = std::find(names.begin(), names.end(), text);
      if (found == names.end()) {
        const std::string_view near = nearest(text, names);
        if (!near.empty()) problem += fmt::format("; did you mean \"{}\"?", near);
        return false;
      }
      value = static_cast<std::uint64_t>(found - names.begin());
      break;
    }
    case Kind::Strings:
    case Kind::Numbers:
    case Kind::Fields:
      return false;
  }
  problem = check_value(setting, value);
  return problem.empty();
}

std::vector<Problem> check_together(const Config& config) {
  const ServeConfig& values = config.values();
  std::vector<Problem> problems;
  const auto add = [&](std::string_view section, std::initializer_list<std::string_view> names,
                       std::string text) {
    problems.push_back(disagreement(config, section, names, std::move(text)));
  };

  const WebSocketLimits& limits = values.websocket.limits;
  if (limits.low_water_bytes >= limits.high_water_bytes) {
    add("websocket", {"low_water", "high_water"},
        "websocket.low_water must be below websocket.high_water");
  }
  const OriginPolicy& origins = values.websocket.origins;
  if (values.websocket.versions.has_unsafe() && origins.kind == OriginPolicy::Kind::SameOrigin) {
    add("websocket", {"versions", "origins"},
        "websocket.versions older than 7 need websocket.origins: a list, or [\"*\"]");
  }
  if (origins.kind == OriginPolicy::Kind::List &&
      std::find(origins.list.begin(), origins.list.end(), "*") != origins.list.end()) {
    add("websocket", {"origins"}, "websocket.origins: \"*\" stands alone");
  }
  if (values.channels.enabled && values.channels.path == values.websocket.echo) {
    add("channels", {"path"}, "channels.path and websocket.echo are the same");
  }
  if (!values.sessions.secret.empty() && !values.sessions.secret_file.empty()) {
    add("sessions", {"secret", "secret_file"},
        "sessions.secret and sessions.secret_file: one of them, please");
  }
  if (values.sessions.idle > values.sessions.absolute) {
    add("sessions", {"idle", "absolute"}, "sessions.idle is longer than sessions.absolute");
  }
  return problems;
}

std::string show_config(const Config& config, std::string_view file, bool secrets) {
  const std::string name = comment(file);
  std::string out;
  std::string_view section;
  for (std::size_t i = 0; i < settings().size(); ++i) {
    const Setting& setting = settings()[i];
    if (setting.section != section) {
      out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", setting.section);
      section = setting.section;
    }
    const Value value = config.value(i);
    const std::string origin = origin_text(config.source(i), name);
    if (setting.kind == Kind::Fields) {
      out += show_fields(std::get<FieldMap>(value), origin);
    } else if (is_hidden(setting, value) && !secrets) {
      out += fmt::format("# {} is set but not shown  # {}\n", setting.name, origin);
    } else {
      out += fmt::format("{} = {}  # {}\n", setting.name, to_toml(setting, value), origin);
    }
  }
  return out;
}

}  // namespace hybi::cli
