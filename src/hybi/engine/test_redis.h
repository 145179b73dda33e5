// A real redis-server for tests: on a unix socket in a directory of its own, stopped by its pid.
//
// Nothing waits for it to come up: clients connect again until it is there. Only for *_test.cc.
#pragma once

#include <hybi/engine/redis_client.h>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hybi::test {

constexpr std::chrono::seconds kRedisPatience{30};  // sanitizers on a busy machine

class TestRedis {
 public:
  explicit TestRedis(std::vector<std::string> more = {}) : more_(std::move(more)) {
    char directory[] = "/tmp/hybi-redis-XXXXXX";
    directory_ = ::mkdtemp(directory);
    start();
  }
  ~TestRedis() {
    stop();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  TestRedis(const TestRedis&) = delete;
  TestRedis& operator=(const TestRedis&) = delete;

  void start() {
    std::vector<std::string> words{
        "redis-server", "--port", "0",     "--unixsocket", path(),      "--save",           "",
        "--appendonly", "no",     "--dir", directory_,     "--logfile", directory_ + "/log"};
    words.insert(words.end(), more_.begin(), more_.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    char* environment[] = {nullptr};
    const int failed =
        ::posix_spawnp(&pid_, "redis-server", nullptr, nullptr, arguments.data(), environment);
    ASSERT_EQ(failed, 0) << "redis-server is needed: tools/install_packages.sh test";
  }
  // At once: nothing is answered any more.
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    std::filesystem::remove(path());
  }
  void freeze() {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);  // until it has stopped
  }
  void thaw() { ::kill(pid_, SIGCONT); }

  std::string path() const { return directory_ + "/socket"; }
  RedisOptions options() const {
    RedisOptions options;
    options.unix_path = path();
    options.command_timeout = kRedisPatience;
    return options;
  }

 private:
  std::vector<std::string> more_;
  std::string directory_;
  pid_t pid_ = 0;
};

// Sends a command and waits for what becomes of it.
inline Result<engine::RedisReply> ask(engine::RedisClient& client, std::vector<std::string> words) {
  const auto answer = std::make_shared<std::promise<Result<engine::RedisReply>>>();
  auto future = answer->get_future();
  client.command(std::move(words), [answer](Result<engine::RedisReply> reply) {
    answer->set_value(std::move(reply));
  });
  if (future.wait_for(kRedisPatience + std::chrono::seconds(5)) != std::future_status::ready) {
    ADD_FAILURE() << "a command has no end";
    return Errc::BadState;
  }
  return future.get();
}

}  // namespace hybi::test
