#include <hybi/cli/config_command.h>
#include <hybi/cli/process.h>

#include <fmt/format.h>

#include <cstdio>

namespace hybi::cli {

std::optional<Config> read_or_tell(const std::string& path, int& exit_code) {
  bool unreadable = false;
  ReadConfig read = read_config(path, unreadable);
  if (read.ok()) return std::move(read.config);
  std::string lines;
  for (const Problem& problem : read.problems) lines += to_line(path, problem) + "\n";
  say(stderr, lines);
  exit_code = unreadable ? kUnreadable : kBadConfig;
  return std::nullopt;
}

int run_config_check(const std::string& path) {
  int exit_code = 0;
  if (!read_or_tell(path, exit_code)) return exit_code;
  say(stdout, fmt::format("{}: ok\n", path));
  return 0;
}

int run_config_show(const std::string& path, bool secrets) {
  int exit_code = 0;
  const std::optional<Config> config =
      path.empty() ? std::optional<Config>(Config()) : read_or_tell(path, exit_code);
  if (!config) return exit_code;
  say(stdout, show_config(*config, path, secrets));
  return 0;
}

int run_config_settings() {
  say(stdout, manual_table());
  return 0;
}

}  // namespace hybi::cli
