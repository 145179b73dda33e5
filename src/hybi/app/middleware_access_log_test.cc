// access_log, from the request to the line.
#include <hybi/app/test_server.h>
#include <hybi/middleware.h>

#include <nlohmann/json.hpp>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class AccessLog : public EveryTransport {
 protected:
  std::unique_ptr<TestServer> serve(std::string format, ServerOptions options = {}) {
    return start(
        [&](auto& site) {
          site.use(access_log(
              {.format = format,
               .sink = [lines = lines_](std::string_view line) { lines->add(std::string(line)); },
               .clock =
                   [] { return std::chrono::system_clock::time_point(1'769'860'801'234ms); }}));
          site.use(request_id({.trust = RequestIdOptions::Trust::Anybody}));
          site.use("/private", basic_auth({.users = {{"ada l", "pw"}}}));
          site.get("/private", [](Request&, Response& res) { res.text("secret"); });
          site.get("/", [](Request&, Response& res) {
            res.set("Set-Cookie", "sid=hidden").set("X-Kind", "page").text("hello");
          });
          site.get("/never", [](Request&, Response& res) {
            res.stream("text/plain", [](StreamWriter&) { return StreamStep::Wait; });
          });
          site.ws("/ws", {});
        },
        std::move(options));
  }
  std::string logs(TestServer& server, const std::string& request) {
    const std::size_t before = lines_->size();
    auto client = server.connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(holds("\r\n\r\n")));
    EXPECT_TRUE(server.run_until([&] { return lines_->size() > before; }));
    return lines_->all().back();
  }

  const std::shared_ptr<Notes> lines_ = std::make_shared<Notes>();
};
HYBI_EVERY_TRANSPORT(AccessLog);

TEST_P(AccessLog, CombinedIsWhatOtherServersWrite) {
  auto server = serve("combined");
  const std::string line =
      logs(*server, get("/?a=1", "User-Agent: c\"url\r\nReferer: http://x/?token=t\r\n"));
  if (!in_memory()) {
    EXPECT_EQ(line.substr(0, 10), "127.0.0.1 ");
  }
  EXPECT_NE(line.find(" - - [31/Jan/2026:12:00:01 +0000] \"GET /?a=1 HTTP/1.1\" 200 5 "
                      "\"http://x/?token=…\" \"c\\\"url\""),
            std::string::npos)
      << line;
  EXPECT_NE(logs(*server, get("/nowhere")).find("\"GET /nowhere HTTP/1.1\" 404 13 \"-\" \"-\""),
            std::string::npos);
}

// Tokens and cookies do not get into logs, whatever the format asks for.
TEST_P(AccessLog, TokensAndCookiesAreRedacted) {
  auto server = serve(
      "%r|%q|%{Authorization}i|%{cookie}i|%{Proxy-Authorization}i|%{Set-Cookie}o|%{X-Api-Key}i|"
      "%{X-Kind}o");
  EXPECT_EQ(logs(*server, get("/?access_token=s3cret&a=1",
                              "Authorization: Bearer s3cret\r\nCookie: sid=s3cret\r\n"
                              "Proxy-Authorization: Basic s3cret\r\nX-Api-Key: s3cret\r\n")),
            "GET /?access_token=…&a=1 HTTP/1.1|?access_token=…&a=1|…|…|…|…|…|page");
}

TEST_P(AccessLog, SecretsOfTheApplicationAreRedactedAsWell) {
  auto server = start([&](auto& site) {
    site.use(access_log(
        {.format = "%q|%{X-Tenant}i|%{X-Other}i",
         .sink = [lines = lines_](std::string_view line) { lines->add(std::string(line)); },
         .secret_fields = {"x-tenant"},
         .secret_parameters = {"invite"}}));
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  EXPECT_EQ(logs(*server, get("/?a=1&invite=s3cret&%69nvite=s3cret",
                              "X-Tenant: s3cret\r\nX-Other: other\r\n")),
            "?a=1&invite=…&%69nvite=…|…|other");
}

TEST_P(AccessLog, UpgradesAreToldAs101WhenTheyOpen) {
  auto server = serve("%m %U %s %b %X");
  EXPECT_EQ(logs(*server, upgrade("/ws")), "GET /ws 101 - +");
}

TEST_P(AccessLog, AnswersThatWereCutSaySo) {
  auto server = serve("%U %s %X");
  auto client = server->connect();
  client->write(get("/never"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  client->reset();
  ASSERT_TRUE(server->run_until([&] { return lines_->size() == 1; }));
  EXPECT_EQ(lines_->text(), "/never 200 X");
}

TEST_P(AccessLog, UserAndRequestIdComeFromTheMiddlewareBehindIt) {
  auto server = serve("%u %L %s");
  EXPECT_EQ(logs(*server, get("/private",
                              "Authorization: Basic YWRhIGw6cHc=\r\n"
                              "X-Request-Id: abc-1\r\n")),
            "ada\\x20l abc-1 200");
  EXPECT_EQ(logs(*server, get("/private", "X-Request-Id: abc-2\r\n")), "- abc-2 401");
}

TEST_P(AccessLog, JsonIsAnObjectALine) {
  auto server = serve("json");
  const auto json = nlohmann::json::parse(
      logs(*server, get("/?key=1", "User-Agent: \xff\"x\r\nX-Request-Id: r1\r\n")));
  EXPECT_EQ(json.at("time"), "2026-01-31T12:00:01.234Z");
  EXPECT_EQ(json.at("method"), "GET");
  EXPECT_EQ(json.at("target"), "/?key=…");
  EXPECT_EQ(json.at("status"), 200);
  EXPECT_EQ(json.at("bytes"), 5);
  EXPECT_EQ(json.at("user_agent"), "\xef\xbf\xbd\"x");
  EXPECT_EQ(json.at("request_id"), "r1");
  EXPECT_EQ(json.at("cut"), false);
  EXPECT_GE(json.at("us").get<int>(), 0);
  EXPECT_FALSE(json.contains("user"));
}

TEST(AccessLogCheck, TellsAnUnknownDirective) {
  EXPECT_TRUE(check(AccessLogOptions{}));
  EXPECT_TRUE(check(AccessLogOptions{.format = "logfmt"}));
  EXPECT_EQ(check(AccessLogOptions{.format = "%h %Q"}).error().code, Errc::BadLogFormat);
}

}  // namespace
}  // namespace hybi::test
