// Files as answers, over every transport: paths, conditions, ranges, codings. See static_files.h.
#include <hybi/app/test_folder.h>
#include <hybi/app/test_server.h>
#include <hybi/static_files.h>

#include <gtest/gtest.h>

#include <future>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kDay = 1'600'000'000;  // Sun, 13 Sep 2020 12:26:40 GMT
constexpr std::string_view kDayText = "Sun, 13 Sep 2020 12:26:40 GMT";

class Static : public EveryTransport {
 protected:
  Static() {
    folder_.write("secret.txt", "secret");
    folder_.write("root/hello.txt", "hello world");
    folder_.touch("root/hello.txt", kDay);
    folder_.write("root/sub/index.html", "<p>sub");
    folder_.write("root/plain/a.css", "body {}");
    folder_.write("root/.env", "PASSWORD=x");
    folder_.write("root/large.bin", large());
  }

  static std::string large() {
    std::string text(300'000, '\0');
    for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i ^ i >> 9);
    return text;
  }
  // A server with the folder at /files.
  void serve(StaticOptions options = {}, ServerOptions server = {}) {
    options.recheck = 0ms;
    server_ = start([&](auto& site) { mount_files(site, "/files", folder_.at("root"), options); },
                    std::move(server));
  }
  Reply ask(const std::string& request) {
    auto client = server_->connect();
    const bool head = request.starts_with("HEAD ");
    client->write(request);
    const TestClient::Done whole = head ? holds("\r\n\r\n") : replies(1);
    EXPECT_TRUE(server_->run_until([&] { return client->read_until(whole); }))
        << client->received();
    std::string text = client->take();
    Reply reply = take_reply(text, head).value_or(Reply{});
    EXPECT_EQ(text, "") << request;
    return reply;
  }
  Reply fetch(std::string_view target, std::string_view fields = {}) {
    return ask(get(target, fields));
  }
  unsigned status(std::string_view target, std::string_view fields = {}) {
    return fetch(target, fields).status;
  }

  TemporaryFolder folder_;
  std::unique_ptr<TestServer> server_;
};

TEST_P(Static, SendsAFileWithItsTypeTagAndDate) {
  serve();
  const Reply reply = fetch("/files/hello.txt");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "hello world");
  EXPECT_EQ(reply.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(reply.field("Last-Modified"), kDayText);
  EXPECT_EQ(reply.field("Accept-Ranges"), "bytes");
  EXPECT_EQ(reply.field("Cache-Control"), "no-cache");
  EXPECT_EQ(reply.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(reply.count("Vary"), 0u);
  const std::string tag = reply.field("ETag");
  EXPECT_TRUE(tag.size() > 10 && tag.front() == '"' && tag.back() == '"') << tag;
}

TEST_P(Static, SendsALargeFileWhole) {
  serve();
  EXPECT_TRUE(fetch("/files/large.bin").body == large());
}

TEST_P(Static, HeadHasTheFieldsOfGetAndNoBody) {
  serve();
  for (const char* name : {"hello.txt", "large.bin"}) {
    const std::string target = "/files/" + std::string(name);
    const Reply reply = ask("HEAD " + target + " HTTP/1.1\r\nHost: x\r\nRange: bytes=0-1\r\n\r\n");
    const Reply whole = fetch(target);
    EXPECT_EQ(reply.status, 200u);  // RFC 9110 14.2: ranges are for GET
    EXPECT_EQ(reply.field("Content-Length"), std::to_string(whole.body.size()));
    EXPECT_EQ(reply.field("ETag"), whole.field("ETag"));
  }
}

TEST_P(Static, OtherMethodsAreNotAllowed) {
  server_ = start([&](auto& site) {
    mount_files(site, "/files", folder_.at("root"));
    site.any("/any/*path", static_files(folder_.at("root")));
  });
  EXPECT_EQ(ask(post("/files/hello.txt", "x")).status, 405u);
  const Reply reply = ask(post("/any/hello.txt", "x"));
  EXPECT_EQ(reply.status, 405u);
  EXPECT_EQ(reply.field("Allow"), "GET, HEAD");
}

// --- attacks

TEST_P(Static, TraversalIsRefused) {
  serve();
  for (const char* target :
       {"/files/../secret.txt", "/files/%2e%2e/secret.txt", "/files/.%2E/secret.txt",
        "/files/sub/../../secret.txt", "/files/..%5csecret.txt",
        "/files/sub/%2e%2e/%2e%2e/secret.txt", "/files/%00", "/files/hello.txt%00.png",
        "/files/%2e%2e%2fsecret.txt", "/files/..\\secret.txt", "/files/%2e%2e%5csecret.txt",
        "/files/%u002e%u002e/secret.txt"}) {
    const Reply reply = fetch(target);
    EXPECT_EQ(reply.status, 400u) << target;
    EXPECT_EQ(reply.body.find("secret"), std::string::npos);
  }
  for (const char* target :
       {"/files//etc/passwd", "/files/%2fetc%2fpasswd", "/files/hello.txt.", "/files/hello.txt%20",
        "/files//", "/files/hello.txt/", "/files/sub%2findex.html",
        // Overlong "." and "/", and twice encoded: names of nothing.
        "/files/%c0%ae%c0%ae/secret.txt", "/files/%c0%ae%c0%ae%c0%afsecret.txt",
        "/files/%e0%80%ae%e0%80%ae/secret.txt", "/files/%252e%252e/secret.txt",
        "/files/%252e%252e%252fsecret.txt", "/files/..%c0%afsecret.txt"}) {
    EXPECT_EQ(status(target), 404u) << target;
  }
}

TEST_P(Static, DotFilesAreRefused) {
  folder_.write("root/.well-known/security.txt", "Contact");
  serve();
  EXPECT_EQ(status("/files/.env"), 404u);
  EXPECT_EQ(status("/files/%2eenv"), 404u);
  EXPECT_EQ(fetch("/files/.well-known/security.txt").body, "Contact");
  serve({.dot_files = DotFiles::Serve});
  EXPECT_EQ(fetch("/files/.env").body, "PASSWORD=x");
}

TEST_P(Static, LinksOutOfTheRootAreRefused) {
  folder_.link("root/out.txt", "../secret.txt");
  folder_.link("root/passwd", "/etc/passwd");
  folder_.link("root/in.txt", "hello.txt");
  serve();
  EXPECT_EQ(status("/files/out.txt"), 404u);
  EXPECT_EQ(status("/files/passwd"), 404u);
  EXPECT_EQ(fetch("/files/in.txt").body, "hello world");
  serve({.symlinks = Symlinks::Refuse});
  EXPECT_EQ(status("/files/in.txt"), 404u);
  serve({.symlinks = Symlinks::Follow});
  EXPECT_EQ(fetch("/files/out.txt").body, "secret");
}

TEST_P(Static, FifosAndDevicesAreNotFound) {
  folder_.fifo("root/fifo");
  folder_.link("root/zero", "/dev/zero");
  serve({.symlinks = Symlinks::Follow});
  EXPECT_EQ(status("/files/fifo"), 404u);
  EXPECT_EQ(status("/files/zero"), 404u);
}

// --- directories

TEST_P(Static, ADirectoryHasItsIndexOrNothing) {
  serve({.index = {"none.html", "index.html"}});
  EXPECT_EQ(fetch("/files/sub/").body, "<p>sub");
  EXPECT_EQ(fetch("/files/sub/").field("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(status("/files/plain/"), 404u);
  EXPECT_EQ(status("/files/"), 404u);
  EXPECT_EQ(status("/files/none/"), 404u);
}

TEST_P(Static, ADirectoryWithoutASlashIsRedirectedToIt) {
  serve();
  const Reply reply = fetch("/files/sub?a=b&c");
  EXPECT_EQ(reply.status, 301u);
  EXPECT_EQ(reply.field("Location"), "./sub/?a=b&c");
  EXPECT_EQ(fetch("/files").field("Location"), "./files/");
}

TEST_P(Static, TheRedirectLeadsToNoOtherHost) {
  folder_.directory("root/evil.example");
  folder_.directory("root/javascript:alert(1)");
  server_ = start([&](auto& site) { mount_files(site, "", folder_.at("root")); });
  EXPECT_EQ(fetch("/evil.example").field("Location"), "./evil.example/");
  EXPECT_EQ(fetch("/javascript:alert(1)").field("Location"), "./javascript:alert(1)/");
  for (const char* target : {"//evil.example", "///evil.example", "//evil.example/..",
                             "/%2fevil.example", "/%5cevil.example", "//evil.example%2f.."}) {
    const Reply reply = fetch(target);
    EXPECT_TRUE(reply.status == 404 || reply.status == 400) << target << reply.status;
    EXPECT_EQ(reply.count("Location"), 0u) << target;
  }
}

TEST_P(Static, ListsADirectoryWhereThatIsOn) {
  folder_.write("root/plain/<b>.txt", "x");
  serve({.listing = true});
  const Reply reply = fetch("/files/plain/?sort=size&order=desc");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_NE(reply.body.find("href=\"./a.css\""), std::string::npos);
  EXPECT_NE(reply.body.find("&lt;b&gt;.txt"), std::string::npos);
  EXPECT_NE(reply.body.find("<bdi>/files</bdi>"), std::string::npos);
  EXPECT_LT(reply.body.find("a.css"), reply.body.find("&lt;b&gt;.txt"));
  EXPECT_NE(reply.field("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  const Reply root = fetch("/files/");
  EXPECT_EQ(root.body.find(".env"), std::string::npos);
  EXPECT_EQ(fetch("/files/sub/").body, "<p>sub");  // the index comes first
  EXPECT_EQ(status("/files/none/"), 404u);
}

TEST_P(Static, OptionsBoundTheListingAndTheRanges) {
  for (int i = 0; i < 9; ++i) folder_.write("root/plain/" + std::to_string(i), "x");
  serve({.listing = true, .max_listed = 4, .max_ranges = 1});
  EXPECT_NE(fetch("/files/plain/").body.find("4 entries of more"), std::string::npos);
  EXPECT_EQ(status("/files/large.bin", "Range: bytes=0-0\r\n"), 206u);
  EXPECT_EQ(status("/files/large.bin", "Range: bytes=0-0,1000-1000\r\n"), 200u);
  serve({.max_ranges = 2});
  EXPECT_EQ(status("/files/large.bin", "Range: bytes=0-0,1000-1000\r\n"), 206u);
}

// Its one thread is busy: the page waits, everything else goes on.
TEST_P(Static, ADirectoryIsReadOnAThreadForWhatBlocks) {
  std::promise<void> let_go;
  server_ = start(
      [&](auto& site) {
        mount_files(site, "/files", folder_.at("root"), {.listing = true});
        site.get("/busy", [wait = let_go.get_future().share()](Request&, Response& res) {
          res.blocking([wait] { wait.wait(); }, [](Response& later) { later.text("done"); });
        });
      },
      {.blocking_threads = 1});
  auto busy = server_->connect(), listing = server_->connect(), gone = server_->connect();
  busy->write(get("/busy"));
  EXPECT_EQ(status("/files/hello.txt"), 200u);  // by now the first has its thread
  listing->write(get("/files/plain/") + get("/files/none/") + get("/files/hello.txt"));
  gone->write(get("/files/plain/"));
  EXPECT_EQ(status("/files/hello.txt"), 200u);
  listing->read_until(std::size_t{0});
  EXPECT_EQ(listing->received(), "");
  gone->reset();
  EXPECT_EQ(status("/files/hello.txt"), 200u);
  let_go.set_value();
  ASSERT_TRUE(server_->run_until([&] { return listing->read_until(replies(3)); }));
  const auto all = take_replies(listing->take(), false);
  EXPECT_NE(all.at(0).body.find("a.css"), std::string::npos);
  EXPECT_EQ(all.at(1).status, 404u);
  EXPECT_EQ(all.at(2).body, "hello world");
  EXPECT_TRUE(server_->run_until([&] { return busy->read_until(replies(1)); }));
}

// --- conditions

TEST_P(Static, AnswersWhatIsKnownWith304) {
  serve({.max_age = 60s});
  const std::string tag = fetch("/files/hello.txt").field("ETag");
  const auto known = [&](const std::string& field) { return fetch("/files/hello.txt", field); };
  const Reply reply = known("If-None-Match: \"x\", W/" + tag + "\r\n");
  EXPECT_EQ(reply.status, 304u);
  EXPECT_EQ(reply.body, "");
  EXPECT_EQ(reply.field("ETag"), tag);
  EXPECT_EQ(reply.field("Cache-Control"), "public, max-age=60");
  EXPECT_EQ(known("If-None-Match: *\r\n").status, 304u);
  EXPECT_EQ(known("If-None-Match: \"x\"\r\n").status, 200u);
  const std::string date = std::string(kDayText) + "\r\n";
  EXPECT_EQ(known("If-Modified-Since: " + date).status, 304u);
  EXPECT_EQ(known("If-Modified-Since: Sun, 13 Sep 2020 12:26:39 GMT\r\n").status, 200u);
  EXPECT_EQ(known("If-None-Match: \"x\"\r\nIf-Modified-Since: " + date).status, 200u);
  EXPECT_EQ(known("If-Match: " + tag + "\r\n").status, 200u);
  EXPECT_EQ(known("If-Match: \"x\"\r\n").status, 412u);
  EXPECT_EQ(known("If-Unmodified-Since: Sun, 13 Sep 2020 12:26:39 GMT\r\n").status, 412u);
}

TEST_P(Static, ADateInTheFutureIsNotSent) {  // RFC 9110 8.8.2.1
  folder_.touch("root/hello.txt", 4'000'000'000);
  serve();
  const Reply reply = fetch("/files/hello.txt");
  EXPECT_EQ(reply.field("Last-Modified").find("2096"), std::string::npos);
  EXPECT_NE(reply.field("Last-Modified"), "");
}

// --- ranges

TEST_P(Static, SendsTheRangeThatIsAskedFor) {
  serve();
  const auto part = [&](const char* range) {
    const Reply reply = fetch("/files/hello.txt", "Range: bytes=" + std::string(range) + "\r\n");
    return std::to_string(reply.status) + " " + reply.field("Content-Range") + " " + reply.body;
  };
  EXPECT_EQ(part("0-4"), "206 bytes 0-4/11 hello");
  EXPECT_EQ(part("6-"), "206 bytes 6-10/11 world");
  EXPECT_EQ(part("-5"), "206 bytes 6-10/11 world");
  EXPECT_EQ(part("6-100"), "206 bytes 6-10/11 world");
  EXPECT_TRUE(part("11-").starts_with("416 bytes */11 "));
  EXPECT_EQ(part("5-4"), "200  hello world");
  EXPECT_EQ(part("x"), "200  hello world");
  const Reply reply = fetch("/files/large.bin", "Range: bytes=70000-270000\r\n");
  EXPECT_EQ(reply.status, 206u);
  EXPECT_TRUE(reply.body == large().substr(70000, 200001));
  EXPECT_EQ(reply.field("Content-Type"), "application/octet-stream");
}

TEST_P(Static, SendsSeveralRangesAsMultipart) {
  serve();
  for (const char* name : {"large.bin", "middle.bin"}) {
    const std::string content = large().substr(0, 60000);
    folder_.write("root/middle.bin", content);
    const Reply reply =
        fetch("/files/" + std::string(name), "Range: bytes=100-199, 5000-5009,50000-50001\r\n");
    EXPECT_EQ(reply.status, 206u);
    EXPECT_EQ(reply.count("Content-Range"), 0u);
    const std::string type = reply.field("Content-Type");
    const std::string begin = "multipart/byteranges; boundary=";
    ASSERT_TRUE(type.starts_with(begin)) << type;
    std::string boundary = type.substr(begin.size());
    std::erase(boundary, '"');
    const std::string size = std::string(name) == "large.bin" ? "300000" : "60000";
    std::size_t at = 0;
    for (const auto& [first, last] : {std::pair{100, 199}, {5000, 5009}, {50000, 50001}}) {
      const std::string range = "Content-Range: bytes " + std::to_string(first) + "-" +
                                std::to_string(last) + "/" + size + "\r\n";
      at = reply.body.find("--" + boundary + "\r\n", at);
      ASSERT_NE(at, std::string::npos);
      const std::size_t field = reply.body.find(range, at);
      ASSERT_NE(field, std::string::npos);
      at = reply.body.find("\r\n\r\n", at) + 4;
      EXPECT_LT(field, at);
      const auto count = static_cast<std::size_t>(last - first + 1);
      EXPECT_TRUE(reply.body.substr(at, count) ==
                  content.substr(static_cast<std::size_t>(first), count));
      at += count;
    }
    EXPECT_EQ(reply.body.substr(at), "\r\n--" + boundary + "--\r\n");
  }
}

TEST_P(Static, ABombOfRangesIsTheWholeFileOnce) {
  serve();
  std::string many = "Range: bytes=0-0";
  for (int i = 1; i < 1000; ++i)
    many += "," + std::to_string(i * 200) + "-" + std::to_string(i * 200);
  EXPECT_EQ(fetch("/files/large.bin", many + "\r\n").status, 200u);
  std::string same = "Range: bytes=0-";
  for (int i = 0; i < 1000; ++i) same += ",0-";
  const Reply reply = fetch("/files/large.bin", same + "\r\n");
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body.size(), 300'000u);
  std::string sixteen = "Range: bytes=0-0";
  for (int i = 1; i < 16; ++i)
    sixteen += "," + std::to_string(i * 1000) + "-" + std::to_string(i * 1000);
  EXPECT_EQ(fetch("/files/large.bin", sixteen + "\r\n").status, 206u);
  EXPECT_EQ(fetch("/files/large.bin", sixteen + ",20000-20000\r\n").status, 200u);
}

TEST_P(Static, IfRangeDecidesBetweenTheRangeAndTheWhole) {
  serve();
  const std::string tag = fetch("/files/hello.txt").field("ETag");
  const auto with = [&](const std::string& value) {
    return fetch("/files/hello.txt", "Range: bytes=0-4\r\nIf-Range: " + value + "\r\n").status;
  };
  EXPECT_EQ(with(tag), 206u);
  EXPECT_EQ(with("W/" + tag), 200u);
  EXPECT_EQ(with("\"x\""), 200u);
  EXPECT_EQ(with(std::string(kDayText)), 206u);
  EXPECT_EQ(with("Sun, 13 Sep 2020 12:26:41 GMT"), 200u);
  EXPECT_EQ(fetch("/files/hello.txt", "Range: bytes=0-4\r\nIf-None-Match: " + tag + "\r\n").status,
            304u);  // RFC 9110 13.2.2: the condition comes first
}

// --- codings

TEST_P(Static, SendsPrecompressedSiblingsToThoseWhoTakeThem) {
  folder_.write("root/app.js", "alert('something long enough')");
  folder_.write("root/app.js.gz", "GZ-BYTES");
  folder_.write("root/app.js.br", "BR-BYTE");
  serve();
  const auto with = [&](const std::string& accepted) {
    const Reply reply = fetch("/files/app.js", "Accept-Encoding: " + accepted + "\r\n");
    EXPECT_EQ(reply.field("Vary"), "Accept-Encoding");
    EXPECT_EQ(reply.field("Content-Type"), "text/javascript; charset=utf-8");
    return reply.field("Content-Encoding") + " " + reply.body.substr(0, 2);
  };
  EXPECT_EQ(with("gzip, deflate, br"), "br BR");
  EXPECT_EQ(with("gzip"), "gzip GZ");
  EXPECT_EQ(with("br;q=0.5, gzip;q=0.9"), "gzip GZ");
  EXPECT_EQ(with("br;q=0, gzip;q=0"), " al");
  EXPECT_EQ(with("identity"), " al");
  EXPECT_EQ(with("*;q=0"), " al");
  EXPECT_EQ(with("zstd"), " al");
  const Reply plain = fetch("/files/app.js");
  EXPECT_EQ(plain.field("Vary"), "Accept-Encoding");
  const Reply packed = fetch("/files/app.js", "Accept-Encoding: br\r\n");
  EXPECT_NE(plain.field("ETag"), packed.field("ETag"));
  const std::string both = "Accept-Encoding: br\r\nIf-None-Match: " + packed.field("ETag") + "\r\n";
  EXPECT_EQ(status("/files/app.js", both), 304u);
  EXPECT_EQ(fetch("/files/app.js", both).field("Vary"), "Accept-Encoding");
  // A range is one of the coded bytes.
  EXPECT_EQ(fetch("/files/app.js", "Accept-Encoding: br\r\nRange: bytes=0-1\r\n").body, "BR");
}

// --- caching, types, hooks, applications

TEST_P(Static, CacheControlFollowsTheOptions) {
  folder_.write("root/app.3f9ac21b.js", "x");
  serve({.max_age = 3600s, .immutable = has_content_hash});
  EXPECT_EQ(fetch("/files/hello.txt").field("Cache-Control"), "public, max-age=3600");
  EXPECT_EQ(fetch("/files/app.3f9ac21b.js").field("Cache-Control"),
            "public, max-age=31536000, immutable");
  EXPECT_EQ(fetch("/files/none").count("Cache-Control"), 0u);
  serve({.cache_control = "private"});
  EXPECT_EQ(fetch("/files/hello.txt").field("Cache-Control"), "private");
}

TEST_P(Static, TypesAndFieldsCanBeAdded) {
  folder_.write("root/a.ts", "x");
  serve({.nosniff = false,
         .types = {{"ts", "video/mp2t"}},
         .on_file = [](const Request&, Response& response, std::string_view path) {
           response.set("X-Path", path);
         }});
  const Reply reply = fetch("/files/a.ts");
  EXPECT_EQ(reply.field("Content-Type"), "video/mp2t");
  EXPECT_EQ(reply.field("X-Path"), "a.ts");
  EXPECT_EQ(reply.count("X-Content-Type-Options"), 0u);
}

TEST_P(Static, AnApplicationThatRoutesInTheBrowserGetsItsPage) {
  folder_.write("root/index.html", "<p>app");
  serve({.max_age = 60s, .spa_fallback = "index.html"});
  const std::string page = "Accept: text/html,*/*;q=0.8\r\n";
  const Reply reply = fetch("/files/users/7", page);
  EXPECT_EQ(reply.status, 200u);
  EXPECT_EQ(reply.body, "<p>app");
  EXPECT_EQ(reply.field("Cache-Control"), "no-cache");
  EXPECT_EQ(status("/files/users/7"), 404u);
  EXPECT_EQ(status("/files/users/7.js", page), 404u);
  EXPECT_EQ(status("/files/../7", page), 400u);
}

TEST_P(Static, AMissingRootIsNotFoundUntilItIsThere) {
  server_ = start([&](auto& site) { mount_files(site, "", folder_.at("later")); });
  EXPECT_EQ(status("/a.txt"), 404u);
  folder_.write("later/a.txt", "now");
  EXPECT_EQ(fetch("/a.txt").body, "now");
}

// A file replaced while it is served is the old one or the new one, and the tag is that of it.
TEST_P(Static, AFileReplacedWhileServedIsTheOldOneOrTheNewOne) {
  serve();
  for (const std::size_t size : {std::size_t{3000}, std::size_t{200'000}}) {
    folder_.replace("root/changing", std::string(size, 'a'));
    auto client = server_->connect();
    std::map<std::string, char> tags;
    for (int i = 0; i < 30; ++i) {
      const char letter = static_cast<char>('a' + i % 26);
      client->write(get("/files/changing"));
      folder_.replace("root/changing", std::string(size + static_cast<std::size_t>(i), letter));
      ASSERT_TRUE(client->read_until(replies(1)));
      std::string text = client->take();
      const Reply reply = take_reply(text).value();
      ASSERT_EQ(reply.status, 200u);
      ASSERT_GE(reply.body.size(), size);
      ASSERT_TRUE(reply.body == std::string(reply.body.size(), reply.body[0]));
      const auto [at, added] = tags.try_emplace(reply.field("ETag"), reply.body[0]);
      EXPECT_EQ(at->second, reply.body[0]);
    }
    EXPECT_GT(tags.size(), 1u);
  }
}

HYBI_EVERY_TRANSPORT(Static);

TEST(ContentHash, IsAPartOfTheNameWithEightHexadecimalDigits) {
  for (const char* name :
       {"app.3f9ac21b.js", "a/b/app-3F9AC21B.min.css", "x_0123456789abcdef.png"}) {
    EXPECT_TRUE(has_content_hash(name)) << name;
  }
  for (const char* name : {"app.js", "3f9ac21b.js", "app.3f9ac21.js", "app.deadbeef",
                           "app-abcdefab.js", "dir.3f9ac21b.d/app.js", "", "app.3f9ac21z.js"}) {
    EXPECT_FALSE(has_content_hash(name)) << name;
  }
}

}  // namespace
}  // namespace hybi::test
