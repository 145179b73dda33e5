#include <hybi/cli/config_schema.h>
#include <hybi/cli/number.h>
#include <hybi/cli/serve_parts.h>
#include <hybi/session_store.h>

#include <fstream>
#include <iterator>

#include <sys/random.h>

namespace hybi::cli {
namespace {

constexpr std::size_t kSecretBytes = 32;
constexpr std::streamsize kMaxSecretFileBytes = 4096;

// Cookies of an earlier run are worth nothing then, which the manual says.
std::string random_secret() {
  std::string secret(kSecretBytes, '\0');
  std::size_t have = 0;
  while (have < secret.size()) {
    const ssize_t got = ::getrandom(secret.data() + have, secret.size() - have, 0);
    if (got > 0) have += static_cast<std::size_t>(got);
  }
  return secret;
}

// Without the end of its line. Empty if it cannot be read.
std::string read_secret(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(kMaxSecretFileBytes, '\0');
  in.read(text.data(), kMaxSecretFileBytes);
  text.resize(static_cast<std::size_t>(in.gcount()));
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

std::chrono::seconds whole_seconds(std::chrono::milliseconds time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time);
}

}  // namespace

StaticOptions static_options(const ServeConfig& config) {
  const ServeConfig::StaticPart& files = config.files;
  StaticOptions options;
  options.index = files.index;
  options.listing = files.listing;
  options.precompressed = files.precompressed;
  options.dot_files = files.dotfiles;
  options.symlinks = files.symlinks;
  options.max_age = whole_seconds(files.max_age);
  options.cache_control = files.cache_control;
  options.spa_fallback = files.fallback;
  return options;
}

std::optional<RedisOptions> parse_redis_url(std::string_view url) {
  constexpr std::string_view kScheme = "redis://";
  if (!url.starts_with(kScheme)) return std::nullopt;
  url.remove_prefix(kScheme.size());
  RedisOptions redis;
  if (const std::size_t slash = url.find('/'); slash != std::string_view::npos) {
    const std::string_view database = url.substr(slash + 1);
    if (!database.empty()) {
      const auto number = parse_number<decltype(redis.database)>(database);
      if (!number) return std::nullopt;
      redis.database = *number;
    }
    url = url.substr(0, slash);
  }
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = url.substr(0, at);
    const std::size_t colon = who.find(':');
    if (colon != std::string_view::npos) redis.user = who.substr(0, colon);
    redis.password = colon != std::string_view::npos ? who.substr(colon + 1) : who;
    url.remove_prefix(at + 1);
  }
  const std::size_t colon = url.rfind(':');
  const bool in_brackets = colon != std::string_view::npos && url.find(']', colon) != url.npos;
  if (colon != std::string_view::npos && !in_brackets) {
    const auto port = parse_number<decltype(redis.port)>(url.substr(colon + 1));
    if (!port) return std::nullopt;
    redis.port = *port;
    url = url.substr(0, colon);
  }
  if (url.starts_with('[') && url.ends_with(']')) url = url.substr(1, url.size() - 2);
  if (url.empty()) return std::nullopt;
  redis.host = url;
  return redis;
}

Result<std::optional<Sessions>> make_sessions(
    const ServeConfig& config, const std::string& secret_file,
    std::function<void(Error, std::string_view)> on_error) {
  if (!config.sessions.enabled) return std::optional<Sessions>();
  SessionOptions options;
  if (!config.sessions.secret.empty()) {
    options.secrets = {config.sessions.secret};
  } else if (!secret_file.empty()) {
    options.secrets = {read_secret(secret_file)};
  } else {
    options.secrets = {random_secret()};
  }
  if (config.sessions.store != "memory") {
    const std::optional<RedisOptions> redis = parse_redis_url(config.sessions.store);
    if (!redis) return Errc::BadSessionOptions;
    options.store = redis_session_store({.redis = *redis});
  }
  options.idle = whole_seconds(config.sessions.idle);
  options.absolute = whole_seconds(config.sessions.absolute);
  options.save_empty = true;  // there is no handler that would begin one
  options.on_error = std::move(on_error);
  Result<Sessions> sessions = Sessions::create(std::move(options));
  if (!sessions) return sessions.error();
  return std::optional<Sessions>(std::move(*sessions));
}

std::string access_log_format(AccessLog access) {
  if (access == AccessLog::Off) return {};
  // The setting's choices are the library's names of its formats.
  const Setting& setting = settings()[find_setting("log", "access").value()];
  return std::string(choices_of(setting)[static_cast<std::size_t>(access)]);
}

}  // namespace hybi::cli
