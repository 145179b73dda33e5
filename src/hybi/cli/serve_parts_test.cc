// What the configuration becomes. See serve_parts.h.
#include <hybi/cli/serve_parts.h>

#include <gtest/gtest.h>

namespace hybi::cli {
namespace {

std::string shown(std::string_view url) {
  const auto redis = parse_redis_url(url);
  if (!redis) return "nothing";
  return redis->user + "|" + redis->password + "|" + redis->host + "|" +
         std::to_string(redis->port) + "|" + std::to_string(redis->database);
}

TEST(ServeParts, RedisIsNamedByAUrl) {
  EXPECT_EQ(shown("redis://db"), "||db|6379|0");
  EXPECT_EQ(shown("redis://db:7000/3"), "||db|7000|3");
  EXPECT_EQ(shown("redis://db/"), "||db|6379|0");
  EXPECT_EQ(shown("redis://secret@db"), "|secret|db|6379|0");
  EXPECT_EQ(shown("redis://ada:se:cr@et@db:1"), "ada|se:cr@et|db|1|0");
  EXPECT_EQ(shown("redis://[::1]:7000"), "||::1|7000|0");
  EXPECT_EQ(shown("redis://[::1]"), "||::1|6379|0");
  for (const char* wrong : {"redis://", "http://db", "redis://db:x", "redis://db:70000",
                            "redis://db/x", "redis://:6379", "memory"}) {
    EXPECT_EQ(shown(wrong), "nothing") << wrong;
  }
}

TEST(ServeParts, SessionsAreMadeWhereTheyAreOn) {
  ServeConfig config;
  EXPECT_FALSE(make_sessions(config, "", {})->has_value());
  config.sessions.enabled = true;
  EXPECT_TRUE(make_sessions(config, "", {})->has_value());
  EXPECT_EQ(make_sessions(config, "/no/such/file", {}).error().code, Errc::BadSecret);
  config.sessions.store = "redis://";
  EXPECT_EQ(make_sessions(config, "", {}).error().code, Errc::BadSessionOptions);
}

TEST(ServeParts, StaticOptionsAreThoseOfTheConfiguration) {
  ServeConfig config;
  config.files.dotfiles = DotFiles::Serve;
  config.files.symlinks = Symlinks::Refuse;
  config.files.max_age = std::chrono::minutes(1);
  config.files.fallback = "app.html";
  const StaticOptions options = static_options(config);
  EXPECT_EQ(options.dot_files, DotFiles::Serve);
  EXPECT_EQ(options.symlinks, Symlinks::Refuse);
  EXPECT_EQ(options.max_age, std::chrono::seconds(60));
  EXPECT_EQ(options.spa_fallback, "app.html");
}

}  // namespace
}  // namespace hybi::cli
