// Compressed answers and inflated requests.
#include <hybi/app/test_server.h>
#include <hybi/events.h>
#include <hybi/http/content_coding.h>
#include <hybi/middleware.h>

#include <mutex>

namespace hybi::test {
namespace {

std::string words(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "word " + std::to_string(text.size() % 97) + "\n";
  text.resize(bytes);
  return text;
}

std::string coded(http::ContentCoding coding, std::string_view text) {
  http::Encoder encoder(coding);
  OutBuffer out;
  encoder.add(as_bytes(text), out);
  encoder.finish(out);
  return std::string(as_text(out.view()));
}

// All of `text` so far; `whole`: it must have ended.
std::string plain(http::ContentCoding coding, std::string_view text, bool whole = true) {
  http::Decoder decoder(coding, std::size_t{1} << 30);
  OutBuffer out;
  EXPECT_TRUE(decoder.add(as_bytes(text), out));
  if (whole) {
    EXPECT_TRUE(decoder.finish());
  }
  return std::string(as_text(out.view()));
}

using http::ContentCoding;

class Compress : public EveryTransport {
 protected:
  template <class More>
  std::unique_ptr<TestServer> serve(CompressOptions options, More more) {
    return start([&](auto& site) {
      site.use(compress(options));
      more(site);
      const auto answer = [](std::string name, std::string value) {
        return [name, value](Request&, Response& res) {
          if (!name.empty()) res.set(name, value);
          res.text(words(5000));
        };
      };
      site.get("/", answer("ETag", "\"abc\""));
      site.get("/weak", answer("ETag", "W/\"abc\""));
      site.get("/short", [](Request&, Response& res) { res.text(words(1023)); });
      site.get("/encoded", answer("Content-Encoding", "zstd"));
      site.get("/identity", answer("Content-Encoding", "identity"));
      site.get("/kept", answer("Cache-Control", "public, No-Transform"));
      site.get("/png", answer("Content-Type", "image/png"));
      site.get("/svg", answer("Content-Type", "image/svg+xml; charset=utf-8"));
      site.get("/range", [](Request&, Response& res) {
        res.status(206).set("Content-Range", "bytes 0-4999/9999").set("ETag", "\"abc\"");
        res.text(words(5000));
      });
      site.get("/304",
               [](Request&, Response& res) { res.status(304).set("ETag", "\"abc\"").end(); });
      site.get("/stream", [](Request&, Response& res) {
        res.stream("text/plain", [n = 0](StreamWriter& writer) mutable {
          writer.write(words(3000));
          return ++n < 3 ? StreamStep::More : StreamStep::Done;
        });
      });
      site.ws("/ws", {});
    });
  }
  std::unique_ptr<TestServer> serve(CompressOptions options = {}) {
    return serve(std::move(options), [](auto&) {});
  }
  Reply ask(TestServer& server, const std::string& request) {
    auto client = server.connect();
    client->write(request);
    const bool head = request.starts_with("HEAD");
    EXPECT_TRUE(client->read_until(head ? holds("\r\n\r\n") : replies(1))) << request;
    std::string text = client->take();
    return take_reply(text, head).value_or(Reply{});
  }
  Reply accepting(TestServer& server, std::string_view codings, std::string_view target = "/") {
    return ask(server, get(target, "Accept-Encoding: " + std::string(codings) + "\r\n"));
  }
};
HYBI_EVERY_TRANSPORT(Compress);

TEST_P(Compress, TheClientsWeightsThenOurOrderDecide) {
  auto server = serve();
  struct Row {
    const char* accepts;
    const char* gets;
  };
  for (const Row& row :
       {Row{"gzip, deflate, br", "br"}, Row{"gzip", "gzip"}, Row{"x-gzip", "gzip"},
        Row{"deflate", "deflate"}, Row{"br;q=0.1, gzip;q=0.9", "gzip"}, Row{"gzip;q=0", ""},
        Row{"*", "br"}, Row{"*;q=0.5, br;q=0", "gzip"}, Row{"identity", ""}, Row{"zstd", ""},
        Row{"gzip;q=0.2, identity;q=0.8", ""}}) {
    const Reply reply = accepting(*server, row.accepts);
    EXPECT_EQ(reply.field("content-encoding"), row.gets) << row.accepts;
    EXPECT_EQ(reply.field("vary"), "Accept-Encoding") << row.accepts;
    EXPECT_EQ(reply.field("content-length"), std::to_string(reply.body.size()));
    const std::string coding = row.gets;
    if (coding.empty()) {
      EXPECT_EQ(reply.body, words(5000));
    }
    if (coding == "gzip") {
      EXPECT_EQ(plain(ContentCoding::Gzip, reply.body), words(5000));
    }
    if (coding == "deflate") {
      EXPECT_EQ(plain(ContentCoding::Deflate, reply.body), words(5000));
    }
    if (!coding.empty()) {
      EXPECT_LT(reply.body.size(), 2500u);
    }
  }
  EXPECT_EQ(ask(*server, get("/")).count("content-encoding"), 0u);
}

TEST_P(Compress, OnlyTheCodingsThatAreListedAreUsed) {
  auto server = serve({.codings = {"gzip", "zstd", "identity"}, .level = 100});
  EXPECT_EQ(accepting(*server, "br, deflate, gzip").field("content-encoding"), "gzip");
  EXPECT_EQ(accepting(*server, "br, deflate, zstd").count("content-encoding"), 0u);
  server = serve({.codings = {}});
  EXPECT_EQ(accepting(*server, "br, deflate, gzip").count("content-encoding"), 0u);
  auto fast = serve({.codings = {"br"}, .brotli_quality = -5});
  auto best = serve({.codings = {"br"}, .brotli_quality = 11});
  EXPECT_LT(accepting(*best, "br").body.size(), accepting(*fast, "br").body.size());
}

TEST_P(Compress, NeverTwiceAndNotWhatMustStay) {
  auto server = serve();
  EXPECT_EQ(accepting(*server, "gzip", "/encoded").field("content-encoding"), "zstd");
  EXPECT_EQ(accepting(*server, "gzip", "/identity").field("content-encoding"), "identity");
  for (const char* path : {"/short", "/kept", "/png", "/range"}) {
    const Reply reply = accepting(*server, "gzip", path);
    EXPECT_EQ(reply.count("content-encoding"), 0u) << path;
    EXPECT_EQ(reply.count("vary"), 0u) << path;
  }
  EXPECT_EQ(accepting(*server, "gzip", "/range").field("etag"), "\"abc\"");
  EXPECT_EQ(accepting(*server, "gzip", "/svg").field("content-encoding"), "gzip");
  EXPECT_EQ(ask(*server, get("/", "Accept-Encoding: gzip\r\nX-No-Compression: 1\r\n"))
                .count("content-encoding"),
            0u);
  auto client = server->connect();
  client->write(upgrade("/ws", "Accept-Encoding: gzip\r\n"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->received().substr(0, 12), "HTTP/1.1 101");
}

TEST_P(Compress, AStrongEntityTagBecomesWeak) {
  auto server = serve();
  EXPECT_EQ(accepting(*server, "gzip").field("etag"), "W/\"abc\"");
  EXPECT_EQ(accepting(*server, "gzip", "/weak").field("etag"), "W/\"abc\"");
  EXPECT_EQ(accepting(*server, "identity").field("etag"), "\"abc\"");
  const Reply unchanged = accepting(*server, "gzip", "/304");
  EXPECT_EQ(unchanged.field("etag"), "W/\"abc\"");
  EXPECT_EQ(unchanged.field("vary"), "Accept-Encoding");
  EXPECT_EQ(unchanged.count("content-encoding"), 0u);
}

// RFC 9110 9.3.2: the fields of GET, but for those that are only known when the content is made.
TEST_P(Compress, HeadHasTheFieldsOfGetAndNoOtherLength) {
  const TemporaryFile file(words(100'000));
  auto server = serve({}, [&](auto& site) {
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "text/plain"); });
  });
  for (const char* path : {"/", "/weak", "/short", "/encoded", "/kept", "/png", "/svg", "/range",
                           "/304", "/stream", "/file"}) {
    for (const char* coding : {"gzip", "deflate", "br", "identity"}) {
      const std::string rest = " HTTP/1.1\r\nHost: x\r\nAccept-Encoding: " + std::string(coding);
      const Reply whole = ask(*server, "GET " + std::string(path) + rest + "\r\n\r\n");
      const Reply head = ask(*server, "HEAD " + std::string(path) + rest + "\r\n\r\n");
      EXPECT_EQ(head.status, whole.status) << path;
      for (const char* name : {"content-encoding", "content-type", "etag", "vary", "cache-control",
                               "content-range", "connection"}) {
        EXPECT_EQ(head.field(name), whole.field(name)) << path << " " << coding;
      }
      if (head.count("content-length") > 0 || whole.field("content-encoding") != coding) {
        EXPECT_EQ(head.field("content-length"), whole.field("content-length"))
            << path << " " << coding;
      }
    }
  }
}

TEST_P(Compress, AConnectionGoesOnBehindHead) {
  auto server = serve();
  auto client = server->connect();
  client->write("HEAD / HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n" +
                get("/short", "Connection: close\r\n"));
  ASSERT_TRUE(client->read_to_end());
  std::string text = client->take();
  ASSERT_TRUE(take_reply(text, true));
  EXPECT_EQ(take_reply(text).value_or(Reply{}).body, words(1023));
}

TEST_P(Compress, StreamsAreCompressedWhateverTheirLength) {
  auto server = serve();
  const Reply reply = accepting(*server, "deflate", "/stream");
  EXPECT_EQ(plain(ContentCoding::Deflate, reply.body), words(3000) + words(3000) + words(3000));
  EXPECT_LT(reply.body.size(), 4500u);
}

TEST_P(Compress, EventsArriveWhenTheyAreSent) {
  std::mutex mutex;
  std::optional<EventStream> events;
  auto server = start([&](auto& site) {
    site.use(compress());
    site.get("/", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      events = res.events();
    });
  });
  auto client = server->connect();
  client->write(get("/", "Accept-Encoding: gzip\r\n"));
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_NE(client->received().find("Content-Encoding: gzip"), std::string::npos);
  const auto read = [&](const std::string& wanted) {
    return client->read_until([&](const std::string& text) {
      std::string body;
      std::string_view rest = std::string_view(text).substr(text.find("\r\n\r\n") + 4);
      for (std::size_t end; (end = rest.find("\r\n")) != std::string_view::npos;) {
        const std::size_t size = std::stoul(std::string(rest.substr(0, end)), nullptr, 16);
        if (rest.size() < end + 2 + size + 2) break;
        body += rest.substr(end + 2, size);
        rest.remove_prefix(end + 2 + size + 2);
      }
      return plain(ContentCoding::Gzip, body, false).find(wanted) != std::string::npos;
    });
  };
  for (const char* text : {"first", "second"}) {
    {
      const std::lock_guard lock(mutex);
      events->send({.data = text});
    }
    EXPECT_TRUE(read("data: " + std::string(text) + "\n\n")) << text;
  }
  const std::lock_guard lock(mutex);
  events.reset();
}

// --- bodies of requests

class Inflate : public EveryTransport {
 protected:
  std::unique_ptr<TestServer> serve(std::size_t max_bytes, HttpLimits limits = {}) {
    return start(
        [=](auto& site) {
          site.use(inflate_body({.max_bytes = max_bytes}));
          site.post("/", [](Request& req, Response& res) { res.bytes(req.body()); });
          site.post("/small", {.max_body_bytes = 100},
                    [](Request& req, Response& res) { res.bytes(req.body()); });
        },
        {.http = limits});
  }
  Reply ask(TestServer& server, std::string_view coding, std::string_view body,
            std::string_view target = "/") {
    auto client = server.connect();
    client->write(post(target, body, "Content-Encoding: " + std::string(coding) + "\r\n"));
    EXPECT_TRUE(client->read_until(replies(1)));
    std::string text = client->take();
    return take_reply(text).value_or(Reply{});
  }
};
HYBI_EVERY_TRANSPORT(Inflate);

TEST_P(Inflate, HandlersSeeTheContent) {
  auto server = serve(1 << 20);
  const std::string text = words(200'000);
  EXPECT_EQ(ask(*server, "gzip", coded(ContentCoding::Gzip, text)).body, text);
  EXPECT_EQ(ask(*server, "Deflate", coded(ContentCoding::Deflate, text)).body, text);
  EXPECT_EQ(ask(*server, "identity", "as it is").body, "as it is");
  EXPECT_EQ(ask(*server, "gzip", "").body, "");
  auto client = server->connect();  // one byte at a time, and the connection goes on
  const std::string small = coded(ContentCoding::Gzip, "hello");
  const std::string request = post("/", small, "Content-Encoding: gzip\r\n");
  for (const char c : request + request) client->write(std::string(1, c));
  ASSERT_TRUE(client->read_until(replies(2)));
  EXPECT_EQ(take_replies(client->take(), false).at(1).body, "hello");
}

// Zip bomb: 64 MiB of zeros in 64 KiB.
TEST_P(Inflate, AZipBombIs413WithBoundedMemoryAndTime) {
  const std::string bomb = coded(ContentCoding::Gzip, std::string(std::size_t{64} << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  auto server = serve(1 << 20);
  const Reply reply = ask(*server, "gzip", bomb);
  EXPECT_EQ(reply.status, 413u);
  EXPECT_EQ(reply.body, "decoded body is larger than the limit\n");
  EXPECT_EQ(
      ask(*server, "gzip", coded(ContentCoding::Gzip, std::string(101, 'x')), "/small").status,
      413u)
      << "the route's limit is one for the content as well";
  EXPECT_EQ(
      ask(*server, "gzip", coded(ContentCoding::Gzip, std::string(100, 'x')), "/small").status,
      200u);
}

TEST_P(Inflate, OtherCodingsAre415AndSayWhatWouldDo) {
  auto server = serve(1 << 20);
  for (const char* coding : {"br", "zstd", "gzip, gzip", "gzip, identity, deflate", "compress"}) {
    const Reply reply = ask(*server, coding, "whatever");
    EXPECT_EQ(reply.status, 415u) << coding;
    EXPECT_EQ(reply.field("accept-encoding"), "gzip, deflate");
  }
}

TEST_P(Inflate, WhatIsMalformedOrCutIs400) {
  auto server = serve(1 << 20);
  const std::string good = coded(ContentCoding::Gzip, words(1000));
  EXPECT_EQ(ask(*server, "gzip", "not gzip at all").status, 400u);
  EXPECT_EQ(ask(*server, "gzip", good.substr(0, good.size() - 1)).status, 400u);
  EXPECT_EQ(ask(*server, "gzip", good + "x").status, 400u);
  std::string broken = good;
  broken[good.size() - 6] ^= 1;  // of the checksum
  EXPECT_EQ(ask(*server, "gzip", broken).status, 400u);
}

TEST_P(Inflate, AReaderThatPausesGetsNoMoreUntilItGoesOn) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  Request* request = nullptr;
  std::string body;
  std::size_t pieces = 0;
  bool ended = false;
  const std::string text = words(100'000);
  auto server = start([&](auto& site) {
    site.use(inflate_body());
    site.post("/", {.stream_body = true}, [&](Request& req, Response& res) {
      const std::lock_guard lock(mutex);
      handle = res.later();
      request = &req;
      req.on_body({.on_data =
                       [&](Bytes piece) {
                         const std::lock_guard inner(mutex);
                         body.append(as_text(piece));
                         ++pieces;
                         request->pause_body();
                       },
                   .on_end =
                       [&] {
                         const std::lock_guard inner(mutex);
                         ended = true;
                         handle->respond([](Response& r) { r.text("all of it"); });
                       }});
    });
  });
  auto client = server->connect();
  client->write(post("/", coded(ContentCoding::Gzip, text), "Content-Encoding: gzip\r\n"));
  const auto has = [&](std::size_t count) {
    const std::lock_guard lock(mutex);
    return pieces == count;
  };
  const std::size_t wanted = (text.size() + 16383) / 16384;
  for (std::size_t i = 1; i <= wanted; ++i) {
    ASSERT_TRUE(server->run_until([&] { return has(i); })) << i;
    ASSERT_FALSE(client->closed());
    const std::lock_guard lock(mutex);
    ASSERT_EQ(pieces, i) << "more than was asked for";
    ASSERT_FALSE(ended);
    handle->respond([&](Response&) { request->resume_body(); });
  }
  ASSERT_TRUE(client->read_until(replies(1))) << "the end was forgotten";
  EXPECT_EQ(take_replies(client->take(), false).at(0).body, "all of it");
  EXPECT_EQ(body, text);
}

}  // namespace
}  // namespace hybi::test
