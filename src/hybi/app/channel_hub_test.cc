// Channels and handles: against a naive model on one loop, and across the loops of a server.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <random>
#include <set>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

// Does what a message says: "sub c", "unsub c", "pub c text"; answers the first two.
void obey(WebSocket& ws, Message message) {
  const std::string_view line = message.text();
  const std::size_t first = line.find(' ');
  const std::string_view verb = line.substr(0, first), rest = line.substr(first + 1);
  if (verb == "sub") {
    ws.send(ws.subscribe(rest) ? "subscribed" : "was subscribed");
  } else if (verb == "unsub") {
    ws.send(ws.unsubscribe(rest) ? "unsubscribed" : "was not subscribed");
  } else {
    const std::size_t second = rest.find(' ');
    ws.publish(rest.substr(0, second), rest.substr(second + 1));
  }
}

// --- one loop against a model

class ChannelModel : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ChannelModel, ::testing::Range(0, 12));

TEST_P(ChannelModel, DeliversToTheSameInTheSameOrder) {
  struct Session {
    std::unique_ptr<testing::MemoryPeer> peer;
    std::set<std::string> channels{};
    std::vector<std::string> expected{};
    std::string received{};
  };
  EndingSite site(GetParam() % 2 == 1, {});
  site.ws("/", {.on_message = obey});
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  const auto pick = [&](std::size_t count) { return random() % count; };
  std::vector<Session> sessions;
  int published = 0;

  const auto connect = [&] {
    Session session{.peer = site.net().connect()};
    session.peer->write(upgrade("/"));
    ASSERT_TRUE(site.net().settle());
    ASSERT_TRUE(session.peer->take_received().starts_with("HTTP/1.1 101"));
    sessions.push_back(std::move(session));
  };
  const auto check_and_forget = [&](std::size_t index) {
    Session& session = sessions[index];
    std::vector<std::string> got;
    for (const Frame& frame : frames(session.received + session.peer->take_received())) {
      got.push_back(frame.payload);
    }
    ASSERT_EQ(got, session.expected);
    sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(index));
  };

  for (int step = 0; step < 1500; ++step) {
    if (sessions.size() < 2 || (sessions.size() < 12 && pick(20) == 0)) connect();
    const std::size_t index = pick(sessions.size());
    Session& session = sessions[index];
    const std::string channel = std::string("c") + std::to_string(pick(4));
    const std::string text = "m" + std::to_string(++published);
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        session.peer->write(text_frame("sub " + channel));
        session.expected.push_back(session.channels.insert(channel).second ? "subscribed"
                                                                           : "was subscribed");
        break;
      case 3:
      case 4:
        session.peer->write(text_frame("unsub " + channel));
        session.expected.push_back(session.channels.erase(channel) == 1 ? "unsubscribed"
                                                                        : "was not subscribed");
        break;
      case 5:  // from outside: to everybody
        site.publish(channel, Message{as_bytes(text), true});
        for (Session& other : sessions) {
          if (other.channels.contains(channel)) other.expected.push_back(text);
        }
        break;
      case 6:  // goes without a word
        if (pick(4) != 0) continue;
        pick(2) == 0 ? session.peer->reset() : session.peer->end();
        ASSERT_TRUE(site.net().settle());
        ASSERT_TRUE(session.peer->server_closed());
        check_and_forget(index);
        continue;
      default:
        session.peer->write(text_frame("pub " + channel + " " + text));
        for (Session& other : sessions) {
          if (&other != &session && other.channels.contains(channel)) {
            other.expected.push_back(text);
          }
        }
    }
    ASSERT_TRUE(site.net().settle());
  }
  while (!sessions.empty()) check_and_forget(0);
  ASSERT_TRUE(site.net().settle());
  EXPECT_EQ(site.net().open_streams(), 0u);
  EXPECT_EQ(site.counters().websockets.get(), 0u);
}

TEST(Channels, TheOneThatPublishesIsLeftOutAndSendAndPublishKeepTheirOrder) {
  EndingSite site(false, {});
  site.ws("/", {.on_open = [](WebSocket& ws) { ws.subscribe("all"); },
                .on_message =
                    [](WebSocket& ws, Message message) {
                      ws.send("before");
                      ws.publish("all", message);
                      ws.send("after");
                    }});
  auto first = site.net().connect(), second = site.net().connect();
  first->write(upgrade("/"));
  second->write(upgrade("/"));
  site.net().settle();
  first->take_received();
  second->take_received();
  first->write(text_frame("x"));
  second->write(text_frame("y"));
  site.net().settle();
  EXPECT_EQ(show_frames(first->received()), "text before|text after|text y");
  EXPECT_EQ(show_frames(second->received()), "text x|text before|text after");
}

// --- many loops

class ManyLoops : public EveryBackend {
 protected:
  ServerOptions four() const { return options(4); }
};
HYBI_EVERY_BACKEND(ManyLoops);

// Opens sockets until there are some on each loop, as their ids tell; at least `count`.
std::vector<WsClient> open_on_every_loop(Server& server, std::size_t count,
                                         const std::function<std::size_t()>& loops_seen) {
  std::vector<WsClient> clients;
  while (clients.size() < count || loops_seen() < 4) {
    clients.push_back(WsClient::open(server.port()));
    if (!clients.back().open() || clients.size() > 400) break;
    EXPECT_EQ(clients.back().next(), "text welcome");
  }
  return clients;
}

// Which loops have a connection.
class LoopsSeen {
 public:
  void add(const WebSocket& ws) {
    const std::lock_guard lock(mutex_);
    seen_.insert(ws.id() >> 54);
  }
  std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return seen_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::uint64_t> seen_;
};

TEST_P(ManyLoops, APublicationReachesEverySubscriberOnceInTheOrderOfItsThread) {
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
TEST_P(ManyLoops, AChannelWithAHistoryHasOneOrderForAll) {
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

TEST_P(ManyLoops, ABroadcastReachesTheWholeRouteOrWhoIsChosen) {
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

// What a listener that is given the state first relies on: the change is in one of the two, never
// in both.
TEST_P(ManyLoops, APublicationOfALoopsThreadReachesItsOwnSubscribersAtOnce) {
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

TEST_P(ManyLoops, ChatCrossesLoopsAndNeverComesBackToTheSender) {
  LoopsSeen loops;
  Server server(four());
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        loops.add(ws);
                        ws.subscribe("room");
                        ws.send("welcome");
                      },
                  .on_message =
                      [](WebSocket& ws, Message message) {
                        ws.publish("room", message);
                        ws.send("sent");
                      }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto clients = open_on_every_loop(server, 8, [&] { return loops.count(); });
  ASSERT_EQ(loops.count(), 4u);
  for (std::size_t i = 0; i < clients.size(); ++i) {
    ASSERT_TRUE(clients[i].send("from " + std::to_string(i)));
    for (std::size_t j = 0; j < clients.size(); ++j) {
      ASSERT_EQ(clients[j].next(), i == j ? "text sent" : "text from " + std::to_string(i));
    }
  }
}

TEST_P(ManyLoops, SendsOfOneThreadToOneSocketKeepTheirOrderUpToTheClose) {
  std::mutex mutex;
  std::vector<WebSocketHandle> handles;
  Server server(four());
  server.ws("/", {.on_open = [&](WebSocket& ws) {
              ws.subscribe("all");
              const std::lock_guard lock(mutex);
              handles.push_back(ws.handle());
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient client = WsClient::open(server.port());
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return handles.size() == 1;
  }));
  for (int i = 0; i < 300; ++i) {
    if (i % 3 == 0) {
      server.publish("all", std::to_string(i));
    } else {
      EXPECT_EQ(handles[0].send(std::to_string(i)), SendResult::Queued);
    }
  }
  EXPECT_TRUE(handles[0].close(4000, "done"));
  handles[0].send("too late");
  for (int i = 0; i < 300; ++i) ASSERT_EQ(client.next(), "text " + std::to_string(i));
  EXPECT_EQ(client.next(), "close 4000 done");
  EXPECT_EQ(client.next(), "end");
}

TEST_P(ManyLoops, ALoopsThreadSendsToSocketsOfOtherLoopsInOrder) {
  LoopsSeen loops;
  std::mutex mutex;
  std::vector<WebSocketHandle> handles;
  Server server(four());
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        loops.add(ws);
                        ws.subscribe("all");
                        {
                          const std::lock_guard lock(mutex);
                          handles.push_back(ws.handle());
                        }
                        ws.send("welcome");
                      },
                  .on_message =
                      [&](WebSocket& ws, Message) {
                        const std::lock_guard lock(mutex);
                        for (int i = 0; i < 20; ++i) {
                          for (const WebSocketHandle& handle : handles) {
                            handle.send("s" + std::to_string(i));
                          }
                          ws.publish("all", "p" + std::to_string(i));
                        }
                        for (const WebSocketHandle& handle : handles) handle.close();
                      }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  auto clients = open_on_every_loop(server, 8, [&] { return loops.count(); });
  ASSERT_EQ(loops.count(), 4u);
  ASSERT_TRUE(clients[0].send("go"));
  for (std::size_t client = 0; client < clients.size(); ++client) {
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(clients[client].next(), "text s" + std::to_string(i));
      if (client != 0) {
        ASSERT_EQ(clients[client].next(), "text p" + std::to_string(i));
      }
    }
    EXPECT_TRUE(clients[client].next().starts_with("close 1000"));
  }
}

TEST_P(ManyLoops, HandlesAreUsedFromSeveralThreadsWhileConnectionsComeAndGo) {
  std::mutex mutex;
  std::vector<WebSocketHandle> handles;
  std::atomic<int> opened = 0, closed = 0;
  Server server(four());
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        ++opened;
                        ws.subscribe("all");
                        const std::lock_guard lock(mutex);
                        handles.push_back(ws.handle());
                      },
                  .on_close = [&](WebSocket&, const CloseInfo&) { ++closed; }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      while (!done) {
        WebSocketHandle handle;
        {
          const std::lock_guard lock(mutex);
          if (!handles.empty()) handle = handles[random() % handles.size()];
        }
        switch (random() % 8) {
          case 0:
            handle.close();
            break;
          case 1:
            handle.terminate();
            break;
          case 2:
            handle.post([](WebSocket& ws) { ws.send("posted"); });
            break;
          case 3:
            server.publish("all", "published");
            break;
          default:
            handle.send("sent");
        }
        std::this_thread::yield();
      }
    });
  }
  for (int i = 0; i < 150; ++i) {
    WsClient client = WsClient::open(server.port());
    if (client.open() && i % 2 == 0) client.next();
    if (i % 5 == 0) client.socket().reset();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
  server.stop(0ms);
  server.wait();
  EXPECT_EQ(opened, closed);
  EXPECT_GT(opened, 0);
}

TEST_P(ManyLoops, HandlesOutliveTheServerAndAnswerClosed) {
  WebSocketHandle handle;
  EXPECT_EQ(handle.send("nobody"), SendResult::Closed);
  EXPECT_FALSE(handle.close());
  {
    Signal opened;
    Server server(four());
    server.ws("/", {.on_open = [&](WebSocket& ws) {
                handle = ws.handle();
                opened.set();
              }});
    ASSERT_TRUE(server.listen("127.0.0.1:0").start());
    WsClient client = WsClient::open(server.port());
    ASSERT_TRUE(opened.wait());
    EXPECT_EQ(handle.send("x"), SendResult::Queued);
    EXPECT_EQ(client.next(), "text x");
  }
  EXPECT_EQ(handle.send("x"), SendResult::Closed);
  EXPECT_EQ(handle.send_binary({}), SendResult::Closed);
  EXPECT_FALSE(handle.close());
  EXPECT_FALSE(handle.terminate());
  EXPECT_FALSE(handle.post([](WebSocket&) {}));
}

TEST_P(ManyLoops, AHandleOfAnEndedConnectionDoesNotReachTheNextOneInItsPlace) {
  std::mutex mutex;
  std::vector<WebSocketHandle> handles;
  std::atomic<int> closed = 0;
  Server server(options(1));
  server.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        const std::lock_guard lock(mutex);
                        handles.push_back(ws.handle());
                        ws.send("welcome");
                      },
                  .on_close = [&](WebSocket&, const CloseInfo&) { ++closed; }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  for (int i = 0; i < 5; ++i) {
    WsClient client = WsClient::open(server.port());
    ASSERT_EQ(client.next(), "text welcome");
    const std::lock_guard lock(mutex);
    for (const WebSocketHandle& handle : handles) handle.send(handle == handles.back() ? "y" : "n");
    EXPECT_EQ(client.next(), "text y");
    client.close();
    EXPECT_TRUE(client.next().starts_with("close 1000"));
    EXPECT_EQ(client.next(), "end");
    client.socket().close();
    ASSERT_TRUE(eventually([&] { return closed == i + 1; }));
  }
}

TEST_P(ManyLoops, AFullMailboxDropsAndCounts) {
  Signal blocked, go_on;
  WebSocketHandle handle;
  ServerOptions small = options(1);
  small.limits.max_mailbox_bytes = 4096;
  Server server(small);
  server.ws("/", {.on_open = [&](WebSocket& ws) { handle = ws.handle(); },
                  .on_message =
                      [&](WebSocket&, Message) {
                        blocked.set();
                        go_on.wait();
                      }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient client = WsClient::open(server.port());
  client.send("stop");
  ASSERT_TRUE(blocked.wait());
  const std::string text(1000, 'x');
  int queued = 0, dropped = 0;
  for (int i = 0; i < 20; ++i) {
    const SendResult result = handle.send(text);
    queued += result == SendResult::Queued;
    dropped += result == SendResult::Dropped;
  }
  EXPECT_EQ(queued, 3);
  EXPECT_EQ(dropped, 17);
  EXPECT_EQ(server.stats().messages_dropped, 17u);
  EXPECT_EQ(handle.send(std::string(5000, 'x')), SendResult::Dropped);
  EXPECT_TRUE(handle.close());  // costs nothing of the bound
  go_on.set();
  for (int i = 0; i < queued; ++i) EXPECT_EQ(client.next(), "text " + text);
  EXPECT_TRUE(client.next().starts_with("close 1000"));
}

TEST_P(ManyLoops, AnUpgradeIsAcceptedOrRejectedFromAnotherThread) {
  std::mutex mutex;
  std::vector<Upgrade> waiting;
  std::atomic<std::size_t> count = 0;
  Server server(four());
  server.get("/", [&](Request& request, Response&) {
    if (auto upgrade = request.websocket()) {
      const std::lock_guard lock(mutex);
      waiting.push_back(std::move(*upgrade));
      ++count;
    }
  });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::vector<std::thread> threads;
  std::atomic<int> accepted = 0, rejected = 0, dropped = 0;
  for (int i = 0; i < 30; ++i) {
    threads.emplace_back([&] {
      WsClient client = WsClient::open(server.port());
      if (client.open()) {
        accepted += client.next() == "text hello";
      } else {
        rejected += client.status() == 403;
        dropped += client.status() == 500;
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return count == 30; }));
  for (int i = 0; i < 30; ++i) {
    const std::lock_guard lock(mutex);
    Upgrade upgrade = std::move(waiting[static_cast<std::size_t>(i)]);
    if (i % 3 == 0) {
      EXPECT_TRUE(std::move(upgrade).accept(
          {.on_open = [](WebSocket& ws) { ws.send(*ws.user<std::string>()); }},
          std::string("hello")));
    } else if (i % 3 == 1) {
      std::move(upgrade).reject(403, "no");
    }
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(accepted, 10);
  EXPECT_EQ(rejected, 10);
  EXPECT_EQ(dropped, 10);
}

TEST_P(ManyLoops, ARequestIsAnsweredOnceFromOtherThreads) {
  std::mutex mutex;
  std::vector<ResponseHandle> waiting;
  Server server(four());
  server.get("/later", [&](Request&, Response& response) {
    const std::lock_guard lock(mutex);
    waiting.push_back(response.later());
  });
  server.get("/now", [](Request&, Response& response) { response.text("now"); });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::vector<SocketClient> clients;
  for (int i = 0; i < 8; ++i) {
    clients.emplace_back(server.port());
    clients.back().write("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return waiting.size() == 8;
  }));
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {  // each tries to answer all
      for (const ResponseHandle& handle : waiting) {
        handle.respond([](Response& response) {
          response.text("later");
          response.text("twice");
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (SocketClient& client : clients) {
    EXPECT_TRUE(client.read_until("later"));
    client.write("GET /now HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(client.read_to_end());
    EXPECT_EQ(client.received.find("twice"), std::string::npos);
    EXPECT_TRUE(client.received.ends_with("now"));
    std::size_t answers = 0;
    for (std::size_t at = 0; (at = client.received.find("HTTP/1.1 ", at)) != std::string::npos;
         ++at) {
      ++answers;
    }
    EXPECT_EQ(answers, 2u) << client.received;
  }
}

}  // namespace
}  // namespace hybi::test
