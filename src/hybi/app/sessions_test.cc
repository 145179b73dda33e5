// Sessions around HTTP requests. Over both stores; what needs a clock or a store that fails, over
// memory alone.
#include <hybi/app/signed_id.h>
#include <hybi/app/test_sessions.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

using namespace std::chrono_literals;
using test::Browser;
using test::ControlledStore;
using test::MemoryServer;
using test::MemorySite;
using test::Reply;
using test::StoreKind;

class SessionsOver : public ::testing::TestWithParam<StoreKind>, protected test::SessionsFixture {
 protected:
  SessionsOver() : SessionsFixture(GetParam()) {}
  Sessions sessions_ = Sessions::create(options()).value();
  std::unique_ptr<MemoryServer> server_ = serve(sessions_);
  Browser ada_{*server_}, bob_{*server_};
};
INSTANTIATE_TEST_SUITE_P(Store, SessionsOver,
                         ::testing::Values(StoreKind::Memory, StoreKind::Redis), test::store_name);

TEST_P(SessionsOver, WhatOneRequestSetTheNextOneHas) {
  EXPECT_EQ(ada_.said("/set/x/1"), "set");
  EXPECT_EQ(ada_.said("/get/x"), "1");
  EXPECT_EQ(bob_.said("/get/x"), "none");
  EXPECT_EQ(ada_.said("/set/y/2"), "set");
  EXPECT_EQ(ada_.said("/erase/x"), "erased");
  EXPECT_EQ(ada_.said("/names"), "y ");
  EXPECT_EQ(ada_.said("/clear"), "cleared");
  EXPECT_EQ(ada_.said("/names"), "");
}

TEST_P(SessionsOver, WhoHasNothingToKeepGetsNoCookie) {
  for (const char* path : {"/", "/get/x", "/names", "/rotate", "/destroy", "/clear", "/nowhere"}) {
    EXPECT_EQ(ada_.get(path).field("set-cookie"), "") << path;
  }
  EXPECT_EQ(ada_.said("/id"), "");
}

TEST_P(SessionsOver, TheCookieIsSignedHttpOnlyAndLaxAndSentOnce) {
  ada_.get("/set/x/1");
  const std::string id = ada_.said("/id");
  EXPECT_EQ(id.size(), SignedId::kIdSize);
  ada_.get("/set/x/2");
  EXPECT_EQ(ada_.set_cookie, "") << "the browser has it";
  const Reply first = bob_.get("/set/x/1");
  EXPECT_EQ(first.field("set-cookie"), bob_.cookie + "; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(first.field("cache-control"), "no-store");
  EXPECT_EQ(bob_.value().size(), SignedId::kValueSize);
  EXPECT_TRUE(bob_.value().starts_with(bob_.said("/id") + "."));
}

TEST_P(SessionsOver, FixationAnIdThatAClientInventsIsNeverAdopted) {
  ada_.get("/set/x/1");
  ada_.get("/destroy");
  const SignedId forger =
      SignedId::create("hybi session sid", {"another secret of many bytes"}).value();
  const SignedId ours = SignedId::create("hybi session sid", {test::kSessionSecret}).value();
  const std::string invented(SignedId::kIdSize, 'A');
  for (const std::string& value : {invented, invented + "." + std::string(43, 'A'),
                                   forger.sign(invented), ours.sign(invented)}) {
    Browser victim(*server_);
    victim.cookie = "sid=" + value;
    EXPECT_EQ(victim.said("/names"), "new:") << value;
    EXPECT_EQ(victim.said("/set/user/ada"), "set");
    EXPECT_NE(victim.said("/id"), invented);
    EXPECT_NE(victim.value(), value);
    Browser attacker(*server_);
    attacker.cookie = "sid=" + value;
    EXPECT_EQ(attacker.said("/get/user"), "none") << value;
  }
}

TEST_P(SessionsOver, FixationRotatingGivesANewIdAndTheOldOneIsDead) {
  ada_.get("/set/cart/full");
  Browser attacker(*server_);
  attacker.cookie = ada_.cookie;
  const std::string before = ada_.said("/id");
  EXPECT_EQ(ada_.said("/login/ada"), "welcome");
  EXPECT_NE(ada_.said("/id"), before);
  EXPECT_NE(ada_.cookie, attacker.cookie);
  EXPECT_EQ(ada_.said("/get/user"), "ada");
  EXPECT_EQ(ada_.said("/get/cart"), "full") << "the values went along";
  EXPECT_EQ(attacker.said("/names"), "new:");
  EXPECT_EQ(attacker.said("/set/x/1"), "set");
  EXPECT_NE(attacker.said("/id"), before) << "nor is the old id made again";
}

TEST_P(SessionsOver, ATamperedCookieIsNoSession) {
  ada_.get("/set/x/1");
  const std::string good = ada_.cookie;
  for (std::size_t i = 4; i < good.size(); i += 7) {
    Browser other(*server_);
    other.cookie = good;
    other.cookie[i] = good[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(other.said("/get/x"), "none") << i;
  }
  EXPECT_EQ(ada_.said("/get/x"), "1");
}

TEST_P(SessionsOver, CookieTossingHidesNoSession) {
  bob_.get("/set/x/dead");
  const std::string dead = bob_.cookie;
  bob_.get("/destroy");
  ada_.get("/set/x/1");
  const std::string mine = ada_.cookie;
  const std::string forged = "sid=" + std::string(22, 'A') + "." + std::string(43, 'A');
  for (const std::string& tossed : {forged, std::string("sid="), std::string("sid=x"), dead}) {
    ada_.cookie = tossed + "; " + mine;
    EXPECT_EQ(ada_.said("/get/x"), "1") << tossed;
    ada_.cookie = mine + "; " + tossed;
    EXPECT_EQ(ada_.said("/get/x"), "1") << tossed;
  }
}

TEST_P(SessionsOver, ADestroyedSessionIsGoneAndItsCookieDeleted) {
  ada_.get("/set/x/1");
  Browser copy(*server_);
  copy.cookie = ada_.cookie;
  EXPECT_EQ(ada_.said("/destroy"), "destroyed");
  EXPECT_EQ(ada_.set_cookie, "sid=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  EXPECT_EQ(copy.said("/names"), "new:");
}

TEST_P(SessionsOver, WhatIsSetAfterDestroyingBelongsToANewSession) {
  ada_.get("/set/x/1");
  Browser copy(*server_);
  copy.cookie = ada_.cookie;
  EXPECT_EQ(ada_.said("/again"), "again");
  EXPECT_NE(ada_.cookie, copy.cookie);
  EXPECT_EQ(ada_.said("/names"), "again ");
  EXPECT_EQ(copy.said("/names"), "new:");
}

// Two requests of one session at the same time: the first answers when the second is done.
TEST_P(SessionsOver, RequestsAtTheSameTimeLoseNothingButTheSameValue) {
  std::optional<ResponseHandle> waiting;
  server_->site().get("/slow", [&](Request& request, Response& response) {
    sessions_.of(request)->set("mine", "slow");
    sessions_.of(request)->set("both", "slow");
    waiting = response.later();
  });
  server_->site().get("/quick", [&](Request& request, Response& response) {
    sessions_.of(request)->set("yours", "quick");
    sessions_.of(request)->set("both", "quick");
    response.end();
  });
  ada_.get("/set/x/1");
  const auto slow = server_->connect();
  slow->write(test::get("/slow", ada_.cookies()));
  ASSERT_TRUE(server_->run_until([&] { return waiting.has_value(); }));
  EXPECT_EQ(ada_.get("/quick").status, 200u);
  waiting->respond([](Response& response) { response.text("done"); });
  EXPECT_EQ(ada_.reply_on(*slow).body, "done");
  EXPECT_EQ(ada_.said("/names"), "both mine x yours ");
  EXPECT_EQ(ada_.said("/get/both"), "slow") << "the last one that is saved wins";
}

TEST_P(SessionsOver, SavingBeforeTheAnswerHasItStored) {
  EXPECT_EQ(ada_.said("/save/x/1"), "saved");
  EXPECT_EQ(ada_.said("/get/x"), "1");
}

TEST_P(SessionsOver, AnAdministratorEndsASession) {
  ada_.get("/set/x/1");
  const auto ended = test::answer_of<bool>(
      [&](auto done) { sessions_.destroy(ada_.said("/id"), std::move(done)); });
  EXPECT_TRUE(ended && *ended);
  EXPECT_EQ(ada_.said("/names"), "new:");
}

TEST_P(SessionsOver, AnotherNodeSeesTheSameSessions) {
  const Sessions other = Sessions::create(options()).value();
  const auto server = serve(other);
  EXPECT_EQ(ada_.said("/save/x/1"), "saved");
  Browser there(*server);
  there.cookie = ada_.cookie;
  EXPECT_EQ(there.said("/get/x"), "1");
}

// --- time, failures, options

class SessionsInMemory : public ::testing::Test, protected test::SessionsFixture {
 protected:
  SessionsInMemory() : SessionsFixture(StoreKind::Memory) {}
  void start(SessionOptions with, ServerOptions server = {}) {
    sessions_ = Sessions::create(std::move(with)).value();
    server_ = serve(*sessions_, std::move(server));
  }
  void start() {
    SessionOptions with = options();
    store_ = std::make_shared<ControlledStore>(with.store);
    with.store = store_;
    start(std::move(with));
  }
  void advance(std::chrono::milliseconds time) { stores_.clock().advance(time); }

  std::shared_ptr<ControlledStore> store_;
  std::optional<Sessions> sessions_;
  std::unique_ptr<MemoryServer> server_;
};

TEST_F(SessionsInMemory, ExpiryAfterTheIdleTimeWithoutARequest) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  for (int i = 0; i < 4; ++i) {
    advance(29min);
    EXPECT_EQ(ada.said("/get/x"), "1") << "every request is use";
  }
  advance(30min);
  EXPECT_EQ(ada.said("/names"), "new:");
}

TEST_F(SessionsInMemory, ExpiryAfterTheAbsoluteTimeHoweverOftenItIsUsed) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  for (int i = 0; i < 7 * 24 * 4 - 1; ++i) {
    advance(15min);
    ASSERT_EQ(ada.said("/get/x"), "1") << i;
  }
  ada.get("/rotate");  // a new id does not make it younger
  advance(15min);
  EXPECT_EQ(ada.said("/names"), "new:");
}

TEST_F(SessionsInMemory, TheStoreIsToldOfUseWhenHalfTheIdleTimeIsGone) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  for (int i = 0; i < 14; ++i) {
    advance(1min);
    ada.get("/");
  }
  EXPECT_EQ(store_->touches, 0);
  advance(2min);
  ada.get("/");
  EXPECT_EQ(store_->touches, 1);
}

TEST_F(SessionsInMemory, AStoreThatFailsToLoadIsA503AndTheHandlerDoesNotRun) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  store_->fail_loads = true;
  const Reply reply = ada.get("/set/x/2");
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.field("retry-after"), "1");
  EXPECT_EQ(told_.text(), "SessionStoreFailed load");
  EXPECT_EQ(Browser(*server_).said("/"), "hello") << "who has no cookie needs no store";
  store_->fail_loads = false;
  EXPECT_EQ(ada.said("/get/x"), "1");
}

TEST_F(SessionsInMemory, AnAnswerDoesNotClaimWhatWasNotStored) {
  start();
  Browser ada(*server_);
  store_->fail_saves = Errc::SessionStoreFailed;
  for (const char* path : {"/set/x/1", "/save/x/1"}) {
    const Reply reply = ada.get(path);
    EXPECT_EQ(reply.status, 503u) << path;
    EXPECT_EQ(reply.field("set-cookie"), "") << path;
    EXPECT_EQ(reply.body.find("set"), std::string::npos) << reply.body;
    EXPECT_EQ(reply.body.find("saved"), std::string::npos) << reply.body;
  }
  store_->fail_saves = Errc::SessionStoreFull;
  EXPECT_EQ(ada.get("/set/x/1").status, 503u);
  store_->fail_saves = Errc::Ok;
  ada.get("/set/x/1");
  store_->fail_saves = Errc::SessionStoreFailed;
  EXPECT_EQ(ada.get("/destroy").status, 503u) << "a log-out that did not happen is not claimed";
  EXPECT_EQ(ada.get("/login/ada").status, 503u);
  store_->fail_saves = Errc::Ok;
  EXPECT_EQ(ada.said("/names"), "x ");
}

TEST_F(SessionsInMemory, AStoreThatFailsToTouchHurtsNoAnswer) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  advance(20min);
  store_->fail_saves = Errc::SessionStoreFailed;
  EXPECT_EQ(ada.said("/get/x"), "1");
}

TEST_F(SessionsInMemory, AChangeOfASessionThatEndedMeanwhileIsA409) {
  start();
  server_->site().get("/late", [&](Request& request, Response& response) {
    Session* const session = sessions_->of(request);
    sessions_->destroy(session->id());
    session->set("x", "2");
    response.text("done");
  });
  Browser ada(*server_);
  ada.get("/set/x/1");
  EXPECT_EQ(ada.get("/late").status, 409u);
  EXPECT_EQ(ada.said("/names"), "new:") << "it was not made again";
}

TEST_F(SessionsInMemory, ASessionOverTheLimitIsA500AndTold) {
  SessionOptions with = options();
  with.max_bytes = 100;
  start(std::move(with));
  Browser ada(*server_);
  EXPECT_EQ(ada.get("/set/x/" + std::string(90, 'x')).status, 500u);
  EXPECT_EQ(told_.text(), "SessionTooBig save");
  EXPECT_EQ(ada.get("/set/x/" + std::string(80, 'x')).status, 200u);
}

TEST_F(SessionsInMemory, ALateStoreHoldsTheHandlerAndAnExplicitSaveTheAnswer) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  store_->hold = true;
  const auto client = server_->connect();
  client->write(test::get("/save/x/2", ada.cookies()));
  client->read_until(std::size_t{0});
  EXPECT_EQ(store_->waiting(), 1u) << "it is loaded";
  store_->let_go();
  client->read_until(std::size_t{0});
  EXPECT_EQ(store_->waiting(), 1u) << "it is saved";
  EXPECT_EQ(client->received(), "");
  store_->let_go();
  EXPECT_EQ(ada.reply_on(*client).body, "saved");
}

TEST_F(SessionsInMemory, ALateStoreThatFailsAnswersAnExplicitSaveWith503) {
  start();
  Browser ada(*server_);
  store_->hold = true;
  store_->fail_saves = Errc::SessionStoreFailed;
  const auto client = server_->connect();
  client->write(test::get("/save/x/2"));
  client->read_until(std::size_t{0});
  store_->let_go();
  const Reply reply = ada.reply_on(*client);
  EXPECT_EQ(reply.status, 503u);
  EXPECT_EQ(reply.field("set-cookie"), "");
}

TEST_F(SessionsInMemory, AClientThatGoesWhileTheStoreWorksIsForgotten) {
  start();
  Browser ada(*server_);
  ada.get("/set/x/1");
  store_->hold = true;
  for (int steps = 0; steps < 2; ++steps) {
    const auto client = server_->connect();
    client->write(test::get("/save/x/2", ada.cookies()));
    client->read_until(std::size_t{0});
    if (steps == 1) store_->let_go();
    client->read_until(std::size_t{0});
    client->reset();
    server_->settle();
    store_->let_go();
    server_->settle();
  }
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_F(SessionsInMemory, ReplacingTheSecretKeepsSessionsAndSignsThemAnew) {
  start(options());
  Browser ada(*server_);
  ada.get("/set/x/1");
  const std::string before = ada.cookie;
  SessionOptions with = options();
  with.secrets = {"a newer secret of many bytes", test::kSessionSecret};
  start(std::move(with));
  Browser later(*server_);
  later.cookie = before;
  EXPECT_EQ(later.said("/get/x"), "1");
  EXPECT_NE(later.cookie, before);
  EXPECT_EQ(later.said("/get/x"), "1");
  EXPECT_EQ(later.set_cookie, "");
}

TEST_F(SessionsInMemory, SecureGoesWithTlsAsTheOptionsSay) {
  const auto set_cookie = [&](const std::string& fields) {
    Browser fresh(*server_);
    return fresh.get("/set/x/1", fields).field("set-cookie");
  };
  const std::string x_https = "X-Forwarded-Proto: https\r\n";
  const std::string rfc_https = "Forwarded: for=1.2.3.4;proto=https\r\n";
  struct Row {
    ServerOptions server;
    std::string fields;
    bool secure;
  };
  const ServerOptions trusting{.trusted_proxies = {"192.0.2.1"}};  // what the test's peers are
  const ServerOptions other{.trusted_proxies = {"10.0.0.0/8"}};
  const ServerOptions tls{.behind_tls = true};
  for (const Row& row :
       {Row{{}, "", false}, Row{{}, x_https, false}, Row{{}, rfc_https, false},
        Row{other, x_https, false}, Row{other, rfc_https, false}, Row{trusting, "", false},
        Row{trusting, x_https, true}, Row{trusting, rfc_https, true},
        Row{trusting, "X-Forwarded-Proto: http\r\n", false}, Row{tls, "", true},
        Row{tls, "X-Forwarded-Proto: http\r\n", true}}) {
    start(options(), row.server);
    EXPECT_EQ(set_cookie(row.fields).find("; Secure") != std::string::npos, row.secure)
        << row.fields << row.server.trusted_proxies.size() << row.server.behind_tls;
  }
  SessionOptions with = options();
  with.cookie = "__Host-sid";
  with.persistent = true;
  start(std::move(with));
  EXPECT_TRUE(set_cookie("").ends_with("; Path=/; Max-Age=604800; Secure; HttpOnly; SameSite=Lax"));
}

TEST_F(SessionsInMemory, EveryVisitorHasASessionIfThatIsAskedFor) {
  SessionOptions with = options();
  with.save_empty = true;
  start(std::move(with));
  Browser ada(*server_);
  ada.get("/");
  EXPECT_NE(ada.cookie, "");
  EXPECT_EQ(ada.said("/names"), "");
}

TEST_F(SessionsInMemory, AHandlerThatFailsKeepsWhatItHadSet) {
  start();
  server_->site().get("/throw", [&](Request& request, Response&) {
    sessions_->of(request)->set("x", "1");
    throw 1;
  });
  Browser ada(*server_);
  EXPECT_EQ(ada.get("/throw").status, 500u);
  EXPECT_EQ(ada.said("/get/x"), "1");
}

TEST(SessionOptionsCheck, NamesWhatDoesNotFit) {
  const auto error = [](auto change) {
    SessionOptions options{.secrets = {test::kSessionSecret}};
    change(options);
    const auto made = Sessions::create(std::move(options));
    return made ? Errc::Ok : made.error().code;
  };
  EXPECT_EQ(error([](SessionOptions&) {}), Errc::Ok);
  EXPECT_EQ(error([](SessionOptions& o) { o.secrets.clear(); }), Errc::BadSecret);
  EXPECT_EQ(error([](SessionOptions& o) { o.secrets.push_back("short"); }), Errc::BadSecret);
  const Errc bad = Errc::BadSessionOptions;
  EXPECT_EQ(error([](SessionOptions& o) { o.cookie = "a b"; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.path = "x"; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.domain = "a;b"; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.idle = 0s; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.absolute = 1min; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.close_code = 1000; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.max_bytes = 0; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) { o.same_site = http::SameSite::None; }), bad);
  EXPECT_EQ(error([](SessionOptions& o) {
              o.cookie = "__Host-sid";
              o.domain = "example.com";
            }),
            bad);
}

}  // namespace
}  // namespace hybi
