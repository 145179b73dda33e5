// Engines asked by several threads at once. Run under ThreadSanitizer as well.
#include <hybi/engine/test_engines.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace hybi::engine {
namespace {

using namespace std::chrono_literals;
using test::AskEngine;
using test::EngineKind;
using test::TestEngines;

class EngineThreads : public ::testing::TestWithParam<EngineKind> {
 protected:
  static constexpr int kPublishers = 3;
  static constexpr int kEach = 600;  // publications of one publisher in one channel
  static constexpr std::uint64_t kTotal = kPublishers * kEach;

  // What a publisher has published where: offset -> text.
  using Made = std::map<std::uint64_t, std::string>;

  struct Read {
    Made all = {};
    bool in_order = true;
  };

  static std::string channel(int number) { return "channel/" + std::to_string(number); }

  // Publishes "<publisher> <number>" to all channels in turn.
  std::array<Made, 2> publish(int publisher, const Keeping& keeping) {
    std::array<Made, 2> made;
    for (int i = 0; i < kEach; ++i) {
      for (int c = 0; c < 2; ++c) {
        const std::string text = std::to_string(publisher) + " " + std::to_string(i);
        const auto published = ask_.publish(channel(c), text, keeping);
        if (!published) return made;
        made[static_cast<std::size_t>(c)][published.value().position.offset] = text;
      }
    }
    return made;
  }

  // Reads on from `position` until all has been published. Nothing may be missing unsaid.
  Read read(int number, Position position, std::size_t limit) {
    Read read;
    while (position.offset < kTotal) {
      const auto history = ask_.history(channel(number), position, limit);
      if (!history || history.value().top.epoch != position.epoch) {
        read.in_order = false;
        return read;
      }
      const auto& found = history.value().publications;
      if (!found.empty() && found.front().offset != position.offset + 1 &&
          history.value().complete) {
        read.in_order = false;
      }
      for (const Publication& one : found) {
        const bool follows = &one == &found.front() ? one.offset > position.offset
                                                    : one.offset == position.offset + 1;
        if (!follows) read.in_order = false;
        position.offset = one.offset;
        read.all[one.offset] = *one.data;
      }
      if (history.value().complete && position.offset != history.value().top.offset) {
        read.in_order = false;
      }
    }
    return read;
  }

  // Publishers and readers together. Returns: what was made in each channel and each reader's.
  void run(const Keeping& keeping, std::array<Made, 2>& made, std::array<Read, 4>& reads) {
    std::array<Position, 2> begin;
    for (int c = 0; c < 2; ++c) {
      begin[static_cast<std::size_t>(c)] = ask_.history(channel(c), {}, 0).value().top;
    }
    std::array<std::array<Made, 2>, kPublishers> by_publisher;
    std::barrier start(kPublishers + static_cast<int>(reads.size()));
    {
      std::vector<std::jthread> threads;
      for (int p = 0; p < kPublishers; ++p) {
        threads.emplace_back([&, p] {
          start.arrive_and_wait();
          by_publisher[static_cast<std::size_t>(p)] = publish(p, keeping);
        });
      }
      for (std::size_t r = 0; r < reads.size(); ++r) {
        threads.emplace_back([&, r] {
          start.arrive_and_wait();
          reads[r] = read(static_cast<int>(r % 2), begin[r % 2], r < 2 ? 7 : 1000);
        });
      }
    }
    for (std::size_t c = 0; c < 2; ++c) {
      for (auto& publisher : by_publisher) {
        // One after the other: later ones of a publisher have later offsets.
        int number = 0;
        for (const auto& [offset, text] : publisher[c]) {
          EXPECT_EQ(text.substr(text.find(' ') + 1), std::to_string(number++));
        }
        made[c].merge(publisher[c]);
        EXPECT_TRUE(publisher[c].empty()) << "an offset was given twice";
      }
      ASSERT_EQ(made[c].size(), kTotal);
      EXPECT_EQ(made[c].begin()->first, 1u);
      EXPECT_EQ(made[c].rbegin()->first, kTotal);
    }
  }

  TestEngines engines_{GetParam()};
  const std::shared_ptr<Engine> engine_ = engines_.node();
  AskEngine ask_{*engine_};
};
INSTANTIATE_TEST_SUITE_P(Of, EngineThreads, test::all_engines(), test::engine_name);

TEST_P(EngineThreads, EveryReaderSeesEveryOffsetExactlyOnceInOrder) {
  std::array<Made, 2> made;
  std::array<Read, 4> reads;
  run({.size = 100'000, .ttl = 1h}, made, reads);
  for (std::size_t r = 0; r < reads.size(); ++r) {
    EXPECT_TRUE(reads[r].in_order) << r;
    EXPECT_EQ(reads[r].all, made[r % 2]) << r;
  }
}

TEST_P(EngineThreads, WhatAReaderDoesNotSeeItIsTold) {
  std::array<Made, 2> made;
  std::array<Read, 4> reads;
  run({.size = 8, .ttl = 1h}, made, reads);
  for (std::size_t r = 0; r < reads.size(); ++r) {
    EXPECT_TRUE(reads[r].in_order) << r;
    EXPECT_EQ(reads[r].all.rbegin()->first, kTotal);
    for (const auto& [offset, text] : reads[r].all) EXPECT_EQ(made[r % 2][offset], text);
  }
}

TEST_P(EngineThreads, OfOneKeyOnePublicationIsMade) {
  constexpr int kKeys = 200;
  constexpr int kThreads = 4;
  std::array<std::vector<Published>, kThreads> got;
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        for (int k = 0; k < kKeys; ++k) {
          const std::string key = "key " + std::to_string(k);
          const auto published = ask_.publish(channel(k % 2), key, {.size = 1000}, key);
          if (published) got[t].push_back(published.value());
        }
      });
    }
  }
  for (std::size_t k = 0; k < kKeys; ++k) {
    int made = 0;
    for (const auto& of_thread : got) {
      ASSERT_EQ(of_thread.size(), static_cast<std::size_t>(kKeys));
      EXPECT_EQ(of_thread[k].position, got[0][k].position);
      made += of_thread[k].duplicate ? 0 : 1;
    }
    EXPECT_EQ(made, 1) << k;
  }
  for (int c = 0; c < 2; ++c) {
    const auto history = ask_.history(channel(c));
    std::set<std::string> keys;
    for (const Publication& one : history.value().publications) keys.insert(*one.data);
    EXPECT_EQ(keys.size(), kKeys / 2u);
    EXPECT_EQ(history.value().top.offset, kKeys / 2u);
  }
}

TEST_P(EngineThreads, MembersOfAllThreadsAreCounted) {
  constexpr int kThreads = 4;
  constexpr int kEachThread = 100;
  std::atomic<int> wrong = 0;
  std::barrier start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        for (int i = 0; i < kEachThread; ++i) {
          const std::string client = std::to_string(t) + " " + std::to_string(i);
          const auto added = ask_.add(channel(i % 2), {client, "user " + std::to_string(i), ""});
          if (!added || !added.value()) ++wrong;
          const auto count = ask_.count(channel(i % 2));
          if (!count || count.value().clients == 0) ++wrong;
          if (i % 4 != 3) continue;
          const auto removed = ask_.remove(channel(i % 2), client);
          if (!removed || !removed.value()) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
  // Of the odd numbers every second one was removed.
  EXPECT_EQ(ask_.count(channel(0)).value().clients, kThreads * kEachThread / 2u);
  EXPECT_EQ(ask_.count(channel(0)).value().users, kEachThread / 2u);
  EXPECT_EQ(ask_.count(channel(1)).value().clients, kThreads * kEachThread / 4u);
  EXPECT_EQ(ask_.count(channel(1)).value().users, kEachThread / 4u);
}

}  // namespace
}  // namespace hybi::engine
