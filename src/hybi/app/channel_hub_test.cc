// Channels against a naive model on one loop. Across loops: channel_loops_test.cc.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

// Does what a message says: "sub c", "unsub c", "pub c text"; answers the first two.
void obey(WebSocket& ws, Message message) {
  const std::string_view line = message.text();
  const std::size_t first = line.find(' ');
  const std::string_view verb = line.substr(0, first), rest = line.substr(first + 1);
  if (verb == "sub") {
    ws.send(ws.subscribe(rest) ? "subscribed" : "was subscribed");
  } else if (verb == "unsub") {
    ws.send(ws.unsubscribe(rest) ? "unsubscribed" : "was not subscribed");
  } else {
    const std::size_t second = rest.find(' ');
    ws.publish(rest.substr(0, second), rest.substr(second + 1));
  }
}

// --- one loop against a model

class ChannelModel : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ChannelModel, ::testing::Range(0, 12));

TEST_P(ChannelModel, DeliversToTheSameInTheSameOrder) {
  struct Session {
    std::unique_ptr<testing::MemoryPeer> peer;
    std::set<std::string> channels{};
    std::vector<std::string> expected{};
    std::string received{};
  };
  EndingSite site(GetParam() % 2 == 1, {});
  site.ws("/", {.on_message = obey});
  std::mt19937 random(static_cast<unsigned>(GetParam()));
  const auto pick = [&](std::size_t count) { return random() % count; };
  std::vector<Session> sessions;
  int published = 0;

  const auto connect = [&] {
    Session session{.peer = site.net().connect()};
    session.peer->write(upgrade("/"));
    ASSERT_TRUE(site.net().settle());
    ASSERT_TRUE(session.peer->take_received().starts_with("HTTP/1.1 101"));
    sessions.push_back(std::move(session));
  };
  const auto check_and_forget = [&](std::size_t index) {
    Session& session = sessions[index];
    std::vector<std::string> got;
    for (const Frame& frame : frames(session.received + session.peer->take_received())) {
      got.push_back(frame.payload);
    }
    ASSERT_EQ(got, session.expected);
    sessions.erase(sessions.begin() + static_cast<std::ptrdiff_t>(index));
  };

  for (int step = 0; step < 1500; ++step) {
    if (sessions.size() < 2 || (sessions.size() < 12 && pick(20) == 0)) connect();
    const std::size_t index = pick(sessions.size());
    Session& session = sessions[index];
    const std::string channel = std::string("c") + std::to_string(pick(4));
    const std::string text = "m" + std::to_string(++published);
    switch (pick(12)) {
      case 0:
      case 1:
      case 2:
        session.peer->write(text_frame("sub " + channel));
        session.expected.push_back(session.channels.insert(channel).second ? "subscribed"
                                                                           : "was subscribed");
        break;
      case 3:
      case 4:
        session.peer->write(text_frame("unsub " + channel));
        session.expected.push_back(session.channels.erase(channel) == 1 ? "unsubscribed"
                                                                        : "was not subscribed");
        break;
      case 5:  // from outside: to everybody
        site.publish(channel, Message{as_bytes(text), true});
        for (Session& other : sessions) {
          if (other.channels.contains(channel)) other.expected.push_back(text);
        }
        break;
      case 6:  // goes without a word
        if (pick(4) != 0) continue;
        pick(2) == 0 ? session.peer->reset() : session.peer->end();
        ASSERT_TRUE(site.net().settle());
        ASSERT_TRUE(session.peer->server_closed());
        check_and_forget(index);
        continue;
      default:
        session.peer->write(text_frame("pub " + channel + " " + text));
        for (Session& other : sessions) {
          if (&other != &session && other.channels.contains(channel)) {
            other.expected.push_back(text);
          }
        }
    }
    ASSERT_TRUE(site.net().settle());
  }
  while (!sessions.empty()) check_and_forget(0);
  ASSERT_TRUE(site.net().settle());
  EXPECT_EQ(site.net().open_streams(), 0u);
  EXPECT_EQ(site.counters().websockets.get(), 0u);
}

TEST(Channels, TheOneThatPublishesIsLeftOutAndSendAndPublishKeepTheirOrder) {
  EndingSite site(false, {});
  site.ws("/", {.on_open = [](WebSocket& ws) { ws.subscribe("all"); },
                .on_message =
                    [](WebSocket& ws, Message message) {
                      ws.send("before");
                      ws.publish("all", message);
                      ws.send("after");
                    }});
  auto first = site.net().connect(), second = site.net().connect();
  first->write(upgrade("/"));
  second->write(upgrade("/"));
  site.net().settle();
  first->take_received();
  second->take_received();
  first->write(text_frame("x"));
  second->write(text_frame("y"));
  site.net().settle();
  EXPECT_EQ(show_frames(first->received()), "text before|text after|text y");
  EXPECT_EQ(show_frames(second->received()), "text x|text before|text after");
}
}  // namespace
}  // namespace hybi::test
