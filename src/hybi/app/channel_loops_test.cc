// Channels and broadcasts across the loops of a server.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_loops.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class ChannelLoops : public ManyLoops {};
HYBI_EVERY_BACKEND(ChannelLoops);

TEST_P(ChannelLoops, APublicationReachesEverySubscriberOnceInTheOrderOfItsThread) {
  constexpr int kThreads = 3, kEach = 100;
  LoopsSeen loops;
  Server server(four());
  server.ws("/", {.on_open = [&](WebSocket& ws) {
              loops.add(ws);
              ws.subscribe("news");
              ws.send("welcome");
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto clients = open_on_every_loop(server, 12, [&] { return loops.count(); });
  ASSERT_EQ(loops.count(), 4u);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&server, thread] {
      for (int i = 0; i < kEach; ++i) {
        server.publish("news", std::to_string(thread) + " " + std::to_string(i));
      }
    });
  }
  for (WsClient& client : clients) {
    std::vector<int> next(kThreads);
    for (int i = 0; i < kThreads * kEach; ++i) {
      const std::string event = client.next();
      ASSERT_TRUE(event.starts_with("text ")) << event;
      const auto thread = static_cast<std::size_t>(event[5] - '0');
      ASSERT_EQ(event.substr(7), std::to_string(next.at(thread)++));
    }
  }
  for (std::thread& thread : threads) thread.join();
  server.publish("news", "last");
  for (WsClient& client : clients) EXPECT_EQ(client.next(), "text last");
}

// Published by threads and by every loop at once: all hear the same, and so does who comes later.
TEST_P(ChannelLoops, AChannelWithAHistoryHasOneOrderForAll) {
  constexpr int kThreads = 3, kEach = 100;
  LoopsSeen loops;
  Server server(four());
  server.channel("news", {.history = {.size = 10'000}});
  server.ws("/",
            {.on_open =
                 [&](WebSocket& ws) {
                   loops.add(ws);
                   ws.subscribe("news");
                   ws.send("welcome");
                 },
             .on_message = [&](WebSocket&, Message message) { server.publish("news", message); }});
  std::atomic<std::uint64_t> epoch = 0;
  server.get("/late", [&](Request& req, Response&) {
    if (auto upgrade = req.websocket()) {
      std::move(*upgrade).accept({.on_open = [&](WebSocket& ws) {
        ws.subscribe("news", {.since = Position{epoch, 0}});
      }});
    }
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto clients = open_on_every_loop(server, 12, [&] { return loops.count(); });
  ASSERT_EQ(loops.count(), 4u);
  server.history("news", {}, 1, [&](Result<History> history) {
    ASSERT_TRUE(history);
    epoch = history->top.epoch;
  });
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&server, thread] {
      for (int i = 0; i < kEach; ++i) {
        server.publish("news", std::to_string(thread) + " " + std::to_string(i));
      }
    });
  }
  for (int i = 0; i < kEach; ++i) {
    ASSERT_TRUE(
        clients[static_cast<std::size_t>(i) % clients.size()].send("c " + std::to_string(i)));
  }
  WsClient late = WsClient::open(server.port(), "/late");
  std::vector<std::string> order;
  for (int i = 0; i < (kThreads + 1) * kEach; ++i) order.push_back(clients[0].next());
  EXPECT_EQ(std::set<std::string>(order.begin(), order.end()).size(), order.size());
  for (std::size_t one = 1; one < clients.size(); ++one) {
    for (const std::string& expected : order) ASSERT_EQ(clients[one].next(), expected);
  }
  for (const std::string& expected : order) ASSERT_EQ(late.next(), expected);
  for (std::thread& thread : threads) thread.join();
}

TEST_P(ChannelLoops, ABroadcastReachesTheWholeRouteOrWhoIsChosen) {
  LoopsSeen loops;
  Server server(four());
  std::atomic<int> visited = 0;
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        loops.add(ws);
                        ws.send("welcome");
                      },
                  .on_message = [](WebSocket& ws, Message message) { ws.broadcast(message); }});
  server.ws("/other", {.on_open = [](WebSocket& ws) { ws.send("welcome"); }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto clients = open_on_every_loop(server, 8, [&] { return loops.count(); });
  ASSERT_EQ(loops.count(), 4u);
  WsClient other = WsClient::open(server.port(), "/other");
  EXPECT_EQ(other.next(), "text welcome");
  server.broadcast("/", "all");
  for (WsClient& client : clients) ASSERT_EQ(client.next(), "text all");
  std::atomic<int> asked = 0, chosen = 0;
  server.broadcast("/", "some", [&](WebSocket&) {
    const bool yes = ++asked % 2 == 0;
    chosen += yes;
    return yes;
  });
  server.broadcast("/nowhere", "none");
  ASSERT_TRUE(eventually([&] { return asked == static_cast<int>(clients.size()); }));
  int some = 0;
  ASSERT_TRUE(clients[0].send("from the first"));
  for (std::size_t i = 1; i < clients.size(); ++i) {
    std::string event = clients[i].next();
    if (event == "text some") {
      ++some;
      event = clients[i].next();
    }
    ASSERT_EQ(event, "text from the first");
  }
  server.for_each_websocket([&](WebSocket& ws) {
    ++visited;
    ws.send("bye from " + std::string(ws.route()));
    (void)ws.close();
  });
  EXPECT_EQ(other.next(), "text bye from /other");
  some += clients[0].next() == "text some";
  EXPECT_EQ(some, chosen);
  EXPECT_EQ(asked, static_cast<int>(clients.size()));
  EXPECT_TRUE(eventually([&] { return visited == static_cast<int>(clients.size()) + 1; }));
  EXPECT_TRUE(eventually([&] { return server.stats().websockets == 0; }));
}

// A thread of the application's that publishes on and on, past the end of the server.
TEST_P(ChannelLoops, PublishingToAServerThatHasStoppedDoesNothing) {
  Server server(four());
  server.channel("kept", {.history = {.size = 10}});
  server.ws("/", {.on_open = [](WebSocket& ws) { ws.subscribe("kept"); }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto client = WsClient::open(server.port());
  ASSERT_TRUE(client.open());
  server.publish("kept", "x");
  EXPECT_EQ(client.next(), "text x");
  server.stop(std::chrono::milliseconds(0));
  server.wait();
  for (const char* const name : {"kept", "not kept"}) server.publish(name, "y");
  server.broadcast("/", "z");
  server.for_each_websocket([](WebSocket&) { ADD_FAILURE(); });
}

// What a listener that is given the state first relies on: the change is in one of the two, never
// in both.
TEST_P(ChannelLoops, APublicationOfALoopsThreadReachesItsOwnSubscribersAtOnce) {
  Server server(options(1));
  server.ws("/", {.on_open = [&](WebSocket& ws) {
              server.publish("news", "before");
              ws.subscribe("news");
              ws.send("what there is");
              server.publish("news", "after");
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto first = WsClient::open(server.port());
  EXPECT_EQ(first.next(), "text what there is");
  EXPECT_EQ(first.next(), "text after");
  auto second = WsClient::open(server.port());
  for (const char* expected : {"text what there is", "text after"}) {
    EXPECT_EQ(second.next(), expected);
  }
  for (const char* expected : {"text before", "text after"}) EXPECT_EQ(first.next(), expected);
}
}  // namespace
}  // namespace hybi::test
