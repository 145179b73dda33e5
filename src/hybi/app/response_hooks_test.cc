// What goes with an answer besides its body: hooks, filters, cookies, hints, trailers. RFC 9110,
// RFC 8297, RFC 8288.
#include <hybi/app/test_server.h>

#include <algorithm>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class ResponseHooks : public EveryTransport {
 protected:
  Reply ask(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(replies(1))) << request;
    raw_ = client->take();
    std::string text = raw_;
    return take_reply(text).value_or(Reply{});
  }
  std::string raw_;
};
HYBI_EVERY_TRANSPORT(ResponseHooks);

// Every byte becomes two; what is written comes out when it is flushed.
class Doubling final : public BodyFilter {
 public:
  void add(Bytes piece, bool flush, std::string& out) override {
    for (const char c : as_text(piece)) held_.append(2, c);
    if (flush) out.append(std::exchange(held_, {}));
  }
  void finish(std::string& out) override { out.append(held_).append("."); }

 private:
  std::string held_;
};

TEST_P(ResponseHooks, TheLastHookAddedRunsFirstAndSeesWhatIsAnswered) {
  auto server = start([](auto& site) {
    site.use([](Request&, Response& res, Next next) {
      res.on_head([](Response& r) {
        r.add("X-Seen", std::to_string(r.status()) + " " + std::string(r.content_type()) + " " +
                            std::to_string(r.content_length().value_or(0)));
        r.add("X-Way", "outer");
      });
      next();
    });
    site.get("/", [](Request&, Response& res) {
      res.on_head([](Response& r) {
        r.add("X-Way", "inner").status(201);
        r.text("no second answer");
      });
      res.text("hello");
    });
    site.get("/throws", [](Request&, Response& res) {
      res.on_head([](Response&) { throw 1; });
      res.text("hello");
    });
  });
  const Reply reply = ask(*server, get("/"));
  EXPECT_EQ(reply.status, 201u);
  EXPECT_EQ(reply.body, "hello");
  EXPECT_EQ(reply.field("x-seen"), "201 text/plain; charset=utf-8 5");
  EXPECT_LT(reply.head.find("inner"), reply.head.find("outer"));
  EXPECT_EQ(ask(*server, get("/nowhere")).field("x-seen"), "404 text/plain; charset=utf-8 13");
  EXPECT_EQ(ask(*server, get("/throws")).status, 500u);
}

TEST_P(ResponseHooks, AFilterChangesEveryKindOfBody) {
  const TemporaryFile file(std::string(100'000, 'f'));
  auto server = start([&](auto& site) {
    site.use([](Request&, Response& res, Next next) {
      res.on_head([](Response& r) { r.filter(std::make_unique<Doubling>()); });
      next();
    });
    site.get("/text", [](Request&, Response& res) { res.text("ab"); });
    site.get("/none", [](Request&, Response& res) { res.status(204).end(); });
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "text/plain"); });
    site.get("/stream", [](Request&, Response& res) {
      res.stream("text/plain", [n = 0](StreamWriter& writer) mutable {
        writer.write(std::to_string(n));
        return ++n < 3 ? StreamStep::More : StreamStep::Done;
      });
    });
  });
  EXPECT_EQ(ask(*server, get("/text")).body, "aabb.");
  EXPECT_EQ(ask(*server, get("/text")).field("content-length"), "5");
  EXPECT_EQ(ask(*server, get("/none")).body, "");
  EXPECT_EQ(ask(*server, get("/stream")).body, "001122.");
  EXPECT_EQ(ask(*server, get("/file")).body, std::string(200'000, 'f') + ".");
  EXPECT_EQ(ask(*server, get("/nowhere")).body, "nnootthhiinngg  hheerree\n\n.");
}

TEST_P(ResponseHooks, WhatWasSetCanBeRemovedUntilTheHeadIsWritten) {
  auto server = start([](auto& site) {
    site.use([](Request&, Response& res, Next next) {
      res.set("X-Powered-By", "hybi").on_head([](Response& r) {
        r.remove("x-inner").remove("X-Never-There");
        r.remove("Date").remove("Content-Type").remove("Content-Length").remove("bad name\r\n");
      });
      next();
    });
    site.get("/", [](Request&, Response& res) {
      res.add("X-Inner", "1").add("X-INNER", "2").add("Link", "</a>; rel=a").set("X-Kept", "3");
      res.cookie({.name = "a", .value = "1"}).add("link", "</b>; rel=b");
      res.remove("x-powered-by").remove("LINK").remove("Set-Cookie").set("X-Late", "4");
      res.text("hello");
      res.remove("X-Kept");
      EXPECT_EQ(res.field("X-Kept"), "3") << "it has been sent";
    });
    site.get("/own", [](Request&, Response& res) {
      res.add("X-Name", "X-Name").add("X-Name", "another").set("X-More", "more");
      res.remove(res.field("X-Name")).end();
    });
  });
  const Reply reply = ask(*server, get("/"));
  EXPECT_EQ(reply.status, 200u);
  for (const char* name : {"x-inner", "x-powered-by", "link", "set-cookie"}) {
    EXPECT_EQ(reply.count(name), 0u) << name;
  }
  EXPECT_EQ(reply.field("x-kept"), "3");
  EXPECT_EQ(reply.field("x-late"), "4");
  EXPECT_EQ(reply.field("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.field("content-length"), "5");
  EXPECT_EQ(reply.count("date"), 1u);
  const Reply own = ask(*server, get("/own"));
  EXPECT_EQ(own.count("x-name"), 0u) << "the name was a view into what went";
  EXPECT_EQ(own.field("x-more"), "more");
}

TEST_P(ResponseHooks, AFilteredAnswerToHeadTellsNoLength) {
  const TemporaryFile file("file");
  auto server = start([&](auto& site) {
    site.use([](Request&, Response& res, Next next) {
      res.on_head([](Response& r) { r.filter(std::make_unique<Doubling>()); });
      next();
    });
    site.get("/text", [](Request&, Response& res) { res.text("ab"); });
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "text/plain"); });
  });
  for (const char* path : {"/text", "/file"}) {
    auto client = server->connect();
    client->write("HEAD " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n" + get("/text"));
    ASSERT_TRUE(client->read_until(holds("aabb.")));
    std::string text = client->take();
    const Reply head = take_reply(text, true).value_or(Reply{});
    EXPECT_EQ(head.status, 200u);
    EXPECT_EQ(head.count("content-length"), 0u) << path;
    EXPECT_EQ(take_reply(text).value_or(Reply{}).body, "aabb.");
  }
}

TEST_P(ResponseHooks, OnDoneTellsWhatWasSent) {
  const auto notes = std::make_shared<Notes>();
  const TemporaryFile file(std::string(3'000'000, 'f'));
  auto server = start([&](auto& site) {
    site.use([notes](Request& req, Response& res, Next next) {
      res.on_done([notes, path = std::string(req.path())](const ResponseInfo& info) {
        notes->add(path + " " + std::to_string(info.status) + " " +
                   std::to_string(info.body_bytes) + (info.aborted ? " aborted" : "") +
                   (info.time < 0ns ? " before it began" : ""));
      });
      next();
    });
    site.get("/text", [](Request&, Response& res) { res.text("12345"); });
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "text/plain"); });
    site.get("/stream", [](Request&, Response& res) {
      res.stream("text/plain", [](StreamWriter& writer) {
        writer.write("chunk");
        return StreamStep::Done;
      });
    });
    site.get("/never", [](Request&, Response& res) {
      res.stream("text/plain", [](StreamWriter&) { return StreamStep::Wait; });
    });
    site.ws("/ws", {});
  });
  auto client = server->connect();
  client->write(get("/text") + get("/file") + get("/stream") + get("/nowhere"));
  ASSERT_TRUE(client->read_until(replies(4)));
  EXPECT_TRUE(server->run_until([&] { return notes->size() == 4; }));
  EXPECT_EQ(notes->text(), "/text 200 5|/file 200 3000000|/stream 200 5|/nowhere 404 13");
  auto socket = open_websocket(*server, "/ws");
  EXPECT_TRUE(server->run_until([&] { return notes->size() == 5; }));
  client->write(get("/never"));
  ASSERT_TRUE(client->read_until(holds("chunked")));
  client->reset();
  EXPECT_TRUE(server->run_until([&] { return notes->size() == 6; }));
  EXPECT_EQ(notes->all()[4], "/ws 101 0");
  EXPECT_EQ(notes->all()[5], "/never 200 0 aborted");
}

TEST_P(ResponseHooks, CookiesAndLinksAreCheckedBeforeTheyAreSent) {
  auto server = start([](auto& site) {
    site.get("/good", [](Request&, Response& res) {
      res.cookie({.name = "a", .value = "1"}).cookie({.name = "b", .value = "2", .path = "/x"});
      res.link("/style.css", "preload").attachment("a/\"b\r\n\".txt").end();
    });
    site.get("/bad-cookie", [](Request&, Response& res) {
      res.cookie({.name = "a", .value = "1\r\nX: y"}).text("x");
    });
    site.get("/prefix", [](Request&, Response& res) {
      res.cookie({.name = "__Host-a", .value = "1"}).text("x");
    });
    site.get("/bad-link",
             [](Request&, Response& res) { res.link("/a>; rel=x", "preload").text("x"); });
  });
  const Reply good = ask(*server, get("/good"));
  EXPECT_EQ(good.count("set-cookie"), 2u);
  EXPECT_EQ(good.field("link"), "</style.css>; rel=\"preload\"");
  EXPECT_TRUE(good.field("content-disposition").starts_with("attachment; filename=\""))
      << good.head;
  EXPECT_EQ(ask(*server, get("/bad-cookie")).status, 500u);
  EXPECT_EQ(ask(*server, get("/prefix")).status, 500u) << "__Host- needs Secure";
  EXPECT_EQ(ask(*server, get("/bad-link")).status, 500u);
}

TEST_P(ResponseHooks, EarlyHintsComeBeforeALateAnswer) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      res.early_hints();  // nothing to say yet
      res.link("/a.css", "preload").set("X-Other", "1").early_hints();
      const std::lock_guard lock(mutex);
      handle = res.later();
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->take(), "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=\"preload\"\r\n\r\n");
  {
    const std::lock_guard lock(mutex);
    handle->respond([](Response& res) { res.text("late"); });
    handle.reset();
  }
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body, "late");
  auto old = server->connect();
  old->write("GET / HTTP/1.0\r\n\r\n");
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle && handle->respond([](Response& res) { res.text("old"); });
  }));
  ASSERT_TRUE(old->read_to_end());
  EXPECT_EQ(old->received().find(" 103 "), std::string::npos);
}

TEST_P(ResponseHooks, TrailersComeBehindTheChunksAndNowhereElse) {
  auto server = start([](auto& site) {
    site.get("/stream", [](Request&, Response& res) {
      res.stream("text/plain", [&res](StreamWriter& writer) {
        writer.write("x");
        res.trailer("X-Sum", "17");
        return StreamStep::Done;
      });
    });
    site.get("/text", [](Request&, Response& res) { res.trailer("X-Sum", "17").text("x"); });
    site.get("/bad", [](Request&, Response& res) { res.trailer("Set-Cookie", "a=b").text("x"); });
  });
  auto client = server->connect();
  client->write(get("/stream"));
  ASSERT_TRUE(client->read_until(holds("\r\n0\r\nX-Sum: 17\r\n\r\n")));
  EXPECT_EQ(ask(*server, get("/text")).count("x-sum"), 0u);
  EXPECT_EQ(ask(*server, get("/bad")).status, 500u);
}

TEST_P(ResponseHooks, ABodyOfPiecesIsSentInOrder) {
  const TemporaryFile file("0123456789");
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      const auto open = OpenFile::open(file.path()).value();
      std::vector<BodyPiece> pieces;
      pieces.push_back({.bytes = "<"});
      pieces.push_back({.file = open, .offset = 2, .count = 3});
      pieces.push_back({.bytes = "|"});
      pieces.push_back({.file = open, .offset = 9, .count = 1});
      pieces.push_back({.bytes = ">"});
      res.body(std::move(pieces), "text/plain");
    });
  });
  const Reply reply = ask(*server, get("/"));
  EXPECT_EQ(reply.body, "<234|9>");
  EXPECT_EQ(reply.field("content-length"), "7");
}

}  // namespace
}  // namespace hybi::test
