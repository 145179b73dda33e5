// Sessions of WebSockets: read, change, save, and being closed when the session ends.
#include <hybi/app/test_sessions.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

using namespace std::chrono_literals;
using test::Browser;
using test::ControlledStore;
using test::MemoryServer;
using test::StoreKind;
using test::text_frame;

const std::string kClosed = "close 4401";

class SessionSocketsOver : public ::testing::TestWithParam<StoreKind>,
                           protected test::SessionsFixture {
 protected:
  SessionSocketsOver() : SessionsFixture(GetParam()) {}
  Sessions sessions_ = Sessions::create(options()).value();
  std::unique_ptr<MemoryServer> server_ = serve(sessions_);
  Browser ada_{*server_}, bob_{*server_};
};
INSTANTIATE_TEST_SUITE_P(Store, SessionSocketsOver,
                         ::testing::Values(StoreKind::Memory, StoreKind::Redis), test::store_name);

TEST_P(SessionSocketsOver, AWebSocketReadsWhatItsRequestHad) {
  ada_.get("/login/ada");
  const auto live = ada_.open("/live");
  ASSERT_TRUE(live);
  live->write(text_frame("get user"));
  EXPECT_EQ(ada_.heard(*live, "text ada"), "text ada");
}

TEST_P(SessionSocketsOver, WhatAWebSocketSavedRequestsAndOtherSocketsHave) {
  ada_.get("/login/ada");
  const auto live = ada_.open("/live"), other = ada_.open("/live");
  live->write(text_frame("set x 1") + text_frame("save"));
  EXPECT_EQ(ada_.heard(*live, "text saved"), "text saved");
  EXPECT_EQ(ada_.said("/get/x"), "1");
  EXPECT_EQ(ada_.said("/set/y/2"), "set");
  other->write(text_frame("get x") + text_frame("reload"));
  EXPECT_EQ(ada_.heard(*other, "text none|text reloaded"), "text none|text reloaded");
  other->write(text_frame("get x") + text_frame("get y"));
  EXPECT_EQ(ada_.heard(*other, "text none|text reloaded|text 1|text 2"),
            "text none|text reloaded|text 1|text 2");
}

TEST_P(SessionSocketsOver, DestroyedElsewhereItsWebSocketsAreClosedAndNoOthers) {
  ada_.get("/login/ada");
  bob_.get("/login/bob");
  const auto one = ada_.open("/live"), two = ada_.open("/live"), other = bob_.open("/live");
  EXPECT_EQ(sessions_.websocket_count(), 3u);
  EXPECT_EQ(ada_.said("/destroy"), "destroyed");
  EXPECT_EQ(ada_.heard(*one, kClosed), kClosed);
  EXPECT_EQ(ada_.heard(*two, kClosed), kClosed);
  // What comes behind the close frame is not delivered to the handler.
  one->write(text_frame("hello") + test::close_frame(4401));
  two->write(test::close_frame(4401));
  one->end();
  two->end();
  EXPECT_TRUE(server_->run_until([&] { return sessions_.websocket_count() == 1; }));
  EXPECT_EQ(ada_.heard(*one, kClosed), kClosed);
  other->write(text_frame("hello"));
  EXPECT_EQ(bob_.heard(*other, "text hello"), "text hello");
}

TEST_P(SessionSocketsOver, DestroyedOnAnotherNodeTheyAreClosed) {
  const Sessions elsewhere = Sessions::create(options()).value();
  const auto server = serve(elsewhere);
  ada_.get("/login/ada");
  const auto live = ada_.open("/live");
  Browser there(*server);
  there.cookie = ada_.cookie;
  EXPECT_EQ(there.said("/destroy"), "destroyed");
  EXPECT_EQ(ada_.heard(*live, kClosed), kClosed);
}

TEST_P(SessionSocketsOver, RotatingClosesThoseOfTheOldId) {
  ada_.get("/set/x/1");
  const auto live = ada_.open("/live");
  EXPECT_EQ(ada_.said("/login/ada"), "welcome");
  EXPECT_EQ(ada_.heard(*live, kClosed), kClosed);
  const auto again = ada_.open("/live");
  again->write(text_frame("get user"));
  EXPECT_EQ(ada_.heard(*again, "text ada"), "text ada");
}

TEST_P(SessionSocketsOver, AWebSocketMayDestroyItsSession) {
  ada_.get("/login/ada");
  const auto live = ada_.open("/live"), other = ada_.open("/live");
  live->write(text_frame("destroy"));
  // The store's answer and its word to all who have the session may come in either order.
  EXPECT_TRUE(server_->run_until([&] {
    live->read_until(std::size_t{0});
    return test::show_frames(live->received()).find(kClosed) != std::string::npos;
  }));
  EXPECT_EQ(ada_.heard(*other, kClosed), kClosed);
  EXPECT_EQ(ada_.said("/names"), "new:");
}

TEST_P(SessionSocketsOver, WithoutASessionAWebSocketOpensAndCannotSave) {
  const auto live = ada_.open("/live");
  ASSERT_TRUE(live);
  live->write(text_frame("get x") + text_frame("set x 1") + text_frame("save"));
  EXPECT_EQ(ada_.heard(*live, "text none|text BadState"), "text none|text BadState");
  EXPECT_EQ(sessions_.websocket_count(), 0u);
}

TEST_P(SessionSocketsOver, RotatingNeedsARequest) {
  ada_.get("/login/ada");
  const auto live = ada_.open("/live");
  live->write(text_frame("rotate") + text_frame("save"));
  EXPECT_EQ(ada_.heard(*live, "text BadState"), "text BadState");
  EXPECT_EQ(ada_.said("/get/user"), "ada");
}

TEST_P(SessionSocketsOver, WhatTheUpgradeItselfSetIsStoredAndItsCookieSent) {
  auto handlers = std::make_shared<const WebSocketHandlers>(live(sessions_));
  server_->site().get("/begin", [&, handlers](Request& request, Response&) {
    sessions_.of(request)->set("x", "1");
    sessions_.accept(request, std::move(*request.websocket()), handlers, 7);
  });
  const auto begun = ada_.open("/begin");
  ASSERT_TRUE(begun);
  EXPECT_NE(ada_.cookie, "");
  EXPECT_EQ(ada_.said("/get/x"), "1");
  EXPECT_EQ(ada_.said("/destroy"), "destroyed");
  EXPECT_EQ(ada_.heard(*begun, kClosed), kClosed);
}

TEST_P(SessionSocketsOver, APlainRequestToAWebSocketIsA426) {
  EXPECT_EQ(ada_.get("/live").status, 426u);
}

TEST_P(SessionSocketsOver, ClosedOnesAreForgotten) {
  ada_.get("/login/ada");
  const auto clean = ada_.open("/live"), reset = ada_.open("/live");
  EXPECT_EQ(sessions_.websocket_count(), 2u);
  clean->write(test::close_frame(1000));
  clean->end();
  reset->reset();
  EXPECT_TRUE(server_->run_until([&] { return sessions_.websocket_count() == 0; }));
  EXPECT_EQ(ada_.said("/destroy"), "destroyed");
}

// --- time and failures

class SessionSocketsInMemory : public ::testing::Test, protected test::SessionsFixture {
 protected:
  SessionSocketsInMemory() : SessionsFixture(StoreKind::Memory) {
    SessionOptions with = options();
    store_ = std::make_shared<ControlledStore>(with.store);
    with.store = store_;
    sessions_ = Sessions::create(std::move(with)).value();
    server_ = serve(*sessions_);
    ada_ = std::make_unique<Browser>(*server_);
    ada_->get("/login/ada");
  }
  std::string after(std::chrono::milliseconds time, test::TestClient& live) {
    stores_.clock().advance(time);
    sessions_->sweep();
    live.read_until(std::size_t{0});
    return test::show_frames(live.received());
  }

  std::shared_ptr<ControlledStore> store_;
  std::optional<Sessions> sessions_;
  std::unique_ptr<MemoryServer> server_;
  std::unique_ptr<Browser> ada_;
};

TEST_F(SessionSocketsInMemory, ExpiryClosesThem) {
  const auto live = ada_->open("/live");
  EXPECT_EQ(after(29min, *live), "");
  EXPECT_EQ(after(1min, *live), kClosed);
}

TEST_F(SessionSocketsInMemory, TheCloseFrameSaysWhatTheOptionsSay) {
  SessionOptions with = options();
  with.close_code = 4777;
  with.close_reason = "logged out";
  sessions_ = Sessions::create(std::move(with)).value();
  server_ = serve(*sessions_);
  ada_ = std::make_unique<Browser>(*server_);
  ada_->get("/login/ada");
  const auto live = ada_->open("/live");
  ASSERT_NE(live, nullptr);
  EXPECT_EQ(ada_->said("/destroy"), "destroyed");
  EXPECT_EQ(ada_->heard(*live, "close 4777").substr(0, 10), "close 4777");
  EXPECT_NE(live->received().find("logged out"), std::string::npos);
}

TEST_F(SessionSocketsInMemory, MessagesAndRequestsKeepTheSessionAlive) {
  const auto live = ada_->open("/live");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(after(20min, *live), "");
    live->write(text_frame("set x 1"));
    EXPECT_EQ(after(0min, *live), "");
    EXPECT_EQ(after(20min, *live), "");
    EXPECT_EQ(ada_->said("/get/user"), "ada");
  }
  EXPECT_EQ(after(30min, *live), kClosed);
}

TEST_F(SessionSocketsInMemory, AbsoluteExpiryClosesThemHoweverBusy) {
  const auto live = ada_->open("/live");
  for (int i = 0; i < 7 * 24 * 3 - 1; ++i) {
    live->write(text_frame("set x 1"));
    ASSERT_EQ(after(20min, *live), "") << i;
  }
  live->write(text_frame("set x 1"));
  EXPECT_EQ(after(20min, *live), kClosed);
}

TEST_F(SessionSocketsInMemory, WhileTheStoreFailsTheyStayAtMostUntilTheAbsoluteEnd) {
  const auto live = ada_->open("/live");
  store_->fail_loads = true;
  EXPECT_EQ(after(31min, *live), "");
  EXPECT_EQ(after(24h, *live), "");
  EXPECT_EQ(after(6 * 24h, *live), kClosed);
}

TEST_F(SessionSocketsInMemory, AfterAGapTheStoreIsAskedAboutAllOfThem) {
  const auto live = ada_->open("/live");
  store_->hold = true;
  store_->tell_gap();
  EXPECT_TRUE(server_->run_until([&] {
    sessions_->sweep();
    return store_->waiting() != 0;
  }));
  store_->let_go();
  EXPECT_EQ(after(0min, *live), "") << "it is still there";
}

TEST_F(SessionSocketsInMemory, ASessionThatEndsBetweenLoadingAndOpeningClosesIt) {
  server_->site().get("/race", [&](Request& request, Response&) {
    sessions_->destroy(sessions_->of(request)->id());  // nothing is bound yet
    sessions_->accept(request, std::move(*request.websocket()),
                      std::make_shared<const WebSocketHandlers>(live(*sessions_)));
  });
  const auto live = ada_->open("/race");
  ASSERT_TRUE(live);
  EXPECT_EQ(test::show_frames(ada_->behind_head), kClosed);
  live->write(text_frame("hello"));
  live->read_until(std::size_t{0});
  EXPECT_EQ(live->received(), "") << "the handler does not get it";
}

TEST_F(SessionSocketsInMemory, AnUpgradeWhoseSessionCannotBeStoredIsRefused) {
  auto handlers = std::make_shared<const WebSocketHandlers>(live(*sessions_));
  server_->site().get("/begin", [&, handlers](Request& request, Response&) {
    sessions_->of(request)->set("x", "1");
    sessions_->accept(request, std::move(*request.websocket()), handlers);
  });
  store_->fail_saves = Errc::SessionStoreFailed;
  EXPECT_FALSE(ada_->open("/begin"));
  EXPECT_TRUE(ada_->refused.starts_with("HTTP/1.1 503")) << ada_->refused;
  store_->fail_saves = Errc::Ok;
  EXPECT_EQ(ada_->said("/get/x"), "none");
}

TEST_F(SessionSocketsInMemory, AnUpgradeWaitsForALateStore) {
  auto handlers = std::make_shared<const WebSocketHandlers>(live(*sessions_));
  server_->site().get("/begin", [&, handlers](Request& request, Response&) {
    sessions_->of(request)->set("x", "1");
    sessions_->accept(request, std::move(*request.websocket()), handlers);
  });
  store_->hold = true;
  Browser bob(*server_);
  const auto client = server_->connect();
  client->write(test::upgrade("/begin"));
  client->read_until(std::size_t{0});
  EXPECT_EQ(client->received(), "");
  store_->let_go();
  client->read_until(std::size_t{0});
  EXPECT_TRUE(client->received().starts_with("HTTP/1.1 101")) << client->received();
  EXPECT_NE(client->received().find("Set-Cookie: sid="), std::string::npos);
}

TEST_F(SessionSocketsInMemory, AFailedSaveIsToldAndCanBeRepeated) {
  const auto live = ada_->open("/live");
  store_->fail_saves = Errc::SessionStoreFailed;
  live->write(text_frame("set x 1") + text_frame("save"));
  EXPECT_EQ(after(0min, *live), "text SessionStoreFailed");
  store_->fail_saves = Errc::Ok;
  live->write(text_frame("save"));
  EXPECT_EQ(after(0min, *live), "text SessionStoreFailed|text saved");
  EXPECT_EQ(ada_->said("/get/x"), "1");
}

}  // namespace
}  // namespace hybi
