// The memory engine at one call: publications that are kept and not, histories, members. What has
// several threads shows what the locks cost.
#include <hybi/engine.h>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace hybi;
using namespace std::chrono_literals;

const auto kData = std::make_shared<const std::string>(100, 'x');
constexpr Keeping kHundred{.size = 100, .ttl = 1h};

Publication message() {
  return {kData};
}

void publish(Engine& engine, std::string_view channel, const Keeping& keeping,
             std::string_view key = {}) {
  engine.publish(channel, message(), keeping, key, [](Result<Published> published) {
    benchmark::DoNotOptimize(published.value().position);
  });
}

void PublishNotKept(benchmark::State& state) {
  const auto engine = memory_engine();
  for (auto _ : state) publish(*engine, "room/42", Keeping{});
}

// To as many channels in turn, each with a hundred publications.
void PublishKept(benchmark::State& state) {
  const auto engine = memory_engine({.max_bytes = std::size_t{4} << 30});
  std::vector<std::string> channels;
  for (int i = 0; i < state.range(0); ++i) channels.push_back("room/" + std::to_string(i));
  for (int i = 0; i < 100; ++i) {
    for (const std::string& channel : channels) publish(*engine, channel, kHundred);
  }
  std::size_t i = 0;
  for (auto _ : state) publish(*engine, channels[i++ % channels.size()], kHundred);
}

void PublishWithKey(benchmark::State& state) {
  const auto engine = memory_engine();
  std::size_t i = 0;
  for (auto _ : state) publish(*engine, "room/42", kHundred, std::to_string(i++));
}

// Each stream is new and another one goes.
void PublishToNewChannels(benchmark::State& state) {
  const auto engine = memory_engine({.max_streams = 10'000});
  std::size_t i = 0;
  for (auto _ : state) publish(*engine, "room/" + std::to_string(i++), kHundred);
}

void History(benchmark::State& state) {
  const auto engine = memory_engine();
  for (int i = 0; i < 100; ++i) publish(*engine, "room/42", kHundred);
  const auto limit = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) {
    engine->history("room/42", {}, limit, [](Result<hybi::History> history) {
      benchmark::DoNotOptimize(history.value().publications.data());
    });
  }
}

void RenewMember(benchmark::State& state) {
  const auto engine = memory_engine();
  std::vector<std::string> clients;
  for (int i = 0; i < state.range(0); ++i) clients.push_back("client-" + std::to_string(i));
  std::size_t i = 0;
  for (auto _ : state) {
    engine->add_member("room/42", {clients[i++ % clients.size()], "ann", ""}, 1min,
                       [](Result<bool> added) { benchmark::DoNotOptimize(added.value()); });
  }
}

void CountMembers(benchmark::State& state) {
  const auto engine = memory_engine();
  for (int i = 0; i < state.range(0); ++i) {
    engine->add_member("room/42", {"client-" + std::to_string(i), "", ""}, 1h, [](auto) {});
  }
  for (auto _ : state) {
    engine->count_members("room/42", [](Result<PresenceCount> count) {
      benchmark::DoNotOptimize(count.value().clients);
    });
  }
}

std::shared_ptr<Engine> shared_engine;

void PublishKeptByThreads(benchmark::State& state) {
  if (state.thread_index() == 0) shared_engine = memory_engine();
  const std::string channel = "room/" + std::to_string(state.thread_index());
  for (auto _ : state) publish(*shared_engine, channel, kHundred);
}

BENCHMARK(PublishNotKept);
BENCHMARK(PublishKept)->Arg(1)->Arg(1000)->Arg(100'000);
BENCHMARK(PublishWithKey);
BENCHMARK(PublishToNewChannels);
BENCHMARK(History)->Arg(1)->Arg(10)->Arg(100);
BENCHMARK(RenewMember)->Arg(10)->Arg(100'000);
BENCHMARK(CountMembers)->Arg(10)->Arg(100'000);
BENCHMARK(PublishKeptByThreads)->Threads(1)->Threads(2)->UseRealTime();

}  // namespace
