// From the configuration of `hybi serve` to the library's options: files, sessions, middleware.
#pragma once

#include <hybi/cli/serve_config.h>
#include <hybi/result.h>
#include <hybi/session.h>
#include <hybi/static_files.h>

#include <functional>
#include <optional>
#include <string>

namespace hybi::cli {

StaticOptions static_options(const ServeConfig& config);

// Null: sessions are off. `secret_file`: its path, if the configuration names one.
// Fails: BadSecret, also when the file cannot be read; BadSessionOptions.
Result<std::optional<Sessions>> make_sessions(
    const ServeConfig& config, const std::string& secret_file,
    std::function<void(Error, std::string_view)> on_error);

// What `redis://[[user:]password@]host[:port][/database]` says. Empty if it says nothing sensible.
std::optional<RedisOptions> parse_redis_url(std::string_view url);

// "common" ...; "" if there is to be no access log.
std::string access_log_format(AccessLog access);

}  // namespace hybi::cli
