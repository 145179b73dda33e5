// CORS, by the rules of the Fetch standard 3.2.
#include <hybi/app/test_server.h>
#include <hybi/middleware.h>

namespace hybi::test {
namespace {

class Cors : public EveryTransport {
 protected:
  std::unique_ptr<TestServer> serve(CorsOptions options) {
    return start([&](auto& site) {
      site.use(cors(options));
      site.get("/", [](Request&, Response& res) { res.text("hello"); });
      site.get("/vary", [](Request&, Response& res) {
        res.add("Vary", "Accept").add("Vary", "Cookie, origin").text("hello");
      });
      site.ws("/ws", {});
    });
  }
  Reply from(TestServer& server, std::string_view origin, std::string_view target = "/") {
    return ask(server, get(target, "Origin: " + std::string(origin) + "\r\n"));
  }
  Reply preflight(TestServer& server, std::string_view origin, std::string_view method,
                  std::string_view headers = {}, std::string_view more = {}) {
    std::string request = "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: " + std::string(origin) +
                          "\r\nAccess-Control-Request-Method: " + std::string(method) + "\r\n";
    if (!headers.empty()) {
      request += "Access-Control-Request-Headers: " + std::string(headers) + "\r\n";
    }
    return ask(server, request + std::string(more) + "\r\n");
  }
};
HYBI_EVERY_TRANSPORT(Cors);

TEST_P(Cors, OnlyListedOriginsGetTheFields) {
  auto server = serve({.origins = {"https://app.example.com"}, .expose = {"X-Total", "Link"}});
  const Reply good = from(*server, "https://app.example.com");
  EXPECT_EQ(good.body, "hello");
  EXPECT_EQ(good.field("access-control-allow-origin"), "https://app.example.com");
  EXPECT_EQ(good.field("access-control-expose-headers"), "X-Total, Link");
  EXPECT_EQ(good.count("access-control-allow-credentials"), 0u);
  EXPECT_EQ(good.field("vary"), "Origin");
  for (const char* foreign :
       {"https://app.example.com.evil.org", "https://evil.org/https://app.example.com",
        "http://app.example.com", "https://app.example.com:8443", "https://xapp.example.com",
        "https://app.example.com/", "null", "https://app.example.com\r\nOrigin: https://x.org"}) {
    const Reply reply = from(*server, foreign);
    EXPECT_EQ(reply.status, 200u);
    EXPECT_EQ(reply.count("access-control-allow-origin"), 0u) << foreign;
    EXPECT_EQ(reply.count("access-control-expose-headers"), 0u) << foreign;
    EXPECT_EQ(reply.field("vary"), "Origin") << "a cache must not give this to others";
  }
  EXPECT_EQ(ask(*server, get("/")).field("vary"), "Origin") << "without Origin as well";
}

TEST_P(Cors, CorsWithCredentialsAndStarAllowsNothingAndSaysSoOnce) {
  auto server = serve({.any_origin = true, .credentials = true});
  for (int i = 0; i < 3; ++i) {
    const Reply reply = from(*server, "https://evil.org");
    EXPECT_EQ(reply.body, "hello");
    EXPECT_EQ(reply.head.find("Access-Control-"), std::string::npos) << reply.head;
  }
  EXPECT_EQ(preflight(*server, "https://evil.org", "PUT").head.find("Access-Control-Allow"),
            std::string::npos);
  ASSERT_TRUE(server->run_until([&] { return server->errors().size() > 0; }));
  EXPECT_EQ(server->errors().text(), "BadCors cors() allows nothing");
}

TEST_P(Cors, NullIsNobodysOriginUnlessItIsListed) {
  const auto everybody = [](std::string_view) { return true; };
  auto asks = serve({.allow_origin = everybody, .credentials = true});
  EXPECT_EQ(from(*asks, "null").count("access-control-allow-origin"), 0u);
  const Reply other = from(*asks, "https://a.example");
  EXPECT_EQ(other.field("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(other.field("access-control-allow-credentials"), "true");
  auto listed = serve({.origins = {"null"}});
  EXPECT_EQ(from(*listed, "null").field("access-control-allow-origin"), "null");
}

TEST_P(Cors, AnyOriginIsAStarThatDependsOnNothing) {
  auto server = serve({.any_origin = true});
  for (const std::string& request :
       {get("/"), get("/", "Origin: null\r\n"), get("/", "Origin: https://a.example\r\n")}) {
    const Reply reply = ask(*server, request);
    EXPECT_EQ(reply.field("access-control-allow-origin"), "*");
    EXPECT_EQ(reply.count("vary"), 0u);
  }
}

TEST_P(Cors, PreflightsAreAnsweredAndChecked) {
  auto server = serve({.origins = {"https://a.example"},
                       .methods = {"GET", "PUT"},
                       .headers = {"Content-Type", "X-Custom"},
                       .max_age = std::chrono::seconds(600)});
  const Reply good = preflight(*server, "https://a.example", "PUT", "content-type,x-custom");
  EXPECT_EQ(good.status, 204u);
  EXPECT_EQ(good.field("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(good.field("access-control-allow-methods"), "GET, PUT");
  EXPECT_EQ(good.field("access-control-allow-headers"), "Content-Type, X-Custom");
  EXPECT_EQ(good.field("access-control-max-age"), "600");
  const auto varies = [](const Reply& reply) {
    for (const char* name :
         {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}) {
      EXPECT_NE(reply.head.find("Vary: " + std::string(name) + "\r\n"), std::string::npos) << name;
    }
  };
  varies(good);
  const Reply bad_method = preflight(*server, "https://a.example", "DELETE", "x-custom");
  EXPECT_EQ(bad_method.status, 204u);
  EXPECT_EQ(bad_method.count("access-control-allow-methods"), 0u);
  EXPECT_EQ(preflight(*server, "https://a.example", "put").count("access-control-allow-methods"),
            0u)
      << "methods have a case";
  const Reply bad_header = preflight(*server, "https://a.example", "PUT", "x-custom, x-other");
  EXPECT_EQ(bad_header.count("access-control-allow-headers"), 0u);
  const Reply foreign = preflight(*server, "https://evil.org", "PUT", "x-custom");
  EXPECT_EQ(foreign.status, 204u);
  EXPECT_EQ(foreign.head.find("Access-Control-Allow"), std::string::npos);
  EXPECT_EQ(foreign.count("access-control-max-age"), 0u);
  varies(foreign);
}

TEST_P(Cors, AHeaderListOfStarRepeatsWhatIsAskedIfTheseAreNames) {
  auto server = serve({.origins = {"https://a.example"}, .headers = {"*"}, .credentials = true});
  EXPECT_EQ(preflight(*server, "https://a.example", "PUT", "x-a, authorization")
                .field("access-control-allow-headers"),
            "x-a, authorization");
  EXPECT_EQ(preflight(*server, "https://a.example", "PUT", "x-a, b c")
                .count("access-control-allow-headers"),
            0u);
}

TEST_P(Cors, PrivateNetworksAreOpenedOnRequestOnly) {
  const std::string_view asks = "Access-Control-Request-Private-Network: true\r\n";
  auto closed = serve({.origins = {"https://a.example"}});
  EXPECT_EQ(preflight(*closed, "https://a.example", "GET", {}, asks)
                .count("access-control-allow-private-network"),
            0u);
  auto open = serve({.origins = {"https://a.example"}, .private_network = true});
  EXPECT_EQ(preflight(*open, "https://a.example", "GET", {}, asks)
                .field("access-control-allow-private-network"),
            "true");
  EXPECT_EQ(
      preflight(*open, "https://a.example", "GET").count("access-control-allow-private-network"),
      0u);
  EXPECT_EQ(preflight(*open, "https://evil.org", "GET", {}, asks)
                .count("access-control-allow-private-network"),
            0u);
}

TEST_P(Cors, ErrorsCarryTheFieldsToo) {
  auto server = serve({.origins = {"https://a.example"}});
  const Reply reply = from(*server, "https://a.example", "/nowhere");
  EXPECT_EQ(reply.status, 404u);
  EXPECT_EQ(reply.field("access-control-allow-origin"), "https://a.example");
}

TEST_P(Cors, VaryIsNotRepeated) {
  auto server = serve({.origins = {"https://a.example"}});
  EXPECT_EQ(from(*server, "https://a.example", "/vary").count("vary"), 2u);
}

TEST_P(Cors, UpgradesAndPlainOptionsPass) {
  auto server = serve({.origins = {"https://a.example"}});
  auto client = server->connect();
  client->write(upgrade("/ws", "Origin: http://x\r\n"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->received().find("Access-Control"), std::string::npos);
  EXPECT_EQ(client->received().find("Vary"), std::string::npos);
  const Reply plain =
      ask(*server, "OPTIONS / HTTP/1.1\r\nHost: x\r\nOrigin: https://a.example\r\n\r\n");
  EXPECT_EQ(plain.field("allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(plain.field("access-control-allow-origin"), "https://a.example");
}

TEST(CorsOptionsCheck, NamesWhatCannotBe) {
  EXPECT_TRUE(check(CorsOptions{.origins = {"https://a"}, .credentials = true}));
  EXPECT_TRUE(check(CorsOptions{.any_origin = true}));
  EXPECT_FALSE(check(CorsOptions{.any_origin = true, .credentials = true}));
  EXPECT_FALSE(check(CorsOptions{.origins = {"*"}, .credentials = true}));
  EXPECT_FALSE(check(CorsOptions{.origins = {"*"}}));
  EXPECT_FALSE(check(CorsOptions{.expose = {"*"}, .credentials = true}));
  EXPECT_FALSE(check(CorsOptions{.headers = {"X A"}}));
  EXPECT_FALSE(check(CorsOptions{.methods = {"GET\r\n"}}));
}

}  // namespace
}  // namespace hybi::test
