// Answers that wait until their session is stored, by Response::on_answer.
#include <hybi/app/test_sessions.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

using test::Browser;
using test::Reply;

class SessionHold : public ::testing::Test, protected test::SessionsFixture {
 protected:
  SessionHold() : SessionsFixture(test::StoreKind::Memory) {
    SessionOptions with = options();
    store_ = std::make_shared<test::ControlledStore>(with.store);
    with.store = store_;
    sessions_ = Sessions::create(std::move(with)).value();
    server_ = serve(*sessions_);
    store_->hold = true;
  }
  std::string begin(const std::string& target) {
    client_ = server_->connect();
    client_->write(test::get(target));
    client_->read_until(std::size_t{0});
    return client_->received();
  }

  std::shared_ptr<test::ControlledStore> store_;
  std::optional<Sessions> sessions_;
  std::unique_ptr<test::MemoryServer> server_;
  std::unique_ptr<test::TestClient> client_;
};

TEST_F(SessionHold, AnAnswerWaitsUntilTheChangeIsStored) {
  EXPECT_EQ(begin("/set/x/1"), "");
  EXPECT_EQ(store_->waiting(), 1u);
  store_->let_go();
  Browser ada(*server_);
  EXPECT_EQ(ada.reply_on(*client_).body, "set");
  store_->hold = false;
  EXPECT_EQ(ada.said("/get/x"), "1");
}

TEST_F(SessionHold, AnAnswerWhoseChangeWasNotStoredIsA503) {
  store_->fail_saves = Errc::SessionStoreFailed;
  EXPECT_EQ(begin("/set/x/1"), "");
  store_->let_go();
  Browser ada(*server_);
  const Reply reply = ada.reply_on(*client_);
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.field("set-cookie"), "");
  EXPECT_EQ(reply.body, std::string(info(Errc::SessionStoreFailed).text) + "\n");
}

TEST_F(SessionHold, AStreamAndPiecesWaitAsWell) {
  server_->site().get("/stream", [&](Request& request, Response& response) {
    sessions_->of(request)->set("x", "1");
    response.stream("text/plain", [](StreamWriter& writer) {
      writer.write("streamed");
      return StreamStep::Done;
    });
    response.text("a second answer");  // ignored
  });
  server_->site().get("/pieces", [&](Request& request, Response& response) {
    sessions_->of(request)->set("x", "1");
    std::vector<BodyPiece> pieces(1);
    pieces[0].bytes = "piece";
    response.body(std::move(pieces), "text/plain");
  });
  for (const char* const path : {"/stream", "/pieces"}) {
    EXPECT_EQ(begin(path), "") << path;
    store_->let_go();
    Browser ada(*server_);
    EXPECT_EQ(ada.reply_on(*client_).body, std::string(path) == "/stream" ? "streamed" : "piece");
  }
}

TEST_F(SessionHold, NothingIsHeldWhereNothingChanged) {
  EXPECT_TRUE(begin("/get/x").ends_with("none"));
  EXPECT_EQ(store_->waiting(), 0u);
}

TEST_F(SessionHold, TheNextRequestWaitsForTheHeldAnswer) {
  client_ = server_->connect();
  client_->write(test::get("/set/x/1") + test::get("/"));
  client_->read_until(std::size_t{0});
  EXPECT_EQ(client_->received(), "");
  store_->let_go();
  server_->run_until([&] { return client_->read_until(test::replies(2)); });
  const auto replies = test::take_replies(client_->received(), false);
  ASSERT_EQ(replies.size(), 2u);
  EXPECT_EQ(replies[0].body, "set");
  EXPECT_EQ(replies[1].body, "hello");
}

// What the sessions wait with is no promise of the handler's.
TEST_F(SessionHold, AHandlerThatDoesNotAnswerIsNotedAfterASlowStore) {
  server_->site().get("/nothing", [](Request&, Response&) {});
  server_->site().get("/saves", [&](Request& request, Response& response) {
    sessions_->of(request)->set("x", "2");
    sessions_->save(request, response, [](Response&) {});
  });
  begin("/set/x/1");
  store_->let_go();
  Browser ada(*server_);
  ada.reply_on(*client_);
  for (const char* const path : {"/nothing", "/saves"}) {
    client_ = server_->connect();
    client_->write(test::get(path, ada.cookies()));
    for (int i = 0; i < 4; ++i) {  // load, perhaps save
      server_->settle();
      store_->let_go();
    }
    Browser same(*server_);
    EXPECT_EQ(same.reply_on(*client_).status, 500u) << path;
  }
}

TEST_F(SessionHold, AClientThatGoesMeanwhileIsForgotten) {
  begin("/set/x/1");
  client_->reset();
  server_->settle();
  EXPECT_EQ(server_->connections(), 0u);
  store_->let_go();
  server_->settle();
}

}  // namespace
}  // namespace hybi
