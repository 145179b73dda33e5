// Requests that nobody answers: 500, whoever still holds something, and never too early.
#include <hybi/app/test_server.h>

#include <mutex>
#include <thread>

namespace hybi::test {
namespace {

// What handlers of a test keep, and how often one was called.
template <class T>
class Kept {
 public:
  void keep(T value) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(value));
  }
  std::size_t size() {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }
  T take() {
    const std::lock_guard lock(mutex_);
    T first = std::move(all_.front());
    all_.erase(all_.begin());
    return first;
  }

 private:
  std::mutex mutex_;
  std::vector<T> all_;
};

class Unanswered : public EveryTransport {
 protected:
  // The answer to a request whose body, if it has one, comes when `begun` holds.
  template <class Begun>
  Reply ask_once_begun(TestServer& server, bool with_body, Begun begun) {
    auto client = server.connect();
    client->write(with_body ? "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n" : get("/"));
    EXPECT_TRUE(server.run_until(begun));
    if (with_body) client->write("body");
    EXPECT_TRUE(client->read_until(replies(1)));
    std::string text = client->take();
    return take_reply(text).value_or(Reply{});
  }
  // A middleware keeps a handle beyond its next(), the handler behind it another one.
  auto start_with_two(Kept<ResponseHandle>& mine, Kept<ResponseHandle>& handlers) {
    return start([&](auto& site) {
      site.use([&](Request&, Response& res, Next next) {
        next();
        mine.keep(res.later());
      });
      site.get("/", [&](Request&, Response& res) { handlers.keep(res.later()); });
    });
  }
};
HYBI_EVERY_TRANSPORT(Unanswered);

TEST_P(Unanswered, AMiddlewareThatKeepsAHandleHidesNoHandler) {
  for (const char* way : {"before", "behind", "both", "later", "later and behind"}) {
    for (const bool with_body : {false, true}) {
      Kept<ResponseHandle> kept;
      const std::string_view when = way;
      auto server = start([&](auto& site) {
        site.use([&kept, when](Request&, Response& res, Next next) {
          if (when == "later" || when == "later and behind") {
            const ResponseHandle handle = res.later();
            handle.respond([&kept, next, when](Response& r) {
              next();
              if (when == "later and behind") kept.keep(r.later());
            });
            kept.keep(handle);
            return;
          }
          if (when != "behind") kept.keep(res.later());
          next();
          if (when != "before") kept.keep(res.later());
        });
        site.any("/", [](Request&, Response&) {});
      });
      const Reply reply = ask_once_begun(*server, with_body, [&] { return kept.size() > 0; });
      EXPECT_EQ(reply.status, 500u) << way << (with_body ? " with a body" : "");
      EXPECT_EQ(server->errors().text(), "HttpUnanswered /") << way;
    }
  }
}

TEST_P(Unanswered, AHandlerThatGivesItsHandleUpIsNotedBesideOthers) {
  Kept<ResponseHandle> mine, handlers;
  auto server = start_with_two(mine, handlers);
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return mine.size() == 1; }));
  (void)handlers.take();
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
}

// As a middleware does that answers when the handler takes too long.
TEST_P(Unanswered, AHandleOfTheMiddlewareAnswersAllTheSame) {
  Kept<ResponseHandle> mine, handlers;
  auto server = start_with_two(mine, handlers);
  auto client = server->connect();
  client->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return mine.size() == 1; }));
  mine.take().respond([](Response& res) { res.status(503).text("too slow"); });
  ASSERT_TRUE(client->read_until(replies(1)));
  handlers.take().respond([](Response& res) { res.text("too late"); });
  client->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return mine.size() == 1; }));
  handlers.take().respond([](Response& res) { res.text("in time"); });
  ASSERT_TRUE(client->read_until(replies(2)));
  const auto all = take_replies(client->take(), false);
  EXPECT_EQ(all.at(0).body, "too slow");
  EXPECT_EQ(all.at(1).body, "in time");
  EXPECT_EQ(server->errors().text(), "");
}

TEST_P(Unanswered, OnlyTheLastOfSeveralHandlesCounts) {
  Kept<ResponseHandle> kept;
  auto server = start([&](auto& site) {
    site.get("/", [&](Request&, Response& res) {
      kept.keep(res.later());
      (void)res.later();
      kept.keep(res.later());
    });
  });
  for (const bool answers : {true, false}) {
    auto client = server->connect();
    client->write(get("/"));
    ASSERT_TRUE(server->run_until([&] { return kept.size() == 2; }));
    const ResponseHandle first = kept.take();
    (void)kept.take();
    server->run_until([] { return true; });
    if (answers) {
      // Behind the end of the others: nobody may have taken that for the end of all.
      first.respond([first](Response& res) { res.text("the first"); });
    } else {
      const ResponseHandle copy = first;
      first.respond([](Response&) {});
    }
    if (!answers) continue;
    ASSERT_TRUE(client->read_until(replies(1)));
    EXPECT_EQ(take_replies(client->take(), false).at(0).body, "the first");
  }
  EXPECT_TRUE(server->run_until([&] { return server->errors().text() == "HttpUnanswered /"; }));
}

TEST_P(Unanswered, ANextThatIsDroppedIsNoted) {
  for (const bool elsewhere : {false, true}) {
    Kept<Next> kept;
    auto server = start([&](auto& site) {
      site.use([&](Request&, Response&, Next next) { kept.keep(std::move(next)); });
      site.get("/", [](Request&, Response& res) { res.text("never"); });
    });
    auto client = server->connect();
    client->write(get("/"));
    ASSERT_TRUE(server->run_until([&] { return kept.size() == 1; }));
    EXPECT_EQ(client->received(), "");
    if (elsewhere) {
      std::thread([&] { (void)kept.take(); }).join();
    } else {
      server->run_until([&] { return kept.size() == 1; });
      (void)kept.take();  // over sockets this is another thread as well
    }
    ASSERT_TRUE(client->read_until(replies(1))) << elsewhere;
    EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  }
}

TEST_P(Unanswered, AnAnswerThatNobodyLetsGoIsA500) {
  Kept<std::function<void()>> kept;
  auto server = start([&](auto& site) {
    site.use([&](Request& req, Response& res, Next next) {
      res.on_answer([&, drop = req.path() == "/drop"](Response&, std::function<void()> go_on) {
        if (!drop) kept.keep(std::move(go_on));
      });
      next();
    });
    const auto hello = [](Request&, Response& res) { res.text("hello"); };
    site.get("/drop", hello);
    site.get("/keep", hello);
  });
  EXPECT_EQ(ask(*server, get("/drop")).status, 500u);
  auto client = server->connect();
  client->write(get("/keep"));
  ASSERT_TRUE(server->run_until([&] { return kept.size() == 1; }));
  std::thread([&] { (void)kept.take(); }).join();
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  EXPECT_EQ(server->errors().text(), "HttpUnanswered /drop|HttpUnanswered /keep");
}

TEST_P(Unanswered, AnUpgradeThatIsLookedAtLeavesTheAnswerToTheHandler) {
  Kept<ResponseHandle> kept;
  auto server = start([&](auto& site) {
    site.get("/look", [](Request& req, Response& res) {
      if (req.websocket()) res.status(401).text("log in first");
    });
    site.get("/nothing", [](Request& req, Response&) { (void)req.websocket(); });
    site.get("/later", [&](Request& req, Response& res) {
      const auto upgrade = req.websocket();
      kept.keep(res.later());
    });
  });
  EXPECT_EQ(ask(*server, upgrade("/look")).status, 401u);
  EXPECT_EQ(ask(*server, upgrade("/nothing")).status, 500u);
  auto client = server->connect();
  client->write(upgrade("/later"));
  ASSERT_TRUE(server->run_until([&] { return kept.size() == 1; }));
  kept.take().respond([](Response& res) { res.status(403).text("asked and refused"); });
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 403u);
  EXPECT_EQ(server->errors().text(), "HttpUnanswered /nothing");
}

// --- while a middleware waits

TEST_P(Unanswered, RequestsBehindOneThatWaitsInAMiddlewareComeInTheirOrder) {
  Kept<ResponseHandle> kept;
  auto server = start([&](auto& site) {
    site.use("/slow", [&](Request&, Response& res, Next next) {
      const ResponseHandle handle = res.later();
      handle.respond([next](Response&) { next(); });
    });
    site.get("/slow/kept", [&](Request&, Response& res) { kept.keep(res.later()); });
    site.get("/slow/now", [](Request&, Response& res) { res.text("now"); });
    site.get("/slow/none", [](Request&, Response&) {});
    site.get("/fast", [](Request&, Response& res) { res.text("fast"); });
  });
  auto client = server->connect();
  client->write(get("/slow/kept") + get("/slow/none") + get("/fast") + get("/slow/now"));
  ASSERT_TRUE(server->run_until([&] { return kept.size() == 1; }));
  EXPECT_EQ(client->received(), "");
  kept.take().respond([](Response& res) { res.text("kept"); });
  ASSERT_TRUE(client->read_until(replies(4)));
  std::string order;
  for (const Reply& reply : take_replies(client->take(), false)) {
    order += reply.status == 200 ? reply.body + " " : std::to_string(reply.status) + " ";
  }
  EXPECT_EQ(order, "kept 500 fast now ");
}

TEST_P(Unanswered, AHandleOfAnEarlierRequestDoesNotSpeakForTheNextOne) {
  Kept<ResponseHandle> old, now;
  auto server = start([&](auto& site) {
    site.get("/old", [&](Request&, Response& res) {
      old.keep(res.later());
      res.text("old");
    });
    site.get("/now", [&](Request&, Response& res) { now.keep(res.later()); });
  });
  auto client = server->connect();
  client->write(get("/old") + get("/now"));
  ASSERT_TRUE(server->run_until([&] { return now.size() == 1; }));
  (void)old.take();
  now.take().respond([](Response& res) { res.text("now"); });
  ASSERT_TRUE(client->read_until(replies(2)));
  EXPECT_EQ(take_replies(client->take(), false).at(1).body, "now");
  EXPECT_EQ(server->errors().text(), "");
}

TEST_P(Unanswered, AHandleOfAnEarlierRequestHidesNoHandler) {
  Kept<ResponseHandle> old;
  auto server = start([&](auto& site) {
    site.get("/old", [&](Request&, Response& res) {
      old.keep(res.later());
      res.text("old");
    });
    site.get("/none", [](Request&, Response&) {});
  });
  auto client = server->connect();
  client->write(get("/old") + get("/none"));
  ASSERT_TRUE(client->read_until(replies(2)));
  EXPECT_EQ(take_replies(client->take(), false).at(1).status, 500u);
}

TEST_P(Unanswered, AMiddlewareMayAnswerLaterByItsHandleAlone) {
  Kept<ResponseHandle> kept;
  auto server = start([&](auto& site) {
    site.use([&](Request&, Response& res, Next) { kept.keep(res.later()); });
    site.get("/", [](Request&, Response& res) { res.text("never"); });
  });
  auto client = server->connect();
  for (const char* body : {"first", "second", ""}) {
    client->write(get("/"));
    ASSERT_TRUE(server->run_until([&] { return kept.size() == 1; }));
    const ResponseHandle handle = kept.take();
    if (*body != '\0') handle.respond([body](Response& res) { res.text(body); });
  }
  ASSERT_TRUE(client->read_until(replies(3)));
  const auto all = take_replies(client->take(), false);
  EXPECT_EQ(all.at(0).body, "first");
  EXPECT_EQ(all.at(1).body, "second");
  EXPECT_EQ(all.at(2).status, 500u) << "the handle was given up";
}

TEST_P(Unanswered, AStreamedBodyWhoseReaderDoesNotAnswerIsNotedAtItsEnd) {
  Notes notes;
  auto server = start([&](auto& site) {
    site.post("/", {.stream_body = true},
              [&](Request& req, Response&) { req.on_body({.on_end = [&] { notes.add("end"); }}); });
  });
  auto client = server->connect();
  client->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n");
  server->run_until([] { return true; });
  EXPECT_EQ(client->received(), "");
  client->write("body");
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).status, 500u);
  EXPECT_EQ(notes.text(), "end");
}

TEST_P(Unanswered, APeerThatGoesWhileAMiddlewareWaitsIsForgotten) {
  Kept<ResponseHandle> handles;
  Kept<Next> nexts;
  Notes notes;
  auto server = start([&](auto& site) {
    site.use([&](Request&, Response& res, Next next) {
      handles.keep(res.later());
      nexts.keep(std::move(next));
    });
    site.get("/", [&](Request&, Response& res) {
      notes.add("handler");
      res.text("nobody reads it");
    });
  });
  for (const bool goes_on : {true, false}) {
    auto client = server->connect();
    client->write(get("/") + get("/"));
    ASSERT_TRUE(server->run_until([&] { return nexts.size() == 1; }));
    const ResponseHandle handle = handles.take();
    const Next next = nexts.take();
    Notes gone;
    handle.on_gone([&] { gone.add("gone"); });
    client->reset();
    ASSERT_TRUE(server->run_until([&] { return gone.size() == 1; }));
    ASSERT_TRUE(server->run_until([&] { return server->connections() == 0; }));
    if (goes_on) handle.respond([next](Response&) { next(); });
  }
  auto other = server->connect();  // in the same slot
  other->write(get("/"));
  ASSERT_TRUE(server->run_until([&] { return nexts.size() == 1; }));
  const Next next = nexts.take();
  handles.take().respond([next](Response&) { next(); });
  ASSERT_TRUE(other->read_until(replies(1)));
  EXPECT_EQ(notes.text(), "handler");
  EXPECT_EQ(server->errors().text(), "");
}

}  // namespace
}  // namespace hybi::test
