// Who is in a channel, and what the others are told; with a clock of the test's own.
#include <hybi/app/channel_format.h>
#include <hybi/app/presence.h>
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <map>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class PresenceTest : public ::testing::Test {
 protected:
  PresenceTest() {
    site_.channel("room", options_);
    site_.ws("/", {.on_open = [](WebSocket& ws) { ws.subscribe("room"); },
                   .publication_formats = {std::make_shared<JsonChannelFormat>()}});
    peer_ = site_.net().connect();
    peer_->write(upgrade("/"));
    site_.net().settle();
    peer_->take_received();
  }
  void wait(std::chrono::milliseconds time) {
    now_ += time;
    while (!timers_.empty() && timers_.begin()->first <= now_) {
      const auto first = timers_.extract(timers_.begin());
      first.mapped()();
    }
  }
  std::string told() {
    site_.net().settle();
    std::string all;
    for (const Frame& frame : frames(peer_->take_received())) all += frame.payload + "\n";
    return all;
  }
  void join(const std::string& client, const std::string& user = {}) {
    presence_->join("room", options_, {.client = client, .user = user, .info = {}});
  }
  void leave(const std::string& client, const std::string& user = {}) {
    presence_->leave("room", options_, {.client = client, .user = user, .info = {}});
  }
  PresenceCount count() {
    PresenceCount counted;
    site_.hub().engine().count_members("room", [&](Result<PresenceCount> result) {
      ASSERT_TRUE(result);
      counted = *result;
    });
    return counted;
  }

  const ChannelOptions options_{.presence = true, .presence_events = true, .leave_delay = 2000ms};
  EndingSite site_{false, {}};
  std::unique_ptr<testing::MemoryPeer> peer_;
  std::chrono::milliseconds now_{0};
  std::multimap<std::chrono::milliseconds, std::function<void()>> timers_;
  std::shared_ptr<Presence> presence_ = std::make_shared<Presence>(
      site_.hub().shared_from_this(), [this](std::chrono::milliseconds delay, auto task) {
        timers_.emplace(now_ + delay, std::move(task));
      });
};

std::string event(const std::string& what, const std::string& client, const std::string& user) {
  return R"({"channel":"room","event":")" + what + R"(","data":{"client":")" + client +
         (user.empty() ? "\"}}\n" : R"(","user":")" + user + "\"}}\n");
}

TEST_F(PresenceTest, TheOthersAreToldWhoComesAndAfterAWhileWhoHasGone) {
  join("c1", "ada");
  join("c2");
  EXPECT_EQ(told(), event("join", "c1", "ada") + event("join", "c2", ""));
  EXPECT_EQ(count().clients, 2u);
  EXPECT_EQ(count().users, 2u);
  leave("c1", "ada");
  wait(1999ms);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(count().clients, 2u);
  wait(1ms);
  EXPECT_EQ(told(), event("leave", "c1", "ada"));
  EXPECT_EQ(count().clients, 1u);
}

TEST_F(PresenceTest, WhoComesBackInTimeHasNotLeft) {
  join("c1", "ada");
  told();
  leave("c1", "ada");
  wait(1500ms);
  join("c2", "ada");
  wait(10s);
  EXPECT_EQ(told(), "");
  leave("c2", "ada");
  wait(1500ms);
  join("c3", "ada");  // the first leave's time is over, this one's is not
  leave("c3", "ada");
  wait(1000ms);
  EXPECT_EQ(told(), "");
  wait(1000ms);
  EXPECT_EQ(told(), event("leave", "c3", "ada"));
}

// Its return is told to nobody, so it has to be in the list that somebody asks for meanwhile.
TEST_F(PresenceTest, WhoMayComeBackIsStillAMember) {
  join("c1", "ada");
  leave("c1", "ada");
  EXPECT_EQ(count().users, 1u);
  join("c2", "ada");
  EXPECT_EQ(count().clients, 1u) << "the one that has gone is no member any more";
  leave("c2", "ada");
  join("c2", "ada");
  wait(10s);
  EXPECT_EQ(count().clients, 1u) << "the same client may come again";
}

TEST_F(PresenceTest, WithoutEventsWhoGoesIsGoneAtOnce) {
  const ChannelOptions quiet{.presence = true};
  presence_->join("room", quiet, {.client = "c1", .user = "ada", .info = {}});
  presence_->leave("room", quiet, {.client = "c1", .user = "ada", .info = {}});
  EXPECT_EQ(count().clients, 0u);
}

TEST_F(PresenceTest, AUserOfTwoClientsLeavesWithTheLast) {
  join("c1", "ada");
  join("c2", "ada");
  EXPECT_EQ(told(), event("join", "c1", "ada"));
  EXPECT_EQ(count().clients, 2u);
  EXPECT_EQ(count().users, 1u);
  leave("c1", "ada");
  EXPECT_EQ(count().clients, 1u);
  wait(10s);
  EXPECT_EQ(told(), "");
  leave("c2", "ada");
  wait(2s);
  EXPECT_EQ(told(), event("leave", "c2", "ada"));
  EXPECT_EQ(count().clients, 0u);
}

TEST_F(PresenceTest, AUserAndAClientOfTheSameNameAreTwo) {
  join("ada");
  join("c1", "ada");
  EXPECT_EQ(told(), event("join", "ada", "") + event("join", "c1", "ada"));
}

}  // namespace
}  // namespace hybi::test
