// What only the memory engine has: bounds, and a clock that can be moved.
#include <hybi/engine/memory_engine.h>
#include <hybi/engine/test_engines.h>

#include <gtest/gtest.h>

#include <barrier>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace hybi::engine {
namespace {

using namespace std::chrono_literals;
using test::AskEngine;
using test::EngineClock;
using test::shown;

constexpr Keeping kTen{.size = 10, .ttl = 24h * 365};

class MemoryEngineSuite : public ::testing::Test {
 protected:
  MemoryEngine& make(MemoryEngineOptions options) {
    options.now = [this] { return clock_.now(); };
    engine_ = std::make_unique<MemoryEngine>(options);
    return *engine_;
  }
  AskEngine ask() { return AskEngine{*engine_}; }

  // Each call is at a time of its own.
  Result<Published> publish(const std::string& channel, std::string text,
                            const Keeping& keeping = kTen, std::string_view key = {}) {
    clock_.advance(1ms);
    return ask().publish(channel, std::move(text), keeping, key);
  }
  std::string latest(const std::string& channel) {
    clock_.advance(1ms);
    return shown(ask().history(channel));
  }
  std::uint64_t epoch(const std::string& channel) {
    clock_.advance(1ms);
    return ask().history(channel, {}, 0).value().top.epoch;
  }

  EngineClock clock_;
  std::unique_ptr<MemoryEngine> engine_;
};

// --- bounds

using MemoryEngineBounds = MemoryEngineSuite;

TEST_F(MemoryEngineBounds, TheStreamNotUsedForTheLongestTimeIsForgotten) {
  MemoryEngine& engine = make({.max_streams = 3});
  for (const char* channel : {"a", "b", "c"}) ASSERT_TRUE(publish(channel, "x"));
  EXPECT_EQ(latest("a"), "1x /1");  // used
  ASSERT_TRUE(publish("b", "y"));   // used later
  ASSERT_TRUE(publish("d", "x"));
  EXPECT_EQ(engine.stream_count(), 3u);
  EXPECT_EQ(latest("a"), "1x /1");
  EXPECT_EQ(latest("b"), "1x 2y /2");
  EXPECT_EQ(latest("c"), "/0") << "forgotten; and now d is, to remember c";
  EXPECT_EQ(latest("d"), "/0");
}

TEST_F(MemoryEngineBounds, AForgottenStreamBeginsANewEpoch) {
  make({.max_streams = 1});
  const Position before = publish("a", "x").value().position;
  ASSERT_TRUE(publish("b", "x"));
  const Position after = publish("a", "y").value().position;
  EXPECT_NE(after.epoch, before.epoch);
  EXPECT_EQ(after.offset, 1u);
  EXPECT_EQ(shown(ask().history("a", before)), "... 1y /1") << "not taken for the same";
}

TEST_F(MemoryEngineBounds, BytesAreBoundedByForgettingStreams) {
  const std::size_t one = MemoryStreams::stream_bytes("a") + MemoryStreams::kPublicationBytes + 100;
  MemoryEngine& engine = make({.max_bytes = 3 * one});
  const std::string text(100, 'x');
  for (const char* channel : {"a", "b", "c"}) ASSERT_TRUE(publish(channel, text));
  EXPECT_EQ(engine.bytes(), 3 * one);
  ASSERT_TRUE(publish("c", text));
  EXPECT_EQ(engine.bytes(), 2 * one + MemoryStreams::kPublicationBytes + 100);
  EXPECT_EQ(engine.stream_count(), 2u);
  EXPECT_EQ(latest("b"), "1" + text + " /1");
}

TEST_F(MemoryEngineBounds, AStreamThatIsAloneLosesItsOldestPublications) {
  MemoryEngine& engine = make({.max_bytes = 10'000});
  const std::string text(1000, 'x');
  ASSERT_TRUE(publish("other", "x"));
  const std::uint64_t of_a = epoch("a");
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(publish("a", text, {.size = 100}));
    EXPECT_LE(engine.bytes(), 10'000u);
  }
  EXPECT_EQ(epoch("a"), of_a);
  EXPECT_EQ(engine.stream_count(), 1u);
  const auto history = ask().history("a", Position{of_a, 12});
  EXPECT_TRUE(history.value().complete);
  EXPECT_EQ(history.value().publications.size(), 8u);
  EXPECT_FALSE(ask().history("a", Position{of_a, 11}).value().complete);
}

TEST_F(MemoryEngineBounds, WhatWouldNotFitAloneIsRefusedAndNothingIsForgotten) {
  MemoryEngine& engine = make({.max_bytes = 2000});
  ASSERT_TRUE(publish("a", "x"));
  const auto refused = publish("b", std::string(2000, 'x'), kTen, "key");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::EngineFull);
  EXPECT_EQ(latest("a"), "1x /1");
  EXPECT_EQ(engine.stream_count(), 1u);
  EXPECT_FALSE(publish("b", "y", kTen, "key").value().duplicate) << "it was not made";
  EXPECT_TRUE(publish("b", std::string(2000, 'x'), Keeping{})) << "it is not kept";
}

TEST_F(MemoryEngineBounds, WhatIsForgottenCostsNothing) {
  MemoryEngine& engine = make({.stream_ttl = 1s});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(publish("c" + std::to_string(i), std::string(1000, 'x'), {.size = 3, .ttl = 1s}));
  }
  clock_.advance(1s);
  // A few channels are used on; the parts of the others are visited now and then.
  for (int i = 0; i < 20'000; ++i) (void)publish("used", "", {.size = 1});
  EXPECT_EQ(engine.stream_count(), 1u);
  EXPECT_EQ(engine.bytes(), MemoryStreams::stream_bytes("used") + MemoryStreams::kPublicationBytes);
}

TEST_F(MemoryEngineBounds, TheOldestKeyIsForgotten) {
  MemoryEngine& engine = make({.max_keys = 3});
  const auto is_duplicate = [&](const std::string& channel) {
    return publish(channel, "x", kTen, "key").value().duplicate;
  };
  for (const char* channel : {"a", "b", "c"}) EXPECT_FALSE(is_duplicate(channel));
  EXPECT_TRUE(is_duplicate("a"));  // which does not make it younger
  EXPECT_FALSE(is_duplicate("d"));
  EXPECT_EQ(engine.key_count(), 3u);
  for (const char* channel : {"b", "c", "d"}) EXPECT_TRUE(is_duplicate(channel));
  EXPECT_FALSE(is_duplicate("a"));
}

TEST_F(MemoryEngineBounds, AMemberTooManyIsRefusedUntilOneHasLeft) {
  MemoryEngine& engine = make({.max_members = 3});
  for (const char* channel : {"a", "b", "c"}) ASSERT_TRUE(ask().add(channel, {"1", "", ""}, 1min));
  EXPECT_EQ(ask().add("d", {"1", "", ""}, 1min).error().code, Errc::EngineFull);
  EXPECT_EQ(ask().add("a", {"2", "", ""}, 1min).error().code, Errc::EngineFull);
  EXPECT_FALSE(ask().add("a", {"1", "ann", ""}, 1min).value()) << "a place it has already";
  EXPECT_TRUE(ask().remove("b", "1").value());
  EXPECT_TRUE(ask().add("d", {"1", "", ""}, 1min).value());
  EXPECT_EQ(engine.member_count(), 3u);
  EXPECT_EQ(ask().count("a").value().clients, 1u);
}

TEST_F(MemoryEngineBounds, MembersWhoseTimeIsOverTakeNoPlaceWhereverTheyWere) {
  make({.max_members = 100});
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(ask().add("c" + std::to_string(i % 50), {std::to_string(i), "", ""}, 10s));
  }
  EXPECT_FALSE(ask().add("new", {"1", "", ""}));
  clock_.advance(10s);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(ask().add("new", {std::to_string(i), "", ""})) << i;
  }
  EXPECT_FALSE(ask().add("new", {"x", "", ""}));
}

// --- time

using MemoryEngineTime = MemoryEngineSuite;

TEST_F(MemoryEngineTime, AStreamThatKeepsNothingIsForgottenAWhileAfterItsLastUse) {
  MemoryEngine& engine = make({.stream_ttl = 10s});
  const std::uint64_t first = epoch("a");
  clock_.advance(9998ms);
  EXPECT_EQ(epoch("a"), first) << "which is a use";
  clock_.advance(9998ms);
  EXPECT_EQ(publish("a", "x", {.size = 1, .ttl = 1s}).value().position, (Position{first, 1}));
  clock_.advance(9998ms);
  EXPECT_EQ(epoch("a"), first) << "after 9999 ms";
  clock_.advance(9999ms);
  EXPECT_NE(epoch("a"), first) << "after 10 s";
  EXPECT_EQ(engine.stream_count(), 1u);
}

// More of them than a call sweeps away beside its own.
TEST_F(MemoryEngineTime, WhatHasExpiredInManyStreamsAtOnceComesBackInNone) {
  make({.stream_ttl = 1h});
  std::vector<Position> begun;
  for (int i = 0; i < 3000; ++i) {
    const auto published = publish("c" + std::to_string(i), "x", {.size = 10, .ttl = 10s});
    begun.push_back(published.value().position);
  }
  clock_.advance(10s);
  for (int i = 2999; i >= 0; --i) {
    const std::string channel = "c" + std::to_string(i);
    const auto published = publish(channel, "y", {.size = 10, .ttl = 1h});
    ASSERT_EQ(published.value().position.epoch, begun[static_cast<std::size_t>(i)].epoch);
    ASSERT_EQ(latest(channel), "2y /2");
  }
}

TEST_F(MemoryEngineTime, AStreamThatKeepsSomethingIsNotForgotten) {
  make({.stream_ttl = 10s});
  const std::uint64_t kept = publish("kept", "x", {.size = 1, .ttl = 1min}).value().position.epoch;
  const std::uint64_t retained = publish("retained", "x", {.retain = true}).value().position.epoch;
  clock_.advance(59s);
  EXPECT_EQ(epoch("kept"), kept);
  clock_.advance(24h * 365);
  EXPECT_NE(epoch("kept"), kept);
  EXPECT_EQ(epoch("retained"), retained);
  EXPECT_EQ(latest("retained"), "1x /1");
}

TEST_F(MemoryEngineTime, AKeyIsRememberedForItsTimeAndNotLonger) {
  MemoryEngine& engine = make({.key_ttl = 10s});
  EXPECT_FALSE(publish("a", "x", kTen, "key").value().duplicate);
  clock_.advance(5s);
  EXPECT_TRUE(publish("a", "x", kTen, "key").value().duplicate);
  clock_.advance(4997ms);
  EXPECT_TRUE(publish("a", "x", kTen, "key").value().duplicate) << "at 9999 ms";
  EXPECT_FALSE(publish("a", "y", kTen, "key").value().duplicate);
  EXPECT_EQ(latest("a"), "1x 2y /2");
  EXPECT_EQ(engine.key_count(), 1u);
}

TEST_F(MemoryEngineTime, KeysGoWithoutBeingAskedForAgain) {
  MemoryEngine& engine = make({.key_ttl = 10s});
  for (int i = 0; i < 50; ++i) (void)publish("a", "x", kTen, std::to_string(i));
  clock_.advance(10s);
  for (int i = 0; i < 50; ++i) (void)publish("a", "x", kTen, "later " + std::to_string(i));
  EXPECT_EQ(engine.key_count(), 50u);
}

TEST_F(MemoryEngineTime, WithoutAClockItIsTheRealOne) {
  const auto engine = memory_engine();
  AskEngine ask{*engine};
  ASSERT_TRUE(ask.publish("a", "x", {.size = 1, .ttl = 1h}));
  EXPECT_EQ(shown(ask.history("a")), "1x /1");
  ASSERT_TRUE(ask.publish("a", "x", {.size = 1, .ttl = 0ms}));
  EXPECT_EQ(shown(ask.history("a")), "/2");
  EXPECT_FALSE(engine->shared());
}

// --- calls

using MemoryEngineCalls = MemoryEngineSuite;

TEST_F(MemoryEngineCalls, AreAnsweredFromWithinOnce) {
  MemoryEngine& engine = make({});
  int answers = 0;
  const auto count = [&](auto) { ++answers; };
  engine.publish("a", {std::make_shared<const std::string>("x")}, kTen, "", count);
  EXPECT_EQ(answers, 1);
  engine.publish("a", {std::make_shared<const std::string>("x")}, Keeping{}, "", count);
  EXPECT_EQ(answers, 2);
  engine.history("a", {}, 1, count);
  EXPECT_EQ(answers, 3);
  engine.add_member("a", {}, 1s, count);
  EXPECT_EQ(answers, 4);
  engine.remove_member("a", "", count);
  EXPECT_EQ(answers, 5);
  engine.members("a", 1, count);
  EXPECT_EQ(answers, 6);
  engine.count_members("a", count);
  EXPECT_EQ(answers, 7);
}

TEST_F(MemoryEngineCalls, TheDataOfAPublicationIsShared) {
  make({});
  const auto data = std::make_shared<const std::string>("x");
  ASSERT_TRUE(ask().publish("a", Publication{data}, kTen));
  EXPECT_EQ(ask().history("a").value().publications[0].data, data);
  engine_.reset();
  EXPECT_EQ(data.use_count(), 1);
}

TEST_F(MemoryEngineCalls, BoundsHoldWhenSeveralThreadsUseAllOfIt) {
  MemoryEngineOptions options{.max_streams = 20, .max_bytes = 50'000, .max_keys = 10};
  options.key_ttl = 20ms;
  options.stream_ttl = 50ms;
  options.max_members = 15;
  MemoryEngine& engine = make(options);
  constexpr int kThreads = 4;
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        std::mt19937 random(t);
        AskEngine ask{engine};
        start.arrive_and_wait();
        for (int i = 0; i < 1500; ++i) {
          const std::string channel = std::to_string(random() % 40);
          const std::string key = random() % 2 == 0 ? std::to_string(random() % 20) : "";
          const Keeping keeping{.size = random() % 20, .ttl = 30ms, .retain = random() % 4 == 0};
          clock_.advance(std::chrono::milliseconds(random() % 2));
          const auto published =
              ask.publish(channel, std::string(random() % 4000, 'x'), keeping, key);
          EXPECT_TRUE(published.has_value());
          EXPECT_TRUE(ask.history(channel, published.value().position, 5).has_value());
          (void)ask.add(channel, {std::to_string(random() % 4), "", ""}, 20ms);
          if (random() % 2 == 0) (void)ask.remove(channel, std::to_string(random() % 4));
          EXPECT_LE(ask.count(channel).value().clients, 4u);
          EXPECT_LE(engine.member_count(), 15u);
        }
      });
    }
  }
  (void)publish("last", "x");
  EXPECT_LE(engine.stream_count(), 20u);
  EXPECT_LE(engine.bytes(), 50'000u);
  EXPECT_LE(engine.key_count(), 10u);
  EXPECT_LE(engine.member_count(), 15u);
}

}  // namespace
}  // namespace hybi::engine
