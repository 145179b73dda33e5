// Several nodes with one engine: what the interface asks of an engine is enough for publications,
// histories and members of all of them.
#include <hybi/app/channel_format.h>
#include <hybi/app/presence.h>
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <set>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

// What all nodes share.
struct Cluster {
  std::chrono::steady_clock::time_point now{};
  std::shared_ptr<Engine> memory = memory_engine({.now = [this] { return now; }});
  std::vector<class NodeEngine*> nodes = {};
};

// One node's end of it: it is told only of what it has subscribed to.
class NodeEngine final : public Engine {
 public:
  explicit NodeEngine(Cluster& cluster) : cluster_(cluster) { cluster.nodes.push_back(this); }

  bool shared() const override { return true; }
  void attach(EngineEvents events) override { events_ = std::move(events); }
  void publish(std::string_view channel, Publication publication, const Keeping& keeping,
               std::string_view key, Done<Published> done) override {
    Result<Published> result = Errc::EngineFailed;
    cluster_.memory->publish(channel, publication, keeping, key,
                             [&](Result<Published> published) { result = published; });
    done(result);
    if (!result || result->duplicate) return;
    publication.offset = result->position.offset;
    for (NodeEngine* const node : cluster_.nodes) {
      if (node != this && node->listens(channel)) {
        node->events_.on_publication(channel, publication, result->position);
      }
    }
  }
  void history(std::string_view channel, std::optional<Position> since, std::size_t limit,
               Done<History> done) override {
    cluster_.memory->history(channel, since, limit, std::move(done));
  }
  void subscribe(std::string_view channel) override {
    EXPECT_TRUE(subscribed_.emplace(channel).second) << channel;
  }
  void unsubscribe(std::string_view channel) override {
    EXPECT_EQ(subscribed_.erase(std::string(channel)), 1u) << channel;
  }
  void add_member(std::string_view channel, Member member, std::chrono::milliseconds ttl,
                  Done<bool> done) override {
    cluster_.memory->add_member(channel, member, ttl, [&](Result<bool> added) {
      done(added);
      if (added && *added) tell(channel, member, true);
    });
  }
  void remove_member(std::string_view channel, std::string_view client, Done<bool> done) override {
    cluster_.memory->remove_member(channel, client, [&](Result<bool> removed) {
      done(removed);
      if (removed && *removed)
        tell(channel, {.client = std::string(client), .user = {}, .info = {}}, false);
    });
  }
  void members(std::string_view channel, std::size_t limit,
               Done<std::vector<Member>> done) override {
    cluster_.memory->members(channel, limit, std::move(done));
  }
  void count_members(std::string_view channel, Done<PresenceCount> done) override {
    cluster_.memory->count_members(channel, std::move(done));
  }

  const std::set<std::string>& subscribed() const { return subscribed_; }

 private:
  bool listens(std::string_view channel) const {
    return std::any_of(subscribed_.begin(), subscribed_.end(), [&](const std::string& name) {
      return name == channel || (is_channel_pattern(name) && channel_matches(name, channel));
    });
  }
  void tell(std::string_view channel, const Member& member, bool joined) {
    for (NodeEngine* const node : cluster_.nodes) {
      if (node != this) node->events_.on_member(channel, member, joined);
    }
  }

  Cluster& cluster_;
  EngineEvents events_;
  std::set<std::string> subscribed_;
};

class Nodes : public ::testing::Test {
 protected:
  struct Node {
    explicit Node(Cluster& cluster, bool format = false)
        : engine(std::make_shared<NodeEngine>(cluster)) {
      site.channel("kept/*", {.history = {.size = 10}}).engine(engine);
      site.ws("/", {.on_message =
                        [](WebSocket& ws, Message message) {
                          const std::string_view name = message.text().substr(4);
                          if (message.text().starts_with("sub ")) ws.subscribe(name);
                          if (message.text().starts_with("all ")) ws.subscribe_matching(name);
                          if (message.text().starts_with("not ")) ws.unsubscribe(name);
                        },
                    .publication_formats = format ? formats() : Formats{}});
      peer = site.net().connect();
      peer->write(upgrade("/"));
      site.net().settle();
      peer->take_received();
    }
    using Formats = std::vector<std::shared_ptr<const conn::PublicationFormat>>;
    static Formats formats() { return {std::make_shared<JsonChannelFormat>()}; }
    void say(std::string_view words) {
      peer->write(text_frame(words));
      site.net().settle();
    }
    void publish(std::string_view channel, std::string_view text) {
      site.publish(channel, Message{as_bytes(text), true});
      site.net().settle();
    }
    std::string heard() {
      site.net().settle();
      std::string all;
      for (const Frame& frame : frames(peer->take_received())) all += frame.payload + "|";
      return all;
    }

    EndingSite site{false, {}};
    std::shared_ptr<NodeEngine> engine;
    std::unique_ptr<testing::MemoryPeer> peer;
  };

  Cluster cluster_;
};

TEST_F(Nodes, HearOneAnotherInOneOrder) {
  Node one(cluster_), two(cluster_);
  for (Node* const node : {&one, &two}) {
    node->say("sub kept/a");
    node->say("sub plain/a");
  }
  one.publish("kept/a", "1");
  two.publish("kept/a", "2");
  one.publish("plain/a", "3");
  for (Node* const node : {&one, &two}) EXPECT_EQ(node->heard(), "1|2|3|");
  two.say("not plain/a");
  one.publish("plain/a", "4");
  EXPECT_EQ(one.heard(), "4|");
  EXPECT_EQ(two.heard(), "");
}

TEST_F(Nodes, SubscribeWithTheEngineOnceForEachNameAndPattern) {
  Node one(cluster_), two(cluster_);
  one.say("sub kept/a");
  one.say("all plain/*");
  one.say("all plain/*");
  EXPECT_EQ(one.engine->subscribed(), (std::set<std::string>{"kept/a", "plain/*"}));
  two.publish("plain/x", "by pattern");
  EXPECT_EQ(one.heard(), "by pattern|");
  one.say("not kept/a");
  one.say("not plain/*");
  EXPECT_TRUE(one.engine->subscribed().empty());
}

TEST_F(Nodes, WhatALostAnnouncementWasAboutIsInTheHistory) {
  Node one(cluster_), two(cluster_);
  two.say("sub kept/a");
  cluster_.nodes.pop_back();  // the connection to it is gone
  one.publish("kept/a", "1");
  one.publish("kept/a", "2");
  EXPECT_EQ(two.heard(), "");
  cluster_.nodes.push_back(two.engine.get());
  one.publish("kept/a", "3");
  EXPECT_EQ(two.heard(), "1|2|3|");
}

TEST_F(Nodes, TellOfMembersElsewhereAndRenewTheirOwn) {
  Node one(cluster_), two(cluster_, true);
  two.say("sub room");
  std::function<void()> due;
  const auto presence = std::make_shared<Presence>(
      one.site.hub().shared_from_this(),
      [&](std::chrono::milliseconds, std::function<void()> task) { due = std::move(task); });
  const ChannelOptions options{.presence = true, .presence_events = true};
  presence->join("room", options, {.client = "c1", .user = "ann", .info = {}});
  EXPECT_EQ(two.heard(),
            R"({"channel":"room","event":"join","data":{"client":"c1","user":"ann"}}|)");
  const auto count = [&] {
    std::size_t clients = 0;
    two.engine->count_members("room", [&](Result<PresenceCount> counted) {
      ASSERT_TRUE(counted);
      clients = counted->clients;
    });
    return clients;
  };
  for (int i = 0; i < 10; ++i) {
    cluster_.now += 20s;
    ASSERT_TRUE(due);
    std::exchange(due, nullptr)();
    EXPECT_EQ(count(), 1u);
  }
  EXPECT_EQ(two.heard(), "") << "it was there all the time";
  cluster_.now += 61s;  // its node has died
  EXPECT_EQ(count(), 0u);
}

}  // namespace
}  // namespace hybi::test
