// Versions and compression between our own client and server, over both backends.
#include <hybi/app/test_socket.h>
#include <hybi/conn/publication.h>

#include <random>

namespace hybi::test {
namespace {

std::string words(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) text += "word" + std::to_string(random() % 50) + " ";
  text.resize(size);
  return text;
}

WebSocketHandlers echo(const Compression& compression) {
  WebSocketHandlers handlers;
  handlers.versions = Versions::all();
  handlers.origins = OriginPolicy::any();
  handlers.compression = compression;
  handlers.on_message = [](WebSocket& ws, const Message& m) { ws.send(m); };
  return handlers;
}

class Compressed : public EveryBackend {
 protected:
  // A server with /off, /shared, /dedicated, /stream; they publish to "all", too.
  void serve(Server& server) {
    Compression stream;
    stream.deflate_stream = true;
    for (const auto& [path, compression] :
         {std::pair{"/off", Compression::off()}, std::pair{"/shared", Compression::shared()},
          std::pair{"/dedicated", Compression::dedicated()}, std::pair{"/stream", stream}}) {
      WebSocketHandlers handlers = echo(compression);
      handlers.on_open = [](WebSocket& ws) {
        ws.subscribe("all");
        ws.send(std::to_string(ws.version()) + " " + std::string(ws.extension()));
      };
      server.ws(path, std::move(handlers));
    }
    ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  }
};

TEST_P(Compressed, EveryVersionEchoesAndHearsPublications) {
  Server server(options());
  serve(server);
  for (std::size_t i = 0; i < ws::kVersionCount; ++i) {
    WsClient client = WsClient::open(server.port(), "/shared", {.version = ws::version_at(i)});
    ASSERT_TRUE(client.open()) << i;
    EXPECT_EQ(client.next(), "text " + std::to_string(ws::number_of(ws::version_at(i))) + " ");
    for (std::size_t size : {0, 5, 125, 126, 3000, 65'536}) {
      const std::string text = words(size, 1);
      ASSERT_TRUE(client.send(text));
      EXPECT_EQ(client.next(), "text " + text) << i;
    }
    server.publish("all", "news");
    EXPECT_EQ(client.next(), "text news");
    ASSERT_TRUE(client.close_and_wait());
  }
}

TEST_P(Compressed, EachModeCarriesEverySizeBothWays) {
  Server server(options());
  serve(server);
  struct Row {
    const char* path;
    Compression ours;
    const char* agreed;
  };
  Compression small = Compression::dedicated({.window_bits = 9, .mem_level = 1});
  small.threshold = 0;
  for (const Row& row : {Row{"/off", Compression::shared(), ""},
                         Row{"/shared", Compression::shared(), "permessage-deflate"},
                         Row{"/shared", Compression::dedicated(), "permessage-deflate"},
                         Row{"/dedicated", Compression::shared(), "permessage-deflate"},
                         Row{"/dedicated", Compression::dedicated(), "permessage-deflate"},
                         Row{"/dedicated", small, "permessage-deflate"}}) {
    WsClient client = WsClient::open(server.port(), row.path, {.compression = row.ours});
    ASSERT_TRUE(client.open());
    EXPECT_EQ(client.next(), "text 13 " + std::string(row.agreed));
    for (unsigned round = 0; round < 3; ++round) {
      for (std::size_t size : {0, 1, 100, 127, 128, 1000, 5000, 40'000, 500'000}) {
        const std::string text = words(size, round);
        ASSERT_TRUE(client.send(text));
        ASSERT_EQ(client.next(), "text " + text) << row.path << " " << size;
        if (size != 1000) continue;
        server.publish("all", text);  // the windows must not disagree afterwards
        ASSERT_EQ(client.next(), "text " + text);
      }
    }
    ASSERT_TRUE(client.close_and_wait());
  }
}

TEST_P(Compressed, ForerunnersAreSpokenWhereTheyWereOffered) {
  Server server(options());
  serve(server);
  const auto agreed = [&](const char* path, Version version, const char* name) {
    WsClient client =
        WsClient::open(server.port(), path, {.version = version, .extensions = {{name, {}}}});
    EXPECT_TRUE(client.open());
    std::string first = client.next();
    for (std::size_t size : {5, 1000, 70'000}) {
      EXPECT_TRUE(client.send(words(size, 1)));
      EXPECT_EQ(client.next(), "text " + words(size, 1));
    }
    server.publish("all", words(500, 2));
    EXPECT_EQ(client.next(), "text " + words(500, 2));
    return first;
  };
  EXPECT_EQ(agreed("/shared", Version::V13, "x-webkit-deflate-frame"), "text 13 deflate-frame");
  EXPECT_EQ(agreed("/dedicated", Version::V8, "deflate-frame"), "text 8 deflate-frame");
  EXPECT_EQ(agreed("/shared", Version::V7, "deflate-frame"), "text 7 ");
  for (Version version : {Version::V4, Version::V5, Version::V6, Version::V7, Version::V8}) {
    const std::string number = std::to_string(ws::number_of(version));
    EXPECT_EQ(agreed("/stream", version, "deflate-stream"), "text " + number + " deflate-stream");
    EXPECT_EQ(agreed("/shared", version, "deflate-stream"), "text " + number + " ");
  }
  EXPECT_EQ(agreed("/stream", Version::V13, "deflate-stream"), "text 13 ");
}

TEST_P(Compressed, AMessageCanOptOutAndShortOnesDo) {
  Server server(options());
  WebSocketHandlers handlers = echo(Compression::shared());
  handlers.on_message = [](WebSocket& ws, const Message& m) {
    ws.send({.data = m.data, .is_text = true, .compress = m.data.size() % 2 == 0});
  };
  server.ws("/", std::move(handlers));
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient client = WsClient::open(server.port(), "/", {.compression = Compression::shared()});
  ASSERT_TRUE(client.open());
  const auto sent_for = [&](std::size_t size) {
    const std::size_t before = client.socket().bytes_read;
    EXPECT_TRUE(client.send(std::string(size, 'x')));
    EXPECT_EQ(client.next(), "text " + std::string(size, 'x'));
    return client.socket().bytes_read - before;
  };
  EXPECT_EQ(sent_for(1001), 1005u);
  EXPECT_LT(sent_for(1000), 50u);
  EXPECT_EQ(sent_for(126), 130u);
}

TEST_P(Compressed, ABombIsStoppedAtTheLimit) {
  Server server(options());
  WebSocketHandlers handlers = echo(Compression::shared());
  handlers.limits.max_message_bytes = 100'000;
  server.ws("/", std::move(handlers));
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  WsClient client = WsClient::open(server.port(), "/", {.compression = Compression::shared()});
  ASSERT_TRUE(client.send(std::string(100'000, 'x')));
  EXPECT_EQ(client.next(), "text " + std::string(100'000, 'x'));
  ASSERT_TRUE(client.send(std::string(50'000'000, 'x')));  // 50 KB on the wire
  EXPECT_EQ(client.next(), "close 1009 message is larger than the limit max_message_bytes");
}

HYBI_EVERY_BACKEND(Compressed);

// Whoever subscribes in whatever way, a publication is encoded once per way.
TEST(PublicationTest, IsEncodedOncePerEncoding) {
  ws::DeflatePool pool;
  const std::string text = words(2000, 1);
  const conn::PublishedMessage message(Message{as_bytes(text), true});
  conn::Publishing publication("c", message, pool);
  const ws::Encoding plain{};
  const ws::Encoding deflated{.deflate = {15, true}};
  const ws::Encoding smaller{.deflate = {10, false}};
  const ws::Encoding hixie{.version = Version::Hixie76};
  EXPECT_EQ(publication.as(plain), message.frame);
  for (const ws::Encoding& encoding : {deflated, smaller, hixie}) {
    const conn::SharedMessageRef first = publication.as(encoding);
    EXPECT_NE(first, message.frame);
    EXPECT_EQ(publication.as(encoding), first);
  }
  EXPECT_LT(publication.as(deflated)->frame.size(), text.size() / 2);
  EXPECT_EQ(as_text(publication.payload_bytes(nullptr) == 2000 ? message.payload() : Bytes()),
            text);

  const conn::PublishedMessage binary(Message{as_bytes(text), false});
  conn::Publishing bytes("c", binary, pool);
  EXPECT_EQ(bytes.as(hixie), nullptr);
  EXPECT_NE(bytes.as(ws::Encoding{.version = Version::Hixie76, .base64 = true}), nullptr);
}

}  // namespace
}  // namespace hybi::test
