// Middleware and routes as requests meet them. See site.h.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <stdexcept>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

// The answers to what is written on one connection.
class Site : public ::testing::TestWithParam<bool> {
 protected:
  Site()
      : site_(GetParam(), {.on_error = [this](Error error, std::string_view what) {
                errors_.push_back(std::string(info(error.code).name) + " " + std::string(what));
              }}) {}

  void settle() { ASSERT_TRUE(site_.net().settle()); }
  // The first answer on a new connection.
  Reply ask(const std::string& request) {
    peer_ = site_.net().connect();
    peer_->write(request);
    settle();
    std::string text = peer_->received();
    return take_reply(text).value_or(Reply{});
  }
  std::string show(const Reply& reply) { return std::to_string(reply.status) + " " + reply.body; }
  // Adds its name to the log and goes on.
  Middleware logs(std::string name) {
    return [this, name](Request&, Response&, Next next) {
      log_ += name;
      next();
    };
  }
  Handler says(std::string text) {
    return [this, text](Request&, Response& response) {
      log_ += "!";
      response.text(text);
    };
  }
  std::size_t answers() const { return take_replies(peer_->received(), false).size(); }

  std::vector<std::string> errors_;
  std::string log_;
  EndingSite site_;
  std::unique_ptr<testing::MemoryPeer> peer_;
};
INSTANTIATE_TEST_SUITE_P(Over, Site, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "MemoryPending" : "Memory");
});

TEST_P(Site, MiddlewareRunsInTheOrderOfUseBeforeTheHandler) {
  site_.use(logs("a")).get("/", says("x")).use(logs("b")).use("/", logs("c"));
  EXPECT_EQ(show(ask(get("/"))), "200 x");
  EXPECT_EQ(log_, "abc!");
}

TEST_P(Site, PrefixesEndAtSegmentBorders) {
  site_.use("/admin", logs("a")).use("/admin/deep/", logs("d"));
  const auto layers_of = [&](const std::string& path) {
    log_.clear();
    EXPECT_EQ(ask(get(path)).status, 404u);
    return log_;
  };
  EXPECT_EQ(layers_of("/admin"), "a");
  EXPECT_EQ(layers_of("/admin/"), "a");
  EXPECT_EQ(layers_of("/admin?x=/y"), "a");
  EXPECT_EQ(layers_of("/admin/deep"), "ad");
  EXPECT_EQ(layers_of("/admin/deep/er"), "ad");
  EXPECT_EQ(layers_of("/admin/deeper"), "a");
  EXPECT_EQ(layers_of("/administrator"), "");
  EXPECT_EQ(layers_of("/"), "");
  EXPECT_EQ(layers_of("/x/admin"), "");
}

TEST_P(Site, APathThatIsEncodedOtherwiseDoesNotGoAroundTheMiddleware) {
  site_.use("/admin", [](Request&, Response& response, Next) { response.status(401).text("no"); });
  site_.get("/admin/secret", says("secret"));
  for (const char* path : {"/admin/secret", "/%61dmin/secret", "/admi%6e/secret",
                           "/%61%64%6D%69%6e/%73ecret", "/admin/%73ecret"}) {
    EXPECT_EQ(show(ask(get(path))), "401 no") << path;
  }
}

TEST_P(Site, MiddlewareRunsForUnknownPathsAndWrongMethods) {
  site_.use(logs("a")).get("/", says("x"));
  EXPECT_EQ(ask(get("/nowhere")).status, 404u);
  EXPECT_EQ(ask(post("/", "body")).status, 405u);
  EXPECT_EQ(log_, "aa");
}

TEST_P(Site, MiddlewareMayAnswerItselfAndMayAddFields) {
  site_.use([](Request&, Response& response, Next next) {
    response.set("X-From", "middleware");
    next();
  });
  site_.use("/closed", [](Request&, Response& response, Next) { response.status(403).text("no"); });
  site_.get("/open", says("x")).get("/closed", says("never"));
  EXPECT_EQ(ask(get("/open")).field("x-from"), "middleware");
  EXPECT_EQ(show(ask(get("/closed"))), "403 no");
  EXPECT_EQ(log_, "!");
}

TEST_P(Site, MiddlewareThatNeitherAnswersNorGoesOnIsAnswered500) {
  site_.use([](Request&, Response&, Next) {}).get("/", says("x"));
  EXPECT_EQ(ask(get("/x?y")).status, 500u);
  EXPECT_EQ(errors_, std::vector<std::string>{"HttpUnanswered /x?y"});
  EXPECT_EQ(log_, "");
}

TEST_P(Site, NextMayBeCalledInALaterTurn) {
  Next kept;
  site_.use([&](Request&, Response&, Next next) { kept = std::move(next); });
  site_.use(logs("b")).get("/", says("x"));
  EXPECT_EQ(ask(get("/") + get("/")).status, 0u);
  site_.loop().post([&] { std::exchange(kept, nullptr)(); });
  settle();
  EXPECT_EQ(answers(), 1u);  // the second request has begun and waits as well
  EXPECT_EQ(log_, "b!");
  site_.loop().post([&] { std::exchange(kept, nullptr)(); });
  settle();
  EXPECT_EQ(answers(), 2u);
}

TEST_P(Site, NextMayComeBeforeTheBodyAndTheHandlerSeesAllOfIt) {
  Next kept;
  site_.use([&](Request&, Response&, Next next) { kept = std::move(next); });
  site_.post("/",
             [](Request& request, Response& response) { response.text(as_text(request.body())); });
  EXPECT_EQ(ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc").status, 0u);
  site_.loop().post([&] { std::exchange(kept, nullptr)(); });
  settle();
  EXPECT_EQ(answers(), 0u);
  peer_->write("def");
  settle();
  EXPECT_TRUE(peer_->received().ends_with("abcdef"));
  EXPECT_EQ(answers(), 1u);
}

TEST_P(Site, NextThatIsGivenUpLaterIsAnswered500) {
  Next kept;
  site_.use([&](Request&, Response&, Next next) { kept = std::move(next); });
  EXPECT_EQ(ask(get("/")).status, 0u);
  site_.loop().post([&] { kept = nullptr; });
  settle();
  EXPECT_TRUE(peer_->received().starts_with("HTTP/1.1 500"));
}

TEST_P(Site, ASecondCallOfNextDoesNothing) {
  Next kept;
  site_.use([&](Request&, Response&, Next next) {
    next();
    next();
    kept = std::move(next);
  });
  site_.get("/", says("x"));
  EXPECT_EQ(show(ask(get("/"))), "200 x");
  site_.loop().post([&] { kept(); });
  settle();
  EXPECT_EQ(log_, "!");
  EXPECT_EQ(answers(), 1u);
}

TEST_P(Site, NextAfterAnAnswerDoesNothingEvenBetweenTwoRequests) {
  std::vector<Next> kept;
  site_.use([&](Request&, Response& response, Next next) {
    kept.push_back(std::move(next));
    response.text("mine");
  });
  site_.get("/", says("x"));
  EXPECT_EQ(show(ask(get("/"))), "200 mine");
  site_.loop().post([&] { kept[0](); });
  settle();
  EXPECT_EQ(answers(), 1u);
  peer_->write(get("/"));
  settle();
  site_.loop().post([&] { kept[0](); });
  settle();
  EXPECT_EQ(answers(), 2u);
  EXPECT_EQ(log_, "");
}

TEST_P(Site, NextAfterTheConnectionHasGoneDoesNothing) {
  Next kept;
  site_.use([&](Request&, Response&, Next next) { kept = std::move(next); });
  site_.get("/", says("x"));
  EXPECT_EQ(ask(get("/")).status, 0u);
  peer_->reset();
  settle();
  EXPECT_EQ(site_.net().open_streams(), 0u);
  site_.loop().post([&] { kept(); });
  settle();
  kept = nullptr;
  EXPECT_EQ(log_, "");
}

TEST_P(Site, ExceptionsOfMiddlewareAndHandlersAreAnswered500AndToldOnce) {
  site_.use("/m", [](Request&, Response&, Next) { throw std::runtime_error("middleware"); });
  site_.get("/h", [](Request&, Response&) { throw std::runtime_error("handler"); });
  site_.get("/late", [](Request&, Response& response) {
    response.text("answered");
    throw 1;
  });
  EXPECT_EQ(ask(get("/m")).status, 500u);
  EXPECT_EQ(ask(get("/h")).status, 500u);
  EXPECT_EQ(show(ask(get("/late"))), "200 answered");
  EXPECT_EQ(answers(), 1u);
  EXPECT_EQ(errors_,
            (std::vector<std::string>{"HttpHandlerFailed middleware", "HttpHandlerFailed handler",
                                      "HttpHandlerFailed an exception of unknown type"}));
}

TEST_P(Site, ALateAnswerThatThrowsOrComesTwiceIsOneAnswer) {
  ResponseHandle handle;
  site_.get("/", [&](Request&, Response& response) { handle = response.later(); });
  EXPECT_EQ(ask(get("/")).status, 0u);
  handle.respond([](Response& response) {
    response.text("one");
    response.text("two");
    throw std::runtime_error("three");
  });
  handle.respond([](Response& response) { response.text("four"); });
  settle();
  handle.respond([](Response& response) { response.text("five"); });
  settle();
  EXPECT_EQ(answers(), 1u);
  EXPECT_TRUE(peer_->received().ends_with("one"));
  EXPECT_EQ(errors_, std::vector<std::string>{"HttpHandlerFailed three"});
  peer_->write(get("/"));
  settle();
  handle.respond([](Response& response) { response.text("six"); });
  settle();
  EXPECT_TRUE(peer_->received().ends_with("six"));
  EXPECT_EQ(answers(), 2u);
}

TEST_P(Site, AnUpgradeDroppedAfterTheAnswerAddsNothing) {
  std::optional<Upgrade> kept;
  site_.get("/", [&](Request& request, Response& response) {
    auto upgrade = request.websocket();
    if (upgrade) kept.emplace(std::move(*upgrade));
    response.status(401).text("no");
  });
  EXPECT_EQ(show(ask(upgrade("/"))), "401 no");
  site_.loop().post([&] { kept.reset(); });
  settle();
  EXPECT_EQ(answers(), 1u);
}

TEST_P(Site, MiddlewareGuardsUpgradesToo) {
  site_.use("/ws", [](Request& request, Response& response, Next next) {
    if (request.query("token") != "good") return response.status(401).text("who?");
    request.set("user", std::string("anna"));
    next();
  });
  site_.ws("/ws", {.on_open = [](WebSocket& ws) { ws.send("welcome"); }});
  EXPECT_EQ(show(ask(upgrade("/ws"))), "401 who?");
  EXPECT_EQ(ask(upgrade("/ws?token=good")).status, 101u);
}

TEST_P(Site, ValuesGoFromMiddlewareToHandlersAndNoFurther) {
  site_.use([](Request& request, Response&, Next next) {
    if (request.query("user")) request.set("user", *request.query("user"));
    next();
  });
  site_.get("/", [](Request& request, Response& response) {
    EXPECT_EQ(request.get<int>("user"), nullptr);
    const auto* user = request.get<std::string>("user");
    response.text(user != nullptr ? *user : "nobody");
  });
  peer_ = site_.net().connect();
  peer_->write(get("/?user=anna") + get("/") + get("/?user=ben"));
  settle();
  const std::vector<Reply> replies = take_replies(peer_->received(), false);
  ASSERT_EQ(replies.size(), 3u);
  EXPECT_EQ(replies[0].body, "anna");
  EXPECT_EQ(replies[1].body, "nobody");
  EXPECT_EQ(replies[2].body, "ben");
}

TEST_P(Site, OptionsAndWrongMethodsNameWhatIsAllowed) {
  site_.get("/x", says("x")).put("/x", says("y"));
  const Reply options = ask("OPTIONS /x HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(options.status, 204u);
  EXPECT_EQ(options.field("allow"), "GET, HEAD, PUT, OPTIONS");
  const Reply refused = ask(post("/x", ""));
  EXPECT_EQ(refused.status, 405u);
  EXPECT_EQ(refused.field("allow"), options.field("allow"));
  EXPECT_EQ(ask("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n").status, 204u);
  EXPECT_EQ(ask("OPTIONS /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").status, 404u);
}

TEST_P(Site, APageAndAWebSocketShareAPath) {
  site_.get("/", says("page"));
  site_.ws("/", {.on_open = [](WebSocket& ws) { ws.send("socket"); }});
  site_.ws("/only", {});
  EXPECT_EQ(show(ask(get("/"))), "200 page");
  EXPECT_EQ(ask(upgrade("/")).status, 101u);
  EXPECT_TRUE(peer_->received().ends_with("\x81\x06socket"));
  const Reply plain = ask(get("/only"));
  EXPECT_EQ(plain.status, 426u);
  EXPECT_EQ(plain.field("upgrade"), "websocket");
}

TEST_P(Site, ARequestWhoseHandleIsDroppedIsAnswered500) {
  site_.get("/forgets", [](Request&, Response& response) { (void)response.later(); });
  site_.get("/twice", [](Request&, Response& response) {
    const ResponseHandle copy = response.later();
    (void)copy.respond([](Response& late) { late.text("kept"); });
  });
  EXPECT_EQ(ask(get("/forgets")).status, 500u);
  EXPECT_EQ(errors_, (std::vector<std::string>{"HttpUnanswered /forgets"}));
  EXPECT_EQ(show(ask(get("/twice"))), "200 kept");
}

TEST_P(Site, AcceptingWithLimitsThatContradictEachOtherIsAnswered500) {
  site_.get("/", [](Request& request, Response&) {
    auto upgrade = request.websocket();
    ASSERT_TRUE(upgrade);
    EXPECT_FALSE(std::move(*upgrade).accept({.limits = {.max_message_bytes = 0}}));
  });
  EXPECT_EQ(ask(upgrade("/")).status, 500u);
  EXPECT_EQ(errors_, (std::vector<std::string>{"BadLimit /"}));
}

}  // namespace
}  // namespace hybi::test
