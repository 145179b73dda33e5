#include <hybi/cli/serve.h>

#include <gtest/gtest.h>

namespace hybi::cli {
namespace {

using Lines = std::vector<std::string>;

Config config_of(std::string_view text) {
  ReadConfig read = parse_config(text);
  EXPECT_TRUE(read.ok());
  return std::move(read.config);
}

TEST(ServeLoad, FlagsAreNamedAsTheSource) {
  const LoadedConfig loaded =
      load_config({.folder = "public", .listen = {"80", "[::1]:0"}, .threads = "3"});
  EXPECT_EQ(loaded.problems, Lines{});
  const ServeConfig& values = loaded.config.values();
  EXPECT_EQ(values.files.root, "public");
  EXPECT_EQ(values.server.listen, (StringList{"80", "[::1]:0"}));
  EXPECT_EQ(values.server.threads, 3u);
  EXPECT_EQ(loaded.config.source(find_setting("server", "threads").value()).flag, "--threads");
}

TEST(ServeLoad, EveryWrongFlagIsTold) {
  const LoadedConfig loaded = load_config({.listen = {"x", "80", "::1:80"}, .threads = "many"});
  EXPECT_EQ(loaded.problems,
            (Lines{"hybi: --listen: \"x\" is no address; host:port, [v6]:port, port or unix:/path",
                   "hybi: --listen: \"::1:80\" is no address; host:port, [v6]:port, port or "
                   "unix:/path",
                   "hybi: --threads: expected an integer from 1 to 1024, found \"many\""}));
  EXPECT_EQ(loaded.exit_code, 2);
}

TEST(ServeLoad, AReloadTakesOverWhatMayChangeAndNamesTheRest) {
  Config current = config_of("[server]\nthreads = 2\n[websocket]\necho = '/a'\n");
  const Config next = config_of(
      "[server]\nthreads = 3\nshutdown_timeout = '1s'\n[websocket]\necho = '/b'\n"
      "[headers]\nX-A = 'b'\n");
  const ConfigChanges changes = take_over(current, next);
  EXPECT_EQ(changes.applied, (Lines{"server.shutdown_timeout", "websocket.echo", "headers"}));
  EXPECT_EQ(changes.need_restart, (Lines{"server.threads"}));
  EXPECT_EQ(current.values().server.threads, 2u);
  EXPECT_EQ(current.values().websocket.echo, "/b");
  EXPECT_EQ(current.source(find_setting("websocket", "echo").value()).line, 5u);
}

TEST(ServeLoad, WhatIsLeftOutOfTheNewFileGoesBackToItsDefault) {
  Config current = config_of("[websocket]\necho = '/a'\n[headers]\nX-A = 'b'\n");
  EXPECT_EQ(take_over(current, config_of("")).applied, (Lines{"websocket.echo", "headers"}));
  EXPECT_EQ(current.values().websocket.echo, "/echo");
  EXPECT_TRUE(current.values().headers.empty());
}

TEST(ServeLoad, TheSameFileAgainChangesNothing) {
  const Config same = config_of("[websocket]\necho = '/a'\nversions = [8, 13]\n");
  Config current = same;
  const ConfigChanges changes = take_over(current, same);
  EXPECT_TRUE(changes.applied.empty());
  EXPECT_TRUE(changes.need_restart.empty());
}

}  // namespace
}  // namespace hybi::cli
