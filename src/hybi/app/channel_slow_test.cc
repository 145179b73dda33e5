// Channels whose subscribers are slow: what SlowQueue says, gaps in their place, and nobody else
// notices.
#include <hybi/app/channel_format.h>
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;
using testing::MemoryPeer;

constexpr std::size_t kHigh = 10'000;

class ChannelSlow : public ::testing::TestWithParam<bool> {
 protected:
  ChannelSlow() : site_(GetParam(), {}) {}

  void serve(SlowQueue queue, std::shared_ptr<const conn::PublicationFormat> format = {}) {
    const bool in_order = queue.policy != SlowPolicy::KeepLatest;
    site_.channel("c", {.history = {.size = in_order ? 1000u : 0u, .ttl = 1h}, .slow = queue});
    site_.ws("/", {.on_open = [](WebSocket& ws) { ws.subscribe("c"); },
                   .on_close = [this](WebSocket&,
                                      const CloseInfo& close) { causes_.push_back(close.cause); },
                   .on_gap =
                       [this](WebSocket&, std::string_view channel, std::uint64_t missed) {
                         gaps_ += std::string(channel) + " " + std::to_string(missed) + "|";
                       },
                   .limits = {.high_water_bytes = kHigh, .low_water_bytes = 2'000},
                   .publication_formats = {std::move(format)}});
  }
  std::unique_ptr<MemoryPeer> open() {
    auto peer = site_.net().connect();
    peer->write(upgrade("/"));
    settle();
    EXPECT_TRUE(peer->take_received().starts_with("HTTP/1.1 101"));
    return peer;
  }
  void publish(int from, int to, std::string_view key = {}) {
    for (int i = from; i <= to; ++i) {
      std::string text = std::to_string(i);
      text.resize(1000, ' ');
      site_.publish("c", Message{as_bytes(std::string_view(text)), true}, {.key = key});
      settle();
    }
  }
  std::string heard(MemoryPeer& peer) {
    settle();
    std::string all;
    for (const Frame& frame : frames(peer.take_received())) {
      all += frame.payload.substr(0, frame.payload.find(' ')) + "|";
    }
    return all;
  }
  void settle() { ASSERT_TRUE(site_.net().settle()); }

  std::string gaps_;
  std::vector<Errc> causes_;
  EndingSite site_;
};
INSTANTIATE_TEST_SUITE_P(Over, ChannelSlow, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "MemoryPending" : "Memory");
});

std::string numbers(int from, int to) {
  std::string all;
  for (int i = from; i <= to; ++i) all += std::to_string(i) + "|";
  return all;
}

TEST_P(ChannelSlow, DropTellsTheGapBehindWhatWasKept) {
  serve({.policy = SlowPolicy::Drop, .max_messages = 5});
  auto slow = open(), quick = open();
  slow->set_window(0);
  publish(1, 30);
  EXPECT_EQ(heard(*quick), numbers(1, 30));
  EXPECT_EQ(gaps_, "");
  slow->set_window(MemoryPeer::kUnlimited);
  const std::string all = heard(*slow);
  // So many as fit below the high-water mark, then five.
  ASSERT_TRUE(numbers(1, 30).starts_with(all)) << all;
  const auto kept = std::count(all.begin(), all.end(), '|');
  EXPECT_GE(kept, 15);
  EXPECT_LT(kept, 30);
  EXPECT_EQ(gaps_, "c " + std::to_string(30 - kept) + "|");
  EXPECT_EQ(site_.counters().messages_dropped.get(), static_cast<std::uint64_t>(30 - kept));
  publish(31, 32);
  EXPECT_EQ(heard(*slow), "31|32|");
  EXPECT_TRUE(causes_.empty());
}

TEST_P(ChannelSlow, AGapStandsBetweenWhatWasKeptAndWhatFollows) {
  serve({.policy = SlowPolicy::Drop, .max_messages = 1}, std::make_shared<JsonChannelFormat>());
  auto slow = open();
  slow->set_window(0);
  publish(1, 30);
  slow->set_window(MemoryPeer::kUnlimited);
  settle();
  publish(31, 31);
  const std::vector<Frame> all = frames(slow->take_received());
  ASSERT_GE(all.size(), 3u);
  const std::string gap = all[all.size() - 2].payload;
  EXPECT_TRUE(gap.starts_with(R"({"channel":"c","event":"gap","data":{"missed":)")) << gap;
  EXPECT_TRUE(all.back().payload.find("\"offset\":31") != std::string::npos);
  const std::string missed = gap.substr(gap.rfind(':') + 1);
  EXPECT_EQ(std::stoul(missed) + all.size() - 2, 30u);
}

TEST_P(ChannelSlow, CloseEndsWhoIsTooSlowAndNobodyElse) {
  serve({.policy = SlowPolicy::Close, .max_messages = 3});
  auto slow = open(), quick = open();
  slow->set_window(0);
  publish(1, 30);
  EXPECT_EQ(heard(*quick), numbers(1, 30));
  slow->set_window(MemoryPeer::kUnlimited);
  settle();
  slow->end();
  settle();
  EXPECT_EQ(causes_, std::vector<Errc>{Errc::WsSlowConsumer});
}

TEST_P(ChannelSlow, OfTheSameKeyOnlyTheLatestWaits) {
  serve({.policy = SlowPolicy::KeepLatest});
  auto slow = open();
  slow->set_window(0);
  publish(1, 30, "cursor");
  slow->set_window(MemoryPeer::kUnlimited);
  const std::string all = heard(*slow);
  EXPECT_TRUE(all.ends_with("|30|")) << all;
  EXPECT_LT(std::count(all.begin(), all.end(), '|'), 20);
  EXPECT_EQ(gaps_, "");  // what was superseded is not missing, but counted
  EXPECT_EQ(site_.counters().messages_dropped.get(),
            30u - static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '|')));
}

TEST_P(ChannelSlow, WhatWaitsTooLongIsAGap) {
  serve({.policy = SlowPolicy::Drop, .max_age = 5s});
  auto slow = open();
  slow->set_window(0);
  publish(1, 30);
  site_.net().advance(6s);
  slow->set_window(MemoryPeer::kUnlimited);
  const std::string all = heard(*slow);
  EXPECT_EQ(gaps_, "c " + std::to_string(30 - std::count(all.begin(), all.end(), '|')) + "|");
  publish(31, 31);
  EXPECT_EQ(heard(*slow), "31|");
}

TEST_P(ChannelSlow, AStalledSubscriberHoldsNoMoreThanItsBound) {
  serve({.policy = SlowPolicy::Drop, .max_messages = 1000, .max_bytes = 20'000});
  auto slow = open();
  slow->set_window(0);
  publish(1, 2000);
  slow->set_window(MemoryPeer::kUnlimited);
  const std::string all = heard(*slow);
  EXPECT_LE(std::count(all.begin(), all.end(), '|'), 61);  // 40 in the burst, 20 in the queue
}

}  // namespace
}  // namespace hybi::test
