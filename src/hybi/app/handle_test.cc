// Handles: sending, closing and answering from other threads and loops.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_loops.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <set>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Handles : public ManyLoops {};
HYBI_EVERY_BACKEND(Handles);

TEST_P(Handles, ChatCrossesLoopsAndNeverComesBackToTheSender) {
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

TEST_P(Handles, SendsOfOneThreadToOneSocketKeepTheirOrderUpToTheClose) {
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

TEST_P(Handles, ALoopsThreadSendsToSocketsOfOtherLoopsInOrder) {
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

TEST_P(Handles, HandlesAreUsedFromSeveralThreadsWhileConnectionsComeAndGo) {
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

TEST_P(Handles, HandlesOutliveTheServerAndAnswerClosed) {
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

TEST_P(Handles, AHandleOfAnEndedConnectionDoesNotReachTheNextOneInItsPlace) {
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

TEST_P(Handles, AFullMailboxDropsAndCounts) {
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

TEST_P(Handles, AnUpgradeIsAcceptedOrRejectedFromAnotherThread) {
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

TEST_P(Handles, ARequestIsAnsweredOnceFromOtherThreads) {
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
