// The two session stores for parametrised suites: memory with a clock that is moved by hand, and a
// real redis-server, whose clock is its own. Only for *_test.cc.
#pragma once

#include <hybi/app/memory_session_store.h>
#include <hybi/engine/test_redis.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

namespace hybi::test {

enum class StoreKind { Memory, Redis };

inline void PrintTo(StoreKind kind, std::ostream* out) {
  *out << (kind == StoreKind::Memory ? "Memory" : "Redis");
}
inline std::string store_name(const ::testing::TestParamInfo<StoreKind>& param) {
  return param.param == StoreKind::Memory ? "Memory" : "Redis";
}

// Time that stands still until it is moved.
class FakeClock {
 public:
  std::chrono::steady_clock::time_point steady() const {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1000)) + passed();
  }
  std::chrono::system_clock::time_point system() const {
    return std::chrono::system_clock::time_point(std::chrono::hours(500'000)) + passed();
  }
  void advance(std::chrono::milliseconds by) { passed_ms_ += by.count(); }

 private:
  std::chrono::milliseconds passed() const { return std::chrono::milliseconds(passed_ms_); }
  std::atomic<std::int64_t> passed_ms_ = 0;
};

// Sessions of one kind of store, seen from several nodes.
class TestStores {
 public:
  explicit TestStores(StoreKind kind) {
    if (kind == StoreKind::Redis) redis_ = std::make_unique<TestRedis>();
  }

  // A store as one node has it. All of them show the same sessions.
  std::shared_ptr<SessionStore> node() {
    if (redis_) return redis_session_store({.redis = redis_->options(), .prefix = "test:"});
    if (!memory_) {
      memory_ = memory_session_store({.now = [this] { return clock_.steady(); }});
    }
    return memory_;
  }
  // Until `time` has passed for the store: only memory's clock can be moved.
  void pass(std::chrono::milliseconds time, const std::function<bool()>& done) {
    if (redis_) {
      const auto give_up = std::chrono::steady_clock::now() + kRedisPatience;
      while (!done() && std::chrono::steady_clock::now() < give_up) std::this_thread::yield();
    } else {
      clock_.advance(time);
    }
  }

  FakeClock& clock() { return clock_; }
  TestRedis* redis() { return redis_.get(); }

 private:
  FakeClock clock_;
  std::unique_ptr<TestRedis> redis_;
  std::shared_ptr<SessionStore> memory_;
};

// Waits for the one answer that `ask` is given a completion for.
template <class T, class F>
Result<T> answer_of(F&& ask) {
  const auto answer = std::make_shared<std::promise<Result<T>>>();
  auto future = answer->get_future();
  ask([answer](Result<T> result) { answer->set_value(std::move(result)); });
  if (future.wait_for(kRedisPatience + std::chrono::seconds(5)) != std::future_status::ready) {
    ADD_FAILURE() << "the store does not answer";
    return Errc::BadState;
  }
  return future.get();
}

// Ids that a watcher was told, of any thread.
class ToldIds {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
    changed_.notify_all();
  }
  bool wait_for(const std::string& what) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kRedisPatience, [&] {
      return std::find(all_.begin(), all_.end(), what) != all_.end();
    });
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& one : all_) text += text.empty() ? one : "|" + one;
    return text;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

}  // namespace hybi::test
