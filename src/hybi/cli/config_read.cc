// From TOML to Config: walks what toml++ made of the text, along the schema. toml++ is used without
// exceptions and with a bound on nesting, in this file only.
#include <hybi/cli/config.h>
#include <hybi/cli/config_checks.h>
#include <hybi/cli/quote.h>
#include <hybi/cli/units.h>

#include <fmt/format.h>

// Some of toml++'s assertions are checks of the input that are made again, and told, after them
// ("[" and a control character). So they must neither end the program nor, with NDEBUG and clang,
// be taken for promises by the optimiser, and every build does the same.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(condition) static_assert(true)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/impl/forward_declarations.h>
// Its search for white space calls what is not in a table unreachable, but U+00A1 to U+049F outside
// of strings get there ("[s\u00e9rver]"); false is the right answer then.
#pragma push_macro("TOML_UNREACHABLE")
#undef TOML_UNREACHABLE
#define TOML_UNREACHABLE return false
#include <toml++/impl/unicode.h>
#pragma pop_macro("TOML_UNREACHABLE")
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>

namespace hybi::cli {
namespace {

struct Position {
  unsigned line = 0;
  unsigned column = 0;
};

Position position_of(const toml::source_region& region) {
  return {static_cast<unsigned>(region.begin.line), static_cast<unsigned>(region.begin.column)};
}

// What stands there, for "found ...".
std::string description_of(const toml::node& node, bool secret) {
  if (const auto* text = node.as_string()) {
    return secret ? "a string" : "the string " + quote_start(text->get());
  }
  if (const auto* number = node.as_integer()) return fmt::format("the integer {}", number->get());
  if (const auto* number = node.as_floating_point()) {
    return fmt::format("the number {}", number->get());
  }
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_array()) return node.is_array_of_tables() ? "a list of tables" : "a list";
  return node.is_table() ? "a table" : "a date or time";
}

std::vector<std::string_view> section_names() {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings()) {
    if (names.empty() || names.back() != setting.section) names.push_back(setting.section);
  }
  return names;
}

std::vector<std::string_view> names_in(std::string_view section) {
  std::vector<std::string_view> names;
  for (const Setting& setting : settings()) {
    if (setting.section == section) names.push_back(setting.name);
  }
  return names;
}

// "; did you mean ...?", else where a setting of that name does stand.
std::string hint(std::string_view name, const std::vector<std::string_view>& here) {
  if (const std::string_view near = nearest(name, here); !near.empty()) {
    return fmt::format("; did you mean \"{}\"?", near);
  }
  std::string places;
  for (const std::string_view section : section_names()) {
    if (name.empty() || !find_setting(section, name)) continue;
    places += fmt::format("{}[{}]", places.empty() ? "" : ", ", section);
  }
  return places.empty() ? "" : "; there is one in " + places;
}

class Reader {
 public:
  explicit Reader(ReadConfig& result) : result_(result) {}

  void read(const toml::table& root) {
    const auto sections = section_names();
    for (const auto& [key, node] : root) {
      if (std::find(sections.begin(), sections.end(), key.str()) == sections.end()) {
        tell(key.source(), fmt::format("unknown {} {}{}", node.is_table() ? "section" : "key",
                                       quote_start(key.str()), hint(key.str(), sections)));
      } else if (const toml::table* const table = node.as_table()) {
        read_section(key.str(), *table);
      } else {
        tell(node.source(), fmt::format("{0}: expected a section [{0}], found {1}", key.str(),
                                        description_of(node, false)));
      }
    }
  }

  void tell(const toml::source_region& where, std::string text) {
    const Position at = position_of(where);
    result_.problems.push_back({at.line, at.column, std::move(text)});
  }

 private:
  void read_section(std::string_view section, const toml::table& table) {
    if (const auto fields = find_setting(section, "")) return read_fields(*fields, table);
    const auto names = names_in(section);
    for (const auto& [key, node] : table) {
      if (const auto setting = find_setting(section, key.str())) {
        read_setting(*setting, node);
      } else {
        tell(key.source(),
             fmt::format("unknown key {}{}", quote_start(key.str()), hint(key.str(), names)));
      }
    }
  }

  void read_setting(std::size_t index, const toml::node& node) {
    const Setting& setting = settings()[index];
    Value value;
    if (!read_value(setting, node, value)) return;
    if (std::string wrong = check_value(setting, value); !wrong.empty()) {
      return tell(node.source(), key_of(setting) + ": " + wrong);
    }
    accept(index, value, node.source());
  }

  void accept(std::size_t index, const Value& value, const toml::source_region& where) {
    const Position at = position_of(where);
    result_.config.set(index, value, {Source::Kind::File, at.line, at.column, {}});
  }

  // Returns: false if a problem was told.
  bool read_value(const Setting& setting, const toml::node& node, Value& value) {
    switch (setting.kind) {
      case Kind::Bool:
        if (const auto* flag = node.as_boolean()) return value = flag->get(), true;
        break;
      case Kind::Integer:
      case Kind::Size:
        if (const auto* number = node.as_integer()) return take_number(setting, *number, value);
        if (setting.kind == Kind::Size) return take_text(setting, node, value);
        break;
      case Kind::Duration:
      case Kind::Enum:
        return take_text(setting, node, value);
      case Kind::String:
        if (const auto* text = node.as_string()) return value = text->get(), true;
        break;
      case Kind::Strings:
        return take_strings(setting, node, value);
      case Kind::Numbers:
        return take_numbers(setting, node, value);
      case Kind::Fields:
        break;
    }
    return mistype(setting, node);
  }

  bool mistype(const Setting& setting, const toml::node& node) {
    tell(node.source(),
         fmt::format("{}: expected {}, found {}", key_of(setting), expectation_of(setting),
                     description_of(node, setting.rules.secret)));
    return false;
  }

  bool take_number(const Setting& setting, const toml::value<std::int64_t>& node, Value& value) {
    const std::int64_t number = node.get();
    if (number >= 0) return value = static_cast<std::uint64_t>(number), true;
    tell(node.source(),
         fmt::format("{}: {} is out of range, {}", key_of(setting), number, range_of(setting)));
    return false;
  }

  // Sizes, durations, names: what a flag of the command line may say as well.
  bool take_text(const Setting& setting, const toml::node& node, Value& value) {
    const auto* const text = node.as_string();
    if (text == nullptr) return mistype(setting, node);
    std::string wrong;
    if (parse_flag(setting, text->get(), value, wrong)) return true;
    tell(node.source(), key_of(setting) + ": " + wrong);
    return false;
  }

  bool take_strings(const Setting& setting, const toml::node& node, Value& value) {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return mistype(setting, node);
    bool good = true;
    StringList strings;
    for (const toml::node& item : *list) {
      const auto* const text = item.as_string();
      if (text == nullptr) {
        tell(item.source(), fmt::format("{}: expected a string, found {}", key_of(setting),
                                        description_of(item, false)));
        good = false;
        continue;
      }
      const std::string wrong =
          setting.rules.check == nullptr ? std::string() : setting.rules.check(text->get());
      if (!wrong.empty()) {
        tell(item.source(),
             fmt::format("{}: {} {}", key_of(setting), quote_start(text->get()), wrong));
        good = false;
      }
      strings.push_back(text->get());
    }
    value = std::move(strings);
    return good;
  }

  bool take_numbers(const Setting& setting, const toml::node& node, Value& value) {
    const toml::array* const list = node.as_array();
    if (list == nullptr) return mistype(setting, node);
    const auto choices = choices_of(setting);
    bool good = true;
    NumberList numbers;
    for (const toml::node& item : *list) {
      const auto* const number = item.as_integer();
      if (number == nullptr || std::find(choices.begin(), choices.end(),
                                         std::to_string(number->get())) == choices.end()) {
        good = mistype(setting, item);
        continue;
      }
      numbers.push_back(static_cast<std::uint64_t>(number->get()));
    }
    value = std::move(numbers);
    return good;
  }

  void read_fields(std::size_t index, const toml::table& table) {
    const Setting& setting = settings()[index];
    if (table.size() > setting.rules.most) {
      return tell(table.source(), fmt::format("{}: {} entries; {} are possible", setting.section,
                                              table.size(), setting.rules.most));
    }
    FieldMap fields;
    for (const auto& [key, node] : table) {
      if (const std::string wrong = check_field_name(key.str()); !wrong.empty()) {
        tell(key.source(), fmt::format("headers: {} {}", quote_start(key.str()), wrong));
      } else if (const auto* const text = node.as_string(); text == nullptr) {
        tell(node.source(), fmt::format("headers.{}: expected a string, found {}", key.str(),
                                        description_of(node, false)));
      } else if (const std::string bad = check_field_value(text->get()); !bad.empty()) {
        tell(node.source(),
             fmt::format("headers.{}: {} {}", key.str(), quote_start(text->get()), bad));
      } else {
        fields.emplace(key.str(), text->get());
      }
    }
    accept(index, fields, table.source());
  }

  ReadConfig& result_;
};

// A key of thousands of parts is thousands of tables in one another, which end one in another: the
// stack would not hold them. toml++ bounds only the nesting of values.
std::optional<Problem> find_deep_line(std::string_view text) {
  unsigned line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    dots += c == '.' ? 1 : 0;
    if (dots > kMaxDotsInALine) {
      return Problem{line, 1,
                     fmt::format("more than {} dots in a line; a long list may have several lines",
                                 kMaxDotsInALine)};
    }
    if (c != '\n') continue;
    ++line;
    dots = 0;
  }
  return std::nullopt;
}

// In the order of the file, at most kMaxProblems.
void sort_and_cut(std::vector<Problem>& problems) {
  std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) {
    return a.line != b.line ? a.line < b.line : a.column < b.column;
  });
  if (problems.size() <= kMaxProblems) return;
  const std::size_t more = problems.size() - kMaxProblems;
  problems.resize(kMaxProblems);
  problems.push_back({0, 0, fmt::format("and {} more problems", more)});
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

ReadConfig parse_config(std::string_view text) {
  ReadConfig result;
  if (text.size() > kMaxConfigBytes) {
    result.problems.push_back(
        {0, 0,
         "is larger than " + format_size(kMaxConfigBytes) + ", too large for a configuration"});
    return result;
  }
  if (auto deep = find_deep_line(text)) {
    result.problems.push_back(std::move(*deep));
    return result;
  }
  Reader reader(result);
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    std::string what;
    append_escaped(what, parsed.error().description());
    reader.tell(parsed.error().source(), "syntax: " + what);
    return result;
  }
  reader.read(parsed.table());
  // Only then: a value that was not taken would look like its default.
  if (result.ok()) result.problems = check_together(result.config);
  sort_and_cut(result.problems);
  return result;
}

ReadConfig read_config(const std::string& path, bool& unreadable) {
  ReadConfig result;
  const std::unique_ptr<std::FILE, CloseFile> file(std::fopen(path.c_str(), "rbe"));
  std::string text;
  int error = file ? 0 : errno;
  if (file) {
    text.resize(kMaxConfigBytes + 1);
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) error = errno;
  }
  unreadable = error != 0;
  if (!unreadable) return parse_config(text);
  result.problems.push_back({0, 0, std::strerror(error)});
  return result;
}

}  // namespace hybi::cli
