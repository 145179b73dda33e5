// Bodies that are read as they come, limits of routes, answers that come too late, peers that have
// gone, work that blocks. RFC 9110 10.1.1, 15.5.14.
#include <hybi/app/test_server.h>

#include <condition_variable>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class RequestBody : public EveryTransport {
 protected:
  std::string ask(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(replies(1))) << request;
    const auto all = take_replies(client->take(), false);
    return all.empty() ? "" : std::to_string(all[0].status) + " " + all[0].body;
  }
};
HYBI_EVERY_TRANSPORT(RequestBody);

// Answers what it was sent, once it has ended.
void collect(Request& req, Response& res) {
  const auto body = std::make_shared<std::string>();
  req.on_body({.on_data = [body](Bytes piece) { body->append(as_text(piece)); },
               .on_end = [body, &res] { res.text(*body); }});
}

TEST_P(RequestBody, IsReadAsItComes) {
  auto server = start([](auto& site) { site.post("/", {.stream_body = true}, collect); },
                      {.http = {.max_body_bytes = 1'000'000}});
  EXPECT_EQ(ask(*server, post("/", "all at once")), "200 all at once");
  EXPECT_EQ(ask(*server, post("/", "")), "500 the handler did not answer\n")
      << "nothing is streamed: the body is there when the handler runs";
  const std::string chunked =
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n "
      "world\r\n0\r\n\r\n";
  for (std::size_t cut = 1; cut < chunked.size(); cut += in_memory() ? 1 : 17) {
    auto client = server->connect();
    client->write(chunked.substr(0, cut));
    if (in_memory()) {
      ASSERT_TRUE(server->run_until([] { return true; }));
    }
    client->write(chunked.substr(cut) + post("/", "next"));
    ASSERT_TRUE(client->read_until(replies(2))) << cut;
    const auto all = take_replies(client->take(), false);
    EXPECT_EQ(all.at(0).body, "hello world") << cut;
    EXPECT_EQ(all.at(1).body, "next") << cut;
  }
}

TEST_P(RequestBody, AStreamedBodyMayBeLargerThanTheOthersAndIsNotKept) {
  const auto seen = std::make_shared<std::atomic<std::size_t>>(0);
  auto server = start(
      [seen](auto& site) {
        site.post("/", {.max_body_bytes = 50'000'000, .stream_body = true},
                  [seen](Request& req, Response& res) {
                    req.on_body({.on_data = [seen](Bytes piece) { *seen += piece.size(); },
                                 .on_end = [&res, seen] { res.text(std::to_string(*seen)); }});
                  });
      },
      {.http = {.max_body_bytes = 1000}});
  const std::string piece(100'000, 'x');
  auto client = server->connect();
  client->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n");
  for (int i = 0; i < 50; ++i) client->write(piece);
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body, "5000000");
}

TEST_P(RequestBody, PausingSlowsThePeerAndLosesNothing) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  Request* request = nullptr;
  std::string body;
  bool ended = false;
  auto server = start([&](auto& site) {
    site.post("/", {.stream_body = true}, [&](Request& req, Response& res) {
      const std::lock_guard lock(mutex);
      request = &req;
      handle = res.later();
      req.on_body({.on_data =
                       [&](Bytes piece) {
                         const std::lock_guard inner(mutex);
                         body.append(as_text(piece));
                         request->pause_body();
                       },
                   .on_end =
                       [&] {
                         const std::lock_guard inner(mutex);
                         ended = true;
                       }});
    });
  });
  auto client = server->connect();
  client->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n");
  client->write("abc");
  const auto holds_now = [&](std::string_view text) {
    const std::lock_guard lock(mutex);
    return body == text;
  };
  ASSERT_TRUE(server->run_until([&] { return holds_now("abc"); }));
  client->write("def");
  EXPECT_TRUE(holds_now("abc"));
  for (const bool last : {false, true}) {
    const std::lock_guard lock(mutex);
    handle->respond([&, last](Response& res) {
      {
        const std::lock_guard inner(mutex);
        request->resume_body();
      }
      if (last) res.text("thanks");
    });
  }
  ASSERT_TRUE(client->read_until(replies(1)));
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return ended || client->closed();
  }));
}

TEST_P(RequestBody, TellsThatTheRestWillNotCome) {
  const auto notes = std::make_shared<Notes>();
  auto server = start([notes](auto& site) {
    site.post("/", {.max_body_bytes = 8, .stream_body = true}, [notes](Request& req, Response&) {
      req.on_body({.on_data = [notes](Bytes piece) { notes->add(std::string(as_text(piece))); },
                   .on_end = [notes] { notes->add("end"); },
                   .on_cut = [notes](Errc why) { notes->add(std::string(info(why).name)); }});
    });
  });
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  auto gone = server->connect();
  gone->write(head + "3\r\nabc\r\n");
  ASSERT_TRUE(server->run_until([&] { return notes->text() == "abc"; }));
  gone->reset();
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 2; }));
  EXPECT_TRUE(notes->text() == "abc|ConnectionReset" || notes->text() == "abc|HttpCutShort");
  auto large = server->connect();
  large->write(head + "3\r\nabc\r\n6\r\ndefghi\r\n0\r\n\r\n");
  ASSERT_TRUE(large->read_until(replies(1)));
  EXPECT_EQ(take_replies(large->take(), false).at(0).status, 413u);
  EXPECT_EQ(notes->all().back(), "HttpBodyTooLarge");
  auto malformed = server->connect();
  malformed->write(head + "x\r\n");
  ASSERT_TRUE(malformed->read_until(replies(1)));
  EXPECT_EQ(take_replies(malformed->take(), false).at(0).status, 400u);
  EXPECT_EQ(notes->all().back(), "HttpBadChunk");
}

TEST_P(RequestBody, ARouteAndAMiddlewareSetTheLimit) {
  auto server = start(
      [](auto& site) {
        const Handler length = [](Request& req, Response& res) {
          res.text(std::to_string(req.body().size()));
        };
        site.use("/small", [](Request& req, Response&, Next next) {
          req.limit_body(3);
          next();
        });
        site.post("/small", length)
            .post("/", length)
            .post("/large", {.max_body_bytes = 50}, length);
      },
      {.http = {.max_body_bytes = 10}});
  EXPECT_EQ(ask(*server, post("/", std::string(10, 'x'))), "200 10");
  EXPECT_EQ(ask(*server, post("/", std::string(11, 'x'))).substr(0, 3), "413");
  EXPECT_EQ(ask(*server, post("/small", "123")), "200 3");
  EXPECT_EQ(ask(*server, post("/small", "1234")).substr(0, 3), "413");
  EXPECT_EQ(ask(*server, post("/large", std::string(50, 'x'))), "200 50");
  auto client = server->connect();  // asked for although it is longer than the others' limit
  client->write(
      "POST /large HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client->read_until(holds("HTTP/1.1 100 Continue\r\n\r\n")));
  auto refused = server->connect();
  refused->write(
      "POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(refused->read_until(replies(1)));
  EXPECT_EQ(refused->received().substr(0, 12), "HTTP/1.1 413");
}

TEST_P(RequestBody, ADeadlineAnswersForAHandlerThatDoesNot) {
  std::mutex mutex;
  std::vector<ResponseHandle> handles;
  auto server = start([&](auto& site) {
    site.get("/", {.deadline = 30ms}, [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      handles.push_back(res.later());
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  if (in_memory()) {
    static_cast<MemoryServer&>(*server).settle();
    static_cast<MemoryServer&>(*server).advance(50ms);
  }
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 503u);
  client->write(get("/nowhere"));
  {
    const std::lock_guard lock(mutex);
    handles.at(0).respond([](Response& res) { res.text("too late"); });
  }
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 404u);
}

TEST_P(RequestBody, IsToldThatThePeerHasGoneWhileItWaits) {
  const auto notes = std::make_shared<Notes>();
  std::mutex mutex;
  std::vector<ResponseHandle> handles;
  auto server = start([&](auto& site) {
    site.get("/:name", [&](Request& req, Response& res) {
      const std::lock_guard lock(mutex);
      handles.push_back(res.later());
      handles.back().on_gone([notes, name = req.param("name")] { notes->add(name); });
      notes->add("asked");
    });
  });
  auto reset = server->connect();
  reset->write(get("/reset"));
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 1; }));
  reset->reset();
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 2; }));
  auto ended = server->connect();
  ended->write(get("/ended"));
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 3; }));
  ended->end();
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 4; }));
  auto pipelined = server->connect();
  pipelined->write(get("/first") + get("/second"));
  pipelined->end();
  ASSERT_TRUE(server->run_until([&] { return notes->size() == 6; }));
  EXPECT_EQ(notes->text(), "asked|reset|asked|ended|asked|first");
  {  // it may have ended its side only: it gets its answers, also to what came before the end
    const std::lock_guard lock(mutex);
    handles.at(1).respond([](Response& res) { res.text("late"); });
    handles.at(2).respond([](Response& res) { res.text("one"); });
  }
  ASSERT_TRUE(ended->read_to_end());
  EXPECT_EQ(take_replies(ended->take()).at(0).body, "late");
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handles.size() == 4;
  }));
  handles.at(3).respond([](Response& res) { res.text("two"); });
  ASSERT_TRUE(pipelined->read_to_end());
  const auto all = take_replies(pipelined->take());
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].body + all[1].body, "onetwo");
}

TEST_P(RequestBody, WhatAPeerSendsWhileItIsWatchedIsBounded) {
  if (!in_memory()) return;
  std::optional<ResponseHandle> handle;
  auto server = start(
      [&](auto& site) { site.get("/", [&](Request&, Response& res) { handle = res.later(); }); });
  auto& memory = static_cast<MemoryServer&>(*server);
  auto peer = memory.connect_peer();
  peer->write(get("/"));
  memory.settle();
  EXPECT_TRUE(peer->server_reads());
  for (int i = 0; i < 100; ++i) peer->write(std::string(1024, 'x'));
  memory.settle();
  EXPECT_FALSE(peer->server_reads());
  handle->respond([](Response& res) { res.text("x"); });
  memory.settle();
  EXPECT_EQ(take_replies(peer->take_received()).size(), 2u) << "the answer, and 400 to the rest";
}

TEST_P(RequestBody, WorkThatBlocksRunsElsewhereAndItsResultIsAnsweredHere) {
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      const std::thread::id here = std::this_thread::get_id();
      res.blocking([here] { return std::this_thread::get_id() == here ? "same" : "other"; },
                   [here](Response& later, const char* thread) {
                     const bool back = std::this_thread::get_id() == here;
                     later.text(std::string(thread) + (back ? " and back" : " and away"));
                   });
    });
    site.get("/void", [](Request&, Response& res) {
      res.blocking([] {}, [](Response& later) { later.text("done"); });
    });
    site.get("/throws", [](Request&, Response& res) {
      res.blocking([]() -> int { throw std::runtime_error("database is down"); },
                   [](Response& later, int) { later.text("never"); });
    });
  });
  const auto late = [&](std::string_view target) {
    auto client = server->connect();
    client->write(get(target));
    EXPECT_TRUE(server->run_until([&] { return client->read_until(replies(1)); }));
    return take_replies(client->take(), false).at(0).body;
  };
  EXPECT_EQ(late("/void"), "done");
  EXPECT_EQ(late("/throws"), "the application failed\n");
  EXPECT_EQ(late("/"), "other and back");
}

TEST_P(RequestBody, BlockingWorkIsRefusedWhenTooMuchOfItWaits) {
  std::mutex mutex;
  std::condition_variable go;
  bool open = false;
  std::atomic<int> asked = 0, started = 0;
  auto server = start(
      [&](auto& site) {
        site.get("/", [&](Request&, Response& res) {
          res.blocking(
              [&] {
                ++started;
                std::unique_lock lock(mutex);
                go.wait(lock, [&] { return open; });
              },
              [](Response& later) { later.text("done"); });
          ++asked;
        });
      },
      {.blocking_threads = 1, .max_blocking_queue = 1});
  auto runs = server->connect(), waits = server->connect(), refused = server->connect();
  runs->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return started == 1; }));
  waits->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return asked == 2; }));
  refused->write(get("/"));
  EXPECT_TRUE(refused->read_until(replies(1)));
  EXPECT_EQ(take_replies(refused->take(), false).at(0).status, 503u);
  {
    const std::lock_guard lock(mutex);
    open = true;
  }
  go.notify_all();
  const auto done = [&](TestClient& client) {
    return server->run_until([&] { return client.read_until(holds("done")); });
  };
  EXPECT_TRUE(done(*runs));
  EXPECT_TRUE(done(*waits));
}

}  // namespace
}  // namespace hybi::test
