// Object mode: events, answers in both directions, errors, deadlines; in memory with a clock moved
// by hand, and with a server of several loops. The examples of docs/topics/object-mode.md are run.
#include <hybi/app/test_server.h>
#include <hybi/app/timer_task.h>
#include <hybi/object.h>

#include <array>
#include <fstream>
#include <numeric>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct Say {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Say, text)

// The handlers of the manual's page.
void add_examples(Objects& objects, std::vector<std::jthread>& threads) {
  objects.on_open([](ObjectSocket& ws) { ws.socket().subscribe("room"); });
  objects.on("say", [](ObjectSocket& ws, const Say& say) { ws.publish("room", "said", say); });
  objects.on("sum", [](ObjectSocket&, const std::vector<int>& numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), 0);
  });
  objects.on("divide",
             [](ObjectSocket&, const std::array<int, 2>& numbers) -> Outcome<int, ObjectError> {
               if (numbers[1] == 0) return ObjectError{"by_zero", "nothing can be divided by 0"};
               return numbers[0] / numbers[1];
             });
  objects.on("crash", [](ObjectSocket&) { throw std::runtime_error("a secret"); });
  objects.on("later", [&](ObjectSocket&, const json& data, const ObjectReply& reply) {
    threads.emplace_back([=] { reply.send(data); });
  });
  objects.on("ask me", [](ObjectSocket& ws) {
    const auto asked =
        ws.request("how old", nullptr, 5s, [](ObjectSocket& there, ObjectResult age) {
          if (age) there.emit("thanks", *age);
        });
    EXPECT_TRUE(asked);
  });
}

// Like show_frames, with texts of any length and the reasons of closing.
std::string show_all(std::string_view bytes) {
  std::string text;
  for (const Frame& frame : frames(bytes)) {
    if (!text.empty()) text += '|';
    text += frame.opcode == 1 ? "text " + frame.payload : frame.show();
    if (frame.opcode == 8 && frame.payload.size() > 2) text += " " + frame.payload.substr(2);
  }
  return text;
}

// A client, an Objects and its timer on the memory site's clock.
class ObjectMode : public ::testing::Test {
 protected:
  void start(std::function<void(Objects&)> set, ObjectOptions options = {},
             WebSocketHandlers base = {}) {
    options.on_error = [this](Error error, std::string_view what) {
      notes_.add(std::string(info(error.code).name) + " " + std::string(what));
    };
    server_ = start_in_memory([](MemorySite&) {});
    timers_ =
        std::make_unique<TimerTasks>(server_->site().loop(), [](const auto& task) { task(); });
    Objects objects(
        [this](std::chrono::milliseconds delay, std::function<void()> task) {
          ++timers_set_;
          timers_->add(delay, false, std::move(task));
        },
        std::move(options));
    set(objects);
    server_->site().ws("/", objects.handlers(std::move(base)));
    client_ = open_websocket(*server_, "/");
    ASSERT_TRUE(client_);
    client_->take();
  }
  void TearDown() override {
    threads_.clear();
    client_.reset();
    server_.reset();  // the deadlines of connections run on its loop
  }

  std::string received() {
    (void)client_->read_until(std::size_t{0});
    return show_all(client_->take());
  }
  std::string ask(std::string_view text) {
    client_->write(text_frame(text));
    return received();
  }

  Notes notes_;
  std::vector<std::jthread> threads_;
  int timers_set_ = 0;
  std::unique_ptr<TimerTasks> timers_;
  std::unique_ptr<MemoryServer> server_;
  std::unique_ptr<TestClient> client_;
};

TEST_F(ObjectMode, SpeaksAsTheManualSays) {
  start([this](Objects& objects) { add_examples(objects, threads_); });
  std::ifstream page(std::string(HYBI_SOURCE_DIR) + "/docs/topics/object-mode.md");
  ASSERT_TRUE(page);
  bool inside = false;
  std::size_t count = 0;
  for (std::string line, last; std::getline(page, line);) {
    if (line == "```conversation") {
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.starts_with("> ")) {
      EXPECT_EQ(received(), "") << "after " << last;
      client_->write(text_frame(line.substr(2)));
      last = line;
    } else if (inside && line.starts_with("< ")) {
      ++count;
      ASSERT_TRUE(server_->run_until([&] { return client_->read_until(frame_count(1)); })) << line;
      EXPECT_EQ(show_all(client_->take()), "text " + line.substr(2)) << last;
    }
  }
  EXPECT_EQ(received(), "");
  EXPECT_GE(count, 14u);
  EXPECT_EQ(notes_.text(), "WsHandlerFailed a secret");
}

TEST_F(ObjectMode, PublishesEventsToTheOthersOfAChannel) {
  start([this](Objects& objects) { add_examples(objects, threads_); });
  auto other = open_websocket(*server_, "/");
  ASSERT_TRUE(other);
  other->take();
  EXPECT_EQ(ask(R"({"event":"say","data":{"text":"hi"}})"), "");
  EXPECT_TRUE(other->read_until(shows(R"(text {"event":"said","data":{"text":"hi"}})")));
  server_->publish("room", object_message("news", {{"n", 1}}));
  EXPECT_EQ(received(), R"(text {"event":"news","data":{"n":1}})");
}

TEST_F(ObjectMode, TakesAndReturnsWhatTheSignatureSays) {
  start([](Objects& objects) {
    objects.on("none", [](ObjectSocket&) {});
    objects.on("json", [](ObjectSocket&, const json& data) { return data; });
    objects.on("value", [](ObjectSocket&, int number) { return number + 1; });
    objects.on("type", [](ObjectSocket&, Say say) { return Say{say.text + "!"}; });
    objects.on("ok", [](ObjectSocket&) -> Result<int> { return 5; });
    objects.on("void", [](ObjectSocket&) -> Result<void> { return {}; });
    objects.on("error", [](ObjectSocket&, const json&) noexcept -> Result<int> {
      return Errc::PermissionDenied;
    });
    objects.on("text", [](ObjectSocket&) { return "bad \xFF text"; });
  });
  EXPECT_EQ(ask(R"({"event":"none","id":1})"), R"(text {"id":1,"data":null})");
  EXPECT_EQ(ask(R"({"event":"json","id":-1,"data":{"a":[1.5]}})"),
            R"(text {"id":-1,"data":{"a":[1.5]}})");
  EXPECT_EQ(ask(R"({"event":"json","id":0})"), R"(text {"id":0,"data":null})");
  EXPECT_EQ(ask(R"({"event":"value","id":"\"","data":1})"), R"(text {"id":"\"","data":2})");
  EXPECT_EQ(ask(R"({"event":"type","id":1,"data":{"text":"a"}})"),
            R"(text {"id":1,"data":{"text":"a!"}})");
  EXPECT_EQ(ask(R"({"event":"ok","id":1})"), R"(text {"id":1,"data":5})");
  EXPECT_EQ(ask(R"({"event":"void","id":1})"), R"(text {"id":1,"data":null})");
  EXPECT_EQ(ask(R"({"event":"error","id":1})"),
            R"(text {"id":1,"error":{"code":"PermissionDenied","message":"permission denied"}})");
  EXPECT_EQ(ask(R"({"event":"error"})"), "") << "errors are not told about errors";
  EXPECT_EQ(ask(R"({"event":"text","id":1})"),
            "text {\"id\":1,\"data\":\"bad \xEF\xBF\xBD text\"}");
}

TEST_F(ObjectMode, KeepsConnectionsWhoseMessagesAreWrong) {
  start([this](Objects& objects) { add_examples(objects, threads_); },
        {.max_depth = 4, .max_event_bytes = 8});
  const auto error = [](std::string code) {
    return R"(text {"event":"error","data":{"code":")" + code + "\"";
  };
  const std::pair<std::string_view, std::string> cases[] = {
      {"", "bad_json"},
      {"hello", "bad_json"},
      {R"({"event":"sum","event":"say"})", "bad_json"},
      {R"({"event":"x","data":[[[[1]]]]})", "bad_json"},
      {"1", "not_an_object"},
      {"null", "not_an_object"},
      {"\"event\"", "not_an_object"},
      {"[]", "not_an_object"},
      {"{}", "no_event"},
      {R"({"id":null,"data":1})", "no_event"},
      {R"({"event":1})", "bad_event"},
      {R"({"event":null})", "bad_event"},
      {R"({"event":""})", "bad_event"},
      {R"({"event":"ninebytes"})", "bad_event"},
      {R"({"event":"sum","id":1.5})", "bad_id"},
      {R"({"event":"sum","id":{}})", "bad_id"},
      {R"({"event":"sum","id":true})", "bad_id"},
      {R"({"event":"sum","id":"ninebytes"})", "bad_id"},
  };
  for (const auto& [text, code] : cases) {
    EXPECT_EQ(ask(text).substr(0, error(code).size()), error(code)) << text;
  }
  EXPECT_EQ(
      ask(R"({"event":"","id":7})"),
      R"(text {"id":7,"error":{"code":"bad_event","message":"the name of an event is a short string"}})");
  client_->write(binary_frame("x"));
  EXPECT_EQ(received().substr(0, error("binary").size()), error("binary"));
  EXPECT_EQ(ask(R"({"event":"error","data":{"code":"x"}})"), "") << "two ends would never stop";
  EXPECT_EQ(ask(R"({"id":99,"data":1})"), "") << "an answer that comes too late";
  EXPECT_EQ(ask(R"({"id":"x","error":{}})"), "");
  EXPECT_EQ(ask(R"({"event":"sum","id":1,"data":[2]})"), R"(text {"id":1,"data":2})");
  EXPECT_FALSE(client_->closed());
}

TEST_F(ObjectMode, ClosesOnABadMessageWhereTheRouteSaysSo) {
  start([this](Objects& objects) { add_examples(objects, threads_); },
        {.close_on_bad_message = true});
  EXPECT_EQ(
      ask(R"({"event":"nobody","id":1})"),
      R"(text {"id":1,"error":{"code":"unknown_event","message":"there is no such event here"}})");
  EXPECT_EQ(ask("[]"), "close 1007 not_an_object");
  auto other = open_websocket(*server_, "/");
  other->take();
  other->write(binary_frame("x"));
  ASSERT_TRUE(other->read_until(frame_count(1)));
  EXPECT_EQ(show_all(other->take()), "close 1003 binary");
}

TEST_F(ObjectMode, AsksTheClientAndTakesItsAnswersInAnyOrder) {
  ObjectHandle handle;
  start(
      [&](Objects& objects) { objects.on_open([&](ObjectSocket& ws) { handle = ws.handle(); }); });
  const auto ask_client = [&](std::string name) {
    handle.post([this, name](ObjectSocket& ws) {
      EXPECT_TRUE(
          ws.request(name, {{"a", 1}}, 1s, [this, name](ObjectSocket&, ObjectResult result) {
            notes_.add(
                name + " " +
                (result ? result->dump() : result.error().code + "/" + result.error().message));
          }));
    });
  };
  for (const char* const name : {"one", "two", "three", "four"}) ask_client(name);
  EXPECT_EQ(
      received(),
      R"(text {"event":"one","id":1,"data":{"a":1}}|text {"event":"two","id":2,"data":{"a":1}}|)"
      R"(text {"event":"three","id":3,"data":{"a":1}}|text {"event":"four","id":4,"data":{"a":1}})");
  EXPECT_EQ(ask(R"({"id":2,"data":"b"})"), "");
  EXPECT_EQ(ask(R"({"id":1,"error":{"code":"no","message":"never"}})"), "");
  EXPECT_EQ(ask(R"({"id":3,"error":"what"})"), "");
  EXPECT_EQ(ask(R"({"id":4})"), "");
  EXPECT_EQ(ask(R"({"id":2,"data":"again"})"), "");
  EXPECT_EQ(notes_.text(), R"(two "b"|one no/never|three error/|four null)");
}

TEST_F(ObjectMode, TakesAnAnswerOnlyFromTheOneWhoWasAsked) {
  start([&](Objects& objects) {
    objects.on("ask me", [this](ObjectSocket& ws) {
      (void)ws.request("q", nullptr, 1s, [this](ObjectSocket&, ObjectResult result) {
        notes_.add(result ? result->dump() : result.error().code);
      });
    });
  });
  EXPECT_EQ(ask(R"({"event":"ask me"})"), R"(text {"event":"q","id":1,"data":null})");
  auto other = open_websocket(*server_, "/");
  other->write(text_frame(R"({"id":1,"data":"forged"})"));
  server_->settle();
  EXPECT_EQ(notes_.text(), "");
  EXPECT_EQ(ask(R"({"id":1,"data":"true"})"), "");
  EXPECT_EQ(notes_.text(), "\"true\"");
}

TEST_F(ObjectMode, TellsWhenAnAnswerDoesNotComeInTimeOrTheConnectionEnds) {
  start(
      [&](Objects& objects) {
        objects.on("ask me", [this](ObjectSocket& ws, int seconds) {
          (void)ws.request("q", nullptr, std::chrono::seconds(seconds),
                           [this](ObjectSocket& there, ObjectResult result) {
                             notes_.add(result ? result->dump() : result.error().code);
                             there.emit("noted");
                           });
        });
        objects.on_close([this](ObjectSocket& ws, const CloseInfo&) {
          notes_.add("on_close");
          EXPECT_FALSE(ws.request("q", nullptr, 1s, [](ObjectSocket&, ObjectResult) {}));
        });
      },
      {.resolution = 100ms});
  EXPECT_EQ(timers_set_, 0) << "no clock while nobody waits";
  ask(R"({"event":"ask me","data":2})");
  ask(R"({"event":"ask me","data":5})");
  ask(R"({"event":"ask me","data":3600})");
  server_->advance(1900ms);
  EXPECT_EQ(notes_.text(), "");
  server_->advance(400ms);
  EXPECT_EQ(notes_.text(), "timeout");
  EXPECT_EQ(received(), R"(text {"event":"noted","data":null})");
  EXPECT_EQ(ask(R"({"id":1,"data":"late"})"), "");
  EXPECT_EQ(ask(R"({"id":2,"data":"in time"})"), R"(text {"event":"noted","data":null})");
  server_->advance(10s);
  EXPECT_EQ(notes_.text(), "timeout|\"in time\"");
  client_->reset();
  server_->settle();
  EXPECT_EQ(notes_.text(), "timeout|\"in time\"|closed|on_close");
  server_->advance(1s);
  const int set = timers_set_;
  server_->advance(5s);
  EXPECT_EQ(timers_set_, set) << "the clock has stopped";
}

TEST_F(ObjectMode, BoundsHowManyQuestionsWait) {
  start(
      [&](Objects& objects) {
        objects.on("ask me", [](ObjectSocket& ws) {
          const auto asked = ws.request("q", nullptr, 1s, [](ObjectSocket&, ObjectResult) {});
          return asked ? std::string("asked") : std::string(info(asked.error().code).name);
        });
      },
      {.max_pending = 2});
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(ask(R"({"event":"ask me","id":1})").find("asked"), std::string::npos);
  }
  EXPECT_EQ(ask(R"({"event":"ask me","id":1})"), R"(text {"id":1,"data":"TooManyPending"})");
  ask(R"({"id":1})");
  EXPECT_NE(ask(R"({"event":"ask me","id":1})").find("asked"), std::string::npos);
}

TEST_F(ObjectMode, AnswersLaterOnceOrTellsThatNoAnswerComes) {
  std::vector<ObjectReply> kept;
  start(
      [&](Objects& objects) {
        objects.on("keep", [&](ObjectSocket&, const json&, ObjectReply reply) {
          kept.push_back(std::move(reply));
        });
        objects.on("drop", [](ObjectSocket&, const json&, ObjectReply) {});
        objects.on("throw", [&](ObjectSocket&, const json&, ObjectReply reply) {
          kept.push_back(reply);
          throw 1;
        });
        objects.on("typed", [](ObjectSocket&, const Say& say, ObjectReply reply) {
          EXPECT_TRUE(reply.send(say.text));
        });
      },
      {.max_pending = 2, .deadline = 3s});
  EXPECT_EQ(ask(R"({"event":"keep","id":1})"), "");
  EXPECT_EQ(ask(R"({"event":"keep","id":2})"), "");
  EXPECT_EQ(
      ask(R"({"event":"keep","id":3})"),
      R"(text {"id":3,"error":{"code":"too_many_pending","message":"too many answers are owed already"}})");
  EXPECT_EQ(
      ask(R"({"event":"keep"})"),
      R"(text {"event":"error","data":{"code":"too_many_pending","message":"too many answers are owed already","event":"keep"}})")
      << "it may take as long without an id";
  ASSERT_EQ(kept.size(), 2u);
  EXPECT_TRUE(kept[1].wanted());
  EXPECT_TRUE(kept[1].send("b"));
  EXPECT_FALSE(kept[1].wanted());
  EXPECT_FALSE(kept[1].fail({"again", ""}));
  EXPECT_EQ(received(), R"(text {"id":2,"data":"b"})");
  server_->advance(3200ms);
  EXPECT_EQ(received(),
            R"(text {"id":1,"error":{"code":"timeout","message":"no answer in time"}})");
  EXPECT_FALSE(kept[0].send("late"));
  EXPECT_EQ(
      ask(R"({"event":"drop","id":4})"),
      R"(text {"id":4,"error":{"code":"unanswered","message":"the application did not answer"}})");
  EXPECT_EQ(ask(R"({"event":"drop"})"), "");
  EXPECT_EQ(ask(R"({"event":"typed","id":5,"data":{"text":"x"}})"), R"(text {"id":5,"data":"x"})");
  EXPECT_EQ(ask(R"({"event":"typed","id":6})").find(R"(text {"id":6,"error":{"code":"bad_data")"),
            0u);
  EXPECT_EQ(ask(R"({"event":"throw","id":7})"),
            R"(text {"id":7,"error":{"code":"failed","message":"the application failed"}})");
  EXPECT_FALSE(kept.back().send("late"));
  EXPECT_EQ(notes_.text(), "WsHandlerFailed an exception of an unknown type");
  EXPECT_EQ(ask(R"({"event":"keep","id":8})"), "");
  client_->reset();
  server_->settle();
  EXPECT_FALSE(kept.back().send("nobody is there"));
}

TEST_F(ObjectMode, WorksWithoutATimerButAsksNobody) {
  server_ = start_in_memory([](MemorySite& site) {
    Objects objects{ObjectTimer()};
    objects.on("ask", [](ObjectSocket& ws) {
      return ws.request("q", nullptr, 1s, [](ObjectSocket&, ObjectResult) {});
    });
    objects.on("later",
               [](ObjectSocket&, const json& data, const ObjectReply& reply) { reply.send(data); });
    site.ws("/", objects.handlers());
  });
  client_ = open_websocket(*server_, "/");
  client_->take();
  EXPECT_EQ(ask(R"({"event":"ask","id":1})").find(R"(text {"id":1,"error":{"code":"BadState")"),
            0u);
  EXPECT_EQ(ask(R"({"event":"later","id":1,"data":2})"), R"(text {"id":1,"data":2})");
}

TEST_F(ObjectMode, KeepsTheRoutesOwnCallbacksAndUserData) {
  start(
      [&](Objects& objects) {
        objects.on_open(
            [this](ObjectSocket& ws) { notes_.add("open " + *ws.user<std::string>()); });
        objects.on_close([this](ObjectSocket&, const CloseInfo&) { notes_.add("close"); });
      },
      {},
      {.on_open =
           [this](WebSocket& ws) {
             ws.user_data() = std::string("ann");
             notes_.add("first");
           },
       .on_close = [this](WebSocket&, const CloseInfo&) { notes_.add("first close"); }});
  client_->reset();
  server_->settle();
  EXPECT_EQ(notes_.text(), "first|open ann|first close|close");
}

class ObjectModeOver : public EveryTransport {};

// With a hybi::Server's own clock, from other threads, on whatever loop.
TEST_P(ObjectModeOver, AsksAndAnswersFromAnyThread) {
  std::mutex mutex;
  std::vector<std::jthread> threads;
  auto server = start(
      [&](auto& site) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(site)>, Server>) {
          Objects objects(site, {.resolution = 5ms});
          objects.on("ask me", [&](ObjectSocket& ws, const json& deadline) {
            (void)ws.request("q", deadline, std::chrono::milliseconds(deadline.get<int>()),
                             [&](ObjectSocket& there, ObjectResult result) {
                               there.emit(result ? "answer" : result.error().code);
                             });
          });
          objects.on("later", [&](ObjectSocket&, const json& data, const ObjectReply& reply) {
            const std::lock_guard lock(mutex);
            threads.emplace_back([=] { reply.send(data); });
          });
          site.ws("/", objects.handlers());
        }
      },
      {.threads = 3});
  for (int round = 0; round < 6; ++round) {
    auto client = open_websocket(*server, "/");
    ASSERT_TRUE(client);
    client->take();
    client->write(text_frame(R"({"event":"ask me","data":10})"));
    EXPECT_TRUE(client->read_until(holds(R"("event":"timeout")")));
    client->write(text_frame(R"({"event":"later","id":1,"data":"x"})"));
    EXPECT_TRUE(client->read_until(holds(R"({"id":1,"data":"x"})")));
    client->take();
    client->write(text_frame(R"({"event":"ask me","data":60000})"));
    EXPECT_TRUE(client->read_until(frame_count(1)));
    const std::string asked = frames(client->take()).at(0).payload;
    const json question = json::parse(asked);
    client->write(text_frame(json{{"id", question["id"]}, {"data", 1}}.dump()));
    EXPECT_TRUE(client->read_until(holds(R"("event":"answer")")));
  }
}

INSTANTIATE_TEST_SUITE_P(Over, ObjectModeOver,
                         ::testing::Values(Transport::Epoll, Transport::Uring), transport_name);

}  // namespace
}  // namespace hybi::test
