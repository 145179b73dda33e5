// From a request to a WebSocket, over every transport: the handshake, its refusals, decisions that
// come later. RFC 6455 4.
#include <hybi/app/test_server.h>

#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class UpgradeSuite : public EveryTransport {
 protected:
  // Runs `task` on a thread of its own and waits for it.
  template <class F>
  static void elsewhere(F task) {
    std::thread(task).join();
  }
};

// An Upgrade on its way to another thread.
class Waiting {
 public:
  void put(Upgrade upgrade) {
    const std::lock_guard lock(mutex_);
    upgrade_.emplace(std::move(upgrade));
  }
  bool there() const {
    const std::lock_guard lock(mutex_);
    return upgrade_.has_value();
  }
  Upgrade take() {
    const std::lock_guard lock(mutex_);
    Upgrade upgrade = std::move(*upgrade_);
    upgrade_.reset();
    return upgrade;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Upgrade> upgrade_;
};

TEST_P(UpgradeSuite, ProvesThatItReadTheKey) {  // RFC 6455 1.3, 4.2.2
  auto server = start([](auto& site) { site.ws("/", {}); });
  auto client = server->connect();
  client->write(upgrade("/"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  const auto reply = take_replies(client->take()).at(0);
  EXPECT_EQ(reply.status, 101u);
  EXPECT_EQ(reply.field("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_EQ(reply.field("upgrade"), "websocket");
  EXPECT_EQ(reply.field("connection"), "Upgrade");
  EXPECT_EQ(reply.count("sec-websocket-protocol"), 0u);
  EXPECT_EQ(reply.count("sec-websocket-extensions"), 0u);
  EXPECT_EQ(reply.count("content-length"), 0u);
}

TEST_P(UpgradeSuite,
       ChoosesTheSubprotocolItLikesBestOfThoseOffered) {  // RFC 6455 4.2.2 /subprotocol/
  auto server = start([](auto& site) {
    site.ws("/",
            {.on_open = [](WebSocket& ws) { ws.send("<" + std::string(ws.subprotocol()) + ">"); },
             .subprotocols = {"v3", "v2", "v1"}});
  });
  for (const auto& [offer, chosen] : {std::pair<std::string, std::string>{"v1, v2, x", "v2"},
                                      {"x, y", ""},
                                      {"", ""},
                                      {"V3", ""}}) {
    auto client = server->connect();
    client->write(upgrade("/", offer.empty() ? "" : "Sec-WebSocket-Protocol: " + offer + "\r\n"));
    ASSERT_TRUE(client->read_until(holds(">")));
    std::string text = client->take();
    const auto reply = take_reply(text);
    EXPECT_EQ(reply->field("sec-websocket-protocol"), chosen);
    EXPECT_EQ(reply->count("sec-websocket-protocol"), chosen.empty() ? 0u : 1u);
    EXPECT_EQ(show_frames(text), "text <" + chosen + ">");
  }
}

TEST_P(UpgradeSuite, SendsFieldsOfTheHandlerWithThe101) {
  auto server = start([](auto& site) {
    site.get("/", [](Request& req, Response& res) {
      auto up = req.websocket();
      ASSERT_TRUE(up);
      EXPECT_FALSE(req.websocket()) << "it can be taken once";
      EXPECT_EQ(up->subprotocols(), (std::vector<std::string>{"a", "b"}));
      EXPECT_EQ(up->origin(), "http://a.example");
      res.set("X-From", "response");
      EXPECT_TRUE(up->add("Set-Cookie", "id=1"));
      EXPECT_FALSE(up->add("X", "a\r\nY: b")) << "c16";
      EXPECT_TRUE(std::move(*up).accept(WebSocketHandlers{}));
    });
  });
  auto client = server->connect();
  client->write(upgrade("/", "Sec-WebSocket-Protocol: a, b\r\nOrigin: http://a.example\r\n"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  const auto reply = take_replies(client->take()).at(0);
  EXPECT_EQ(reply.status, 101u);
  EXPECT_EQ(reply.field("set-cookie"), "id=1");
  EXPECT_EQ(reply.field("x-from"), "response");
  EXPECT_EQ(reply.count("y"), 0u);
}

TEST_P(UpgradeSuite, RefusesABadHandshakeAndStaysHttp) {  // RFC 6455 4.2.1, 4.4, c8, CVE-2019-17567
  auto server = start([](auto& site) {
    site.ws("/", {});
    site.get("/plain", [](Request&, Response& res) { res.text("plain"); });
  });
  const std::string good = upgrade("/");
  const auto with = [&](std::string from, std::string to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  struct Case {
    std::string request;
    unsigned status;
    std::string field, value;
  };
  const Case cases[] = {
      {with("Version: 13", "Version: 777"), 426, "sec-websocket-version", "13, 8, 7"},
      {with("Sec-WebSocket-Version: 13\r\n", ""), 426, "upgrade", "websocket"},
      {with("Connection: Upgrade", "Connection: x"), 426, "upgrade", "websocket"},
      {with("dGhlIHNhbXBsZSBub25jZQ==", "short"), 400, "", ""},
      {with("GET", "POST"), 405, "allow", "GET"},
      {with("\r\n\r\n", "\r\nSec-WebSocket-Protocol: a, a\r\n\r\n"), 400, "", ""},
      {with("\r\n\r\n", "\r\nOrigin: http://evil.example\r\n\r\n"), 403, "", ""},
      {with("Upgrade: websocket", "Upgrade: h2c"), 426, "upgrade", "websocket"},
      {get("/"), 426, "upgrade", "websocket"},
  };
  for (const Case& c : cases) {
    auto client = server->connect();
    client->write(c.request + get("/plain") + text_frame("never a frame"));
    ASSERT_TRUE(client->read_to_end()) << c.request;  // the frame is no request: 400
    const auto all = take_replies(client->take());
    ASSERT_EQ(all.size(), 3u) << c.request;
    EXPECT_EQ(all[0].status, c.status) << c.request;
    if (!c.field.empty()) {
      EXPECT_EQ(all[0].field(c.field), c.value) << c.request;
    }
    EXPECT_EQ(all[1].body, "plain");
    EXPECT_EQ(all[2].status, 400u);
  }
}

TEST_P(UpgradeSuite, RefusesAHandshakeWithABodyAndTakesNoneOfItForAFrame) {  // c10, c11
  auto server = start([](auto& site) { site.ws("/", {}); });
  const std::pair<std::string, std::vector<unsigned>> cases[] = {
      {"Content-Length: 5\r\n\r\nhello", {400, 426}},
      {"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 426}},
      {"Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello", {100, 400, 426}},
      {"Content-Length: 10000000000\r\n\r\n", {413}},  // CVE-2018-12541
  };
  for (const auto& [body, statuses] : cases) {
    auto client = server->connect();
    std::string request = upgrade("/");
    request.resize(request.size() - 2);
    client->write(request + body + get("/"));
    ASSERT_TRUE(client->read_until(replies(statuses.size()))) << body;
    std::vector<unsigned> seen;
    for (const Reply& reply : take_replies(client->take())) seen.push_back(reply.status);
    EXPECT_EQ(seen, statuses) << body;
  }
}

TEST_P(UpgradeSuite, GoesThroughTheSameChecksAsAnyRequest) {  // GHSA-c4j6-fc7j-m34r
  auto server = start([](auto& site) {
    site.use("/private", [](Request& req, Response& res, Next next) {
      if (req.cookie("key") != "right") return res.status(401).text("log in first");
      req.set("user", std::string("Ada"));
      next();
    });
    site.get("/private/ws", [](Request& req, Response& res) {
      auto up = req.websocket();
      if (!up) return res.text("a page");
      std::move(*up).accept(
          {.on_open = [](WebSocket& ws) { ws.send("for " + *ws.user<std::string>()); }},
          *req.get<std::string>("user"));
    });
  });
  auto client = server->connect();
  client->write(upgrade("/private/ws") + upgrade("/pri%76ate/ws") + get("/private/ws"));
  ASSERT_TRUE(client->read_until(replies(3)));
  for (const Reply& reply : take_replies(client->take(), false)) EXPECT_EQ(reply.status, 401u);
  client->write(get("/private/ws", "Cookie: key=right\r\n"));
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body, "a page");
  client->write(upgrade("/private/ws", "Cookie: key=right\r\n"));
  EXPECT_TRUE(client->read_until(holds("for Ada")));
}

TEST_P(UpgradeSuite, AcceptsLaterFromAnotherThread) {  // c9
  Waiting waiting;
  Notes notes;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request& req, Response&) { waiting.put(*req.websocket()); });
  });
  auto client = server->connect();
  client->write(upgrade("/") + text_frame("early"));
  ASSERT_TRUE(server->run_until([&] { return waiting.there(); }));
  client->write(text_frame("meanwhile"));
  elsewhere([&] {
    EXPECT_TRUE(waiting.take().accept({.on_open = [&](WebSocket&) { notes.add("open"); },
                                       .on_message =
                                           [&](WebSocket& ws, Message m) {
                                             notes.add(std::string(m.text()));
                                             ws.send(m);
                                           }}));
  });
  ASSERT_TRUE(client->read_until(holds("meanwhile")));
  EXPECT_EQ(notes.text(), "open|early|meanwhile");
}

TEST_P(UpgradeSuite, RejectsLaterFromAnotherThreadAndStaysHttp) {  // c8
  Waiting waiting;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request& req, Response&) { waiting.put(*req.websocket()); });
    site.get("/plain", [](Request&, Response& res) { res.text("plain"); });
  });
  auto client = server->connect();
  client->write(upgrade("/") + get("/plain"));
  ASSERT_TRUE(server->run_until([&] { return waiting.there(); }));
  elsewhere([&] { waiting.take().reject(403, "not today"); });
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  EXPECT_EQ(all.at(0).status, 403u);
  EXPECT_EQ(all.at(0).body, "not today");
  EXPECT_EQ(all.at(1).body, "plain");
}

TEST_P(UpgradeSuite, Answers500WhenTheUpgradeIsDropped) {
  Waiting waiting;
  auto server = start([&](auto& site) {
    site.get("/here", [](Request& req, Response&) { (void)req.websocket(); });
    site.get("/there", [&](Request& req, Response&) { waiting.put(*req.websocket()); });
    site.get("/throws", [](Request& req, Response&) {
      const auto up = req.websocket();
      throw std::runtime_error("after taking it");
    });
  });
  auto client = server->connect();
  client->write(upgrade("/here"));
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  client->write(upgrade("/there"));
  ASSERT_TRUE(server->run_until([&] { return waiting.there(); }));
  elsewhere([&] { const Upgrade dropped = waiting.take(); });
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  client->write(upgrade("/throws"));
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  EXPECT_EQ(server->errors().count("HttpHandlerFailed after taking it"), 1u);
}

TEST_P(UpgradeSuite, AnUpgradeThatWasAnsweredOtherwiseDoesNothing) {
  Waiting waiting;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request& req, Response& res) {
      waiting.put(*req.websocket());
      res.status(402).text("pay");
    });
    site.get("/plain", [](Request&, Response& res) { res.text("plain"); });
  });
  for (const bool accept : {true, false}) {
    auto client = server->connect();
    client->write(upgrade("/"));
    ASSERT_TRUE(client->read_until(replies(1)));
    elsewhere([&] {
      Upgrade late = waiting.take();
      if (accept) std::move(late).accept(WebSocketHandlers{});
    });
    client->write(get("/plain"));
    ASSERT_TRUE(client->read_until(replies(2)));
    const auto all = take_replies(client->take(), false);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].status, 402u);
    EXPECT_EQ(all[1].body, "plain");
  }
}

TEST_P(UpgradeSuite, ForgetsAnAcceptanceWhosePeerIsGone) {  // CVE-2022-41940
  Waiting waiting;
  Notes notes;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request& req, Response&) { waiting.put(*req.websocket()); });
    site.get("/plain", [](Request&, Response& res) { res.text("plain"); });
  });
  auto client = server->connect();
  client->write(upgrade("/"));
  ASSERT_TRUE(server->run_until([&] { return waiting.there(); }));
  client->reset();
  ASSERT_TRUE(server->run_until([&] { return server->connections() == 0; }));
  auto other = server->connect();  // in the same slot
  other->write(get("/plain"));
  ASSERT_TRUE(other->read_until(replies(1)));
  elsewhere([&] {
    waiting.take().accept({.on_open = [&](WebSocket&) { notes.add("open"); },
                           .on_close = [&](WebSocket&, const CloseInfo&) { notes.add("close"); }});
  });
  other->take();
  other->write(get("/plain"));
  ASSERT_TRUE(other->read_until(replies(1)));
  EXPECT_EQ(take_replies(other->take(), false).at(0).body, "plain");
  EXPECT_EQ(notes.text(), "");
}

TEST_P(UpgradeSuite, KeepsTheOpeningRequest) {
  auto server = start([](auto& site) {
    site.ws("/rooms/:room", {.on_message = [](WebSocket& ws, Message) {
              const OpeningRequest request = ws.request();
              ws.send(ws.param("room") + "," + request.param("room") + "," +
                      request.query("name").value_or("?") + "," +
                      std::string(request.cookie("id")) + "," +
                      std::string(request.header("user-agent")) + "," +
                      std::string(request.path()) + "," + std::string(request.host()));
            }});
  });
  auto client = open_websocket(*server, "/rooms/a%20b?name=A%26B",
                               "Cookie: x=y; id=7\r\nUser-Agent: test\r\n");
  ASSERT_TRUE(client);
  for (int i = 0; i < 3; ++i) client->write(text_frame("say"));
  ASSERT_TRUE(client->read_until(frame_count(3)));
  for (const Frame& frame : frames(client->received())) {
    EXPECT_EQ(frame.payload, "a b,a b,A&B,7,test,/rooms/a%20b,a.example");
  }
}

TEST_P(UpgradeSuite, AnswersAThousandFieldsWith431AndLives) {  // CVE-2024-37890
  auto server = start([](auto& site) { site.ws("/", {}); });
  std::string fields;
  for (int i = 0; i < 2000; ++i) fields += "X" + std::to_string(i) + ": y\r\n";
  auto client = server->connect();
  client->write(upgrade("/", fields));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(take_replies(client->take()).at(0).status, 431u);
  EXPECT_TRUE(open_websocket(*server, "/"));
}

TEST_P(UpgradeSuite, FailsABadFrameInTheSegmentOfTheRequest) {  // CVE-2022-21676
  Notes notes;
  auto server = start([&](auto& site) {
    site.ws("/",
            {.on_open = [&](WebSocket&) { notes.add("open"); },
             .on_close = [&](WebSocket&,
                             const CloseInfo& c) { notes.add(std::string(info(c.cause).name)); }});
  });
  auto client = server->connect();
  client->write(upgrade("/") + "\xF1\x80");
  ASSERT_TRUE(client->read_to_end());
  std::string text = client->take();
  EXPECT_EQ(take_reply(text)->status, 101u);
  EXPECT_EQ(show_frames(text), "close 1002");
  client->end();
  ASSERT_TRUE(server->run_until([&] { return server->connections() == 0; }));
  EXPECT_EQ(notes.text(), "open|WsReservedBits");
}

HYBI_EVERY_TRANSPORT(UpgradeSuite);

}  // namespace
}  // namespace hybi::test
