// The one table of everything hybi.toml may say. Reading, checking, `hybi config show`, reloading
// and the manual's table (docs/topics/configuration.md) are made from it.
//
// A row reaches its field of ServeConfig through two functions that know the field's type; defaults
// are read from a ServeConfig{}, so they stand in one place.
#pragma once

#include <hybi/cli/serve_config.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace hybi::cli {

enum class Kind : std::uint8_t {
  Bool,
  Integer,
  Size,      // bytes: "64 KiB", or an integer
  Duration,  // milliseconds: "30s"
  String,
  Strings,  // a list of strings
  Enum,     // one of `choices`; the value is its index
  Numbers,  // a list of some of `choices`
  Fields,   // a whole section of free names with strings
};

using StringList = std::vector<std::string>;
using NumberList = std::vector<std::uint64_t>;
using Value = std::variant<bool, std::uint64_t, std::string, StringList, NumberList, FieldMap>;

struct Access {
  Value (*get)(const ServeConfig& config);
  void (*set)(ServeConfig& config, const Value& value);  // Requires: the alternative `get` gives.
};

// What is wrong with a string; empty: nothing.
using TextCheck = std::string (*)(std::string_view text);

struct Rules {
  std::uint64_t least = 0;  // Integer, Size, Duration; entries of Strings and Fields
  std::uint64_t most = 0;
  std::string_view choices = {};       // separated by spaces, in the order of the enumerators
  TextCheck check = nullptr;           // String, and each of Strings
  bool reload = false;                 // SIGHUP applies it
  bool secret = false;                 // shown only when asked for
  std::string_view default_text = {};  // where the default depends on the machine
};

struct Setting {
  std::string_view section;
  std::string_view name;  // "" for Kind::Fields
  Kind kind;
  Access access;
  std::string_view help;
  Rules rules = {};
};

// In the order of the manual; the settings of a section stand together.
std::span<const Setting> settings();

// Fails: empty if there is none of that name.
std::optional<std::size_t> find_setting(std::string_view section, std::string_view name);

std::string key_of(const Setting& setting);  // "server.threads"; "headers"
std::vector<std::string_view> choices_of(const Setting& setting);

// "an integer from 1 to 1024", "a size such as \"64 KiB\"": completes "expected ...".
std::string expectation_of(const Setting& setting);
std::string range_of(const Setting& setting);  // "1 to 1024", "1s to 24h"

// `value` as it is written in TOML: `4`, `"30s"`, `["a", "b"]`. Requires: not Kind::Fields.
std::string to_toml(const Setting& setting, const Value& value);

// Markdown: every setting with its type, its default, whether a reload applies it, and its help.
std::string manual_table();

}  // namespace hybi::cli
