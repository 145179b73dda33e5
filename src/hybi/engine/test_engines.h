// The engines for parametrised suites: memory with a clock that is moved by hand; one over a server
// has a clock of its own and is waited for. Only for *_test.cc.
//
// A further engine is an enumerator, a name and what node() makes of it.
#pragma once

#include <hybi/engine.h>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hybi::test {

constexpr std::chrono::seconds kEnginePatience{30};  // sanitizers on a busy machine

enum class EngineKind { Memory };

inline std::string name_of(EngineKind kind) {
  switch (kind) {
    case EngineKind::Memory:
      return "Memory";
  }
  return "";
}
inline void PrintTo(EngineKind kind, std::ostream* out) {
  *out << name_of(kind);
}
inline std::string engine_name(const ::testing::TestParamInfo<EngineKind>& param) {
  return name_of(param.param);
}
inline auto all_engines() {
  return ::testing::Values(EngineKind::Memory);
}

// Time that stands still until it is moved. Thread: any.
class EngineClock {
 public:
  std::chrono::steady_clock::time_point now() const {
    return std::chrono::steady_clock::time_point(std::chrono::hours(1000)) +
           std::chrono::milliseconds(passed_ms_);
  }
  void advance(std::chrono::milliseconds by) { passed_ms_ += by.count(); }

 private:
  std::atomic<std::int64_t> passed_ms_ = 0;
};

// Engines of one kind. Each of these objects has channels of its own.
class TestEngines {
 public:
  // The options are memory's; what other engines have of them they take.
  explicit TestEngines(EngineKind kind, MemoryEngineOptions options = {})
      : kind_(kind), options_(std::move(options)) {
    options_.now = [this] { return clock_.now(); };
  }

  // An engine as one node has it. Those that can be shared show the same channels.
  std::shared_ptr<Engine> node() {
    switch (kind_) {
      case EngineKind::Memory:
        return memory_engine(options_);
    }
    return nullptr;
  }

  // For a memory engine made by hand: with the clock of this object.
  const MemoryEngineOptions& memory_options() const { return options_; }

  // Whether time passes only by pass(), and exactly.
  bool has_clock() const { return kind_ == EngineKind::Memory; }
  // So much time passes for the engine, or, with a clock of its own, as much as `done` needs.
  void pass(std::chrono::milliseconds time, const std::function<bool()>& done = {}) {
    if (has_clock()) return clock_.advance(time);
    const auto give_up = std::chrono::steady_clock::now() + kEnginePatience;
    while (done && !done() && std::chrono::steady_clock::now() < give_up) {
      std::this_thread::yield();
    }
  }

 private:
  const EngineKind kind_;
  EngineClock clock_;
  MemoryEngineOptions options_;
};

// Waits for the one answer that `ask` is given a completion for.
template <class T, class F>
Result<T> engine_answer(F&& ask) {
  const auto answer = std::make_shared<std::promise<Result<T>>>();
  auto future = answer->get_future();
  ask([answer](Result<T> result) { answer->set_value(std::move(result)); });
  if (future.wait_for(kEnginePatience + std::chrono::seconds(5)) != std::future_status::ready) {
    ADD_FAILURE() << "the engine does not answer";
    return Errc::BadState;
  }
  return future.get();
}

// An engine's operations as calls that return.
struct AskEngine {
  Engine& engine;

  Result<Published> publish(std::string_view channel, std::string text, const Keeping& keeping,
                            std::string_view key = {}) {
    Publication publication;
    publication.data = std::make_shared<const std::string>(std::move(text));
    return publish(channel, std::move(publication), keeping, key);
  }
  Result<Published> publish(std::string_view channel, Publication publication,
                            const Keeping& keeping, std::string_view key = {}) {
    return engine_answer<Published>([&](auto done) {
      engine.publish(channel, std::move(publication), keeping, key, std::move(done));
    });
  }
  Result<History> history(std::string_view channel, std::optional<Position> since = {},
                          std::size_t limit = 1000) {
    return engine_answer<History>(
        [&](auto done) { engine.history(channel, since, limit, std::move(done)); });
  }
  Result<bool> add(std::string_view channel, Member member,
                   std::chrono::milliseconds ttl = std::chrono::minutes(1)) {
    return engine_answer<bool>(
        [&](auto done) { engine.add_member(channel, std::move(member), ttl, std::move(done)); });
  }
  Result<bool> remove(std::string_view channel, std::string_view client) {
    return engine_answer<bool>(
        [&](auto done) { engine.remove_member(channel, client, std::move(done)); });
  }
  Result<std::vector<Member>> members(std::string_view channel, std::size_t limit = 1000) {
    return engine_answer<std::vector<Member>>(
        [&](auto done) { engine.members(channel, limit, std::move(done)); });
  }
  Result<PresenceCount> count(std::string_view channel) {
    return engine_answer<PresenceCount>(
        [&](auto done) { engine.count_members(channel, std::move(done)); });
  }
};

// "3a 4b" (offset and data), and in front of it "..." if something is missing; behind it "/" and
// the offset of the top.
inline std::string shown(const Result<History>& history) {
  if (!history) return std::string(info(history.error().code).name);
  std::string text = history->complete ? "" : "... ";
  for (const Publication& one : history->publications) {
    text += std::to_string(one.offset) + *one.data + " ";
  }
  return text + "/" + std::to_string(history->top.offset);
}

}  // namespace hybi::test
