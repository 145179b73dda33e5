// Fail-at-N: the Nth operation of the network fails, for all N until nothing fails any more.
// Whatever was under way: nothing leaks, every connection goes, on_close comes once for each
// on_open.
#include <hybi/app/test_server.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class FailAtEveryOperation : public ::testing::TestWithParam<bool> {
 protected:
  struct Counts {
    int opened = 0, closed = 0, twice = 0;
  };

  // Runs `scenario` over and over. Returns: how many operations it has.
  std::uint64_t run(const std::function<void(MemorySite&)>& routes,
                    const std::function<void(MemoryServer&)>& scenario) {
    for (std::uint64_t operation = 1; operation < 2000; ++operation) {
      auto server = start_in_memory(routes, {}, GetParam());
      server->net().fail_after(operation);
      scenario(*server);
      const bool failed = server->net().operations_failed() > 0;
      server->settle();
      // Whoever is left has not been failed and goes by its own time.
      server->net().fail_after(0);
      server->advance(70s);
      EXPECT_EQ(server->connections(), 0u) << "after operation " << operation;
      EXPECT_EQ(server->net().open_streams(), 0u) << "after operation " << operation;
      EXPECT_EQ(server->site().counters().websockets.get(), 0u) << "after operation " << operation;
      if (HasFailure()) {
        ADD_FAILURE() << "operation " << operation;
        return 0;
      }
      if (!failed) return operation - 1;
    }
    ADD_FAILURE() << "no end";
    return 0;
  }
};

TEST_P(FailAtEveryOperation, OfHttp) {
  const TemporaryFile file(std::string(300'000, 'f'));
  const auto routes = [&](MemorySite& site) {
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
    site.post("/body", [](Request& req, Response& res) { res.bytes(req.body()); });
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "text/plain"); });
    site.get("/later", [](Request&, Response& res) {
      res.later().respond([](Response& late) { late.text("late"); });
    });
    site.get("/stream", [](Request&, Response& res) {
      res.stream("text/plain", [n = 0](StreamWriter& out) mutable {
        out.write(std::string(50'000, 's'));
        return ++n < 5 ? StreamStep::More : StreamStep::Done;
      });
    });
    site.get("/throw", [](Request&, Response&) { throw 1; });
  };
  const auto scenario = [](MemoryServer& server) {
    auto peer = server.connect_peer();
    auto other = server.connect_peer();
    peer->set_window(120'000);  // everything is cut somewhere
    for (const std::string& request :
         {get("/"), post("/body", std::string(40'000, 'p')), get("/file"), get("/later") + get("/"),
          get("/stream"), get("/throw"), std::string("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n"),
          get("/", "Connection: close\r\n")}) {
      peer->write(request);
      server.settle();
      peer->set_window(120'000);
      other->write(request.substr(0, 20));
      server.settle();
      peer->set_window(120'000);
      server.settle();
    }
    peer->end();
    other->reset();
    server.settle();
  };
  EXPECT_GT(run(routes, scenario), 25u);
}

TEST_P(FailAtEveryOperation, OfAWebSocket) {
  Counts counts;
  const auto routes = [&](MemorySite& site) {
    site.ws("/", {.on_open =
                      [&](WebSocket& ws) {
                        ++counts.opened;
                        ws.user_data() = 0;
                        ws.subscribe("all");
                        ws.send("welcome");
                      },
                  .on_message =
                      [](WebSocket& ws, Message m) {
                        ws.send(m);
                        ws.publish("all", m);
                        if (m.text() == "part") (void)ws.send_fragment(m, false);
                      },
                  .on_close =
                      [&](WebSocket& ws, const CloseInfo&) {
                        ++counts.closed;
                        if (++*ws.user<int>() != 1) ++counts.twice;
                        ws.publish("all", "somebody left");
                      },
                  .limits = {.high_water_bytes = 60'000, .low_water_bytes = 20'000}});
  };
  const auto scenario = [&](MemoryServer& server) {
    counts = {};
    auto first = server.connect_peer();
    auto second = server.connect_peer();
    second->set_window(100'000);
    first->write(upgrade("/") + text_frame("early"));
    second->write(upgrade("/"));
    server.settle();
    first->write(text_frame(std::string(30'000, 'x')) + ping_frame("p"));
    second->write(text_frame("hello") + text_frame("half").substr(0, 5));
    server.settle();
    server.publish("all", std::string(30'000, 'y'));
    second->write(text_frame("half").substr(5) + text_frame("part"));
    server.settle();
    second->set_window(100'000);
    server.advance(31s);  // a ping
    first->write(close_frame(1000, "bye"));
    second->write(pong_frame());
    server.settle();
    first->end();
    server.settle();
    second->end();
    server.settle();
  };
  const auto operations = run(routes, [&](MemoryServer& server) {
    scenario(server);
    server.advance(70s);
    EXPECT_EQ(counts.opened, counts.closed);
    EXPECT_EQ(counts.twice, 0);
  });
  EXPECT_GT(operations, 15u);
  EXPECT_EQ(counts.opened, 2) << "at last nothing failed";
}

TEST_P(FailAtEveryOperation, OfAServerThatStops) {
  Counts counts;
  const auto routes = [&](MemorySite& site) {
    site.get("/", [](Request&, Response& res) { res.text(std::string(50'000, 'x')); });
    site.ws("/ws", {.on_open = [&](WebSocket&) { ++counts.opened; },
                    .on_close = [&](WebSocket&, const CloseInfo&) { ++counts.closed; }});
  };
  const auto operations = run(routes, [&](MemoryServer& server) {
    counts = {};
    auto http = server.connect_peer();
    auto socket = server.connect_peer();
    auto begun = server.connect_peer();
    http->set_window(10'000);
    http->write(get("/"));
    socket->write(upgrade("/ws"));
    begun->write("GET / HT");
    server.settle();
    server.stop(3s);
    http->set_window(100'000);
    begun->write("TP/1.1\r\nHost: x\r\n\r\n");
    server.settle();
    socket->write(close_frame(1001));
    server.settle();
    server.advance(4s);
    EXPECT_TRUE(server.stopped());
    EXPECT_EQ(counts.opened, counts.closed);
  });
  EXPECT_GT(operations, 6u);
}

INSTANTIATE_TEST_SUITE_P(Over, FailAtEveryOperation, ::testing::Bool(), [](const auto& param) {
  return param.param ? "MemoryPending" : "Memory";
});

}  // namespace
}  // namespace hybi::test
