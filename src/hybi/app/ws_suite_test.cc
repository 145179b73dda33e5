// An open WebSocket as a client sees it, over every transport: messages, order, endings. RFC 6455.
#include <hybi/app/test_server.h>

#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

std::string show_close(const CloseInfo& close) {
  return "close " + std::to_string(close.code) + " \"" + std::string(close.reason) + "\" " +
         (close.clean ? "clean " : "unclean ") + std::string(info(close.cause).name);
}

class WsSuite : public EveryTransport {
 protected:
  // Writes down what the handlers see; `act` runs after that in on_message.
  WebSocketHandlers noting(std::function<void(WebSocket&, Message)> act = {}) {
    return {.on_open = [this](WebSocket&) { notes_.add("open"); },
            .on_message =
                [this, act](WebSocket& ws, Message message) {
                  notes_.add("message " + std::string(message.text()));
                  if (act) act(ws, message);
                },
            .on_close =
                [this](WebSocket& ws, const CloseInfo& close) {
                  notes_.add(show_close(close));
                  EXPECT_FALSE(ws.open());
                  EXPECT_EQ(ws.send("too late"), SendResult::Closed);
                }};
  }
  bool told(TestServer& server, const std::string& line) {
    return server.run_until([&] { return notes_.count(line) > 0; });
  }
  bool all_gone(TestServer& server) {
    return server.run_until([&] { return server.connections() == 0; });
  }

  Notes notes_;
};

TEST_P(WsSuite, EchoesTextAndBinaryInOrder) {  // RFC 6455 5.6
  auto server = start([](auto& site) {
    site.ws("/", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); }});
  });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client);
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    client->write(text_frame("t" + std::to_string(i)) + binary_frame("b" + std::to_string(i)));
    expected += "text t" + std::to_string(i) + "|binary b" + std::to_string(i) + "|";
  }
  expected.pop_back();
  EXPECT_TRUE(client->read_until(shows(expected))) << show_frames(client->received());
}

TEST_P(WsSuite, EchoesLargeMessagesExactly) {  // RFC 6455 5.2, 5.4
  auto server = start([](auto& site) {
    site.ws("/", {.on_message = [](WebSocket& ws, Message m) { ws.send(m); },
                  .limits = {.max_message_bytes = 8 << 20, .high_water_bytes = 16 << 20}});
  });
  auto client = open_websocket(*server, "/");
  std::string large(4'000'000, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 3 + (i >> 13));
  client->write(binary_frame(large) + text_frame("a", false) + continuation("b", false) +
                ping_frame("in between") + continuation("c", true));
  ASSERT_TRUE(client->read_until(frame_count(3)));
  const auto all = frames(client->received());
  EXPECT_TRUE(all.at(0).payload == large);
  EXPECT_EQ(all.at(1).show(), "pong in between");
  EXPECT_EQ(all.at(2).show(), "text abc");
}

TEST_P(WsSuite, OpensBeforeTheFirstMessageAndClosesOnce) {  // RFC 6455 5.5.1, 7.1.1
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto client = server->connect();
  client->write(upgrade("/") + text_frame("early") + close_frame(1000, "bye"));  // c9
  ASSERT_TRUE(client->read_to_end()) << "the server ends TCP first";
  std::string text = client->take();
  ASSERT_EQ(take_reply(text)->status, 101u);
  EXPECT_EQ(show_frames(text), "close 1000");
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|message early|close 1000 \"bye\" clean Ok");
}

TEST_P(WsSuite, AnswersACloseWithoutCodeWithOne) {  // RFC 6455 5.5.1, 7.1.5
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto client = open_websocket(*server, "/");
  client->write(close_frame(0));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(show_frames(client->received()), "close");
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|close 1005 \"\" clean Ok");
}

TEST_P(WsSuite, ClosesFromItsSideAndStillDeliversUntilTheAnswer) {  // RFC 6455 7.1.2
  auto server = start([&](auto& site) {
    site.ws("/", noting([](WebSocket& ws, Message m) {
              if (m.text() != "now") return;
              EXPECT_TRUE(ws.close(3000, "enough"));
              EXPECT_FALSE(ws.close()) << "closing already";
              EXPECT_FALSE(ws.open());
              EXPECT_EQ(ws.send("x"), SendResult::Closed);
              EXPECT_FALSE(ws.ping());
              EXPECT_FALSE(ws.send_fragment(m, true));
            }));
  });
  auto client = open_websocket(*server, "/");
  client->write(text_frame("now") + text_frame("still"));
  ASSERT_TRUE(client->read_until(shows("close 3000")));
  EXPECT_EQ(frames(client->received()).at(0).payload.substr(2), "enough");
  client->write(text_frame("last") + close_frame(3000, "yes") + text_frame("discarded"));
  ASSERT_TRUE(client->read_to_end());
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(),
            "open|message now|message still|message last|close 3000 \"yes\" clean Ok");
}

TEST_P(WsSuite, ClosesOnceWhenBothSidesCloseAtOnce) {  // RFC 6455 7.1.5
  std::mutex mutex;
  WebSocketHandle handle;
  auto server = start([&](auto& site) {
    auto handlers = noting();
    handlers.on_open = [&](WebSocket& ws) {
      const std::lock_guard lock(mutex);
      handle = ws.handle();
      notes_.add("open");
    };
    site.ws("/", handlers);
  });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(told(*server, "open"));
  {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(handle.close(1001, "ours"));
  }
  client->write(close_frame(1000, "theirs"));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(frames(client->received()).size(), 1u);
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|close 1000 \"theirs\" clean Ok");
}

TEST_P(WsSuite, Tells1006WhenThePeerResets) {  // RFC 6455 7.1.5
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(told(*server, "open"));
  client->reset();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|close 1006 \"\" unclean ConnectionReset");
}

TEST_P(WsSuite, Tells1006WhenThePeerEndsWithoutAClose) {  // RFC 6455 7.1.5, c14
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto client = open_websocket(*server, "/");
  client->write(text_frame("one") + text_frame("cut").substr(0, 4));
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_TRUE(client->read_to_end());
  EXPECT_EQ(notes_.text(), "open|message one|close 1006 \"\" unclean WsAbnormalClosure");
}

TEST_P(WsSuite, FailsABrokenFrameAndDiscardsTheRest) {  // RFC 6455 7.1.7
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto client = open_websocket(*server, "/");
  client->write(text_frame("good") + "\xC1\x80" + text_frame("bad"));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(show_frames(client->received()), "close 1002");
  client->write(text_frame("discarded") + close_frame());
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|message good|close 1006 \"\" unclean WsReservedBits");
}

TEST_P(WsSuite, FailsWithTheCodeThatBelongsToTheMistake) {  // RFC 6455 7.4.1, 10.4
  auto server = start([&](auto& site) {
    auto handlers = noting();
    handlers.limits.max_message_bytes = 1000;
    handlers.limits.max_control_frames_per_second = 100;
    site.ws("/", handlers);
  });
  const std::string big_header("\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x00\x00\x00\x00", 14);
  std::string flood;
  for (int i = 0; i < 300; ++i) flood += i % 2 == 0 ? ping_frame("p") : pong_frame("q");
  const std::pair<std::string, std::string> cases[] = {
      {text_frame("bad \xFF"), "close 1007"},
      {big_header, "close 1009"},                            // before the payload is there
      {binary_frame(std::string(1001, 'x')), "close 1009"},  // CVE-2016-10542
      {std::string("\x81\x01x", 3), "close 1002"},           // not masked
      {continuation("x", true), "close 1002"},
      {std::string("\x89\xFE\x00\x7E\x00\x00\x00\x00", 8), "close 1002"},  // long ping
      {close_frame(1005), "close 1002"},
  };
  for (const auto& [bytes, close] : cases) {
    auto client = open_websocket(*server, "/");
    ASSERT_TRUE(client);
    client->write(bytes);
    ASSERT_TRUE(client->read_to_end());
    EXPECT_EQ(show_frames(client->received()), close);
  }
  auto client = open_websocket(*server, "/");
  client->write(flood);
  ASSERT_TRUE(client->read_to_end());
  const auto all = frames(client->received());
  EXPECT_EQ(all.back().show(), "close 1008");
  EXPECT_LE(all.size(), 102u) << "nothing is answered above the rate";
}

TEST_P(WsSuite, TerminatesWithoutACloseFrame) {
  auto server = start([&](auto& site) {
    site.ws("/", noting([](WebSocket& ws, Message) {
              ws.send("lost with the reset");
              ws.terminate();
              EXPECT_FALSE(ws.open());
              ws.terminate();
            }));
  });
  auto client = open_websocket(*server, "/");
  client->write(text_frame("end") + text_frame("not seen"));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(client->received(), "");
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(notes_.text(), "open|message end|close 1006 \"\" unclean WsAbnormalClosure");
}

TEST_P(WsSuite, MayEndItselfInEveryCallback) {  // CVE-2025-11677
  for (const std::string how : {"close", "terminate"}) {
    for (const std::string where : {"open", "message", "ping", "pong", "close"}) {
      Notes notes;
      const auto end = [&notes, how, where](WebSocket& ws, std::string at) {
        notes.add(at);
        if (at != where) return;
        if (how == "close") {
          (void)ws.close(3001);
        } else {
          ws.terminate();
        }
      };
      auto server = start([&](auto& site) {
        site.ws("/", {.on_open = [&](WebSocket& ws) { end(ws, "open"); },
                      .on_message = [&](WebSocket& ws, Message) { end(ws, "message"); },
                      .on_ping = [&](WebSocket& ws, Bytes) { end(ws, "ping"); },
                      .on_pong = [&](WebSocket& ws, Bytes) { end(ws, "pong"); },
                      .on_close = [&](WebSocket& ws, const CloseInfo&) { end(ws, "close"); }});
      });
      auto client = server->connect();
      client->write(upgrade("/") + text_frame("m") + ping_frame() + pong_frame() + close_frame());
      EXPECT_TRUE(client->read_to_end()) << how << where;
      client->end();
      EXPECT_TRUE(all_gone(*server)) << how << where;
      EXPECT_EQ(notes.count("open"), 1u) << how << where;
      EXPECT_EQ(notes.count("close"), 1u) << how << where;
      EXPECT_EQ(notes.all().back(), "close");
    }
  }
}

TEST_P(WsSuite, FailsWith1011WhenACallbackThrowsAndTellsTheHook) {  // RFC 6455 7.4.1
  for (const std::string where : {"open", "message", "ping"}) {
    Notes notes;
    const auto fail = [where](std::string at) {
      if (at == where) throw std::runtime_error("in " + at);
    };
    auto server = start([&](auto& site) {
      site.ws("/", {.on_open = [&](WebSocket&) { fail("open"); },
                    .on_message = [&](WebSocket&, Message) { fail("message"); },
                    .on_ping = [&](WebSocket&, Bytes) { fail("ping"); },
                    .on_close = [&](WebSocket&, const CloseInfo& c) { notes.add(show_close(c)); }});
    });
    auto client = open_websocket(*server, "/");
    client->write(text_frame("m") + ping_frame());
    ASSERT_TRUE(client->read_to_end()) << where;
    EXPECT_TRUE(show_frames(client->received()).ends_with("close 1011")) << where;
    client->end();
    ASSERT_TRUE(all_gone(*server));
    EXPECT_EQ(notes.text(), "close 1006 \"\" unclean WsHandlerFailed");
    EXPECT_EQ(server->errors().text(), "WsHandlerFailed in " + where);
  }
}

TEST_P(WsSuite, TellsTheHookWhenOnCloseThrows) {
  auto server = start([&](auto& site) {
    site.ws("/",
            {.on_close = [](WebSocket&, const CloseInfo&) { throw std::logic_error("late"); }});
  });
  auto client = open_websocket(*server, "/");
  client->write(close_frame());
  ASSERT_TRUE(client->read_to_end());
  client->end();
  ASSERT_TRUE(all_gone(*server));
  EXPECT_EQ(server->errors().text(), "WsHandlerFailed late");
}

TEST_P(WsSuite, Sends1001ToEveryoneWhenItStops) {  // RFC 6455 7.4.1
  auto server = start([&](auto& site) { site.ws("/", noting()); });
  auto polite = open_websocket(*server, "/");
  auto silent = open_websocket(*server, "/");
  ASSERT_TRUE(server->run_until([&] { return notes_.count("open") == 2; }));
  server->stop(in_memory() ? 10s : 1s);
  ASSERT_TRUE(polite->read_until(shows("close 1001")));
  ASSERT_TRUE(silent->read_until(shows("close 1001")));
  polite->write(close_frame(1001));
  EXPECT_TRUE(polite->read_to_end());
  polite->end();
  ASSERT_TRUE(told(*server, "close 1001 \"\" clean Ok"));
  EXPECT_FALSE(server->stopped()) << "the silent one has until the deadline";
  if (in_memory()) static_cast<MemoryServer&>(*server).advance(10s);
  ASSERT_TRUE(server->run_until([&] { return server->stopped(); }));
  EXPECT_EQ(notes_.size(), 4u);
  EXPECT_TRUE(silent->read_to_end());
}

TEST_P(WsSuite, KeepsTheOrderOfSendsAroundFragmentsOfTheUser) {  // RFC 6455 5.4
  auto server = start([&](auto& site) {
    site.ws("/", {.on_open =
                      [](WebSocket& ws) {
                        ws.subscribe("news");
                        EXPECT_TRUE(ws.send_fragment({as_bytes("a"), true}, false));
                        EXPECT_EQ(ws.send("behind"), SendResult::Queued);
                        EXPECT_TRUE(ws.ping("between"));
                        EXPECT_TRUE(ws.send_fragment({as_bytes("b"), true}, false));
                      },
                  .on_message =
                      [](WebSocket& ws, Message) {
                        EXPECT_TRUE(ws.send_fragment({as_bytes("c"), true}, true));
                        ws.send("last");
                      }});
  });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(client->read_until(shows("part a|ping between|more b")));
  server->publish("news", "published");
  auto other = open_websocket(*server, "/");  // the publication has been delivered before this
  client->write(text_frame("go on"));
  ASSERT_TRUE(client->read_until(frame_count(7))) << show_frames(client->received());
  EXPECT_EQ(show_frames(client->received()),
            "part a|ping between|more b|end c|text behind|text published|text last");
}

TEST_P(WsSuite, DeliversNothingWhilePausedAndAllOfItAfterwards) {
  std::mutex mutex;
  WebSocketHandle handle;
  auto server = start([&](auto& site) {
    site.ws("/", noting([&](WebSocket& ws, Message m) {
              if (m.text() != "pause") return;
              const std::lock_guard lock(mutex);
              handle = ws.handle();
              ws.pause();
            }));
  });
  auto client = open_websocket(*server, "/");
  client->write(text_frame("pause") + text_frame("1") + text_frame("2") + text_frame("pause") +
                text_frame("3").substr(0, 3));
  ASSERT_TRUE(told(*server, "message pause"));
  client->write(text_frame("3").substr(3) + text_frame("4") + close_frame(1000, "done"));
  client->end();                   // the peer's end while paused
  auto other = server->connect();  // a round trip: what was to come has come
  other->write(get("/nowhere"));
  ASSERT_TRUE(other->read_until(replies(1)));
  EXPECT_EQ(notes_.text(), "open|message pause");
  const auto resume = [&] {
    const std::lock_guard lock(mutex);
    EXPECT_TRUE(handle.post([](WebSocket& ws) { ws.resume(); }));
  };
  resume();
  ASSERT_TRUE(server->run_until([&] { return notes_.count("message pause") == 2; }));
  EXPECT_EQ(notes_.text(), "open|message pause|message 1|message 2|message pause");
  resume();
  ASSERT_TRUE(told(*server, "close 1000 \"done\" clean Ok"));
  EXPECT_EQ(notes_.text(),
            "open|message pause|message 1|message 2|message pause|message 3|message 4|"
            "close 1000 \"done\" clean Ok");
}

TEST_P(WsSuite, SendsFromAnotherThreadInItsOrder) {
  std::mutex mutex;
  std::optional<WebSocketHandle> handle;
  auto server = start([&](auto& site) {
    site.ws("/", {.on_open = [&](WebSocket& ws) {
              const std::lock_guard lock(mutex);
              handle = ws.handle();
            }});
  });
  auto client = open_websocket(*server, "/");
  ASSERT_TRUE(server->run_until([&] {
    const std::lock_guard lock(mutex);
    return handle.has_value();
  }));
  std::thread([&] {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(handle->send(std::to_string(i)), SendResult::Queued);
    EXPECT_TRUE(handle->close(4000));
  }).join();
  ASSERT_TRUE(client->read_until(frame_count(51)));
  const auto all = frames(client->received());
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(all[static_cast<std::size_t>(i)].payload, std::to_string(i));
  EXPECT_EQ(all.back().show(), "close 4000");
}

TEST_P(WsSuite, AnswersClosedOnAHandleWhoseConnectionIsGone) {
  std::mutex mutex;
  std::vector<WebSocketHandle> handles;
  std::atomic<int> acted = 0;
  auto server = start([&](auto& site) {
    site.ws("/",
            {.on_open =
                 [&](WebSocket& ws) {
                   const std::lock_guard lock(mutex);
                   handles.push_back(ws.handle());
                 },
             .on_message = [&](WebSocket& ws, Message) {  // on the loop's thread: known at once
               const std::lock_guard lock(mutex);
               const WebSocketHandle& old = handles.front();
               const bool closed = old.send("to the dead") == SendResult::Closed && !old.close() &&
                                   !old.terminate();
               ws.send(closed ? "closed" : "alive");
             }});
  });
  EXPECT_EQ(WebSocketHandle().send("nobody"), SendResult::Closed);
  auto first = open_websocket(*server, "/");
  first->write(close_frame());
  ASSERT_TRUE(first->read_to_end());
  first->end();
  ASSERT_TRUE(all_gone(*server));
  auto second = open_websocket(*server, "/");  // in the same slot, of a later generation
  ASSERT_TRUE(second);
  {
    const std::lock_guard lock(mutex);
    ASSERT_FALSE(handles.empty());
    handles.front().send("to the dead");
    handles.front().post([&](WebSocket&) { ++acted; });
    handles.front().terminate();
  }
  second->write(text_frame("ask"));
  ASSERT_TRUE(second->read_until(frame_count(1)));
  EXPECT_EQ(show_frames(second->received()), "text closed");
  EXPECT_EQ(acted, 0);
}

HYBI_EVERY_TRANSPORT(WsSuite);

}  // namespace
}  // namespace hybi::test
