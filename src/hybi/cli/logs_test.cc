#include <hybi/cli/logs.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace hybi::cli {
namespace {

using Json = nlohmann::json;

// A folder that goes with the test.
class Folder {
 public:
  Folder() {
    char name[] = "/tmp/hybi-logs-XXXXXX";
    if (mkdtemp(name) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(Logs, WritesInOrderAndAllOfItBeforeItEnds) {
  const Folder folder;
  const std::string file = folder / "log";
  std::error_code error;
  {
    Logs logs({.format = LogFormat::Json, .file = file}, error);
    EXPECT_FALSE(error);
    for (int i = 0; i < 5000; ++i) logs.info("event", {{"i", i}});
  }
  const auto lines = lines_of(file);
  ASSERT_EQ(lines.size(), 5000u);
  for (int i = 0; i < 5000; ++i) EXPECT_EQ(Json::parse(lines[static_cast<std::size_t>(i)])["i"], i);
}

TEST(Logs, LeavesOutWhatIsBelowTheLevelUntilItChanges) {
  const Folder folder;
  std::error_code error;
  {
    Logs logs({.level = LogLevel::Warn, .format = LogFormat::Logfmt, .file = folder / "log"},
              error);
    logs.info("left out");
    logs.warn("first");
    logs.set(LogLevel::Debug, LogFormat::Json);
    logs.debug("second");
  }
  const auto lines = lines_of(folder / "log");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].ends_with(" level=warn msg=first")) << lines[0];
  EXPECT_EQ(Json::parse(lines[1])["msg"], "second");
}

TEST(Logs, GoesOnInANewFileAfterRotation) {
  const Folder folder;
  std::error_code error;
  std::size_t before = 0;
  {
    Logs logs({.format = LogFormat::Json, .file = folder / "log"}, error);
    logs.info("old");
    std::filesystem::rename(folder / "log", folder / "log.1");
    EXPECT_FALSE(logs.reopen(folder / "log"));
    logs.info("new");
    before = lines_of(folder / "log.1").size();
  }
  // What was queued then may be in either, nothing is lost, and nothing more goes to the old one.
  EXPECT_EQ(lines_of(folder / "log.1").size(), before);
  EXPECT_EQ(lines_of(folder / "log").size() + before, 2u);
  EXPECT_EQ(Json::parse(lines_of(folder / "log").back())["msg"], "new");
}

TEST(Logs, AFileThatCannotBeOpenedLeavesEverythingAsItWas) {
  const Folder folder;
  std::error_code error;
  {
    Logs logs({.file = folder / "log"}, error);
    EXPECT_EQ(logs.reopen(folder / "no/such/folder"), std::errc::no_such_file_or_directory);
    logs.info("still here");
  }
  EXPECT_EQ(lines_of(folder / "log").size(), 1u);
  const Logs refused({.file = folder / "no/such/folder"}, error);
  EXPECT_EQ(error, std::errc::no_such_file_or_directory);
}

TEST(Logs, ThreadsDoNotMixTheirLines) {
  const Folder folder;
  std::error_code error;
  {
    Logs logs({.format = LogFormat::Json, .file = folder / "log"}, error);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&logs, t] {
        for (int i = 0; i < 500; ++i) logs.info("event", {{"thread", t}, {"i", i}});
      });
    }
  }
  const auto lines = lines_of(folder / "log");
  ASSERT_EQ(lines.size(), 2000u);
  int next[4] = {};
  for (const std::string& line : lines) {
    const Json json = Json::parse(line, nullptr, false);
    ASSERT_TRUE(json.is_object()) << line;
    EXPECT_EQ(json["i"], next[json["thread"].get<std::size_t>()]++);
  }
}

// The reader of a pipe takes nothing until everything was said, so the queue must run over.
TEST(Logs, WhenNobodyReadsTheOldestLinesGoAndTheirNumberIsTold) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  ASSERT_GT(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
  constexpr int kSaid = 500;
  std::string text;
  std::jthread reader;
  {
    std::error_code error;
    Logs logs({.format = LogFormat::Json,
               .file = "/proc/self/fd/" + std::to_string(ends[1]),
               .queued_lines = 8},
              error);
    ASSERT_FALSE(error) << error.message();
    ::close(ends[1]);
    const std::string padding(200, 'x');
    for (int i = 0; i < kSaid; ++i) logs.info("event", {{"i", i}, {"padding", padding}});
    reader = std::jthread([&] {  // until the log closes its end
      char buffer[4096];
      for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(got));
      }
    });
  }
  reader.join();
  ::close(ends[0]);

  int events = 0;
  int lost = 0;
  int last = -1;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const Json json = Json::parse(line);
    if (json["msg"] == "log lines were lost") {
      lost += json["count"].get<int>();
      continue;
    }
    EXPECT_GT(json["i"], last);
    last = json["i"];
    ++events;
  }
  EXPECT_EQ(last, kSaid - 1) << "the newest is kept";
  EXPECT_GT(lost, 400);
  EXPECT_EQ(events + lost, kSaid);
}

TEST(Logs, AHugeMessageIsCut) {
  const Folder folder;
  std::error_code error;
  {
    Logs logs({.file = folder / "log"}, error);
    const std::string huge(1 << 20, 'x');
    logs.info(huge, {{"field", huge}});
  }
  const auto lines = lines_of(folder / "log");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 2 * Logs::kMaxLineBytes + 100);
}

TEST(Logs, TheServersErrorsComeAsEvents) {
  const Folder folder;
  std::error_code error;
  {
    Logs logs({.format = LogFormat::Json, .file = folder / "log"}, error);
    logs.error_hook()({Errc::AddressInUse, 98}, "listen\n");
  }
  const Json json = Json::parse(lines_of(folder / "log").at(0));
  EXPECT_EQ(json["level"], "error");
  EXPECT_EQ(json["msg"], "listen\n");
  EXPECT_EQ(json["error"], "AddressInUse");
  EXPECT_EQ(json["detail"], describe({Errc::AddressInUse, 98}));
}

}  // namespace
}  // namespace hybi::cli
