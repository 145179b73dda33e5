// Who may come in, and how often: basic_auth, rate_limit, body_limit, security_headers, request_id.
#include <hybi/app/test_server.h>
#include <hybi/base/digest.h>
#include <hybi/middleware.h>

#include <set>
#include <stdexcept>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Guards : public EveryTransport {
 protected:
  Reply ask(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(server.run_until([&] { return client->read_until(replies(1)); })) << request;
    std::string text = client->take();
    return take_reply(text).value_or(Reply{});
  }
  static std::string basic(std::string_view credentials) {
    return "Authorization: Basic " + base64_encode(as_bytes(credentials)) + "\r\n";
  }
};
HYBI_EVERY_TRANSPORT(Guards);

// --- basic_auth

TEST_P(Guards, BasicAuthAsksForCredentialsAndLeavesTheName) {
  auto server = start([](auto& site) {
    site.use(basic_auth(
        {.realm = "the \"inner\" room", .users = {{"ada", "l0ve:lace"}, {"grace", "hopper"}}}));
    site.get("/", [](Request& req, Response& res) { res.text(*req.get<std::string>("user")); });
    site.ws("/ws", {});
  });
  const Reply asked = ask(*server, get("/"));
  EXPECT_EQ(asked.status, 401u);
  EXPECT_EQ(asked.field("www-authenticate"),
            "Basic realm=\"the \\\"inner\\\" room\", charset=\"UTF-8\"");
  EXPECT_EQ(ask(*server, get("/", basic("ada:l0ve:lace"))).body, "ada");
  EXPECT_EQ(ask(*server, get("/", basic("grace:hopper"))).body, "grace");
  for (const char* wrong : {"ada:hopper", "ada", "ada:", ":", "Ada:l0ve:lace", "ada:l0ve:lac",
                            "ada:l0ve:lace2", "", "grace:hopper\x01"}) {
    EXPECT_EQ(ask(*server, get("/", basic(wrong))).status, 401u) << wrong;
  }
  EXPECT_EQ(ask(*server, get("/", "Authorization: Basic !!\r\n")).status, 401u);
  EXPECT_EQ(ask(*server, get("/", "Authorization: Bearer x\r\n")).status, 401u);
  EXPECT_EQ(ask(*server, get("/", basic("ada:l0ve:lace") + basic("eve:x"))).status, 401u)
      << "two of them";
  EXPECT_EQ(ask(*server, upgrade("/ws")).status, 401u) << "a WebSocket knocks at the same door";
  EXPECT_NE(open_websocket(*server, "/ws", basic("ada:l0ve:lace")), nullptr);
}

TEST_P(Guards, BasicAuthAsksACheck) {
  auto server = start([](auto& site) {
    site.use(basic_auth({.check = [](std::string_view name, std::string_view password) {
      return name == "ü" && password == "pässword";
    }}));
    site.get("/", [](Request& req, Response& res) { res.text(*req.get<std::string>("user")); });
  });
  EXPECT_EQ(ask(*server, get("/", basic("ü:pässword"))).body, "ü");
  EXPECT_EQ(ask(*server, get("/", basic("ü:password"))).status, 401u);
}

// The check runs elsewhere; what comes behind it goes on as if it had been there at once: a body
// that is still coming, a handler that takes its time, a WebSocket.
TEST_P(Guards, BasicAuthMayTakeItsTime) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  auto server = start([&](auto& site) {
    site.use(basic_auth({.check =
                             [](std::string_view name, std::string_view password) {
                               if (name == "boom") throw std::runtime_error("no database");
                               return name == "ada" && password == "pw";
                             },
                         .blocking = true}));
    site.get("/", [](Request& req, Response& res) { res.text(*req.get<std::string>("user")); });
    site.post("/", [](Request& req, Response& res) { res.bytes(req.body()); });
    site.get("/late", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      handle = res.later();
    });
    site.get("/forgets", [](Request&, Response&) {});
    site.ws("/ws", {});
  });
  const std::string ada = basic("ada:pw");
  EXPECT_EQ(ask(*server, get("/", ada)).body, "ada");
  EXPECT_EQ(ask(*server, get("/", basic("ada:no"))).status, 401u);
  EXPECT_EQ(ask(*server, get("/", basic("boom:pw"))).status, 500u);
  EXPECT_EQ(ask(*server, get("/forgets", ada)).status, 500u);
  EXPECT_EQ(ask(*server, post("/", "the body", ada)).body, "the body");

  auto slow = server->connect();
  slow->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n" + ada + "\r\nab");
  // Another request that goes all the way: the slow one's check is over as well, or soon.
  EXPECT_EQ(ask(*server, get("/", ada)).body, "ada");
  slow->write("cd");
  ASSERT_TRUE(server->run_until([&] { return slow->read_until(replies(1)); }));
  EXPECT_EQ(take_replies(slow->take(), false).at(0).body, "abcd");

  auto late = server->connect();
  late->write(get("/late", ada));
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle.has_value();
  }));
  EXPECT_EQ(ask(*server, get("/", ada)).body, "ada");
  {
    const std::lock_guard lock(mutex);
    handle->respond([](Response& res) { res.text("late"); });
  }
  ASSERT_TRUE(late->read_until(replies(1)));
  EXPECT_EQ(take_replies(late->take(), false).at(0).body, "late");

  auto socket = server->connect();
  socket->write(upgrade("/ws", ada));
  EXPECT_TRUE(server->run_until([&] { return socket->read_until(holds("\r\n\r\n")); }));
  EXPECT_EQ(socket->received().substr(0, 12), "HTTP/1.1 101");
}

// --- rate_limit

class Clock {
 public:
  std::function<std::chrono::steady_clock::time_point()> now() const {
    return [ms = ms_] {
      return std::chrono::steady_clock::time_point(std::chrono::milliseconds(*ms));
    };
  }
  void advance(std::chrono::milliseconds time) const { *ms_ += time.count(); }

 private:
  std::shared_ptr<std::atomic<std::int64_t>> ms_ = std::make_shared<std::atomic<std::int64_t>>(0);
};

TEST_P(Guards, RateLimitRefusesWhoAsksTooOften) {
  const Clock clock;
  auto server = start([&](auto& site) {
    site.use(rate_limit({.requests = 2, .interval = 10s, .policy = "a\"b", .clock = clock.now()}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
    site.ws("/ws", {});
  });
  const Reply first = ask(*server, get("/"));
  EXPECT_EQ(first.status, 200u);
  EXPECT_EQ(first.field("ratelimit-policy"), "\"a\\\"b\";q=2;w=10");
  EXPECT_EQ(first.field("ratelimit"), "\"a\\\"b\";r=1;t=5");
  EXPECT_NE(open_websocket(*server, "/ws"), nullptr) << "an upgrade counts as well";
  const Reply refused = ask(*server, get("/"));
  EXPECT_EQ(refused.status, 429u);
  EXPECT_EQ(refused.field("retry-after"), "5");
  EXPECT_EQ(refused.field("ratelimit"), "\"a\\\"b\";r=0;t=10");
  EXPECT_EQ(open_websocket(*server, "/ws"), nullptr);
  clock.advance(4999ms);
  EXPECT_EQ(ask(*server, get("/")).field("retry-after"), "1");
  clock.advance(1ms);
  EXPECT_EQ(ask(*server, get("/")).status, 200u);
  EXPECT_EQ(ask(*server, get("/")).status, 429u);
}

TEST_P(Guards, RateLimitLetsABurstThroughAndThenTheRate) {
  const Clock clock;
  auto server = start([&](auto& site) {
    site.use(rate_limit({.requests = 2, .interval = 10s, .burst = 4, .clock = clock.now()}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  const auto let_in = [&] {
    int count = 0;
    for (int i = 0; i < 6; ++i) count += ask(*server, get("/")).status == 200 ? 1 : 0;
    return count;
  };
  EXPECT_EQ(let_in(), 4);
  clock.advance(10s);
  EXPECT_EQ(let_in(), 2);
  clock.advance(1h);
  EXPECT_EQ(let_in(), 4) << "no more than the burst is saved up";
}

// Keys that an attacker makes up push each other out, and the table stays as it is.
TEST_P(Guards, RateLimitForgetsKeysInsteadOfGrowing) {
  auto server = start([&](auto& site) {
    site.use(rate_limit(
        {.requests = 1,
         .interval = 1h,
         .key = [](Request& req) { return std::optional(std::string(req.header("x-key"))); },
         .max_keys = 1,
         .clock = Clock().now()}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  const auto status = [&](int key) {
    return ask(*server, get("/", "X-Key: " + std::to_string(key) + "\r\n")).status;
  };
  EXPECT_EQ(status(0), 200u);
  EXPECT_EQ(status(0), 429u);
  for (int key = 1; key <= 200; ++key) EXPECT_EQ(status(key), 200u);
  EXPECT_EQ(status(0), 200u) << "forgotten";
}

TEST_P(Guards, RateLimitCountsByKey) {
  auto server = start([&](auto& site) {
    site.use(rate_limit({.requests = 1,
                         .interval = 1h,
                         .key = [](Request& req) -> std::optional<std::string> {
                           if (req.header("x-key").data() == nullptr) return std::nullopt;
                           return std::string(req.header("x-key"));
                         },
                         .status = 503,
                         .fields = false,
                         .clock = Clock().now()}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  EXPECT_EQ(ask(*server, get("/", "X-Key: a\r\n")).status, 200u);
  EXPECT_EQ(ask(*server, get("/", "X-Key: b\r\n")).status, 200u);
  const Reply refused = ask(*server, get("/", "X-Key: a\r\n"));
  EXPECT_EQ(refused.status, 503u);
  EXPECT_EQ(refused.count("ratelimit"), 0u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*server, get("/")).status, 200u);
}

// Behind a proxy the client's own address counts, an IPv6 one by its network.
TEST_P(Guards, RateLimitTakesTheFirst64BitsOfIpv6) {
  if (in_memory()) return;  // no addresses
  auto server = start(
      [&](auto& site) {
        site.use(rate_limit({.requests = 1, .interval = 1h, .clock = Clock().now()}));
        site.get("/", [](Request&, Response& res) { res.text("hello"); });
      },
      {.trusted_proxies = {"127.0.0.1"}});
  const auto from = [&](std::string_view address) {
    return ask(*server, get("/", "X-Forwarded-For: " + std::string(address) + "\r\n")).status;
  };
  EXPECT_EQ(from("2001:db8::1"), 200u);
  EXPECT_EQ(from("2001:db8::ffff:ffff:ffff:ffff"), 429u);
  EXPECT_EQ(from("2001:db8:0:1::1"), 200u);
  EXPECT_EQ(from("192.0.2.1"), 200u);
  EXPECT_EQ(from("192.0.2.2"), 200u);
  EXPECT_EQ(from("::ffff:192.0.2.2"), 429u);
  EXPECT_EQ(from("1.1.1.1, 192.0.2.1"), 429u) << "what the client made up changes nothing";
}

// Else everybody would have a bucket of his own for each request, and fill the table with them.
TEST_P(Guards, RateLimitSpoofedAddressesMakeNoBuckets) {
  auto server = start([&](auto& site) {
    site.use(rate_limit({.requests = 1, .interval = 1h, .clock = Clock().now()}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  EXPECT_EQ(ask(*server, get("/")).status, 200u);
  for (const char* fields : {"X-Forwarded-For: 1.2.3.4\r\n", "Forwarded: for=1.2.3.4\r\n",
                             "X-Real-IP: 1.2.3.4\r\n", "X-Forwarded-For: 1.2.3.5\r\n"}) {
    EXPECT_EQ(ask(*server, get("/", fields)).status, 429u) << fields;
  }
}

TEST_P(Guards, ALimitOfNothingLetsNobodyIn) {
  auto server = start([&](auto& site) {
    site.use(rate_limit({.requests = 0}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  EXPECT_EQ(ask(*server, get("/")).status, 429u);
}

// --- body_limit

TEST_P(Guards, BodyLimitIs413Beyond) {
  auto server = start([](auto& site) {
    site.use(body_limit(4));
    site.post("/", [](Request& req, Response& res) { res.bytes(req.body()); });
  });
  EXPECT_EQ(ask(*server, post("/", "1234")).body, "1234");
  EXPECT_EQ(ask(*server, post("/", "12345")).status, 413u);
}

// --- security_headers

TEST_P(Guards, SecurityHeadersAreThereAndAHandlersOwnWin) {
  auto server = start([](auto& site) {
    site.use(security_headers({.content_security_policy = "default-src 'self'",
                               .permissions_policy = "camera=()",
                               .more = {{"X-More", "1"}}}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
    site.get("/own", [](Request&, Response& res) {
      res.set("X-Frame-Options", "DENY").set("Content-Security-Policy", "sandbox").text("hello");
    });
    site.ws("/ws", {});
  });
  const Reply reply = ask(*server, get("/"));
  EXPECT_EQ(reply.field("x-content-type-options"), "nosniff");
  EXPECT_EQ(reply.field("referrer-policy"), "strict-origin-when-cross-origin");
  EXPECT_EQ(reply.field("x-frame-options"), "SAMEORIGIN");
  EXPECT_EQ(reply.field("content-security-policy"), "default-src 'self'; frame-ancestors 'self'");
  EXPECT_EQ(reply.field("cross-origin-opener-policy"), "same-origin");
  EXPECT_EQ(reply.field("cross-origin-resource-policy"), "same-origin");
  EXPECT_EQ(reply.field("permissions-policy"), "camera=()");
  EXPECT_EQ(reply.field("x-more"), "1");
  EXPECT_EQ(reply.count("strict-transport-security"), 0u) << "not over plain HTTP";
  const Reply own = ask(*server, get("/own"));
  EXPECT_EQ(own.field("x-frame-options"), "DENY");
  EXPECT_EQ(own.field("content-security-policy"), "sandbox");
  EXPECT_EQ(own.count("x-frame-options"), 1u);
  EXPECT_EQ(ask(*server, get("/nowhere")).field("x-content-type-options"), "nosniff");
  auto client = server->connect();
  client->write(upgrade("/ws"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->received().substr(0, 12), "HTTP/1.1 101");
  EXPECT_EQ(client->received().find("X-Frame"), std::string::npos);
}

TEST_P(Guards, StrictTransportSecurityBelievesTrustedProxiesOnly) {
  for (const bool trusting : {false, true}) {
    auto server = start(
        [](auto& site) {
          site.use(security_headers());
          site.get("/", [](Request&, Response& res) { res.text("hello"); });
        },
        {.trusted_proxies = {trusting ? in_memory() ? "192.0.2.1" : "127.0.0.1" : "10.0.0.0/8"}});
    for (const char* fields :
         {"X-Forwarded-Proto: https\r\n", "Forwarded: for=1.2.3.4;proto=https\r\n"}) {
      EXPECT_EQ(ask(*server, get("/", fields)).count("strict-transport-security"),
                trusting ? 1u : 0u)
          << fields;
    }
    EXPECT_EQ(ask(*server, get("/")).count("strict-transport-security"), 0u);
  }
}

TEST_P(Guards, SecurityHeadersCanBeLeftOut) {
  auto server = start(
      [](auto& site) {
        site.use(security_headers({.content_type_options = "",
                                   .referrer_policy = "",
                                   .frame_ancestors = "https://a.example",
                                   .content_security_policy = "Frame-Ancestors 'none'",
                                   .strict_transport_security = "max-age=7",
                                   .cross_origin_opener_policy = "",
                                   .cross_origin_resource_policy = ""}));
        site.get("/", [](Request&, Response& res) { res.text("hello"); });
      },
      {.behind_tls = true});
  const Reply reply = ask(*server, get("/"));
  EXPECT_EQ(reply.field("content-security-policy"), "Frame-Ancestors 'none'");
  EXPECT_EQ(reply.field("strict-transport-security"), "max-age=7");
  for (const char* name : {"x-content-type-options", "referrer-policy", "x-frame-options",
                           "cross-origin-opener-policy", "cross-origin-resource-policy"}) {
    EXPECT_EQ(reply.count(name), 0u) << name;
  }
}

// --- request_id

TEST_P(Guards, RequestIdsAreMadeUnlessTheyAreSaneAndTrusted) {
  using Trust = RequestIdOptions::Trust;
  for (const Trust trust : {Trust::Nobody, Trust::Proxies, Trust::Anybody}) {
    auto server = start(
        [&](auto& site) {
          site.use(request_id({.trust = trust}));
          site.get("/", [](Request& req, Response& res) {
            res.text(*req.get<std::string>("request_id"));
          });
        },
        {.trusted_proxies = {"127.0.0.1"}});
    const bool takes = trust == Trust::Anybody || (trust == Trust::Proxies && !in_memory());
    std::set<std::string> seen;
    for (int i = 0; i < 10; ++i) {
      const Reply reply = ask(*server, get("/"));
      EXPECT_EQ(reply.body.size(), 32u);
      EXPECT_EQ(reply.body.find_first_not_of("0123456789abcdef"), std::string::npos);
      EXPECT_EQ(reply.field("x-request-id"), reply.body);
      seen.insert(reply.body);
    }
    EXPECT_EQ(seen.size(), 10u);
    const Reply sane = ask(*server, get("/", "X-Request-ID: a.B-1_~+/=:9\r\n"));
    EXPECT_EQ(sane.body == "a.B-1_~+/=:9", takes);
    EXPECT_EQ(ask(*server, get("/nowhere", "X-Request-ID: abc\r\n")).field("x-request-id") == "abc",
              takes)
        << "errors have it as well";
    for (const std::string& odd :
         {std::string("a b"), std::string("a\"b"), std::string("\xc3\xa4"), std::string(129, 'a'),
          std::string(""), std::string("a\tb"), std::string("a\r\nX-Request-Id: b")}) {
      const Reply reply = ask(*server, get("/", "X-Request-Id: " + odd + "\r\n"));
      EXPECT_EQ(reply.body.size(), 32u) << odd;
      EXPECT_EQ(reply.count("x-request-id"), 1u);
    }
  }
}

}  // namespace
}  // namespace hybi::test
