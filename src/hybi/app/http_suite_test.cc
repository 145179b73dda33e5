// HTTP/1.1 as a client sees it, over every transport. RFC 9110, RFC 9112.
// The ids (c5, c12 ...) name the known failures of this kind of software that a test stands
// against.
#include <hybi/app/test_server.h>
#include <hybi/testing/split.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class HttpSuite : public EveryTransport {
 protected:
  // What most tests need: a page, a handler that gives the body back, one that answers nothing.
  std::unique_ptr<TestServer> start_usual(ServerOptions options = {}) {
    return start(
        [](auto& site) {
          site.get("/", [](Request&, Response& res) { res.text("hello"); });
          site.get("/number/:n",
                   [](Request& req, Response& res) { res.text("number " + req.param("n")); });
          site.post("/body", [](Request& req, Response& res) { res.bytes(req.body()); });
        },
        std::move(options));
  }
};

TEST_P(HttpSuite, KeepsTheConnectionForTheNextRequest) {  // RFC 9112 9.3
  auto server = start_usual();
  auto client = server->connect();
  for (int i = 0; i < 3; ++i) {
    client->write(get("/"));
    ASSERT_TRUE(client->read_until(replies(1)));
    const auto all = take_replies(client->take(), false);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].status, 200u);
    EXPECT_EQ(all[0].body, "hello");
    EXPECT_EQ(all[0].count("date"), 1u);            // RFC 9110 6.6.1
    EXPECT_EQ(all[0].count("content-length"), 1u);  // RFC 9112 6.2
    EXPECT_EQ(all[0].field("connection"), "");
  }
  EXPECT_FALSE(client->closed());
}

TEST_P(HttpSuite, ClosesWhenTheClientAsksForIt) {  // RFC 9112 9.6
  auto server = start_usual();
  auto client = server->connect();
  client->write(get("/", "Connection: close\r\n") + get("/"));
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u) << "what follows a request with close is not answered";
  EXPECT_EQ(all[0].field("connection"), "close");
  client->end();
  EXPECT_TRUE(server->run_until([&] { return server->connections() == 0; }));
}

TEST_P(HttpSuite, ClosesAfterHttp10UnlessAskedToStay) {  // RFC 9112 9.3
  auto server = start_usual();
  auto client = server->connect();
  client->write("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  ASSERT_TRUE(client->read_until(replies(1)));
  auto all = take_replies(client->take(), false);
  EXPECT_EQ(all.at(0).field("connection"), "keep-alive");
  EXPECT_FALSE(client->closed());
  client->write("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(client->read_to_end());
  all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].body, "hello");
  EXPECT_EQ(all[0].field("connection"), "close");
}

TEST_P(HttpSuite, AnswersAThousandPipelinedRequestsInOrder) {  // RFC 9112 9.3.2, c12
  auto server = start_usual();
  auto client = server->connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += get("/number/" + std::to_string(i));
  client->write(requests);
  ASSERT_TRUE(client->read_until(holds("number 999")));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 1000u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].body, "number " + std::to_string(i));
  }
}

TEST_P(HttpSuite, AnswersPipelinedRequestsInOrderWhenTheFirstIsAnsweredLast) {  // RFC 9112 9.3.2
  std::mutex mutex;
  std::vector<ResponseHandle> waiting;
  auto server = start([&](auto& site) {
    site.get("/later", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      waiting.push_back(res.later());
    });
    site.get("/now", [](Request&, Response& res) { res.text("now"); });
  });
  auto client = server->connect();
  client->write(get("/later") + get("/now") + get("/later") + get("/now"));
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(server->run_until([&] {
      const std::lock_guard lock(mutex);
      return waiting.size() == 1;
    }));
    const std::lock_guard lock(mutex);
    waiting.back().respond([](Response& res) { res.text("later"); });
    waiting.clear();
  }
  ASSERT_TRUE(client->read_until(replies(4)));
  std::string order;
  for (const Reply& reply : take_replies(client->take(), false)) order += reply.body + " ";
  EXPECT_EQ(order, "later now later now ");
}

TEST_P(HttpSuite, TurnsIntoAWebSocketAsThe500thOfAPipeline) {  // c12
  auto server = start([](auto& site) {
    site.get("/n", [](Request&, Response& res) { res.text("n"); });
    site.ws("/ws", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); }});
  });
  auto client = server->connect();
  std::string requests;
  for (int i = 0; i < 499; ++i) requests += get("/n");
  client->write(requests + upgrade("/ws") + text_frame("first") + text_frame("second"));
  ASSERT_TRUE(client->read_until(holds("second")));
  std::string text = client->take();
  for (int i = 0; i < 499; ++i) {
    const auto reply = take_reply(text);
    ASSERT_TRUE(reply && reply->status == 200) << i;
  }
  const auto reply = take_reply(text);
  ASSERT_TRUE(reply && reply->status == 101);
  EXPECT_EQ(show_frames(text), "text first|text second");
}

TEST_P(HttpSuite, AnswersHeadWithTheFieldsOfGetAndNoBody) {  // RFC 9110 9.3.2
  auto server = start_usual();
  auto client = server->connect();
  client->write("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + get("/"));
  ASSERT_TRUE(client->read_until(holds("hello")));
  std::string text = client->take();
  const auto head = take_reply(text, true);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->field("content-length"), "5");
  EXPECT_EQ(take_replies(text, false).size(), 1u) << "no body came between";
}

TEST_P(HttpSuite, SendsNoBodyWith204And304) {  // RFC 9110 6.4.1, 8.6
  auto server = start([](auto& site) {
    site.get("/:status", [](Request& req, Response& res) {
      res.status(static_cast<unsigned>(std::stoi(req.param("status")))).text("not to be seen");
    });
  });
  auto client = server->connect();
  client->write(get("/204") + get("/304") + get("/200"));
  ASSERT_TRUE(client->read_until(replies(3)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].status, 204u);
  EXPECT_EQ(all[0].count("content-length"), 0u);
  EXPECT_EQ(all[1].status, 304u);
  EXPECT_EQ(all[2].body, "not to be seen");
}

TEST_P(HttpSuite, SaysWhatIsAllowedWhereItRefuses) {  // RFC 9110 15.5.5, 15.5.6, 9.3.7
  auto server = start_usual();
  auto client = server->connect();
  client->write(get("/nowhere") + post("/", "") + "OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n" +
                "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until(replies(4)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].status, 404u);
  EXPECT_EQ(all[1].status, 405u);
  EXPECT_EQ(all[1].field("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(all[2].status, 204u);
  EXPECT_EQ(all[2].field("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(all[3].status, 204u);
}

TEST_P(HttpSuite, AsksForTheBodyOfAnExpectedRequest) {  // RFC 9110 10.1.1
  auto server = start_usual();
  auto client = server->connect();
  client->write(
      "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->take(), "HTTP/1.1 100 Continue\r\n\r\n");
  client->write("data");
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body, "data");
}

TEST_P(HttpSuite, RefusesAnExpectedRequestWithoutAskingForItsBody) {  // RFC 9110 10.1.1
  auto server = start([](auto& site) {
    site.use([](Request&, Response& res, Next) { res.status(401).text("no"); });
    site.post("/body", [](Request&, Response& res) { res.text("never"); });
  });
  auto client = server->connect();
  client->write(
      "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u) << "no 100 before it";
  EXPECT_EQ(all[0].status, 401u);
  EXPECT_EQ(all[0].field("connection"), "close") << "or the body would be taken for a request";
}

TEST_P(HttpSuite, RefusesABodyForItsAnnouncedLength) {  // RFC 9110 15.5.14
  ServerOptions options;
  options.http.max_body_bytes = 1000;
  auto server = start_usual(options);
  for (const std::string_view expect : {"", "Expect: 100-continue\r\n"}) {
    auto client = server->connect();
    client->write("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n" +
                  std::string(expect) + "\r\n");
    ASSERT_TRUE(client->read_to_end());
    const auto all = take_replies(client->take());
    ASSERT_EQ(all.size(), 1u) << "a body that is refused is not asked for";
    EXPECT_EQ(all[0].status, 413u);
    EXPECT_EQ(all[0].field("connection"), "close");
  }
}

TEST_P(HttpSuite, RefusesAChunkedBodyWhenItGrowsTooLong) {  // RFC 9110 15.5.14
  ServerOptions options;
  options.http.max_body_bytes = 1000;
  auto server = start_usual(options);
  auto client = server->connect();
  client->write("POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  client->write("3e8\r\n" + std::string(1000, 'x') + "\r\n");
  client->write("1\r\n");
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(take_replies(client->take()).at(0).status, 413u);
}

TEST_P(HttpSuite, GivesTheHandlerTheBodyHoweverItIsCut) {  // RFC 9112 7.1
  auto server = start_usual();
  const std::string request =
      "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4\r\nWiki\r\n6;a=b\r\npedia \r\nB\r\nin\r\nchunks.\r\n0\r\nX: y\r\n\r\n";
  auto client = server->connect();  // one connection: what is left behind would be seen
  std::size_t runs = 0;
  testing::for_each_split(as_bytes(request), [&](const testing::Pieces& pieces) {
    if (!in_memory() && runs++ % 16 != 0) return;  // sockets join what follows at once anyway
    for (const auto& piece : pieces) {
      client->write(as_text(piece));
      client->read_until([](const std::string&) { return true; });
    }
    ASSERT_TRUE(client->read_until(replies(1)));
    const auto all = take_replies(client->take(), false);
    ASSERT_EQ(all.size(), 1u);
    ASSERT_EQ(all[0].body, "Wikipedia in\r\nchunks.");
  });
}

TEST_P(HttpSuite, GivesTheHandlerALargeBodyExactly) {
  ServerOptions options;
  options.http.max_body_bytes = 8 << 20;
  auto server = start_usual(options);
  auto client = server->connect();
  std::string body(3'000'001, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>(i * 7 + (i >> 11));
  client->write(post("/body", body) + post("/body", "next"));
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  EXPECT_TRUE(all.at(0).body == body);
  EXPECT_EQ(all.at(1).body, "next");
}

TEST_P(HttpSuite, KeepsTheConnectionAfterAnEarlyAnswerToAShortBody) {  // RFC 9112 9.3
  auto server = start([](auto& site) {
    site.use("/closed", [](Request&, Response& res, Next) { res.status(403).text("no"); });
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  auto client = server->connect();
  client->write(post("/closed", "GET /smuggled HTTP/1.1\r\n\r\n") + get("/"));
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].status, 403u);
  EXPECT_EQ(all[1].body, "hello") << "the body was not taken for a request";
}

TEST_P(HttpSuite, LetsTheClientReadAnEarlyAnswerWhileItStillSends) {  // RFC 9112 9.6, c13
  ServerOptions options;
  options.http.max_body_bytes = 64 << 20;
  auto server = start(
      [](auto& site) {
        site.use([](Request&, Response& res, Next) { res.status(403).text("not with that body"); });
      },
      options);
  auto client = server->connect();
  client->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n");
  client->write(std::string(4'000'000, 'x'));  // a reset would throw the answer away
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status, 403u);
  EXPECT_EQ(all[0].body, "not with that body");
  EXPECT_EQ(all[0].field("connection"), "close");
}

TEST_P(HttpSuite, AnswersAClientThatHasEndedItsSide) {  // c14
  auto server = start_usual();
  auto client = server->connect();
  client->write(get("/"));
  client->end();
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(take_replies(client->take()).at(0).body, "hello");
  EXPECT_TRUE(server->run_until([&] { return server->connections() == 0; }));
}

TEST_P(HttpSuite, SendsALargeAnswerWholeToAClientThatHasEndedItsSide) {  // c14
  const std::string large(8 << 20, 'L');
  auto server =
      start([&](auto& site) { site.get("/", [&](Request&, Response& res) { res.text(large); }); });
  auto client = server->connect();
  client->write(get("/"));
  client->end();
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(take_replies(client->take()).at(0).body.size(), large.size());
  EXPECT_TRUE(server->run_until([&] { return server->connections() == 0; }));
}

TEST_P(HttpSuite, AnswersALaterAnswerToAClientThatHasEndedItsSide) {  // c14
  std::mutex mutex;
  std::optional<ResponseHandle> waiting;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      waiting = res.later();
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  client->end();
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return waiting.has_value();
  }));
  EXPECT_TRUE(waiting->respond([](Response& res) { res.text("late"); }));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(take_replies(client->take()).at(0).body, "late");
}

TEST_P(HttpSuite, RefusesWhatCouldBeReadInTwoWaysAndParsesNothingBehindIt) {  // RFC 9112 6.3, c5
  auto server = start_usual();
  const std::string rest = get("/number/666");
  const std::pair<std::string, unsigned> cases[] = {
      {"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n", 400},
      {"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\n", 400},
      {"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 400},
      {"POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", 400},
      {"POST /body HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nX : y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400},
      {"GET / HTTP/1.1\nHost: x\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", 505},
      {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 501},
  };
  for (const auto& [request, status] : cases) {
    auto client = server->connect();
    client->write(request + rest);
    ASSERT_TRUE(client->read_to_end()) << request;
    const auto all = take_replies(client->take());
    ASSERT_EQ(all.size(), 1u) << request;
    if (status != 400 || all[0].status != 501) {
      EXPECT_EQ(all[0].status, status) << request;
    }
    EXPECT_EQ(all[0].field("connection"), "close") << request;
  }
}

TEST_P(HttpSuite, RefusesABadChunkAndParsesNothingBehindIt) {  // RFC 9112 7.1, c5
  auto server = start_usual();
  auto client = server->connect();
  client->write(
      "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n0\r\n\r\n" +
      get("/"));
  ASSERT_TRUE(client->read_to_end());
  const auto all = take_replies(client->take());
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status, 400u);
}

TEST_P(HttpSuite, RefusesConnectionsAboveTheLimitWith503) {  // RFC 9110 15.6.4
  ServerOptions options;
  options.limits.max_connections = 2;
  auto server = start_usual(options);
  auto first = server->connect();
  auto second = server->connect();
  for (auto* client : {&first, &second}) {
    (*client)->write(get("/"));
    ASSERT_TRUE((*client)->read_until(replies(1)));
  }
  auto third = server->connect();
  ASSERT_TRUE(third->read_to_end());
  EXPECT_EQ(take_replies(third->take()).at(0).status, 503u);
  third->end();
  first->end();
  ASSERT_TRUE(server->run_until([&] { return server->connections() == 1; }));
  auto fourth = server->connect();
  fourth->write(get("/"));
  ASSERT_TRUE(fourth->read_until(replies(1)));
  EXPECT_EQ(take_replies(fourth->take(), false).at(0).status, 200u) << "there is room again";
}

TEST_P(HttpSuite, EndsIdleConnectionsAndFinishesRunningRequestsWhenItStops) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  auto server = start([&](auto& site) {
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
    site.get("/later", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      handle = res.later();
    });
  });
  auto idle = server->connect();
  idle->write(get("/"));
  ASSERT_TRUE(idle->read_until(replies(1)));
  auto running = server->connect();
  running->write(get("/later"));
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle.has_value();
  }));
  server->stop(10s);
  EXPECT_TRUE(idle->read_to_end());
  EXPECT_FALSE(running->closed());
  EXPECT_FALSE(server->stopped());
  handle->respond([](Response& res) { res.text("finished"); });
  ASSERT_TRUE(running->read_to_end());
  const auto all = take_replies(running->take());
  EXPECT_EQ(all.at(0).body, "finished");
  EXPECT_EQ(all.at(0).field("connection"), "close");
  running->end();
  EXPECT_TRUE(server->run_until([&] { return server->stopped(); }));
}

HYBI_EVERY_TRANSPORT(HttpSuite);

}  // namespace
}  // namespace hybi::test
