// What waits for a slow peer: bounds, policies, gaps in their place, against a naive model.
#include <hybi/conn/slow_backlog.h>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace hybi::conn {
namespace {

using Put = SlowBacklog::Put;

constexpr std::size_t kPlenty = 1 << 20, kEntry = 256;

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
  SlowBacklog backlog(kPlenty);
  const SlowQueue queue;
  EXPECT_EQ(backlog.put("a", "", text("1"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("b", "", text("2"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text("3"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.bytes(), 9u + 3 * kEntry);  // 2 of header each
  EXPECT_EQ(drain(backlog), "a: 1|b: 2|a: 3|");
  EXPECT_EQ(backlog.bytes(), 0u);
}

TEST(SlowBacklog, CloseIsTooSlowAboveItsBoundAndDropLeavesAGap) {
  SlowBacklog backlog(kPlenty);
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
  SlowBacklog backlog(kPlenty);
  const SlowQueue queue{.policy = SlowPolicy::Drop, .max_bytes = 10};
  EXPECT_EQ(backlog.put("a", "", text("123456789"), queue, 0), Put::Dropped);  // 11 with its header
  EXPECT_EQ(backlog.put("a", "", text("12345678"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "", text(""), queue, 0), Put::Dropped);
  EXPECT_EQ(drain(backlog), "a: gap 1|a: 12345678|a: gap 1|");
}

TEST(SlowBacklog, OfTheSameKeyOnlyTheLatestWaitsInItsPlace) {
  SlowBacklog backlog(kPlenty);
  const SlowQueue queue{.policy = SlowPolicy::KeepLatest, .max_messages = 2};
  backlog.put("a", "x", text("x1"), queue, 0);
  backlog.put("a", "y", text("y1"), queue, 0);
  EXPECT_EQ(backlog.put("a", "x", text("x2 longer"), queue, 0), Put::Superseded);
  backlog.put("b", "x", text("other channel"), queue, 0);
  EXPECT_EQ(backlog.put("a", "z", text("z1"), queue, 0), Put::Dropped);  // too many keys
  EXPECT_EQ(drain(backlog), "a: x2 longer|a: y1|b: other channel|a: gap 1|");
  EXPECT_EQ(backlog.bytes(), 0u);
}

TEST(SlowBacklog, WhatSupersedesIsBoundedAsWell) {
  SlowBacklog backlog(kPlenty);
  const SlowQueue queue{.policy = SlowPolicy::KeepLatest, .max_bytes = 10};
  EXPECT_EQ(backlog.put("a", "x", text("1"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "y", text("2"), queue, 0), Put::Waits);
  EXPECT_EQ(backlog.put("a", "x", text("123456"), queue, 0), Put::Dropped);  // 8 and the 3 of y
  EXPECT_EQ(backlog.put("a", "x", text("12345"), queue, 0), Put::Superseded);
  EXPECT_EQ(drain(backlog), "a: 12345|a: 2|a: gap 1|");
}

TEST(SlowBacklog, AllChannelsTogetherAreBounded) {
  SlowBacklog backlog(10 * kEntry);
  const SlowQueue queue{.policy = SlowPolicy::Drop};
  int waits = 0, dropped = 0;
  for (int i = 0; i < 14; ++i) {
    const Put put = backlog.put("channel " + std::to_string(i), "", text("x"), queue, 0);
    waits += put == Put::Waits;
    dropped += put == Put::Dropped;
  }
  EXPECT_EQ(waits, 10);
  EXPECT_EQ(dropped, 4);
  EXPECT_EQ(backlog.put("c", "", text("x"), {.policy = SlowPolicy::Close}, 0), Put::TooSlow);
  Put last = Put::Dropped;
  int gaps = 0;
  for (; last == Put::Dropped && gaps < 100; ++gaps) {
    last = backlog.put("more " + std::to_string(gaps), "", text("x"), queue, 0);
  }
  EXPECT_EQ(last, Put::TooSlow) << "gaps of ever more channels are memory too";
  EXPECT_LT(gaps, 10);
  drain(backlog);
  EXPECT_EQ(backlog.bytes(), 0u);
  EXPECT_EQ(backlog.put("c", "", text("x"), queue, 0), Put::Waits);
}

TEST(SlowBacklog, WhatIsTooOldBecomesOneGap) {
  SlowBacklog backlog(kPlenty);
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
  SlowBacklog backlog(kPlenty);
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
    SlowBacklog backlog(kPlenty);
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

// Of each key the latest comes, whatever was taken in between, and each waits once.
TEST(SlowBacklog, NoKeyIsForgotten) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    SlowBacklog backlog(kPlenty);
    const SlowQueue queue{.policy = SlowPolicy::KeepLatest};
    std::map<std::string, int> latest, waits;
    const auto check = [&](const SlowBacklog::Taken& taken) {
      const std::string said(as_text(taken.message->frame.view().subspan(2)));
      const std::string key = taken.channel + said.substr(0, 1);
      ASSERT_EQ(said.substr(1), std::to_string(latest[key]));
      ASSERT_EQ(waits[key]--, 1);
    };
    for (int step = 0; step < 5000; ++step) {
      const std::string channel(1, static_cast<char>('a' + random() % 2));
      const std::string key(1, static_cast<char>('0' + random() % 5));
      if (random() % 3 == 0 && !backlog.empty()) {
        check(backlog.take(0));
        continue;
      }
      const std::string number = std::to_string(latest[channel + key] = step);
      const Put put = backlog.put(channel, key, text(key + number), queue, 0);
      ASSERT_EQ(put, waits[channel + key]++ == 0 ? Put::Waits : Put::Superseded);
      waits[channel + key] = 1;
    }
    while (!backlog.empty()) check(backlog.take(0));
    for (const auto& [key, count] : waits) EXPECT_EQ(count, 0) << key;
    EXPECT_EQ(backlog.bytes(), 0u);
  }
}

}  // namespace
}  // namespace hybi::conn
