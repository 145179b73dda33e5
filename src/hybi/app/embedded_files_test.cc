// Files that were compiled in, over every transport. See static_files.h; what hybi_embed_assets
// makes is tested by tests/consumer and by the demo.
#include <hybi/app/test_server.h>
#include <hybi/static_files.h>

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

namespace hybi::test {
namespace {

constexpr std::array<EmbeddedFile, 4> kFiles{{
    {"404.html", "text/html; charset=utf-8", "\"e\"", "<p>none", {}},
    {"app.js", "", "\"a\"", "alert('hello')", "GZ"},
    {"index.html", "text/html; charset=utf-8", "\"i\"", "<p>index", {}},
    {"sub/index.html", "text/html; charset=utf-8", "\"s\"", "<p>sub", {}},
}};
constexpr EmbeddedFolder kFolder{kFiles};

class Embedded : public EveryTransport {
 protected:
  void serve(EmbeddedOptions options = {}) {
    server_ = start([&](auto& site) {
      mount_handler(site, "/app", embedded_files(kFolder, options));
      site.any("/any/*path", embedded_files(kFolder, options));
      site.get("/one/:name", [](Request& request, Response& response) {
        send_embedded(request, response, kFolder, request.param("name"));
      });
      site.get("/error", [](Request& request, Response& response) {
        response.status(404);
        send_embedded(request, response, kFolder, "404.html");
      });
    });
  }
  Reply ask(const std::string& request) {
    auto client = server_->connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(replies(1))) << client->received();
    std::string text = client->take();
    return take_reply(text).value_or(Reply{});
  }
  Reply fetch(std::string_view target, std::string_view fields = {}) {
    return ask(get(target, fields));
  }

  std::unique_ptr<TestServer> server_;
};

TEST_P(Embedded, SendsAFileWithItsTypeAndTag) {
  serve();
  const Reply page = fetch("/app/index.html");
  EXPECT_EQ(page.status, 200u);
  EXPECT_EQ(page.body, "<p>index");
  EXPECT_EQ(page.field("ETag"), "\"i\"");
  EXPECT_EQ(page.field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.field("Cache-Control"), "no-cache");
  EXPECT_EQ(page.count("Last-Modified"), 0u);
  EXPECT_EQ(page.count("Vary"), 0u);
  // A type that was not known when it was compiled in is looked up.
  EXPECT_EQ(fetch("/app/app.js").field("Content-Type"), "text/javascript; charset=utf-8");
}

TEST_P(Embedded, DirectoriesHaveTheirIndexAndARedirectToIt) {
  serve();
  EXPECT_EQ(fetch("/app/").body, "<p>index");
  EXPECT_EQ(fetch("/app/sub/").body, "<p>sub");
  EXPECT_EQ(fetch("/app/sub").field("Location"), "./sub/");
  EXPECT_EQ(fetch("/app").field("Location"), "./app/");
  EXPECT_EQ(fetch("/app/none/").status, 404u);
}

TEST_P(Embedded, ConditionsRangesAndCodingsAreHeeded) {
  serve({.immutable = [](std::string_view path) { return path == "app.js"; }});
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  const Reply packed = fetch("/app/app.js", gzip);
  EXPECT_EQ(packed.body, "GZ");
  EXPECT_EQ(packed.field("Content-Encoding"), "gzip");
  EXPECT_EQ(packed.field("ETag"), "\"a-gzip\"");
  EXPECT_EQ(packed.field("Vary"), "Accept-Encoding");
  EXPECT_EQ(packed.field("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(fetch("/app/app.js", gzip + "If-None-Match: \"a-gzip\"\r\n").status, 304u);
  EXPECT_EQ(fetch("/app/app.js", gzip + "If-None-Match: \"a\"\r\n").status, 200u);
  EXPECT_EQ(fetch("/app/app.js", "Range: bytes=0-4\r\n").body, "alert");
  EXPECT_EQ(fetch("/app/app.js", "Range: bytes=99-\r\n").status, 416u);
}

TEST_P(Embedded, OtherPathsAndMethodsAreRefused) {
  serve();
  EXPECT_EQ(fetch("/app/none.html").status, 404u);
  EXPECT_EQ(fetch("/app/../index.html").status, 400u);
  EXPECT_EQ(fetch("/app/index.html/").status, 404u);
  EXPECT_EQ(ask(post("/any/index.html", "x")).status, 405u);
}

TEST_P(Embedded, AnApplicationThatRoutesInTheBrowserGetsItsPage) {
  serve({.spa_fallback = "index.html"});
  EXPECT_EQ(fetch("/app/users/1", "Accept: text/html\r\n").body, "<p>index");
  EXPECT_EQ(fetch("/app/users/1").status, 404u);
}

TEST_P(Embedded, OneFileIsSentFromAHandlerAndThePageOfAnErrorKeepsItsStatus) {
  serve();
  EXPECT_EQ(fetch("/one/index.html").body, "<p>index");
  EXPECT_EQ(fetch("/one/index.html", "If-None-Match: \"i\"\r\n").status, 304u);
  EXPECT_EQ(fetch("/one/none").status, 404u);
  for (const char* fields : {"", "If-None-Match: *\r\n", "Range: bytes=0-0\r\n"}) {
    const Reply error = fetch("/error", fields);
    EXPECT_EQ(error.status, 404u);
    EXPECT_EQ(error.body, "<p>none");
    EXPECT_EQ(error.count("ETag"), 0u);
  }
}

HYBI_EVERY_TRANSPORT(Embedded);

TEST(EmbeddedFolder, IsSearchedByTheWholePath) {
  EXPECT_EQ(kFolder.find("sub/index.html"), &kFiles[3]);
  EXPECT_EQ(kFolder.find("404.html"), &kFiles[0]);
  for (const char* path : {"", "sub", "index", "zzz", "sub/index.html/"}) {
    EXPECT_EQ(kFolder.find(path), nullptr) << path;
  }
}

}  // namespace
}  // namespace hybi::test
