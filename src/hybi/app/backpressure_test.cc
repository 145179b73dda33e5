// Readers that are slow: policies, water marks, memory. In memory, where a peer's window is set by
// hand, with and without pending writes; and on sockets.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;
using testing::MemoryPeer;

constexpr std::size_t kHigh = 10'000, kLow = 2'000;
const std::string kText(1'000, 'x');

// One WebSocket route whose first connection the test reaches into.
class Backpressure : public ::testing::TestWithParam<bool> {
 protected:
  Backpressure() : site_(GetParam(), {}) {}

  // Opens a connection that then takes nothing.
  std::unique_ptr<MemoryPeer> open_stuck(WebSocketHandlers handlers) {
    handlers.limits.high_water_bytes = kHigh;
    handlers.limits.low_water_bytes = kLow;
    handlers.limits.max_message_bytes = 1024 * 1024;
    const auto inner = handlers.on_open;
    handlers.on_open = [this, inner](WebSocket& ws) {
      if (!first_) first_ = ws.handle();
      if (inner) inner(ws);
    };
    handlers.on_drain = [this](WebSocket& ws) {
      ++drains_;
      buffered_at_drain_ = ws.buffered_bytes();
    };
    handlers.on_close = [this](WebSocket&, const CloseInfo& close) {
      ++closes_;
      cause_ = close.cause;
    };
    site_.ws("/", std::move(handlers));
    auto peer = open();
    peer->set_window(0);
    return peer;
  }
  std::unique_ptr<MemoryPeer> open() {
    auto peer = site_.net().connect();
    peer->write(upgrade("/"));
    settle();
    EXPECT_TRUE(peer->received().starts_with("HTTP/1.1 101"));
    const std::size_t head = peer->received().find("\r\n\r\n") + 4;
    EXPECT_EQ(peer->take_received().size(), head);
    return peer;
  }
  // With the first connection, on the loop.
  void with(std::function<void(WebSocket&)> task) {
    ASSERT_TRUE(first_->post(std::move(task)));
    settle();
  }
  // Sends kText until something else than Sent and Queued comes.
  std::size_t send_until_refused(SendResult& refused) {
    std::size_t count = 0;
    for (bool going = true; going && count < 1000;) {
      with([&](WebSocket& ws) {
        refused = ws.send(kText);
        going = refused == SendResult::Sent || refused == SendResult::Queued;
      });
      count += going;
    }
    return count;
  }
  void settle() { ASSERT_TRUE(site_.net().settle()); }

  std::optional<WebSocketHandle> first_;
  int drains_ = 0, closes_ = 0;
  std::size_t buffered_at_drain_ = 0;
  Errc cause_ = Errc::Ok;
  EndingSite site_;
};
INSTANTIATE_TEST_SUITE_P(Over, Backpressure, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "MemoryPending" : "Memory");
});

// RFC 6455 5.5.3; threat F16: pings of a peer that reads nothing do not fill our memory.
TEST_P(Backpressure, KeepsOnlyTheLatestPongForAPeerThatTakesNothing) {
  auto peer = open_stuck({});
  with([](WebSocket& ws) { ws.send("before"); });
  std::size_t buffered = 0;
  for (int i = 0; i < 500; ++i) {
    peer->write(ping_frame("p" + std::to_string(i)));
    settle();
  }
  with([&](WebSocket& ws) { buffered = ws.buffered_bytes(); });
  EXPECT_LT(buffered, 64u);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(show_frames(peer->received()), "text before|pong p499");
}

TEST_P(Backpressure, SendSaysSentThenQueuedAndBufferedBytesCounts) {
  auto peer = open_stuck({});
  SendResult result{};
  std::size_t buffered = 1;
  with([&](WebSocket& ws) {
    buffered = ws.buffered_bytes();
    result = ws.send("abc");
  });
  EXPECT_EQ(buffered, 0u);
  EXPECT_EQ(result, SendResult::Sent);  // nobody knows better before it was tried
  with([&](WebSocket& ws) {
    buffered = ws.buffered_bytes();
    result = ws.send("def");
  });
  EXPECT_EQ(buffered, 5u);
  EXPECT_EQ(result, SendResult::Queued);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(show_frames(peer->received()), "text abc|text def");
  with([&](WebSocket& ws) { buffered = ws.buffered_bytes(); });
  EXPECT_EQ(buffered, 0u);
  with([&](WebSocket& ws) {
    (void)ws.close();
    result = ws.send("late");
  });
  EXPECT_EQ(result, SendResult::Closed);
}

TEST_P(Backpressure, PolicyCloseFailsASlowReaderWith1013) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Close});
  SendResult refused{};
  const std::size_t taken = send_until_refused(refused);
  EXPECT_EQ(refused, SendResult::Closed);
  EXPECT_EQ(taken, 10u);  // the message that reaches the mark is the last
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  const std::vector<Frame> all = frames(peer->received());
  ASSERT_EQ(all.size(), taken + 1);
  EXPECT_TRUE(all.back().show().starts_with("close 1013")) << all.back().show();
  peer->end();
  settle();
  EXPECT_EQ(closes_, 1);
  EXPECT_EQ(cause_, Errc::WsSlowConsumer);
}

TEST_P(Backpressure, ASlowReaderThatStaysSoIsCutAfterTheCloseTimeout) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Close});
  SendResult refused{};
  send_until_refused(refused);
  site_.net().advance(6s);
  settle();
  EXPECT_TRUE(peer->server_closed());
  EXPECT_TRUE(peer->was_reset());
  EXPECT_EQ(closes_, 1);
}

TEST_P(Backpressure, PolicyDropDropsAndCountsAndGoesOnAfterwards) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Drop});
  SendResult refused{};
  const std::size_t taken = send_until_refused(refused);
  EXPECT_EQ(refused, SendResult::Dropped);
  with([&](WebSocket& ws) { ws.send("dropped too"); });
  EXPECT_EQ(site_.counters().messages_dropped.get(), 2u);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  with([&](WebSocket& ws) { EXPECT_EQ(ws.send("again"), SendResult::Sent); });
  const std::vector<Frame> all = frames(peer->received());
  ASSERT_EQ(all.size(), taken + 1);
  EXPECT_EQ(all.back().show(), "text again");
  EXPECT_EQ(site_.counters().messages_sent.get(), taken + 1);
  EXPECT_EQ(closes_, 0);
}

TEST_P(Backpressure, PolicyKeepLatestKeepsTheLatestOfEachKeyInOrder) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::KeepLatest});
  std::size_t filled = 0;
  with([&](WebSocket& ws) {
    for (; ws.buffered_bytes() < kHigh; ++filled) ws.send(kText);
  });
  for (int i = 0; i < 50; ++i) {
    with([&](WebSocket& ws) {
      const std::string number = std::to_string(i);
      EXPECT_EQ(ws.send_latest("a", {as_bytes("a" + number), true}), SendResult::Queued);
      EXPECT_EQ(ws.send_latest("b", {as_bytes("b" + number), true}), SendResult::Queued);
    });
  }
  EXPECT_EQ(site_.counters().messages_dropped.get(), 98u);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  with([](WebSocket& ws) { ws.send("behind"); });
  const std::string shown = show_frames(peer->received());
  EXPECT_TRUE(shown.ends_with("|text a49|text b49|text behind")) << shown.substr(shown.size() - 80);
  EXPECT_EQ(frames(peer->received()).size(), filled + 3);
}

TEST_P(Backpressure, NothingOvertakesAMessageThatIsKept) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::KeepLatest});
  with([&](WebSocket& ws) {
    while (ws.buffered_bytes() < kHigh) ws.send(kText);
  });
  with([](WebSocket& ws) { ws.send_latest("k", {as_bytes("old"), true}); });
  // Some room: below the high-water mark, above the low one.
  peer->set_window(kHigh / 2);
  settle();
  with([](WebSocket& ws) {
    EXPECT_GT(ws.buffered_bytes(), kLow);
    EXPECT_LT(ws.buffered_bytes(), kHigh);
    EXPECT_EQ(ws.send_latest("k", {as_bytes("new"), true}), SendResult::Queued);
  });
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  const std::vector<Frame> all = frames(peer->received());
  EXPECT_EQ(all.back().show(), "text new");
  EXPECT_EQ(std::count_if(all.begin(), all.end(),
                          [](const Frame& frame) { return frame.payload == "old"; }),
            0);
}

TEST_P(Backpressure, OnDrainComesOnceWhenTheRestIsBelowTheLowWaterMark) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Drop});
  SendResult refused{};
  send_until_refused(refused);
  EXPECT_EQ(drains_, 0);
  for (std::size_t room = 0; room < kHigh - kLow; room += 500) {
    EXPECT_EQ(drains_, 0) << room;
    peer->set_window(500);
    settle();
  }
  peer->set_window(1'000);
  settle();
  EXPECT_EQ(drains_, 1);
  EXPECT_LE(buffered_at_drain_, kLow);
  EXPECT_GT(buffered_at_drain_, 0u);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(drains_, 1);
}

TEST_P(Backpressure, OnDrainDoesNotComeToWhoNeverWaited) {
  auto peer = open_stuck({});
  peer->set_window(MemoryPeer::kUnlimited);
  for (int i = 0; i < 20; ++i) with([](WebSocket& ws) { ws.send(kText); });
  EXPECT_EQ(drains_, 0);
}

TEST_P(Backpressure, AnEchoClientThatNeverReadsIsReadFromNoMore) {
  std::size_t echoed = 0, most = 0;
  auto peer = open_stuck({.on_message = [&](WebSocket& ws, Message message) {
    EXPECT_EQ(ws.send(message) == SendResult::Closed, false);
    ++echoed;
    most = std::max(most, ws.buffered_bytes());
  }});
  // One by one, as they come from a network, and then many in one piece.
  for (int i = 0; i < 200; ++i) {
    peer->write(text_frame(kText));
    settle();
  }
  EXPECT_FALSE(peer->server_reads());
  EXPECT_LT(echoed, 15u);
  std::string many;
  for (int i = 0; i < 200; ++i) many += text_frame(kText);
  peer->write(many);
  settle();
  EXPECT_LE(most, 2 * kHigh + 2 * kText.size());
  EXPECT_EQ(closes_, 0);
  // It reads after all: everything is echoed.
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_TRUE(peer->server_reads());
  EXPECT_EQ(echoed, 400u);
  EXPECT_EQ(frames(peer->received()).size(), 400u);
  EXPECT_LE(most, 2 * kHigh + 2 * kText.size());
}

TEST_P(Backpressure, ManyMessagesInOneReadPauseAsWell) {
  std::size_t most = 0;
  auto peer = open_stuck({.on_message = [&](WebSocket& ws, Message message) {
    ws.send(message);
    most = std::max(most, ws.buffered_bytes());
  }});
  peer->set_window(MemoryPeer::kUnlimited);
  std::string many;
  for (int i = 0; i < 300; ++i) many += text_frame(kText);
  peer->write(many);
  settle();
  EXPECT_EQ(frames(peer->received()).size(), 300u);
  EXPECT_LE(most, kHigh + 2 * kText.size());
}

TEST_P(Backpressure, ALargeSingleMessageLeavesInPieces) {
  auto peer = open_stuck({.on_message = [](WebSocket& ws, Message message) { ws.send(message); }});
  const std::string large(900'000, 'y');
  peer->write(text_frame(large));
  settle();
  for (int i = 0; i < 100; ++i) {
    peer->set_window(10'007);
    settle();
  }
  const std::vector<Frame> all = frames(peer->received());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].payload == large);
  EXPECT_EQ(closes_, 0);
}

TEST_P(Backpressure, OneThatStallsCostsItsMarkAndAHundredOthersGetEverything) {
  auto stuck = open_stuck(
      {.on_open = [](WebSocket& ws) { ws.subscribe("all"); }, .slow_policy = SlowPolicy::Drop});
  std::vector<std::unique_ptr<MemoryPeer>> others;
  for (int i = 0; i < 100; ++i) others.push_back(open());
  for (int i = 0; i < 300; ++i) {
    site_.publish("all", Message{as_bytes(kText + std::to_string(i)), true});
    settle();
  }
  std::size_t buffered = 0;
  with([&](WebSocket& ws) { buffered = ws.buffered_bytes(); });
  EXPECT_LE(buffered, kHigh + 2 * kText.size());
  for (const auto& other : others) {
    const std::vector<Frame> all = frames(other->received());
    ASSERT_EQ(all.size(), 300u);
    EXPECT_TRUE(all[299].payload.ends_with("x299"));
  }
  EXPECT_EQ(site_.counters().messages_dropped.get() + site_.counters().messages_sent.get(),
            101u * 300u);
}

TEST_P(Backpressure, WhatWaitsForTheEndOfAFragmentedMessageIsBoundedToo) {
  auto peer = open_stuck(
      {.on_open = [](WebSocket& ws) { ws.subscribe("all"); }, .slow_policy = SlowPolicy::Drop});
  peer->set_window(MemoryPeer::kUnlimited);
  with([](WebSocket& ws) { EXPECT_TRUE(ws.send_fragment({as_bytes("first "), true}, false)); });
  for (int i = 0; i < 100; ++i) site_.publish("all", Message{as_bytes(kText), true});
  settle();
  const std::uint64_t dropped = site_.counters().messages_dropped.get();
  EXPECT_GE(dropped, 85u);
  with([](WebSocket& ws) { EXPECT_TRUE(ws.send_fragment({as_bytes("last"), true}, true)); });
  with([](WebSocket& ws) { EXPECT_EQ(ws.send("behind"), SendResult::Sent); });
  const std::vector<Frame> all = frames(peer->received());
  ASSERT_EQ(all.size(), 2 + (100 - dropped) + 1);
  EXPECT_EQ(all[1].payload, "last");
  EXPECT_EQ(all[2].payload, kText);
  EXPECT_EQ(all.back().payload, "behind");
}

TEST_P(Backpressure, KeptPublicationsAreKeptPerChannelAndGoBeforeTheCloseFrame) {
  auto peer = open_stuck({.on_open =
                              [](WebSocket& ws) {
                                ws.subscribe("a");
                                ws.subscribe("b");
                              },
                          .slow_policy = SlowPolicy::KeepLatest});
  for (int i = 0; i < 60; ++i) {
    site_.publish("a", Message{as_bytes(kText), true});
    settle();
  }
  site_.publish("b", Message{as_bytes("b1"), true});
  site_.publish("a", Message{as_bytes("a1"), true});
  site_.publish("b", Message{as_bytes("b2"), true});
  settle();
  with([](WebSocket& ws) { EXPECT_TRUE(ws.close(1000)); });
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  const std::vector<Frame> all = frames(peer->received());
  ASSERT_GE(all.size(), 4u);
  EXPECT_EQ(all[all.size() - 3].payload, "a1");
  EXPECT_EQ(all[all.size() - 2].payload, "b2");
  EXPECT_EQ(show_frames(peer->received()).substr(show_frames(peer->received()).size() - 10),
            "close 1000");
}

TEST_P(Backpressure, KeepLatestIsBoundedOverAllKeys) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::KeepLatest});
  SendResult result{};
  std::size_t queued = 0;
  for (int i = 0; i < 300; ++i) {
    with([&](WebSocket& ws) {
      result = ws.send_latest("key" + std::to_string(i), Message{as_bytes(kText), true});
    });
    queued += result != SendResult::Dropped;
  }
  EXPECT_EQ(result, SendResult::Dropped);
  EXPECT_LT(queued, 60u);
}

TEST_P(Backpressure, AFragmentIsRefusedUntilThereIsRoom) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Drop});
  Result<void> result;
  std::size_t taken = 0;
  for (; result && taken < 1000; taken += result.has_value()) {
    with([&](WebSocket& ws) { result = ws.send_fragment({as_bytes(kText), true}, false); });
  }
  EXPECT_EQ(result.error().code, Errc::WsSlowConsumer);
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(drains_, 1);
  with([](WebSocket& ws) { EXPECT_TRUE(ws.send_fragment({as_bytes("end"), true}, true)); });
  EXPECT_EQ(frames(peer->received()).size(), taken + 1);
}

TEST_P(Backpressure, ControlFramesAreNeverDropped) {
  auto peer = open_stuck({.slow_policy = SlowPolicy::Drop});
  SendResult refused{};
  const std::size_t taken = send_until_refused(refused);
  with([](WebSocket& ws) { EXPECT_TRUE(ws.ping("still")); });
  peer->set_window(MemoryPeer::kUnlimited);
  settle();
  EXPECT_EQ(frames(peer->received()).size(), taken + 1);
  EXPECT_EQ(frames(peer->received()).back().show(), "ping still");
}

// --- on sockets

class SlowSockets : public EveryBackend {};
HYBI_EVERY_BACKEND(SlowSockets);

TEST_P(SlowSockets, AnEchoClientThatNeverReadsCannotGrowMemory) {
  std::atomic<std::size_t> most = 0;
  Server server(options());
  server.ws("/", {.on_message =
                      [&](WebSocket& ws, Message message) {
                        ws.send(message);
                        most = std::max<std::size_t>(most, ws.buffered_bytes());
                      },
                  .limits = {.high_water_bytes = 64 * 1024, .low_water_bytes = 16 * 1024}});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient client = WsClient::open(server.port(), "/", 4096);
  ASSERT_TRUE(client.open());
  // Sends until the server has stopped reading: the socket takes no more.
  const std::string frame = text_frame(std::string(4'000, 'x'));
  std::string waiting;
  std::size_t sent = 0;
  auto stuck_since = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - stuck_since < 500ms && sent < 200'000'000) {
    if (waiting.empty()) waiting = frame;
    const std::size_t count = client.socket().write_some(waiting);
    waiting.erase(0, count);
    sent += count;
    if (count > 0) stuck_since = std::chrono::steady_clock::now();
    if (count == 0) std::this_thread::yield();
  }
  EXPECT_LT(sent, 100'000'000u);
  EXPECT_LT(most, 64u * 1024 * 5);
  EXPECT_EQ(server.stats().websockets, 1u);  // it waits, it is not thrown out
  server.stop(0ms);
  server.wait();
}

TEST_P(SlowSockets, ASubscriberThatStallsIsClosedAndTheOthersGetEverything) {
  constexpr int kMessages = 400;
  std::atomic<int> subscribed = 0;
  std::atomic<int> slow = 0;
  Server server(options(2));
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        ws.subscribe("all");
                        ++subscribed;
                      },
                  .on_close =
                      [&](WebSocket&, const CloseInfo& close) {
                        slow += close.cause == Errc::WsSlowConsumer;
                      },
                  .limits = {.high_water_bytes = 256 * 1024,
                             .low_water_bytes = 16 * 1024,
                             .close_timeout = 100ms}});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient stuck = WsClient::open(server.port(), "/", 4096);
  std::vector<WsClient> others;
  for (int i = 0; i < 10; ++i) others.push_back(WsClient::open(server.port()));
  ASSERT_TRUE(eventually([&] { return subscribed == 11; }));
  const std::string padding(32 * 1024, 'x');
  for (int i = 0; i < kMessages; ++i) {
    server.publish("all", std::to_string(i) + padding);
    for (WsClient& other : others) {
      ASSERT_EQ(other.next(), "text " + std::to_string(i) + padding);
    }
  }
  EXPECT_TRUE(eventually([&] { return slow == 1; }));
  EXPECT_EQ(server.stats().websockets, 10u);
}

}  // namespace
}  // namespace hybi::test
