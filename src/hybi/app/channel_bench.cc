// What publishing costs from a handler, without a kernel: to nobody, to one subscriber, to a
// hundred; and how much of it patterns add. Deliveries end in memory at the end of the turn, which
// counts.
#include <hybi/app/pattern_tree.h>
#include <hybi/app/test_site.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace hybi;
using testing::MemoryPeer;

constexpr std::string_view kText = "twenty bytes of text";

// A site whose connections run, when they are told something, what the benchmark wants.
class Publishers {
 public:
  using Work = std::function<void(WebSocket&)>;

  Publishers() : site_(false, {}) {
    site_.ws("/", {.on_message = [this](WebSocket& ws, Message) { work_(ws); },
                   .limits = {.max_subscriptions = 100'000}});
  }

  std::unique_ptr<MemoryPeer> open() {
    auto peer = site_.net().connect();
    peer->write(
        "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    site_.net().settle();
    if (!peer->take_received().starts_with("HTTP/1.1 101")) std::abort();
    return peer;
  }
  // In a turn of its own, from the handler of that connection.
  void run(MemoryPeer& peer, Work work) {
    static constexpr std::string_view kFrame("\x81\x80\0\0\0\0", 6);  // an empty text
    work_ = std::move(work);
    peer.write(kFrame);
    site_.net().settle();
  }
  void subscribe_patterns(MemoryPeer& peer, std::int64_t count) {
    run(peer, [count](WebSocket& ws) {
      for (std::int64_t i = 0; i < count; ++i) {
        ws.subscribe_matching("room/" + std::to_string(i) + "/*");
      }
    });
  }
  test::MemorySite& site() { return site_; }

 private:
  Work work_;
  test::MemorySite site_;
};

// The argument is the number of patterns somebody else has subscribed to.
void PublishToNobody(benchmark::State& state) {
  Publishers publishers;
  const auto peer = publishers.open(), other = publishers.open();
  publishers.subscribe_patterns(*other, state.range(0));
  publishers.run(*peer, [&](WebSocket& ws) {
    for (auto _ : state) ws.publish("hall/42/chat", kText);
  });
}

// Not from a loop: what a ticker of the application pays.
void PublishToNobodyFromAThread(benchmark::State& state) {
  Publishers publishers;
  const auto peer = publishers.open();
  const Message message{as_bytes(kText), true};
  std::thread([&] {
    for (auto _ : state) publishers.site().publish("hall/42/chat", message);
  }).join();
}

// 64 publications a turn, each to as many subscribers; the time is that of one publication.
void PublishTo(benchmark::State& state) {
  constexpr int kEachTurn = 64;
  Publishers publishers;
  const auto peer = publishers.open(), other = publishers.open();
  std::vector<std::unique_ptr<MemoryPeer>> subscribers;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    subscribers.push_back(publishers.open());
    publishers.run(*subscribers.back(), [](WebSocket& ws) { ws.subscribe("room/42/chat"); });
  }
  publishers.subscribe_patterns(*other, state.range(1));
  while (state.KeepRunningBatch(kEachTurn)) {
    publishers.run(*peer, [](WebSocket& ws) {
      for (int i = 0; i < kEachTurn; ++i) ws.publish("room/42/chat", kText);
    });
    state.PauseTiming();
    for (const auto& subscriber : subscribers) {
      if (subscriber->take_received().size() != kEachTurn * (kText.size() + 2)) std::abort();
    }
    other->take_received();
    state.ResumeTiming();
  }
  state.counters["deliveries"] = benchmark::Counter(
      static_cast<double>(state.iterations() * state.range(0)), benchmark::Counter::kIsRate);
}

// The index alone: a name that one of so many patterns matches, and one that none does.
void FindPattern(benchmark::State& state) {
  PatternTree<int> tree;
  for (std::int64_t i = 0; i < state.range(0); ++i) tree.at("room/" + std::to_string(i) + "/*") = 1;
  const bool there = state.range(1) != 0;
  const std::string name = there ? "room/42/chat" : "hall/42/chat";
  int found = 0;
  for (auto _ : state) {
    tree.for_each_match(name, [&](int& value) { found += value; });
    benchmark::DoNotOptimize(found);
  }
  if ((found != 0) != there) std::abort();
}

// The argument is how many connections there are; each subscribes and unsubscribes.
void SubscribeAndUnsubscribe(benchmark::State& state) {
  Publishers publishers;
  std::vector<std::unique_ptr<MemoryPeer>> others;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    others.push_back(publishers.open());
    publishers.run(*others.back(), [](WebSocket& ws) { ws.subscribe("room/42/chat"); });
  }
  const auto peer = publishers.open();
  publishers.run(*peer, [&](WebSocket& ws) {
    for (auto _ : state) {
      ws.subscribe("room/42/chat");
      ws.unsubscribe("room/42/chat");
    }
  });
}

BENCHMARK(PublishToNobody)->ArgName("patterns")->Arg(0)->Arg(1000);
BENCHMARK(PublishToNobodyFromAThread);
BENCHMARK(PublishTo)
    ->ArgNames({"subscribers", "patterns"})
    ->Args({1, 0})
    ->Args({100, 0})
    ->Args({1, 1000})
    ->Args({100, 1000});
BENCHMARK(FindPattern)->ArgNames({"patterns", "matches"})->Args({1000, 1})->Args({1000, 0});
BENCHMARK(SubscribeAndUnsubscribe)->ArgName("others")->Arg(0)->Arg(1000);

}  // namespace
