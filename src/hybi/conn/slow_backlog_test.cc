// What waits for a slow peer: bounds, policies, gaps in their place, against a naive model.
#include <hybi/conn/slow_backlog.h>

#include <gtest/gtest.h>

#include <random>

namespace hybi::conn {
namespace {

using Put = SlowBacklog::Put;

SharedMessageRef text(const std::string& words) {
  return share(Message{as_bytes(words), true});
}

std::string shown(const SlowBacklog::Taken& taken) {
  if (!taken.message) return taken.channel + ": gap " + std::to_string(taken.missed);
  return taken.channel + ": " + std::string(as_text(taken.message->frame.view().subspan(2)));
}

std::string drain(SlowBacklog& backlog, std::uint32_t now = 0) {
  std::string all;
  while (!backlog.empty()) all += shown(backlog.take(now)) + "|";
  return all;
}

TEST(SlowBacklog, KeepsTheOrderOfAllChannels) {
  SlowBacklog backlog;
  const SlowQueue queue;
  EXPECT_EQ(backlog.put("a", "", text("1"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("b", "", text("2"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text("3"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.bytes(), 9u);  // 2 of header each
  EXPECT_EQ(drain(backlog), "a: 1|b: 2|a: 3|");
  EXPECT_EQ(backlog.bytes(), 0u);
}

TEST(SlowBacklog, CloseIsTooSlowAboveItsBoundAndDropLeavesAGap) {
  SlowBacklog backlog;
  const SlowQueue two{.policy = SlowPolicy::Close, .max_messages = 2};
  EXPECT_EQ(backlog.put("a", "", text("1"), two, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text("2"), two, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text("3"), two, 0), Put::TooSlow);
  EXPECT_EQ(backlog.put("b", "", text("4"), two, 0), Put::Waits);  // has its own bound
  const SlowQueue drop{.policy = SlowPolicy::Drop, .max_messages = 2};
  EXPECT_EQ(backlog.put("a", "", text("5"), drop, 0), Put::Dropped);
  EXPECT_EQ(backlog.put("a", "", text("6"), drop, 0), Put::Dropped);
  EXPECT_EQ(drain(backlog), "a: 1|a: 2|b: 4|a: gap 2|");
}

TEST(SlowBacklog, BytesAreBoundedAsWell) {
  SlowBacklog backlog;
  const SlowQueue queue{.policy = SlowPolicy::Drop, .max_bytes = 10};
  EXPECT_EQ(backlog.put("a", "", text("123456789"), queue, 0), Put::Dropped);  // 11 with its header
  EXPECT_EQ(backlog.put("a", "", text("12345678"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text(""), queue, 0), Put::Dropped);
  EXPECT_EQ(drain(backlog), "a: gap 1|a: 12345678|a: gap 1|");
}

TEST(SlowBacklog, OfTheSameKeyOnlyTheLatestWaitsInItsPlace) {
  SlowBacklog backlog;
  const SlowQueue queue{.policy = SlowPolicy::KeepLatest, .max_messages = 2};
  backlog.put("a", "x", text("x1"), queue, 0);
  backlog.put("a", "y", text("y1"), queue, 0);
  backlog.put("a", "x", text("x2 longer"), queue, 0);
  backlog.put("b", "x", text("other channel"), queue, 0);
  EXPECT_EQ(backlog.put("a", "z", text("z1"), queue, 0), Put::Dropped);  // too many keys
  EXPECT_EQ(drain(backlog), "a: x2 longer|a: y1|b: other channel|a: gap 1|");
  EXPECT_EQ(backlog.bytes(), 0u);
}

TEST(SlowBacklog, WhatIsTooOldBecomesOneGap) {
  SlowBacklog backlog;
  const SlowQueue queue{.max_age = std::chrono::milliseconds(100)};
  backlog.put("a", "", text("1"), queue, 0);
  backlog.put("a", "", text("2"), queue, 0xffffffff);  // the clock wraps
  backlog.put("a", "", text("3"), queue, 50);
  backlog.put("b", "", text("4"), queue, 0);
  const SlowBacklog::Taken gap = backlog.take(101);
  EXPECT_EQ(shown(gap), "a: gap 2");
  EXPECT_EQ(gap.dropped, 2u);
  EXPECT_EQ(drain(backlog, 101), "a: 3|b: gap 1|");
}

TEST(SlowBacklog, GapsAreTold) {
  SlowBacklog backlog;
  backlog.miss("a", 3);
  backlog.miss("a", 4);
  backlog.put("a", "", text("1"), {}, 0);
  backlog.miss("a", 1);
  EXPECT_EQ(drain(backlog), "a: gap 7|a: 1|a: gap 1|");
}

// Whatever happens: what comes out plus the gaps is what was put in, in order, for each channel.
TEST(SlowBacklog, LosesNothingSilently) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    SlowBacklog backlog;
    std::uint64_t next[2] = {}, seen[2] = {};
    std::uint32_t now = 0;
    const auto check = [&](const SlowBacklog::Taken& taken) {
      const std::size_t at = taken.channel == "a" ? 0 : 1;
      if (taken.message) {
        ASSERT_EQ(as_text(taken.message->frame.view().subspan(2)), std::to_string(seen[at]++));
      } else {
        seen[at] += taken.missed;
      }
    };
    for (int step = 0; step < 5000; ++step) {
      const std::size_t at = random() % 2;
      now += random() % 3;
      const SlowQueue queue{.policy = SlowPolicy::Drop,
                            .max_messages = 1 + random() % 20,
                            .max_bytes = 20 + random() % 100,
                            .max_age = std::chrono::milliseconds(random() % 60)};
      if (random() % 3 != 0) {
        backlog.put(at == 0 ? "a" : "b", "", text(std::to_string(next[at]++)), queue, now);
      } else if (!backlog.empty()) {
        check(backlog.take(now));
      }
    }
    while (!backlog.empty()) check(backlog.take(now));
    EXPECT_EQ(seen[0], next[0]);
    EXPECT_EQ(seen[1], next[1]);
    EXPECT_EQ(backlog.bytes(), 0u);
  }
}

}  // namespace
}  // namespace hybi::conn
