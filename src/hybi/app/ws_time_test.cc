// Time in WebSockets: automatic pings, dead peers, idle and close timeouts, the end of TCP. In
// memory, with a clock moved by hand. RFC 6455 5.5.2, 7.1.
#include <hybi/app/test_server.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class WsTime : public ::testing::TestWithParam<bool> {
 protected:
  void start(WebSocketLimits limits = {}, std::function<void(WebSocket&, Message)> act = {}) {
    server_ = start_in_memory(
        [&](MemorySite& site) {
          site.ws("/", {.on_open = [this](WebSocket& ws) { handle_ = ws.handle(); },
                        .on_message =
                            [this, act](WebSocket& ws, Message m) {
                              notes_.add("message " + std::string(m.text()));
                              if (act) act(ws, m);
                            },
                        .on_pong = [this](WebSocket&, Bytes) { notes_.add("pong"); },
                        .on_close =
                            [this](WebSocket&, const CloseInfo& close) {
                              notes_.add("close " + std::to_string(close.code) +
                                         (close.clean ? " clean " : " unclean ") +
                                         std::string(info(close.cause).name));
                            },
                        .limits = limits});
        },
        {}, GetParam());
    peer_ = server_->connect_peer();
    peer_->write(upgrade("/"));
    server_->settle();
    std::string text = peer_->take_received();
    ASSERT_EQ(take_reply(text)->status, 101u);
  }
  std::string received() {
    server_->settle();
    return show_frames(peer_->take_received());
  }

  WebSocketHandle handle_;
  Notes notes_;
  std::unique_ptr<MemoryServer> server_;
  std::unique_ptr<testing::MemoryPeer> peer_;
};

TEST_P(WsTime, PingsAfterSilenceAndCutsAPeerThatDoesNotAnswer) {  // RFC 6455 5.5.2
  start({.ping_interval = 10s, .pong_timeout = 5s});
  server_->advance(9900ms);
  EXPECT_EQ(received(), "");
  server_->advance(200ms);
  EXPECT_EQ(received(), "ping ");
  server_->advance(4800ms);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(300ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_TRUE(peer_->was_reset()) << "nobody is there to read a close frame";
  EXPECT_EQ(notes_.text(), "close 1006 unclean WsPeerSilent");
}

TEST_P(WsTime, TakesAnySignOfLifeForAnAnswer) {
  start({.ping_interval = 10s, .pong_timeout = 5s});
  for (int round = 0; round < 5; ++round) {
    server_->advance(10'200ms);
    EXPECT_EQ(received(), "ping ") << round;
    server_->advance(4500ms);
    if (round % 2 == 0) {
      peer_->write(pong_frame());
    } else {
      peer_->write(text_frame("x"));
    }
    server_->settle();
  }
  EXPECT_FALSE(peer_->server_ended());
  EXPECT_EQ(notes_.text(), "pong|message x|pong|message x|pong");
}

TEST_P(WsTime, DoesNotPingAPeerThatTalks) {
  start({.ping_interval = 10s, .pong_timeout = 5s});
  for (int i = 0; i < 20; ++i) {
    server_->advance(8s);
    peer_->write(text_frame("."));
    EXPECT_EQ(received(), "");
  }
}

TEST_P(WsTime, ClosesWith1001WhenNoMessageComes) {  // RFC 6455 7.4.1
  start({.ping_interval = 10s, .pong_timeout = 5s, .idle_timeout = 25s});
  peer_->write(text_frame("x"));
  server_->settle();
  for (int i = 0; i < 24; ++i) {  // pongs are no messages
    server_->advance(1s);
    peer_->write(pong_frame());
    EXPECT_EQ(received(), "");
  }
  server_->advance(1200ms);
  EXPECT_EQ(received(), "close 1001");
  peer_->write(close_frame(1001));  // a failed connection reads nothing more (RFC 6455 7.1.7)
  peer_->end();
  server_->settle();
  EXPECT_EQ(notes_.all().back(), "close 1006 unclean WsIdle");
}

TEST_P(WsTime, WaitsForTheAnswerToItsCloseForALimitedTime) {  // CVE-2024-23672
  start({.close_timeout = 5s});
  EXPECT_TRUE(handle_.close(1000));
  EXPECT_EQ(received(), "close 1000");
  EXPECT_FALSE(peer_->server_ended()) << "the peer may still answer";
  server_->advance(4900ms);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_EQ(notes_.text(), "close 1006 unclean WsAbnormalClosure");
}

TEST_P(WsTime, EndsItsSideFirstAndWaitsForThePeersEnd) {  // RFC 6455 7.1.1
  start({.close_timeout = 5s});
  peer_->write(close_frame(1000));
  EXPECT_EQ(received(), "close 1000");
  EXPECT_TRUE(peer_->server_ended());
  EXPECT_FALSE(peer_->server_closed()) << "or its last bytes could be lost in a reset";
  peer_->write(text_frame("discarded"));
  server_->advance(4s);
  EXPECT_EQ(notes_.text(), "");
  peer_->end();
  server_->settle();
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_FALSE(peer_->was_reset());
  EXPECT_EQ(notes_.text(), "close 1000 clean Ok");
}

TEST_P(WsTime, DoesNotWaitForThePeersEndForEver) {
  start({.close_timeout = 5s});
  peer_->write(close_frame(4001));
  server_->settle();
  for (int i = 0; i < 60; ++i) {
    peer_->write(text_frame("still here"));
    server_->advance(100ms);
  }
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_EQ(notes_.text(), "close 4001 clean Ok");
}

TEST_P(WsTime, GivesUpAPeerThatDoesNotTakeTheCloseFrame) {  // CVE-2024-22201: a zero window
  start({.close_timeout = 5s}, [](WebSocket& ws, Message) {
    ws.send(std::string(10'000, 'x'));
    (void)ws.close(1000);
  });
  peer_->set_window(100);
  peer_->write(text_frame("x"));
  server_->advance(5200ms);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_TRUE(peer_->was_reset());
  EXPECT_EQ(notes_.text(), "message x|close 1006 unclean WsAbnormalClosure");
}

TEST_P(WsTime, CountsControlFramesPerSecond) {  // RFC 6455 10.4
  start({.max_control_frames_per_second = 10});
  server_->advance(1s);
  for (int second = 0; second < 5; ++second) {
    for (int i = 0; i < 10; ++i) peer_->write(ping_frame());
    EXPECT_EQ(received(), "pong |pong |pong |pong |pong |pong |pong |pong |pong |pong ");
    server_->advance(1s);
  }
  for (int i = 0; i < 12; ++i) peer_->write(ping_frame());
  EXPECT_TRUE(received().ends_with("|close 1008"));
  peer_->end();
  server_->settle();
  EXPECT_EQ(notes_.text(), "close 1006 unclean WsControlRate");
}

TEST_P(WsTime, IsNotCutWhileItHasPausedReading) {
  start({.ping_interval = 10s, .pong_timeout = 5s}, [](WebSocket& ws, Message) { ws.pause(); });
  peer_->write(text_frame("pause") + text_frame("kept"));
  server_->advance(60s);
  EXPECT_FALSE(peer_->server_closed());
  EXPECT_EQ(notes_.text(), "message pause");
  handle_.post([](WebSocket& ws) { ws.resume(); });
  server_->settle();
  EXPECT_EQ(notes_.text(), "message pause|message kept");
}

TEST_P(WsTime, CutsAPeerThatTakesNothingAndWaitsForOneThatTakesALittle) {  // CVE-2024-22201
  start({.high_water_bytes = 20'000,
         .low_water_bytes = 5000,
         .ping_interval = 10s,
         .pong_timeout = 5s},
        [](WebSocket& ws, Message) { ws.send(std::string(30'000, 'x')); });
  peer_->set_window(0);
  peer_->write(text_frame("x"));
  for (int i = 0; i < 10; ++i) {
    server_->advance(14s);
    ASSERT_FALSE(peer_->server_closed()) << i;
    peer_->set_window(100);
    server_->settle();
  }
  server_->advance(14s);
  EXPECT_FALSE(peer_->server_closed());
  server_->advance(2s);
  EXPECT_TRUE(peer_->server_closed());
  EXPECT_EQ(notes_.text(), "message x|close 1006 unclean WsPeerSilent");
}

TEST_P(WsTime, AnswersAndEndsAlthoughItHadPausedReadingWhenItClosed) {
  start({.close_timeout = 5s}, [](WebSocket& ws, Message) {
    ws.pause();
    (void)ws.close(1000);
  });
  peer_->write(text_frame("x"));
  EXPECT_EQ(received(), "close 1000");
  peer_->write(close_frame(1000));
  server_->settle();
  peer_->end();
  server_->settle();
  EXPECT_EQ(notes_.text(), "message x|close 1000 clean Ok");
}

INSTANTIATE_TEST_SUITE_P(Over, WsTime, ::testing::Bool(), [](const auto& param) {
  return param.param ? "MemoryPending" : "Memory";
});

}  // namespace
}  // namespace hybi::test
