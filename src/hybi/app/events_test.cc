// Server-sent events as an EventSource reads them. HTML 9.2.
#include <hybi/app/test_server.h>
#include <hybi/events.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Events : public EveryTransport {
 protected:
  // What came of the stream, without the head and the chunked coding.
  static std::string stream_of(const TestClient& client) {
    std::string text = client.received();
    if (!text.ends_with("\r\n0\r\n\r\n")) text += "0\r\n\r\n";
    return take_reply(text).value_or(Reply{}).body;
  }
  // A page that asks for events, and the stream it gets.
  struct Open {
    std::mutex mutex;
    std::vector<EventStream> streams;

    EventStream at(std::size_t i) {
      const std::lock_guard lock(mutex);
      return i < streams.size() ? streams[i] : EventStream();
    }
  };
  std::unique_ptr<TestServer> serve(std::shared_ptr<Open> open, EventOptions options = {}) {
    return start([open, options](auto& site) {
      site.get("/", [open, options](Request&, Response& res) {
        const std::lock_guard lock(open->mutex);
        open->streams.push_back(res.events(options));
      });
    });
  }
};
HYBI_EVERY_TRANSPORT(Events);

TEST_P(Events, GoOutAsTheyAreSent) {
  const auto open = std::make_shared<Open>();
  auto server = serve(open, {.retry = 250ms});
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(holds("retry: 250\n\n")));
  EXPECT_NE(client->received().find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(client->received().find("Cache-Control: no-cache\r\n"), std::string::npos);
  const EventStream stream = open->at(0);
  EXPECT_TRUE(stream.open());
  EXPECT_EQ(stream.send("one"), SendResult::Queued);
  EXPECT_EQ(stream.send({.data = "a\r\nb\nc\r", .event = "tick", .id = "7"}), SendResult::Queued);
  ASSERT_TRUE(client->read_until(holds("data: \n\n")));
  EXPECT_EQ(stream_of(*client),
            "retry: 250\n\ndata: one\n\nevent: tick\nid: 7\ndata: a\ndata: b\ndata: c\ndata: \n\n");
  EXPECT_EQ(stream.send({.data = "x", .event = "two\nlines"}), SendResult::Dropped);
  EXPECT_EQ(stream.send({.data = "x", .id = std::string_view("nul\0", 4)}), SendResult::Dropped);
  stream.close();
  ASSERT_TRUE(client->read_until(holds("\r\n0\r\n\r\n")));
  EXPECT_EQ(stream.send("late"), SendResult::Closed);
}

TEST_P(Events, ASilentStreamIsKeptAlive) {
  const auto open = std::make_shared<Open>();
  auto server = serve(open, {.keep_alive = 20ms});
  auto client = server->connect();
  client->write(get("/"));
  for (int i = 1; i <= 3; ++i) {
    if (in_memory()) {
      static_cast<MemoryServer&>(*server).settle();
      static_cast<MemoryServer&>(*server).advance(25ms);
    }
    ASSERT_TRUE(client->read_until([i](const std::string& text) {
      std::size_t count = 0;
      for (std::size_t at = 0; (at = text.find(":\n\n", at)) != std::string::npos; ++at) ++count;
      return count >= static_cast<std::size_t>(i);
    }));
  }
}

TEST_P(Events, EndWithTheConnectionAndWithTheLastCopy) {
  const auto notes = std::make_shared<Notes>();
  const auto open = std::make_shared<Open>();
  auto server = serve(open, {.on_close = [notes] { notes->add("closed"); }});
  auto reset = server->connect(), ended = server->connect(), dropped = server->connect();
  reset->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return open->at(0).open(); }));
  reset->reset();
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 1; }));
  EXPECT_EQ(open->at(0).send("x"), SendResult::Closed);
  ended->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return open->at(1).open(); }));
  ended->end();  // no EventSource ends its side only
  ASSERT_TRUE(ended->read_to_end());
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 2; }));
  dropped->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return open->at(2).open(); }));
  {
    const std::lock_guard lock(open->mutex);
    open->streams.clear();
  }
  ASSERT_TRUE(dropped->read_until(holds("\r\n0\r\n\r\n")));
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 3; }));
}

TEST_P(Events, APeerThatDoesNotReadCostsBoundedMemory) {
  for (const SlowPolicy policy : {SlowPolicy::Drop, SlowPolicy::Close}) {
    const auto notes = std::make_shared<Notes>();
    const auto open = std::make_shared<Open>();
    auto server =
        serve(open, {.high_water_bytes = 10'000, .slow_policy = policy, .on_close = [notes] {
                       notes->add("closed");
                     }});
    auto client = server->connect();
    client->write(get("/"));
    ASSERT_TRUE(server->run_until([&] { return open->at(0).open(); }));
    const EventStream stream = open->at(0);
    const std::string large(20'000, 'x');
    EXPECT_EQ(stream.send(large), SendResult::Dropped);
    EXPECT_EQ(stream.open(), policy == SlowPolicy::Drop);
    if (policy == SlowPolicy::Close) {
      ASSERT_TRUE(client->read_until(holds("\r\n0\r\n\r\n")));
    } else {
      EXPECT_EQ(stream.send("small"), SendResult::Queued);
      ASSERT_TRUE(client->read_until(holds("data: small\n\n")));
    }
  }
}

}  // namespace
}  // namespace hybi::test
