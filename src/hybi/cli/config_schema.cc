#include <hybi/cli/config_schema.h>
#include <hybi/cli/quote.h>
#include <hybi/cli/units.h>

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace hybi::cli {
namespace {

std::string list_of(const std::vector<std::string_view>& names, bool quotes) {
  std::string out;
  for (const std::string_view name : names) {
    if (!out.empty()) out += ", ";
    out += quotes ? quote(name) : std::string(name);
  }
  return out;
}

std::string number_text(Kind kind, std::uint64_t number) {
  if (kind == Kind::Size) return format_size(number);
  return kind == Kind::Duration ? format_duration(number) : std::to_string(number);
}

template <class T, class Write>
std::string list_toml(const std::vector<T>& list, const Write& write) {
  std::string out = "[";
  for (const T& item : list) {
    if (out.size() > 1) out += ", ";
    out += write(item);
  }
  return out + "]";
}

std::string type_text(const Setting& setting) {
  switch (setting.kind) {
    case Kind::Bool:
      return "true or false";
    case Kind::Integer:
    case Kind::Size:
    case Kind::Duration: {
      const std::string name = setting.kind == Kind::Integer ? "integer"
                               : setting.kind == Kind::Size  ? "size"
                                                             : "duration";
      return name + ", " + range_of(setting);
    }
    case Kind::String:
      return "string";
    case Kind::Strings:
      return "list of strings";
    case Kind::Enum:
      return list_of(choices_of(setting), true);
    case Kind::Numbers:
      return "list of " + list_of(choices_of(setting), false);
    case Kind::Fields:
      return "strings";
  }
  return {};
}

}  // namespace

unsigned default_threads() {
  return std::clamp(std::thread::hardware_concurrency(), 1u, 4u);
}

std::optional<std::size_t> find_setting(std::string_view section, std::string_view name) {
  const auto all = settings();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Setting& setting) {
    return setting.section == section && setting.name == name;
  });
  if (found == all.end()) return std::nullopt;
  return static_cast<std::size_t>(found - all.begin());
}

std::string key_of(const Setting& setting) {
  return setting.name.empty() ? std::string(setting.section)
                              : fmt::format("{}.{}", setting.section, setting.name);
}

std::vector<std::string_view> choices_of(const Setting& setting) {
  std::vector<std::string_view> names;
  for (std::string_view rest = setting.rules.choices; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    names.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return names;
}

std::string range_of(const Setting& setting) {
  return fmt::format("{} to {}", number_text(setting.kind, setting.rules.least),
                     number_text(setting.kind, setting.rules.most));
}

std::string expectation_of(const Setting& setting) {
  switch (setting.kind) {
    case Kind::Bool:
      return "true or false";
    case Kind::Integer:
      return "an integer from " + range_of(setting);
    case Kind::Size:
      return "a size such as \"64 KiB\"";
    case Kind::Duration:
      return "a duration such as \"30s\"";
    case Kind::String:
      return "a string";
    case Kind::Strings:
      return "a list of strings";
    case Kind::Enum:
      return "one of " + list_of(choices_of(setting), true);
    case Kind::Numbers:
      return "a list of some of " + list_of(choices_of(setting), false);
    case Kind::Fields:
      return "a table of strings";
  }
  return {};
}

std::string to_toml(const Setting& setting, const Value& value) {
  switch (setting.kind) {
    case Kind::Bool:
      return std::get<bool>(value) ? "true" : "false";
    case Kind::Integer:
      return std::to_string(std::get<std::uint64_t>(value));
    case Kind::Size:
    case Kind::Duration:
      return quote(number_text(setting.kind, std::get<std::uint64_t>(value)));
    case Kind::String:
      return quote(std::get<std::string>(value));
    case Kind::Strings:
      return list_toml(std::get<StringList>(value), [](const std::string& s) { return quote(s); });
    case Kind::Enum: {
      const auto names = choices_of(setting);
      return quote(names.at(static_cast<std::size_t>(std::get<std::uint64_t>(value))));
    }
    case Kind::Numbers:
      return list_toml(std::get<NumberList>(value), [](auto n) { return std::to_string(n); });
    case Kind::Fields:
      break;
  }
  return {};
}

std::string manual_table() {
  const ServeConfig defaults;
  std::string out = "| key | type | default | SIGHUP | |\n|---|---|---|---|---|\n";
  for (const Setting& setting : settings()) {
    std::string value(setting.rules.default_text);
    if (value.empty() && setting.kind != Kind::Fields) {
      value = "`" + to_toml(setting, setting.access.get(defaults)) + "`";
    }
    const std::string key = setting.name.empty() ? key_of(setting) + ".*" : key_of(setting);
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key, type_text(setting), value,
                       setting.rules.reload ? "yes" : "restart", setting.help);
  }
  return out;
}

}  // namespace hybi::cli
