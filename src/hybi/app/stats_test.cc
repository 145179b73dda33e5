// The counters add up. See ServerStats.
#include <hybi/app/test_socket.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <atomic>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Stats : public EveryBackend {};
HYBI_EVERY_BACKEND(Stats);

TEST_P(Stats, CountConnectionsRequestsAndMessages) {
  Server server(options(2));
  server.get("/", [](Request&, Response& response) { response.text("x"); });
  server.ws("/ws", {.on_open = [](WebSocket& ws) { ws.subscribe("all"); },
                    .on_message =
                        [](WebSocket& ws, Message message) {
                          ws.send(message);
                          ws.publish("all", message);
                        }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  EXPECT_EQ(server.stats().connections_total, 0u);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(http_get(server.port(), "/").ends_with("x"));
  std::vector<WsClient> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(WsClient::open(server.port(), "/ws"));
  ASSERT_TRUE(eventually([&] { return server.stats().websockets == 4; }));
  ASSERT_TRUE(eventually([&] { return server.stats().connections == 4; }));
  for (WsClient& client : clients) {
    ASSERT_TRUE(client.send("m"));
    for (WsClient& other : clients) EXPECT_EQ(other.next(), "text m");
  }
  const ServerStats open = server.stats();
  EXPECT_EQ(open.connections_total, 7u);
  EXPECT_EQ(open.websockets_total, 4u);
  EXPECT_EQ(open.requests, 7u);
  EXPECT_EQ(open.messages_received, 4u);
  EXPECT_EQ(open.messages_sent, 16u);  // four echoes and three deliveries of each
  EXPECT_EQ(open.messages_dropped, 0u);
  EXPECT_EQ(open.refused_requests, 0u);
  EXPECT_EQ(open.failed_websockets, 0u);
  EXPECT_EQ(open.publications, 4u);
  EXPECT_EQ(open.subscriptions, 4u);
  EXPECT_GE(open.channels, 1u);
  EXPECT_LE(open.channels, 2u);  // one of each loop
  server.publish("nobody", "x");
  EXPECT_EQ(server.stats().publications, 5u);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server.stats().connections == 0; }));
  EXPECT_EQ(server.stats().subscriptions, 0u);
  EXPECT_EQ(server.stats().channels, 0u);
  EXPECT_EQ(server.stats().websockets, 0u);
  EXPECT_EQ(server.stats().connections_total, 7u);
}

TEST_P(Stats, CountWhoGotAllItHadMissed) {
  Server server(options());
  server.channel("c", {.history = {.size = 2}});
  std::atomic<std::uint64_t> epoch = 0;
  server.ws("/", {.on_message = [&](WebSocket& ws, Message message) {
              ws.subscribe_matching("*");
              const std::uint64_t offset = message.text() == "one" ? 2 : 0;
              ws.subscribe("c", {.since = Position{epoch, offset}});
            }});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  for (int i = 0; i < 3; ++i) {
    server.publish(
        "c", Message{as_bytes(std::string_view("m")), true},
        {.done = [&](Result<Published> published) { epoch = published->position.epoch; }});
  }
  WsClient one = WsClient::open(server.port()), three = WsClient::open(server.port());
  ASSERT_TRUE(one.send("one"));
  EXPECT_EQ(one.next(), "text m");
  ASSERT_TRUE(three.send("three"));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(three.next(), "text m");
  EXPECT_EQ(server.stats().recovered, 1u);
  EXPECT_EQ(server.stats().not_recovered, 1u);
  EXPECT_EQ(server.stats().subscriptions, 4u);
  EXPECT_EQ(server.stats().channels, 2u) << "a name and a pattern";
}

TEST_P(Stats, CountTheBytesOnTheWireInBothDirections) {
  Server server(options());
  server.get("/", [](Request&, Response& response) { response.text(std::string(10'000, 'x')); });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  const std::string request = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  SocketClient client(server.port());
  client.write(request);
  ASSERT_TRUE(client.read_to_end());
  EXPECT_TRUE(eventually([&] { return server.stats().bytes_sent == client.received.size(); }));
  EXPECT_EQ(server.stats().bytes_received, request.size());
}

TEST_P(Stats, CountWhatTheLibraryRefuses) {
  Server server(options());
  server.get("/", [](Request&, Response& response) { response.text("x"); });
  server.ws("/ws", {.origins = OriginPolicy::only({"https://example.com"})});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  SocketClient malformed(server.port());
  malformed.write("GET / HTTP/1.1\r\nHost : x\r\n\r\n");
  EXPECT_TRUE(malformed.read_until("400"));
  ASSERT_TRUE(eventually([&] { return server.stats().refused_requests == 1; }));
  WsClient broken = WsClient::open(server.port(), "/ws");
  ASSERT_TRUE(broken.open());
  ASSERT_TRUE(
      broken.socket().write(std::string("\x81\x03"
                                        "abc",
                                        5)));  // not masked
  EXPECT_TRUE(broken.next().starts_with("close 1002"));
  EXPECT_TRUE(eventually([&] { return server.stats().failed_websockets == 1; }));
}

TEST_P(Stats, ConnectionsAboveTheLimitAreAnswered503AndCounted) {
  ServerOptions few = options(2);
  few.limits.max_connections = 2;
  Server server(few);
  server.get("/", [](Request&, Response& response) { response.text("x"); });
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  SocketClient first(server.port()), second(server.port());
  ASSERT_TRUE(eventually([&] { return server.stats().connections == 2; }));
  SocketClient third(server.port());
  EXPECT_TRUE(third.read_to_end());
  EXPECT_TRUE(third.received.starts_with("HTTP/1.1 503 ")) << third.received;
  third.close();
  EXPECT_TRUE(eventually([&] { return server.stats().connections == 2; }));
  first.close();
  EXPECT_TRUE(eventually([&] { return server.stats().connections == 1; }));
  EXPECT_TRUE(http_get(server.port(), "/").ends_with("x"));
  EXPECT_EQ(server.stats().refused_requests, 1u);
}

}  // namespace
}  // namespace hybi::test
