// Bodies of unknown length: the source is asked as the client reads. RFC 9112 7.1, 9.6.
#include <hybi/app/test_server.h>

#include <thread>

namespace hybi::test {
namespace {

class HttpStream : public EveryTransport {};

TEST_P(HttpStream, SendsChunksAndKeepsTheConnection) {  // RFC 9112 7.1
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.stream("text/plain", [n = 0](StreamWriter& out) mutable {
        if (n == 10) return StreamStep::Done;
        out.write("line " + std::to_string(n++) + "\n");
        out.write("");  // would be the end of the body if it were sent
        return StreamStep::More;
      });
    });
  });
  auto client = server->connect();
  client->write(get("/") + get("/"));
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 2u);
  for (const Reply& reply : all) {
    EXPECT_EQ(reply.field("transfer-encoding"), "chunked");
    EXPECT_EQ(reply.count("content-length"), 0u);
    EXPECT_TRUE(reply.body.starts_with("line 0\nline 1\n"));
    EXPECT_TRUE(reply.body.ends_with("line 9\n"));
  }
}

TEST_P(HttpStream, EndsTheBodyWithTheConnectionForHttp10) {  // RFC 9112 6.3, 9.6
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.stream("text/plain", [n = 0](StreamWriter& out) mutable {
        out.write("ab");
        return ++n < 3 ? StreamStep::More : StreamStep::Done;
      });
    });
  });
  auto client = server->connect();
  client->write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].body, "ababab");
  EXPECT_EQ(all[0].count("transfer-encoding"), 0u);
  EXPECT_EQ(all[0].field("connection"), "close");
}

TEST_P(HttpStream, AnswersHeadWithoutAskingTheSource) {  // RFC 9110 9.3.2
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.stream("text/plain", [](StreamWriter&) -> StreamStep {
        ADD_FAILURE() << "nobody wants the body";
        return StreamStep::Done;
      });
    });
  });
  auto client = server->connect();
  client->write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  std::string text = client->take();
  EXPECT_EQ(take_reply(text, true)->status, 200u);
  EXPECT_EQ(text, "");
}

TEST_P(HttpStream, GoesOnWhenResumedFromAnotherThread) {
  struct Feed {
    std::mutex mutex;
    std::string waiting;
    bool ended = false;
    std::optional<ResponseHandle> handle;
  };
  Feed feed;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      {
        const std::lock_guard lock(feed.mutex);
        feed.handle = res.later();
      }
      res.stream("text/plain", [&](StreamWriter& out) {
        const std::lock_guard lock(feed.mutex);
        out.write(std::exchange(feed.waiting, {}));
        return feed.ended ? StreamStep::Done : StreamStep::Wait;
      });
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  std::jthread feeder([&] {
    for (int i = 0; i < 20; ++i) {
      const std::lock_guard lock(feed.mutex);
      feed.waiting += std::to_string(i) + ",";
      feed.ended = i == 19;
      EXPECT_TRUE(feed.handle->resume());
    }
  });
  ASSERT_TRUE(server->run_until([&] { return client->read_until(holds("0\r\n\r\n")); }));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body,
            "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,");
}

TEST_P(HttpStream, SendsALongStreamWhole) {
  constexpr std::size_t kPieces = 80;
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.stream("text/plain", [n = std::size_t{0}](StreamWriter& out) mutable {
        out.write(std::string(100'000, static_cast<char>('a' + n % 26)));
        return ++n < kPieces ? StreamStep::More : StreamStep::Done;
      });
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  client->end();  // c14
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].body.size(), kPieces * 100'000);
  for (std::size_t i = 0; i < kPieces; ++i) {
    ASSERT_EQ(all[0].body[i * 100'000 + 50'000], static_cast<char>('a' + i % 26));
  }
}

TEST_P(HttpStream, ResetsWhenTheSourceThrows) {  // half a body must not look like a whole one
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.stream("text/plain", [n = 0](StreamWriter& out) mutable -> StreamStep {
        if (n++ > 0) throw std::runtime_error("no more");
        out.write("half");
        return StreamStep::More;
      });
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return client->closed(); }));
  EXPECT_FALSE(replies(1)(client->received()));
  EXPECT_EQ(server->errors().text(), "HttpHandlerFailed no more");
}

TEST_P(HttpStream, FreesTheSourceWhenThePeerIsGone) {
  auto alive = std::make_shared<int>(1);
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      res.stream("text/plain", [alive](StreamWriter& out) {
        out.write(std::string(100'000, 'x'));
        return StreamStep::More;
      });
    });
  });
  const auto before = alive.use_count();
  auto client = server->connect();
  if (in_memory()) {
    auto peer = static_cast<MemoryServer&>(*server).connect_peer();
    peer->set_window(1000);
    peer->write(get("/"));
    static_cast<MemoryServer&>(*server).settle();
    EXPECT_GT(alive.use_count(), before);
    peer->reset();
  } else {
    client->write(get("/"));
    ASSERT_TRUE(client->read_until(holds("xxx")));
    client->reset();
  }
  client->end();
  ASSERT_TRUE(server->run_until([&] { return server->connections() == 0; }));
  EXPECT_EQ(alive.use_count(), before);
}

HYBI_EVERY_TRANSPORT(HttpStream);

TEST(HttpStreamInMemory, AsksTheSourceOnlyAsTheClientReads) {
  for (const bool pending : {false, true}) {
    int asked = 0;
    ServerOptions options;
    options.http.high_water_bytes = 100'000;
    auto server = start_in_memory(
        [&](MemorySite& site) {
          site.get("/", [&](Request&, Response& res) {
            res.stream("text/plain", [&](StreamWriter& out) {
              out.write(std::string(10'000, 'x'));
              return ++asked < 100 ? StreamStep::More : StreamStep::Done;
            });
          });
        },
        options, pending);
    auto peer = server->connect_peer();
    peer->set_window(0);
    peer->write(get("/"));
    server->settle();
    EXPECT_EQ(asked, 10) << "up to the high-water mark";
    server->settle();
    EXPECT_EQ(asked, 10);
    std::string text;
    for (int read = 0; read < 60 && text.size() < 400'000; ++read) {
      peer->set_window(20'000);
      server->settle();
      text += peer->take_received();
      EXPECT_LE(static_cast<std::size_t>(asked) * 10'000, text.size() + 115'000);
    }
    peer->set_window(testing::MemoryPeer::kUnlimited);
    server->settle();
    text += peer->take_received();
    EXPECT_EQ(asked, 100);
    EXPECT_EQ(take_replies(text, false).at(0).body.size(), 1'000'000u);
  }
}

}  // namespace
}  // namespace hybi::test
