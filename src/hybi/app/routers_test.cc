// Routers under prefixes, hosts, error routes, redirects: what a site is put together from.
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>

namespace hybi::test {
namespace {

class Routers : public EveryTransport {
 protected:
  std::string ask(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(replies(1))) << request;
    std::string text = client->take();
    last_ = take_reply(text).value_or(Reply{});
    return std::to_string(last_.status) + " " + last_.body;
  }
  static std::string get_from(std::string_view host, std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
  }
  Reply last_;
};
HYBI_EVERY_TRANSPORT(Routers);

Handler says(std::string text) {
  return [text](Request&, Response& res) { res.text(text); };
}
// Adds a letter to the field X-Way and goes on.
Middleware marks(std::string letter) {
  return [letter](Request&, Response& res, Next next) {
    res.set("X-Way", std::string(res.field("x-way")) + letter);
    next();
  };
}

Router rooms() {
  Router router;
  router.get("/", [](Request& req, Response& res) { res.text("rooms of " + req.param("tenant")); })
      .get("/:room", [](Request& req, Response& res) {
        res.text(req.param("tenant") + "/" + req.param("room"));
      });
  return router;
}

TEST_P(Routers, ARouterIsMountedUnderAPrefixWithParameters) {
  auto server = start([](auto& site) {
    Router api;
    api.mount("/rooms", rooms()).get("/version", says("1"));
    site.mount("/api/:tenant/", std::move(api)).get("/api/:tenant", says("tenant"));
  });
  EXPECT_EQ(ask(*server, get("/api/acme/version")), "200 1");
  EXPECT_EQ(ask(*server, get("/api/acme/rooms/blue")), "200 acme/blue");
  EXPECT_EQ(ask(*server, get("/api/acme/rooms")), "200 rooms of acme");
  EXPECT_EQ(ask(*server, get("/api/a%20b/rooms/")), "200 rooms of a b");
  EXPECT_EQ(ask(*server, get("/api/acme")), "200 tenant");
  EXPECT_EQ(ask(*server, get("/version")), "404 nothing here\n");
}

TEST_P(Routers, MiddlewareOfAMountedRouterRunsAtItsPlaceAndBelowItsPrefixOnly) {
  auto server = start([](auto& site) {
    Router inner;
    inner.use(marks("i")).use("/deep", marks("d")).get("/deep/x", says("x")).get("/y", says("y"));
    site.use(marks("a")).mount("/in", std::move(inner)).use(marks("b")).get("/out", says("out"));
  });
  EXPECT_EQ(ask(*server, get("/in/deep/x")), "200 x");
  EXPECT_EQ(last_.field("x-way"), "aidb");
  EXPECT_EQ(ask(*server, get("/in/y")), "200 y");
  EXPECT_EQ(last_.field("x-way"), "aib");
  EXPECT_EQ(ask(*server, get("/out")), "200 out");
  EXPECT_EQ(last_.field("x-way"), "ab");
}

TEST_P(Routers, MiddlewareSeesTheParametersOfItsPrefix) {
  auto server = start([](auto& site) {
    site.use("/t/:tenant", [](Request& req, Response& res, Next next) {
      if (req.param("tenant") != "acme") return res.error(403, "not yours");
      next();
    });
    site.get("/t/:name/x", [](Request& req, Response& res) { res.text(req.param("name")); });
  });
  EXPECT_EQ(ask(*server, get("/t/acme/x")), "200 acme");
  EXPECT_EQ(ask(*server, get("/t/other/x")), "403 not yours\n");
  EXPECT_EQ(ask(*server, get("/t/%61cme/x")), "200 acme");
}

TEST_P(Routers, AWebSocketOfAMountedRouterGoesThroughTheSameMiddleware) {
  auto server = start([](auto& site) {
    Router live;
    live.use([](Request& req, Response& res, Next next) {
      if (req.query("key") != "1") return res.error(401);
      next();
    });
    live.ws("/:room", {.on_message = [](WebSocket& ws, const Message& message) {
              ws.send(ws.param("room") + ":" + std::string(message.text()));
            }});
    site.mount("/live", std::move(live));
  });
  auto client = open_websocket(*server, "/live/blue?key=1");
  ASSERT_NE(client, nullptr);
  client->write(text_frame("hi"));
  EXPECT_TRUE(client->read_until(shows("text blue:hi")));
  EXPECT_EQ(open_websocket(*server, "/live/blue"), nullptr);
}

TEST_P(Routers, HostsAreSitesOfTheirOwn) {
  auto server = start([](auto& site) {
    Router shop, tenants, deep;
    shop.get("/", says("shop"));
    tenants.use(marks("t")).get("/", says("tenant"));
    deep.get("/", says("deep"));
    site.use(marks("s")).get("/", says("all others")).get("/only", says("only"));
    site.host("Shop.example.com", std::move(shop)).host("*.example.com", std::move(tenants));
    site.host("*.b.example.com", std::move(deep));
  });
  EXPECT_EQ(ask(*server, get_from("shop.example.com", "/")), "200 shop");
  EXPECT_EQ(ask(*server, get_from("SHOP.EXAMPLE.COM.:8080", "/")), "200 shop");
  EXPECT_EQ(last_.field("x-way"), "s");
  EXPECT_EQ(ask(*server, get_from("a.example.com", "/")), "200 tenant");
  EXPECT_EQ(last_.field("x-way"), "st");
  EXPECT_EQ(ask(*server, get_from("x.b.example.com", "/")), "200 deep");
  EXPECT_EQ(ask(*server, get_from("b.example.com", "/")), "200 tenant");
  EXPECT_EQ(ask(*server, get_from("example.com", "/")), "200 all others");
  EXPECT_EQ(ask(*server, get_from("evilexample.com", "/")), "200 all others");
  EXPECT_EQ(ask(*server, get_from("[::1]:80", "/")), "200 all others");
  EXPECT_EQ(ask(*server, get_from("a.example.com", "/only")), "404 nothing here\n");
}

TEST_P(Routers, ErrorRoutesAnswerWhatTheLibraryWouldAndWhatAHandlerAsksFor) {
  auto server = start(
      [](auto& site) {
        const auto page = [](std::string name) {
          return [name](Request& req, Response& res, const ErrorAnswer& error) {
            res.html(name + " " + std::to_string(error.status) + " " + std::string(req.path()) +
                     " " + std::string(error.text));
          };
        };
        Router api;
        api.on_error(404, page("api")).get("/gone", [](Request&, Response& res) {
          res.set("X-Kept", "1").error(410, "gone for good");
        });
        site.mount("/api", std::move(api));
        site.on_error(kAnyError, page("any"))
            .on_error(404, page("site"))
            .on_error(500, page("500"));
        site.get("/throws", [](Request&, Response&) { throw std::runtime_error("x"); });
        site.get("/silent", [](Request&, Response&) {});
        site.post("/post", says("posted"));
      },
      {.http = {.max_body_bytes = 10}});
  EXPECT_EQ(ask(*server, get("/nowhere")), "404 site 404 /nowhere nothing here");
  EXPECT_EQ(ask(*server, get("/api/nowhere")), "404 api 404 /api/nowhere nothing here");
  EXPECT_EQ(ask(*server, get("/api/gone")), "410 any 410 /api/gone gone for good");
  EXPECT_EQ(last_.field("x-kept"), "1");
  EXPECT_EQ(ask(*server, get("/throws")), "500 500 500 /throws the application failed");
  EXPECT_EQ(ask(*server, get("/silent")), "500 500 500 /silent the handler did not answer");
  EXPECT_EQ(ask(*server, get("/post")), "405 any 405 /post method not allowed here");
  EXPECT_EQ(last_.field("allow"), "POST, OPTIONS");
  EXPECT_EQ(last_.field("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(ask(*server, post("/post", "more than ten bytes")),
            "413 any 413 /post body is larger than the limit max_body_bytes");
}

TEST_P(Routers, AnErrorRouteThatFailsOrSaysNothingLeavesTheAnswerToTheLibrary) {
  auto server = start([](auto& site) {
    site.on_error(404, [](Request&, Response&, const ErrorAnswer&) { throw 1; });
    site.on_error(405, [](Request&, Response&, const ErrorAnswer&) {});
    site.on_error(500, [](Request&, Response& res, const ErrorAnswer&) { res.set("a b", "c"); });
    site.post("/post", says("posted")).get("/throws", [](Request&, Response&) { throw 1; });
  });
  EXPECT_EQ(ask(*server, get("/nowhere")), "404 nothing here\n");
  EXPECT_EQ(ask(*server, get("/post")), "405 method not allowed here\n");
  EXPECT_EQ(last_.field("allow"), "POST, OPTIONS");
  EXPECT_EQ(ask(*server, get("/throws")), "500 the application failed\n");
}

TEST_P(Routers, WhatCannotBeReadIsAnsweredByTheLibrary) {
  auto server = start([](auto& site) {
    site.on_error(kAnyError, [](Request&, Response& res, const ErrorAnswer&) { res.text("mine"); });
  });
  EXPECT_EQ(ask(*server, "GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
            "400 whitespace between field name and colon\n");
}

TEST_P(Routers, RedirectsKeepTheParametersAndNeverLeaveTheHost) {
  auto server = start([](auto& site) {
    site.redirect("/old/:id", "/new/:id?from=old").redirect("/files/*path", "/:path", 302);
    site.get("/away",
             [](Request&, Response& res) { res.redirect("https://example.com/a b", 303); });
    site.get("/bad", [](Request&, Response& res) { res.redirect("/", 200); });
    site.get("/split", [](Request&, Response& res) { res.redirect("/\r\nSet-Cookie: a=b"); });
  });
  EXPECT_EQ(ask(*server, get("/old/a%20b%2Fc")), "308 ");
  EXPECT_EQ(last_.field("location"), "/new/a%20b/c?from=old");
  EXPECT_EQ(ask(*server, get("/files/a/b")), "302 ");
  EXPECT_EQ(last_.field("location"), "/a/b");
  EXPECT_EQ(ask(*server, get("/files//evil.example/x")), "302 ");
  EXPECT_EQ(last_.field("location"), "/%2Fevil.example/x");
  EXPECT_EQ(ask(*server, get("/away")), "303 ");
  EXPECT_EQ(last_.field("location"), "https://example.com/a b");
  EXPECT_EQ(ask(*server, get("/bad")).substr(0, 3), "500");
  EXPECT_EQ(ask(*server, get("/split")).substr(0, 3), "500");
  EXPECT_EQ(last_.count("set-cookie"), 0u);
}

TEST(Router, ListsItsRoutesForPeopleWhoLookForAMistake) {
  Server server;
  Router inner, host;
  inner.get("/:x", says("x")).ws("/live", {});
  host.any("/", says("host"));
  server.post("/p", says("p"))
      .mount("/in", std::move(inner))
      .host("*.example.com", std::move(host));
  const std::vector<RouteInfo> expected = {{"", "POST", "/p"},
                                           {"", "GET", "/in/:x"},
                                           {"", "WS", "/in/live"},
                                           {"*.example.com", "*", "/"}};
  EXPECT_EQ(server.routes(), expected);
}

TEST(Router, StartTellsWhatCannotBe) {
  const auto error_of = [](const std::function<void(Server&)>& set_up) {
    Server server;
    set_up(server);
    server.listen(ListenOptions{.host = "127.0.0.1"});
    return server.start().error().code;
  };
  EXPECT_EQ(error_of([](Server& s) { s.get("x", says("")); }), Errc::BadPattern);
  EXPECT_EQ(error_of([](Server& s) { s.mount("/a/*rest", Router()); }), Errc::BadPattern);
  EXPECT_EQ(error_of([](Server& s) { s.mount("a", Router()); }), Errc::BadPattern);
  EXPECT_EQ(error_of([](Server& s) {
              Router router;
              s.mount("/:x", std::move(router.get("/:x", says(""))));
            }),
            Errc::BadPattern);
  EXPECT_EQ(error_of([](Server& s) { s.host("example.com:80", Router()); }), Errc::BadHost);
  EXPECT_EQ(error_of([](Server& s) { s.host("a.*.com", Router()); }), Errc::BadHost);
  EXPECT_EQ(error_of([](Server& s) { s.on_error(200, {}); }), Errc::BadStatus);
  EXPECT_EQ(error_of([](Server& s) { s.redirect("/a", "/b", 304); }), Errc::BadStatus);
  EXPECT_EQ(
      error_of([](Server& s) { s.get("/", {.deadline = std::chrono::milliseconds(0)}, says("")); }),
      Errc::BadLimit);
}

}  // namespace
}  // namespace hybi::test
