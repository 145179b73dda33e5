// `hybi config`: looks at a configuration without serving anything.
//
//   check FILE        every problem on stderr as "file:line:column: ..."
//   show [FILE]       all settings with their values and where they come from, as TOML
//   settings          the manual's table, in Markdown
#pragma once

#include <hybi/cli/config.h>

#include <optional>
#include <string>

namespace hybi::cli {

inline constexpr int kBadConfig = 2;   // as bad flags
inline constexpr int kUnreadable = 1;  // as whatever keeps the server from running

// Reads `path` and tells every problem on stderr. Returns: empty if there was one; `exit_code` says
// what main should return then.
std::optional<Config> read_or_tell(const std::string& path, int& exit_code);

// Each returns what main should return.
int run_config_check(const std::string& path);
int run_config_show(const std::string& path, bool secrets);  // "": the defaults
int run_config_settings();

}  // namespace hybi::cli
