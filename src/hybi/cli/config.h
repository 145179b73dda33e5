// hybi.toml: read, checked against the schema, with every mistake told at its line and column.
//
// What the file does not say keeps its default; flags of the command line come on top. Where each
// value came from is kept, for `hybi config show` and for what a reload says.
#pragma once

#include <hybi/cli/config_schema.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::cli {

inline constexpr std::size_t kMaxConfigBytes = 256 * 1024;
inline constexpr std::size_t kMaxProblems = 100;     // of one file; more are counted
inline constexpr std::size_t kMaxDotsInALine = 256;  // "a.b.c" is a table in a table in a table

struct Source {
  enum class Kind : std::uint8_t { Default, File, Flag };
  Kind kind = Kind::Default;
  unsigned line = 0;  // File
  unsigned column = 0;
  std::string flag = {};  // Flag: "--threads"
};

// One mistake. Line 0: of the file as a whole.
struct Problem {
  unsigned line = 0;
  unsigned column = 0;
  std::string text;
};

// "hybi.toml:12:3: unknown key ..."
std::string to_line(std::string_view file, const Problem& problem);

class Config {
 public:
  Config() : sources_(settings().size()) {}

  const ServeConfig& values() const { return values_; }
  const Source& source(std::size_t setting) const { return sources_[setting]; }
  Value value(std::size_t setting) const { return settings()[setting].access.get(values_); }
  // Requires: a value of the setting's kind, within its bounds.
  void set(std::size_t setting, const Value& value, Source source);

 private:
  ServeConfig values_;
  std::vector<Source> sources_;
};

struct ReadConfig {
  Config config;                  // without what has a problem
  std::vector<Problem> problems;  // in the order of the file; empty: all is well

  bool ok() const { return problems.empty(); }
};

// Reads the text of a file: any bytes.
ReadConfig parse_config(std::string_view text);
// The same of a file. What keeps it from being read is a problem as well, and `unreadable` is set.
ReadConfig read_config(const std::string& path, bool& unreadable);

// What only shows when the values are seen together, flags included.
std::vector<Problem> check_together(const Config& config);

// What `text` means for a setting, as a flag gives it: "4", "30s", "auto". `problem` says what is
// wrong with it. Requires: the setting is no list and no table.
bool parse_flag(const Setting& setting, std::string_view text, Value& value, std::string& problem);
// Whether `value` may be given to the setting; "" or what is wrong.
std::string check_value(const Setting& setting, const Value& value);

// All settings as TOML that reads back to the same values; each says where it came from. Secrets
// are left out unless asked for.
std::string show_config(const Config& config, std::string_view file, bool secrets);

}  // namespace hybi::cli
