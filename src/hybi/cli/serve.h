// `hybi serve DIR`: an echo and chat rooms beside the files of a folder, as hybi.toml says.
//
// SIGHUP reads the file again. What can change while connections are open does so at once, for new
// requests and WebSockets; of what cannot, a line in the log says that it needs a restart. A file
// with a mistake in it changes nothing.
#pragma once

#include <hybi/cli/config.h>

#include <string>
#include <vector>

namespace hybi::cli {

struct ServeOptions {
  std::string folder = {};       // "": static.root
  std::string config_file = {};  // "": the defaults
  std::vector<std::string> listen = {};
  std::string threads = {};  // "": as configured
};

// Serves until SIGINT or SIGTERM. Mistakes in flags and configuration are told on stderr,
// everything after that in the log. Returns: what main should return. Requires: no other thread
// runs.
int run_serve(const ServeOptions& options);

// The configuration with the flags on top, and what is wrong with both, as lines for people.
struct LoadedConfig {
  Config config;
  std::vector<std::string> problems;
  int exit_code = 0;  // if there are problems
};
LoadedConfig load_config(const ServeOptions& options);

// What a reload does to `current`: takes over from `next` what may change while serving.
struct ConfigChanges {
  std::vector<std::string> applied;  // keys
  std::vector<std::string> need_restart;
};
ConfigChanges take_over(Config& current, const Config& next);

}  // namespace hybi::cli
