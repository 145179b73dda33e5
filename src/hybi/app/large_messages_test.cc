// Large messages through a whole server: received where they are collected, sent out of there, over
// four transports; and every failure on the way.
#include <hybi/app/test_server.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class LargeMessages : public ::testing::TestWithParam<Transport> {};

INSTANTIATE_TEST_SUITE_P(Over, LargeMessages,
                         ::testing::Values(Transport::Memory, Transport::MemoryPending,
                                           Transport::Epoll, Transport::Uring),
                         ::testing::PrintToStringParamName());

std::string pattern(std::size_t size, std::size_t seed) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) {
    text[i] = static_cast<char>(' ' + (i * 7 + i / 90 + seed) % 90);
  }
  return text;
}

const auto kEcho = [](auto& site) {
  site.ws("/", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); },
                .limits = {.max_message_bytes = 20 << 20, .high_water_bytes = 64 << 20}});
};

// Large ones, then small ones, then large ones again: the way of reading changes in between.
TEST_P(LargeMessages, AllSizesInARowComeBackInOrder) {
  auto server = TestServer::start(GetParam(), kEcho);
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  std::vector<std::string> expected;
  std::string all;
  std::size_t seed = 0;
  for (const std::size_t size : {70'000U, 5U, 1'000'000U, 1'048'576U, 32'768U, 65'536U, 65'537U,
                                 200'000U, 1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 10U, 3'000'000U}) {
    const std::string text = pattern(size, ++seed);
    all += seed % 2 == 0 ? text_frame(text) : binary_frame(text);
    expected.push_back(text);
  }
  client->write(all);
  ASSERT_TRUE(client->read_until(frame_count(expected.size())));
  const auto frames_back = frames(client->received());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(frames_back.at(i).payload == expected[i]) << i;
  }
}

// Each is answered before the next one is sent.
TEST_P(LargeMessages, OneAfterTheOtherComesBack) {
  auto server = TestServer::start(GetParam(), kEcho);
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  for (std::size_t i = 0; i < 24; ++i) {
    const std::string text = pattern(i % 6 == 5 ? 40 : 400'000 + i, i);
    client->write(text_frame(text));
    ASSERT_TRUE(client->read_until(frame_count(1)));
    EXPECT_TRUE(frames(client->take()).at(0).payload == text) << i;
  }
}

TEST_P(LargeMessages, ControlFramesBetweenTheirFragmentsAreAnswered) {
  auto server = TestServer::start(GetParam(), kEcho);
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  const std::string first = pattern(300'000, 1), second = pattern(500'000, 2), third = "end";
  client->write(text_frame(first, false) + ping_frame("a") + continuation(second, false) +
                ping_frame("b") + continuation(third, true));
  ASSERT_TRUE(client->read_until(frame_count(3)));
  const auto back = frames(client->received());
  EXPECT_EQ(back.at(0).show(), "pong a");
  EXPECT_EQ(back.at(1).show(), "pong b");
  EXPECT_TRUE(back.at(2).payload == first + second + third);
}

TEST_P(LargeMessages, BadTextFailsInTheMiddle) {
  auto server = TestServer::start(GetParam(), kEcho);
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  std::string text = pattern(2'000'000, 1);
  text[1'500'000] = '\xC0';
  client->write(text_frame(pattern(400'000, 2)) + text_frame(text).substr(0, 1'600'000));
  ASSERT_TRUE(client->read_until(frame_count(2)));
  EXPECT_EQ(frames(client->received()).at(1).show().substr(0, 10), "close 1007");
}

// The peer takes nothing for a while: what it sends waits, nothing is lost.
TEST_P(LargeMessages, APeerThatReadsLateGetsEverything) {
  auto server = TestServer::start(GetParam(), [](auto& site) {
    site.ws("/", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); },
                  .limits = {.max_message_bytes = 4 << 20, .high_water_bytes = 2 << 20}});
  });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  std::string all;
  for (std::size_t i = 0; i < 8; ++i) all += binary_frame(pattern(1'500'000, i));
  client->write(all);
  ASSERT_TRUE(client->read_until(frame_count(8)));
  const auto back = frames(client->received());
  for (std::size_t i = 0; i < 8; ++i) EXPECT_TRUE(back.at(i).payload == pattern(1'500'000, i)) << i;
}

TEST_P(LargeMessages, AClientMayLeaveInTheMiddle) {
  Notes closes;
  auto server = TestServer::start(GetParam(), [&](auto& site) {
    site.ws("/", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); },
                  .on_close = [&](WebSocket&, const CloseInfo&) { closes.add("close"); },
                  .limits = {.max_message_bytes = 4 << 20}});
  });
  for (int i = 0; i < 4; ++i) {
    auto client = open_websocket(*server, "/");
    ASSERT_TRUE(client);
    client->write(binary_frame(pattern(300'000, 1)));
    ASSERT_TRUE(client->read_until(frame_count(1)));
    client->write(binary_frame(pattern(3'000'000, 2)).substr(0, 1'000'000));
    if (i % 2 == 0) {
      client->reset();
    } else {
      client->end();
    }
    EXPECT_TRUE(server->run_until([&] { return server->connections() == 0; }));
  }
  EXPECT_TRUE(server->run_until([&] { return closes.size() == 4; }));
}

// The Nth operation of the network fails, for every N.
class LargeMessagesFail : public ::testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Writes, LargeMessagesFail, ::testing::Bool(), [](const auto& test) {
  return std::string(test.param ? "AtTheEndOfTheTurn" : "AtOnce");
});

TEST_P(LargeMessagesFail, WithoutALeakAtEveryOperation) {
  int opened = 0, closed = 0;
  const auto routes = [&](MemorySite& site) {
    site.ws("/", {.on_open = [&](WebSocket&) { ++opened; },
                  .on_message = [](WebSocket& ws, Message m) { ws.send(m); },
                  .on_close = [&](WebSocket&, const CloseInfo&) { ++closed; },
                  .limits = {.high_water_bytes = 400'000, .low_water_bytes = 100'000}});
  };
  for (std::uint64_t operation = 1; operation < 500; ++operation) {
    opened = closed = 0;
    auto server = start_in_memory(routes, {}, GetParam());
    server->net().fail_after(operation);
    auto peer = server->connect_peer();
    peer->write(upgrade("/"));
    server->settle();
    peer->set_window(250'000);  // a write is cut, early and at the end of the turn
    const std::string frame = text_frame(pattern(300'000, 1));
    for (int i = 0; i < 3; ++i) {
      for (std::size_t at = 0; at < frame.size(); at += 90'000)
        peer->write(frame.substr(at, 90'000));
      peer->write(text_frame("small") + ping_frame("p"));
      server->settle();
      peer->set_window(250'000);
      server->settle();
    }
    peer->set_window(testing::MemoryPeer::kUnlimited);
    server->settle();
    peer->write(close_frame(1000, "bye"));
    server->settle();
    peer->end();
    server->settle();
    const bool failed = server->net().operations_failed() > 0;
    server->net().fail_after(0);
    server->advance(70s);
    EXPECT_EQ(server->connections(), 0u) << operation;
    EXPECT_EQ(server->net().open_streams(), 0u) << operation;
    EXPECT_EQ(opened, closed) << operation;
    if (HasFailure()) return;
    if (!failed) {
      EXPECT_EQ(opened, 1);
      EXPECT_GT(operation, 25u);
      return;
    }
  }
  ADD_FAILURE() << "no end";
}

}  // namespace
}  // namespace hybi::test
