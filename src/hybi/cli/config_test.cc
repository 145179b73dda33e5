#include <hybi/cli/config.h>

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

namespace hybi::cli {
namespace {

using Lines = std::vector<std::string>;

Lines problems_of(std::string_view text) {
  Lines lines;
  for (const Problem& problem : parse_config(text).problems) {
    lines.push_back(to_line("hybi.toml", problem));
  }
  return lines;
}

std::size_t setting(std::string_view section, std::string_view name) {
  return find_setting(section, name).value();
}

TEST(Config, AnEmptyFileIsTheDefaults) {
  const ReadConfig read = parse_config("");
  EXPECT_TRUE(read.ok());
  for (std::size_t i = 0; i < settings().size(); ++i) {
    EXPECT_EQ(read.config.value(i), settings()[i].access.get(ServeConfig{}));
    EXPECT_EQ(read.config.source(i).kind, Source::Kind::Default);
  }
}

TEST(Config, ReadsEveryKindOfValueAndKeepsItsLine) {
  const ReadConfig read = parse_config(R"(
[server]
listen = ["[::]:3400", "unix:/run/hybi.sock"]
threads = 3
backend = "epoll"
behind_tls = true

[http]
max_body = "10 MiB"
max_head = 4096
head_timeout = "1m30s"

[websocket]
echo = ""
versions = [13, 76]
origins = ["https://example.com"]

[headers]
X-Frame-Options = "DENY"
)");
  ASSERT_TRUE(read.ok()) << read.problems[0].text;
  const ServeConfig& values = read.config.values();
  EXPECT_EQ(values.server.listen, (StringList{"[::]:3400", "unix:/run/hybi.sock"}));
  EXPECT_EQ(values.server.threads, 3u);
  EXPECT_EQ(values.server.backend, Backend::Epoll);
  EXPECT_TRUE(values.server.behind_tls);
  EXPECT_EQ(values.http.max_body_bytes, 10u * 1024 * 1024);
  EXPECT_EQ(values.http.max_head_bytes, 4096u);
  EXPECT_EQ(values.http.head_timeout, std::chrono::seconds(90));
  EXPECT_EQ(values.websocket.echo, "");
  EXPECT_EQ(values.websocket.versions, (Versions{Version::V13, Version::Hixie76}));
  EXPECT_EQ(values.websocket.origins.kind, OriginPolicy::Kind::List);
  EXPECT_EQ(values.headers, (FieldMap{{"X-Frame-Options", "DENY"}}));
  EXPECT_EQ(read.config.source(setting("server", "threads")).kind, Source::Kind::File);
  EXPECT_EQ(read.config.source(setting("server", "threads")).line, 4u);
  EXPECT_EQ(read.config.source(setting("server", "proxy_protocol")).kind, Source::Kind::Default);
}

TEST(Config, DottedKeysAndInlineTablesAreTheSame) {
  EXPECT_EQ(parse_config("server.threads = 2").config.values().server.threads, 2u);
  EXPECT_EQ(parse_config("server = {threads = 2}").config.values().server.threads, 2u);
}

TEST(Config, UnknownKeysNameTheNearestAtTheirLineAndColumn) {
  EXPECT_EQ(problems_of("[server]\n  thread = 4\n"),
            (Lines{"hybi.toml:2:3: unknown key \"thread\"; did you mean \"threads\"?"}));
  EXPECT_EQ(problems_of("[sever]\nthreads = 4\n"),
            (Lines{"hybi.toml:1:2: unknown section \"sever\"; did you mean \"server\"?"}));
  EXPECT_EQ(problems_of("[server]\nzzzzzz = 4\n"),
            (Lines{"hybi.toml:2:1: unknown key \"zzzzzz\""}));
}

TEST(Config, AKeyOfAnotherSectionSaysWhereItBelongs) {
  EXPECT_EQ(problems_of("threads = 4"),
            (Lines{"hybi.toml:1:1: unknown key \"threads\"; there is one in [server]"}));
  EXPECT_EQ(
      problems_of("[server]\nenabled = true"),
      (Lines{"hybi.toml:2:1: unknown key \"enabled\"; there is one in [channels], [sessions], "
             "[compression]"}));
}

TEST(Config, WrongTypesSayWhatIsExpectedAndWhatStandsThere) {
  const std::pair<std::string, std::string> cases[] = {
      {"server.threads = \"four\"",
       "1:18: server.threads: expected an integer from 1 to 1024, found the string \"four\""},
      {"server.threads = 1.5",
       "1:18: server.threads: expected an integer from 1 to 1024, found the number 1.5"},
      {"server.behind_tls = 1",
       "1:21: server.behind_tls: expected true or false, found the integer 1"},
      {"server.listen = \"80\"",
       "1:17: server.listen: expected a list of strings, found the string \"80\""},
      {"server.listen = [\"80\", 81]",
       "1:24: server.listen: expected a string, found the integer 81"},
      {"http.max_head = true",
       "1:17: http.max_head: expected a size such as \"64 KiB\", found true"},
      {"http.max_head = \"64 KB of it\"",
       "1:17: http.max_head: expected a size such as \"64 KiB\", found \"64 KB of it\""},
      {"http.head_timeout = 30",
       "1:21: http.head_timeout: expected a duration such as \"30s\", found the integer 30"},
      {"static.root = []", "1:15: static.root: expected a string, found a list"},
      {"log.file = 2026-11-21", "1:12: log.file: expected a string, found a date or time"},
      {"log.level = {}",
       "1:13: log.level: expected one of \"debug\", \"info\", \"warn\", \"error\", found a table"},
      {"log.level = \"wran\"",
       "1:13: log.level: expected one of \"debug\", \"info\", \"warn\", \"error\", found \"wran\"; "
       "did you mean \"warn\"?"},
      {"websocket.versions = [13, 12]",
       "1:27: websocket.versions: expected a list of some of 13, 8, 7, 6, 5, 4, 2, 1, 76, 75, "
       "found the integer 12"},
      {"server = 3", "1:10: server: expected a section [server], found the integer 3"},
      {"[[server]]", "1:1: server: expected a section [server], found a list of tables"},
      {"headers.A = 1", "1:13: headers.A: expected a string, found the integer 1"},
  };
  for (const auto& [text, line] : cases) {
    EXPECT_EQ(problems_of(text), (Lines{"hybi.toml:" + line})) << text;
  }
}

TEST(Config, OutOfRangeSaysTheRange) {
  const std::pair<std::string, std::string> cases[] = {
      {"server.threads = 0", "1:18: server.threads: 0 is out of range, 1 to 1024"},
      {"server.threads = -1", "1:18: server.threads: -1 is out of range, 1 to 1024"},
      {"http.max_head = 1", "1:17: http.max_head: \"1 B\" is out of range, 256 B to 16 MiB"},
      {"http.head_timeout = \"25d\"",
       "1:21: http.head_timeout: \"25d\" is out of range, 1ms to 24d"},
      {"server.listen = []", "1:17: server.listen: 0 entries; 1 to 64 are possible"},
      {"websocket.versions = []", "1:22: websocket.versions: at least one is needed"},
  };
  for (const auto& [text, line] : cases) {
    EXPECT_EQ(problems_of(text), (Lines{"hybi.toml:" + line})) << text;
  }
}

TEST(Config, StringsAreCheckedForTheirForm) {
  for (const auto text : {"server.listen = ['localhost']",
                          "server.listen = ['::1:80']",
                          "server.listen = ['[x]:80']",
                          "server.listen = ['a:65536']",
                          "server.listen = ['unix:']",
                          "server.trusted_proxies = ['10.0.0.0/33']",
                          "server.trusted_proxies = ['example.com']",
                          "websocket.echo = 'echo'",
                          "websocket.echo = '/echo/'",
                          "channels.path = ''",
                          "channels.path = '/a/:b'",
                          "websocket.origins = ['example.com']",
                          "websocket.origins = ['https://example.com/']",
                          "static.index = ['../index.html']",
                          "compression.types = ['text']",
                          "sessions.store = 'redsi://x'",
                          "sessions.secret = 'short'",
                          "headers.'a b' = ''",
                          "headers.Content-Length = '1'",
                          "headers.transfer-encoding = 'x'",
                          "headers.A = \"a\\nb\"",
                          "static.cache_control = \"a\\r\\nSet-Cookie: x\""}) {
    EXPECT_EQ(problems_of(text).size(), 1u) << text;
  }
  for (const auto text :
       {"server.listen = ['80', 'a:0', '[::1]:80', 'unix:/x']",
        "server.trusted_proxies = ['unix', '::1', '10.0.0.0/8', 'fe80::/10']",
        "websocket.echo = '/a/b'", "websocket.origins = ['*']",
        "websocket.origins = ['http://a:8']", "static.index = ['index.html', 'a b']",
        "compression.types = ['text/*', 'image/svg+xml']",
        "sessions.store = 'redis://127.0.0.1:6379/0'"}) {
    EXPECT_EQ(problems_of(text), Lines{}) << text;
  }
}

TEST(Config, EveryProblemIsToldInTheOrderOfTheFile) {
  EXPECT_EQ(
      problems_of("[log]\nlevle = 'info'\nformat = 1\n[server]\nthreads = 0\n[http]\nx = 1\n"),
      (Lines{"hybi.toml:2:1: unknown key \"levle\"; did you mean \"level\"?",
             "hybi.toml:3:10: log.format: expected one of \"text\", \"logfmt\", \"json\", "
             "found the integer 1",
             "hybi.toml:5:11: server.threads: 0 is out of range, 1 to 1024",
             "hybi.toml:7:1: unknown key \"x\""}));
}

TEST(Config, ManyProblemsAreCounted) {
  std::string text = "[server]\n";
  for (int i = 0; i < 150; ++i) text += "zzzzzz" + std::to_string(i) + " = 1\n";
  const Lines lines = problems_of(text);
  ASSERT_EQ(lines.size(), kMaxProblems + 1);
  EXPECT_EQ(lines.back(), "hybi.toml: and 50 more problems");
}

TEST(Config, SettingsThatContradictEachOtherAreToldAtTheLater) {
  EXPECT_EQ(problems_of("[websocket]\nlow_water = '2 MiB'"),
            (Lines{"hybi.toml:2:13: websocket.low_water must be below websocket.high_water"}));
  EXPECT_EQ(problems_of("[websocket]\nversions = [76]").size(), 1u);
  EXPECT_EQ(problems_of("[websocket]\nversions = [76]\norigins = ['*']"), Lines{});
  EXPECT_EQ(problems_of("[websocket]\norigins = ['*', 'https://a']").size(), 1u);
  EXPECT_EQ(problems_of("[websocket]\necho = '/chat'").size(), 1u);
  EXPECT_EQ(problems_of("[sessions]\nidle = '2d'\nabsolute = '1d'"),
            (Lines{"hybi.toml:3:12: sessions.idle is longer than sessions.absolute"}));
  EXPECT_EQ(
      problems_of("[sessions]\nsecret = '01234567890123456789012345678901'\nsecret_file = 'x'")
          .size(),
      1u);
}

TEST(Config, SyntaxErrorsHaveTheirPlace) {
  const std::pair<std::string, std::string> cases[] = {
      {"[server]\nthreads = \n", "hybi.toml:2:11: syntax: "},
      {"[server\n", "hybi.toml:1:8: syntax: "},
      {"a = 1\na = 2\n", "hybi.toml:2:5: syntax: "},
      {"x = \"\xff\"\n", "hybi.toml:1:"},
      {"[\x0e]\n", "hybi.toml:1:2: syntax: "},           // an assertion of toml++
      {"[s\xc3\xa9rver]\n", "hybi.toml:1:3: syntax: "},  // unreachable, it thinks
  };
  for (const auto& [text, start] : cases) {
    const Lines lines = problems_of(text);
    ASSERT_EQ(lines.size(), 1u) << text;
    EXPECT_TRUE(lines[0].starts_with(start)) << lines[0];
    EXPECT_EQ(lines[0].find('\n'), std::string::npos) << lines[0];
  }
}

TEST(Config, WhatAKeyIsCalledCannotWriteToTheTerminal) {
  const Lines lines = problems_of("\"a\\u001b[2Jb\" = 1\n\"" + std::string(500, 'k') + "\" = 1");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "hybi.toml:1:1: unknown key \"a\\u001b[2Jb\"");
  EXPECT_LT(lines[1].size(), 120u);
}

TEST(Config, ASecretOfTheWrongFormIsNotRepeated) {
  for (const auto text : {"sessions.secret = 'hunter2'", "sessions.store = 'hunter2'"}) {
    const Lines lines = problems_of(text);
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_EQ(lines[0].find("hunter2"), std::string::npos) << lines[0];
  }
}

// Such a key is a table in a table in a table, freed recursively.
TEST(Config, DeepNestingIsRefusedBeforeItCostsStack) {
  std::string dotted = "a";
  for (int i = 0; i < 50'000; ++i) dotted += ".a";
  EXPECT_EQ(problems_of("\n" + dotted + " = 1"),
            (Lines{"hybi.toml:2:1: more than 256 dots in a line; a long list may have several "
                   "lines"}));
  EXPECT_EQ(problems_of("a = " + std::string(1000, '[') + std::string(1000, ']')).size(), 1u);

  // The deepest that is let in: a header, and a key in a key in a list in a list.
  std::string part = "a";
  for (std::size_t i = 0; i < kMaxDotsInALine; ++i) part += ".a";
  std::string deepest = "[" + part + "]\n";
  for (int i = 0; i < 7; ++i) deepest += part + " = [\n{";
  deepest += "a = 1" + std::string();
  for (int i = 0; i < 7; ++i) deepest += "}\n]";
  EXPECT_EQ(problems_of(deepest).size(), 1u);
}

TEST(Config, ATooLargeFileIsRefused) {
  EXPECT_EQ(problems_of(std::string(kMaxConfigBytes, '\n')), Lines{});
  EXPECT_EQ(problems_of(std::string(kMaxConfigBytes + 1, '\n')),
            (Lines{"hybi.toml: is larger than 256 KiB, too large for a configuration"}));
}

TEST(Config, AFileThatCannotBeReadSaysWhy) {
  bool unreadable = false;
  const ReadConfig missing = read_config("/nonexistent/hybi.toml", unreadable);
  EXPECT_TRUE(unreadable);
  ASSERT_EQ(missing.problems.size(), 1u);
  EXPECT_EQ(missing.problems[0].text, "No such file or directory");
  EXPECT_FALSE(read_config("/tmp", unreadable).ok());
  EXPECT_TRUE(unreadable);
}

TEST(Config, FlagsComeOnTopAndAreNamed) {
  ReadConfig read = parse_config("[server]\nthreads = 2\n");
  Value value;
  std::string problem;
  const Setting& threads = settings()[setting("server", "threads")];
  ASSERT_TRUE(parse_flag(threads, "4", value, problem));
  read.config.set(setting("server", "threads"), value, {Source::Kind::Flag, 0, 0, "--threads"});
  EXPECT_EQ(read.config.values().server.threads, 4u);
  EXPECT_NE(show_config(read.config, "hybi.toml", false).find("threads = 4  # --threads\n"),
            std::string::npos);

  EXPECT_FALSE(parse_flag(threads, "0", value, problem));
  EXPECT_EQ(problem, "0 is out of range, 1 to 1024");
  EXPECT_FALSE(parse_flag(threads, "4x", value, problem));
  EXPECT_EQ(problem, "expected an integer from 1 to 1024, found \"4x\"");
}

TEST(Config, ShowSaysWhereEachValueCameFrom) {
  const ReadConfig read = parse_config("[log]\n\nlevel = 'warn'\n[headers]\n'X-A' = \"q\\\"\"\n");
  const std::string shown = show_config(read.config, "etc/hybi.toml", false);
  EXPECT_NE(
      shown.find("\n[log]\nlevel = \"warn\"  # etc/hybi.toml:3\nformat = \"text\"  # default\n"),
      std::string::npos)
      << shown;
  EXPECT_NE(shown.find("\n[headers]\nX-A = \"q\\\"\"  # etc/hybi.toml:4\n"), std::string::npos)
      << shown;
}

TEST(Config, ShowReadsBackToTheSameValues) {
  const std::string text = R"(
[server]
listen = ["unix:/tmp/\"quoted\" \\ name", "80"]
[sessions]
secret = "0123456789012345678901234567890é"
store = "redis://:password@localhost"
[websocket]
versions = [75, 13]
origins = ["*"]
[static]
root = "Gr\u00fc\u00dfe\u001b\n"
[headers]
X-A = "tab\there"
"!#" = "odd name"
)";
  const ReadConfig read = parse_config(text);
  ASSERT_TRUE(read.ok()) << read.problems[0].text;
  const std::string shown = show_config(read.config, "evil\nname = 1", true);
  const ReadConfig again = parse_config(shown);
  ASSERT_TRUE(again.ok()) << again.problems[0].text << "\n" << shown;
  for (std::size_t i = 0; i < settings().size(); ++i) {
    EXPECT_EQ(again.config.value(i), read.config.value(i)) << key_of(settings()[i]);
  }
}

TEST(Config, ShowKeepsSecretsToItself) {
  const ReadConfig read = parse_config(
      "[sessions]\nsecret = 'swordfish-swordfish-swordfish-swordfish'\n"
      "store = 'redis://:password@localhost'\n");
  ASSERT_TRUE(read.ok());
  const std::string shown = show_config(read.config, "hybi.toml", false);
  EXPECT_EQ(shown.find("swordfish"), std::string::npos);
  EXPECT_EQ(shown.find("password"), std::string::npos);
  EXPECT_NE(shown.find("# secret is set but not shown  # hybi.toml:2\n"), std::string::npos);
  EXPECT_TRUE(parse_config(shown).ok());
}

}  // namespace
}  // namespace hybi::cli
