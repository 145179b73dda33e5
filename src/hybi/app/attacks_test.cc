// What attackers send, by the name of the attack, where the answer is that of a whole server. The
// attacks on one parser are tested beside it.
#include <hybi/app/test_server.h>
#include <hybi/events.h>
#include <hybi/form.h>
#include <hybi/json.h>
#include <hybi/middleware.h>

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace hybi::test {
namespace {

class Attacks : public EveryTransport {
 protected:
  // All that the server sends until it ends the connection.
  std::string answer(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(client->read_to_end()) << request.substr(0, 200);
    return client->take();
  }
};
HYBI_EVERY_TRANSPORT(Attacks);

// Every way in which a handler can send a text of the client's, each with line ends in it.
TEST_P(Attacks, HeaderInjectionIsNotPossibleByAnyFunctionOfResponse) {
  using Use = void (*)(Response&, const std::string&);
  struct Row {
    const char* name;
    Use use;
  };
  const Row rows[] = {
      {"set", [](Response& r, const std::string& t) { r.set("X-A", t).text("x"); }},
      {"set name", [](Response& r, const std::string& t) { r.set(t, "x").text("x"); }},
      {"add", [](Response& r, const std::string& t) { r.add("X-A", t).text("x"); }},
      {"remove", [](Response& r, const std::string& t) { r.remove(t).text("x"); }},
      {"redirect", [](Response& r, const std::string& t) { r.redirect(t); }},
      {"cookie name", [](Response& r, const std::string& t) { r.cookie({.name = t}).text("x"); }},
      {"cookie value",
       [](Response& r, const std::string& t) { r.cookie({.name = "a", .value = t}).text("x"); }},
      {"cookie path",
       [](Response& r, const std::string& t) { r.cookie({.name = "a", .path = t}).text("x"); }},
      {"cookie domain",
       [](Response& r, const std::string& t) { r.cookie({.name = "a", .domain = t}).text("x"); }},
      {"attachment", [](Response& r, const std::string& t) { r.attachment(t).text("x"); }},
      {"link", [](Response& r, const std::string& t) { r.link(t, "preload").text("x"); }},
      {"link rel", [](Response& r, const std::string& t) { r.link("/a", t).text("x"); }},
      {"early hints",
       [](Response& r, const std::string& t) { r.link(t, "preload").early_hints().text("x"); }},
      {"type of bytes", [](Response& r, const std::string& t) { r.bytes(as_bytes("x"), t); }},
      {"type of pieces",
       [](Response& r, const std::string& t) { r.body({BodyPiece{.bytes = "x"}}, t); }},
      {"type of a stream",
       [](Response& r, const std::string& t) {
         r.stream(t, [](StreamWriter& writer) {
           writer.write("x");
           return StreamStep::Done;
         });
       }},
      {"trailer",
       [](Response& r, const std::string& t) {
         r.stream("text/plain", [&r, t](StreamWriter& writer) {
           writer.write("x");
           r.trailer("X-A", t).trailer(t, "x");
           return StreamStep::Done;
         });
       }},
      {"on_head",
       [](Response& r, const std::string& t) {
         r.on_head([t](Response& head) { head.set("X-A", t).add("X-B", t).redirect(t); });
         r.text("x");
       }},
  };
  for (const Row& row : rows) {
    for (const char* end : {"\r\n", "\n", "\r"}) {
      auto server = start([&](auto& site) {
        site.get("/", [&](Request&, Response& res) {
          row.use(res, "/a" + std::string(end) + "Evil: 1" + end + end + "<script>");
        });
      });
      const std::string text = answer(*server, get("/", "Connection: close\r\n"));
      EXPECT_EQ(text.find("\nEvil"), std::string::npos) << row.name << "\n" << text;
      EXPECT_EQ(text.find("\rEvil"), std::string::npos) << row.name << "\n" << text;
      EXPECT_EQ(text.find("\n<script"), std::string::npos) << row.name << "\n" << text;
      EXPECT_EQ(text.find("\r<script"), std::string::npos) << row.name << "\n" << text;
    }
  }
}

TEST_P(Attacks, HeaderInjectionIntoThe101IsNotPossible) {
  Result<void> added;
  auto server = start([&](auto& site) {
    site.use([](Request&, Response& res, Next next) {
      res.on_head([](Response& head) { head.set("X-B", "a\r\nEvil: 2"); });
      next();
    });
    site.get("/", [&](Request& req, Response&) {
      auto upgrade = req.websocket();
      added = upgrade->add("X-A", "a\r\nEvil: 1");
      std::move(*upgrade).accept({.subprotocols = {"chat"}});
    });
  });
  auto client = server->connect();
  client->write(upgrade("/", "Sec-WebSocket-Protocol: chat\r\n"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_FALSE(added);
  EXPECT_EQ(client->received().find("Evil"), std::string::npos) << client->received();
}

// HTML 9.2.6: a line end in a name would begin a field of its own, or another event.
TEST_P(Attacks, EventStreamsCannotBeInjectedInto) {
  std::atomic<int> dropped = 0;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      const EventStream events = res.events();
      const auto send = [&](const StreamEvent& event) {
        if (events.send(event) == SendResult::Dropped) ++dropped;
      };
      for (const std::string end : {"\n", "\r", "\r\n", "\n\n"}) {
        send({.data = "x", .event = "a" + end + "data: evil"});
        send({.data = "x", .id = "1" + end + "data: evil"});
        send({.data = "x" + end + end + "event: evil" + end + "id: 5"});
      }
    });
  });
  const std::string text = answer(*server, get("/", "Connection: close\r\n"));
  EXPECT_EQ(text.find("\nevent: evil"), std::string::npos) << text;
  EXPECT_EQ(text.find("\rdata: evil"), std::string::npos) << text;
  EXPECT_EQ(text.find("\ndata: evil"), std::string::npos) << text;
  EXPECT_EQ(text.find("\nid: 5"), std::string::npos) << text;
  EXPECT_EQ(dropped, 8);
}

TEST_P(Attacks, FormBombsAre413) {
  auto server = start(
      [](auto& site) {
        site.post("/", [](Request& req, Response& res) {
          if (const auto form = read_form(req, res)) res.text(std::to_string(form->size()));
        });
      },
      {.http = {.max_body_bytes = 4 << 20}});
  const std::string type = "Content-Type: application/x-www-form-urlencoded\r\n";
  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += "k" + std::to_string(i) + "=1&";
  EXPECT_EQ(ask(*server, post("/", keys, type)).status, 413u);
  EXPECT_EQ(ask(*server, post("/", std::string(100'000, '&') + "a=1", type)).body, "1");
  EXPECT_EQ(ask(*server, post("/", std::string(2 << 20, 'a'), type)).status, 413u);
}

TEST_P(Attacks, JsonBombsAre400) {
  auto server = start(
      [](auto& site) {
        site.post("/", [](Request& req, Response& res) {
          if (const auto json = json_body(req, res)) res.text("read");
        });
      },
      {.http = {.max_body_bytes = 16 << 20}});
  const std::string type = "Content-Type: application/json\r\n";
  EXPECT_EQ(ask(*server, post("/", std::string(1'000'000, '['), type)).status, 400u);
  std::string objects;
  for (int i = 0; i < 1'000'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(ask(*server, post("/", objects, type)).status, 400u);
  EXPECT_EQ(ask(*server, post("/", "1e999999999", type)).status, 400u);
}

// The head's own limit comes first; what fits below it is read in one go.
TEST_P(Attacks, CookieBombsAre431OrRead) {
  auto server = start([](auto& site) {
    site.get("/", [](Request& req, Response& res) { res.text(req.cookie("z")); });
  });
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "c" + std::to_string(i) + "=1; ";
  EXPECT_EQ(answer(*server, get("/", "Cookie: " + many + "z=1\r\n")).substr(0, 12), "HTTP/1.1 431");
  EXPECT_EQ(ask(*server, get("/", "Cookie: " + many.substr(0, 12'000) + "; z=1\r\n")).body, "1");
  std::string fields;
  for (int i = 0; i < 200; ++i) fields += "Cookie: a=1\r\n";
  EXPECT_EQ(answer(*server, get("/", fields)).substr(0, 12), "HTTP/1.1 431");
}

// The first one of a name is the one with the longest path, whoever set it. RFC 6265 5.4
TEST_P(Attacks, CookieTossingIsSeenInTheOrderSent) {
  auto server = start([](auto& site) {
    site.get("/", [](Request& req, Response& res) { res.text(req.cookie("sid")); });
  });
  EXPECT_EQ(ask(*server, get("/", "Cookie: sid=first; sid=second\r\nCookie: sid=third\r\n")).body,
            "first");
  EXPECT_EQ(ask(*server, get("/", "Cookie: SID=x; sid =a; \"sid\"=b; sid=c\r\n")).body, "a");
}

// Not what a chain of decoders would make of it.
TEST_P(Attacks, AZipBombWithinAZipIsNotUnpackedTwice) {
  auto server = start([](auto& site) {
    site.use(inflate_body());
    site.post("/", [](Request& req, Response& res) { res.bytes(req.body()); });
  });
  for (const char* field :
       {"Content-Encoding: gzip, gzip\r\n", "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n",
        "Content-Encoding: gzip,,deflate\r\n"}) {
    EXPECT_EQ(ask(*server, post("/", "whatever", field)).status, 415u) << field;
  }
}

}  // namespace
}  // namespace hybi::test
