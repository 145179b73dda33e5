// What handlers answer: files, later answers, failures, bad fields; over every transport.
// RFC 9110 6, 8.6, 15. The ids (c16 ...) name the known failures that a test stands against.
#include <hybi/app/test_server.h>

#include <thread>

namespace hybi::test {
namespace {

class HttpAnswers : public EveryTransport {};

TEST_P(HttpAnswers, SendsFilesWholeAndTheirFieldsForHead) {  // RFC 9110 8.6, 9.3.2
  std::string content(5'000'000, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i ^ i >> 9);
  const TemporaryFile file(content);
  const TemporaryFile empty("");
  auto server = start([&](auto& site) {
    site.get("/file", [&](Request&, Response& res) { res.file(file.path(), "image/png"); });
    site.get("/empty", [&](Request&, Response& res) { res.file(empty.path(), "text/plain"); });
    site.get("/directory", [&](Request&, Response& res) { res.file("/tmp", "text/plain"); });
    site.get("/missing", [&](Request&, Response& res) {
      res.set("ETag", "\"1\"").file(file.path() + ".no", "image/png");
    });
  });
  auto client = server->connect();
  client->write(get("/file") + get("/empty") + get("/missing") + get("/directory") + get("/file"));
  ASSERT_TRUE(client->read_until(replies(5)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 5u);
  EXPECT_TRUE(all[0].body == content);
  EXPECT_EQ(all[0].field("content-type"), "image/png");
  EXPECT_EQ(all[1].status, 200u);
  EXPECT_EQ(all[1].field("content-length"), "0");
  EXPECT_EQ(all[2].status, 404u);
  EXPECT_EQ(all[2].count("etag"), 0u) << "the fields were for the file";
  EXPECT_EQ(all[3].status, 404u);
  EXPECT_TRUE(all[4].body == content);
  client->write("HEAD /file HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  std::string text = client->take();
  const auto head = take_reply(text, true);
  EXPECT_EQ(head->field("content-length"), std::to_string(content.size()));
  EXPECT_EQ(text, "");
}

TEST_P(HttpAnswers, AnswersFromAnotherThread) {
  std::vector<std::jthread> threads;
  auto server = start([&](auto& site) {
    site.get("/:n", [&](Request& req, Response& res) {
      threads.emplace_back([n = req.param("n"), handle = res.later()] {
        EXPECT_TRUE(handle.respond([n](Response& late) { late.set("X-N", n).text("late " + n); }));
      });
    });
  });
  auto client = server->connect();
  for (int i = 0; i < 5; ++i) {
    client->write(get("/" + std::to_string(i)));
    ASSERT_TRUE(server->run_until([&] { return client->read_until(replies(1)); }));
    const auto all = take_replies(client->take(), false);
    EXPECT_EQ(all.at(0).body, "late " + std::to_string(i));
    EXPECT_EQ(all.at(0).field("x-n"), std::to_string(i));
  }
}

TEST_P(HttpAnswers, AnswersARequestOnceHoweverOftenItsHandleIsUsed) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  auto server = start([&](auto& site) {
    site.get("/later", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      handle = res.later();
    });
    site.get("/", [](Request&, Response& res) { res.text("hello"); });
  });
  auto client = server->connect();
  client->write(get("/later"));
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle.has_value();
  }));
  handle->respond([](Response& res) {
    res.text("first");
    EXPECT_TRUE(res.answered());
    res.status(404).set("X-Second", "1").text("second");
  });
  handle->respond([](Response& res) { res.text("third"); });
  ASSERT_TRUE(client->read_until(replies(1)));
  client->write(get("/"));
  ASSERT_TRUE(client->read_until(holds("hello")));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].body, "first");
  EXPECT_EQ(all[1].body, "hello");
  EXPECT_EQ(all[1].status, 200u) << "what came too late does not touch the next answer";
  EXPECT_EQ(all[1].count("x-second"), 0u);
}

TEST_P(HttpAnswers, ForgetsALaterAnswerWhosePeerIsGone) {
  std::mutex mutex;
  std::optional<ResponseHandle> handle;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      const std::lock_guard lock(mutex);
      handle = res.later();
    });
  });
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle.has_value();
  }));
  client->reset();
  ASSERT_TRUE(server->run_until([&] { return server->connections() == 0; }));
  bool called = false;
  EXPECT_TRUE(handle->respond([&](Response&) { called = true; })) << "the loop took it";
  auto other = server->connect();  // a turn of the loop later, and in the same slot
  other->write(get("/nowhere"));
  ASSERT_TRUE(other->read_until(replies(1)));
  EXPECT_FALSE(called);
}

TEST_P(HttpAnswers, AnswersAnExceptionWith500AndTellsTheHook) {  // RFC 9110 15.6.1
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response& res) {
      res.set("X-Secret", "1").status(201);
      throw std::runtime_error("the reason");
    });
    site.use("/layer", [](Request&, Response&, Next) { throw 17; });
  });
  auto client = server->connect();
  client->write(get("/") + get("/layer"));
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 2u);
  for (const Reply& reply : all) {
    EXPECT_EQ(reply.status, 500u);
    EXPECT_EQ(reply.count("x-secret"), 0u);
    EXPECT_EQ(reply.body.find("reason"), std::string::npos) << "not for the peer";
  }
  EXPECT_EQ(server->errors().text(),
            "HttpHandlerFailed the reason|HttpHandlerFailed an exception of unknown type");
}

TEST_P(HttpAnswers, Answers500WhereTheHandlerDoesNotAnswer) {
  auto server = start([](auto& site) {
    site.get("/", [](Request&, Response&) {});
    site.use("/layer", [](Request&, Response&, Next) {});
  });
  auto client = server->connect();
  client->write(get("/") + get("/layer"));
  ASSERT_TRUE(client->read_until(replies(2)));
  for (const Reply& reply : take_replies(client->take(), false)) EXPECT_EQ(reply.status, 500u);
  EXPECT_EQ(server->errors().text(), "HttpUnanswered /|HttpUnanswered /layer");
}

TEST_P(HttpAnswers, NeverSendsAFieldThatWouldSplitTheAnswer) {  // c16
  auto server = start([](auto& site) {
    site.get("/value", [](Request&, Response& res) {
      res.set("X-Name", "a\r\nSet-Cookie: evil=1").text("x");
    });
    site.get("/name", [](Request&, Response& res) { res.add("X\r\nY", "1").text("x"); });
    site.get("/nul",
             [](Request&, Response& res) { res.set("X", std::string_view("a\0b", 3)).text("x"); });
    site.get("/length", [](Request&, Response& res) { res.set("Content-Length", "0").text("x"); });
    site.get("/coding",
             [](Request&, Response& res) { res.set("Transfer-Encoding", "chunked").text("x"); });
  });
  auto client = server->connect();
  const std::vector<std::string> targets{"/value", "/name", "/nul", "/length", "/coding"};
  for (const std::string& target : targets) {
    client->write(get(target));
    ASSERT_TRUE(client->read_until(replies(1)));
    const auto all = take_replies(client->take(), false);
    ASSERT_EQ(all.size(), 1u) << target;
    EXPECT_EQ(all[0].status, 500u) << target;
    EXPECT_EQ(all[0].head.find("evil"), std::string::npos);
    EXPECT_EQ(all[0].count("content-length"), 1u);
    EXPECT_EQ(all[0].count("transfer-encoding"), 0u);
  }
  EXPECT_EQ(server->errors().size(), targets.size());
}

TEST_P(HttpAnswers, Answers500ForAStatusThatIsNone) {  // RFC 9110 15
  const TemporaryFile file("content");
  auto server = start([&](auto& site) {
    site.get("/text/:n", [](Request& req, Response& res) {
      res.status(static_cast<unsigned>(std::stoi(req.param("n")))).text("x");
    });
    site.get("/file", [&](Request&, Response& res) { res.status(700).file(file.path(), "a/b"); });
    site.get("/stream", [](Request&, Response& res) {
      res.status(99).stream("a/b", [](StreamWriter&) { return StreamStep::Done; });
    });
  });
  auto client = server->connect();
  client->write(get("/text/100") + get("/text/600") + get("/text/0") + get("/file") +
                get("/stream"));
  ASSERT_TRUE(client->read_until(replies(5)));
  const auto all = take_replies(client->take(), false);
  ASSERT_EQ(all.size(), 5u);
  for (const Reply& reply : all) EXPECT_EQ(reply.status, 500u);
  EXPECT_EQ(server->errors().size(), 5u);
}

HYBI_EVERY_TRANSPORT(HttpAnswers);

}  // namespace
}  // namespace hybi::test
