// Channels with a history: order, recovery, joins that race with publications. Against engines that
// answer at once, and against one that answers late, in any order.
#include <hybi/app/test_ending_site.h>
#include <hybi/app/test_server.h>
#include <hybi/hybi.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

ChannelOptions kept(std::size_t size) {
  return {.history = {.size = size, .ttl = 1h}};
}

// "sub c", "since c EPOCH OFFSET", "last c COUNT", "unsub c", "match p"; says what became of it.
void obey(WebSocket& ws, Message message) {
  std::vector<std::string> words(1);
  for (const char c : message.text()) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back() += c;
    }
  }
  const auto number = [&](std::size_t at) { return std::stoull(words.at(at)); };
  SubscribeOptions options;
  options.done = [](WebSocket& there, const Result<Subscribed>& result) {
    if (!result) {
      there.send("failed");
      return;
    }
    const Position at = result->position;
    there.send((result->recovered ? "joined " : "lost ") + std::to_string(at.epoch) + " " +
               std::to_string(at.offset));
  };
  if (words[0] == "unsub") {
    ws.unsubscribe(words.at(1));
  } else if (words[0] == "match") {
    ws.subscribe_matching(words.at(1));
  } else {
    if (words[0] == "since") options.since = Position{number(2), number(3)};
    if (words[0] == "last") options.history = number(2);
    ws.subscribe(words.at(1), std::move(options));
  }
}

WebSocketHandlers handlers() {
  return {.on_message = obey,
          .on_gap = [](WebSocket& ws, std::string_view,
                       std::uint64_t missed) { ws.send("gap " + std::to_string(missed)); },
          .limits = {.max_message_bytes = 1 << 20}};
}

struct Client {
  explicit Client(MemorySite& site) : site_(site), peer_(site.net().connect()) {
    peer_->write(upgrade("/"));
    site.net().settle();
    EXPECT_TRUE(peer_->take_received().starts_with("HTTP/1.1 101"));
  }
  void say(const std::string& words) {
    peer_->write(text_frame(words));
    site_.net().settle();
  }
  std::vector<std::string> heard() {
    site_.net().settle();
    std::vector<std::string> words;
    for (const Frame& frame : frames(peer_->take_received())) words.push_back(frame.payload);
    return words;
  }
  std::string all() {
    std::string text;
    for (const std::string& one : heard()) text += one + "|";
    return text;
  }
  MemorySite& site_;
  std::unique_ptr<testing::MemoryPeer> peer_;
};

std::string position_in(const std::string& joined) {  // "joined E O|..." -> "E O"
  const std::size_t first = joined.find(' ') + 1;
  return joined.substr(first, joined.find('|') - first);
}

void say_all(MemorySite& site, std::initializer_list<const char*> words) {
  for (const char* const word : words) {
    site.publish("c", Message{as_bytes(std::string_view(word)), true});
  }
  site.net().settle();
}

TEST(ChannelHistory, WhoComesBackGetsWhatItMissedAndThenTheRest) {
  EndingSite site(false, {});
  site.channel("c", kept(10)).ws("/", handlers());
  Client ada(site);
  ada.say("sub c");
  const std::string position = position_in(ada.all());
  EXPECT_TRUE(position.ends_with(" 0")) << position;
  say_all(site, {"1", "2"});
  EXPECT_EQ(ada.all(), "1|2|");
  Client bob(site);
  bob.say("since c " + position);
  EXPECT_EQ(bob.all(), "joined " + position.substr(0, position.find(' ')) + " 2|1|2|");
  say_all(site, {"3"});
  EXPECT_EQ(bob.all(), "3|");
  EXPECT_EQ(ada.all(), "3|");
}

TEST(ChannelHistory, WhatIsGoneIsSaid) {
  EndingSite site(false, {});
  site.channel("c", kept(2)).ws("/", handlers());
  Client ada(site);
  ada.say("sub c");
  const std::string position = position_in(ada.all());
  say_all(site, {"1", "2", "3"});
  Client bob(site), eve(site);
  bob.say("since c " + position);
  EXPECT_EQ(bob.all(), "lost " + position.substr(0, position.find(' ')) + " 3|2|3|");
  eve.say("since c 12345 1");
  EXPECT_TRUE(eve.all().starts_with("lost "));
}

TEST(ChannelHistory, TheLatestComeFirstIfAskedForAndTheRetainedOneAlways) {
  EndingSite site(false, {});
  site.channel("c", kept(10)).channel("clock", {.history = {.size = 0, .retain = true}});
  site.ws("/", handlers());
  say_all(site, {"1", "2", "3"});
  site.publish("clock", Message{as_bytes(std::string_view("noon")), true});
  site.publish("clock", Message{as_bytes(std::string_view("one")), true});
  Client ada(site), bob(site);
  ada.say("last c 2");
  EXPECT_TRUE(ada.all().ends_with(" 3|2|3|"));
  bob.say("sub c");
  EXPECT_TRUE(bob.all().ends_with(" 3|"));
  bob.say("sub clock");
  EXPECT_TRUE(bob.all().ends_with(" 2|one|"));
}

TEST(ChannelHistory, AnIdempotencyKeyPublishesOnce) {
  EndingSite site(false, {});
  site.channel("c", kept(10)).ws("/", handlers());
  Client ada(site);
  ada.say("sub c");
  ada.all();
  std::vector<Published> told;
  for (int i = 0; i < 3; ++i) {
    site.publish("c", Message{as_bytes(std::string_view("once")), true},
                 {.idempotency_key = "k", .done = [&](Result<Published> published) {
                    ASSERT_TRUE(published);
                    told.push_back(*published);
                  }});
  }
  EXPECT_EQ(ada.all(), "once|");
  ASSERT_EQ(told.size(), 3u);
  EXPECT_FALSE(told[0].duplicate);
  EXPECT_TRUE(told[2].duplicate);
  EXPECT_EQ(told[2].position, told[0].position);
}

TEST(ChannelHistory, APatternHearsEachPublicationOnce) {
  EndingSite site(false, {});
  site.channel("room/**", kept(10)).ws("/", handlers());
  Client ada(site);
  ada.say("match room/*");
  ada.say("match **");
  ada.say("sub room/1");
  ada.say("sub room/1");  // is already
  ada.say("match room/**");
  ada.all();
  site.publish("room/1", Message{as_bytes(std::string_view("x")), true});
  site.publish("room/2/chat", Message{as_bytes(std::string_view("y")), true});
  site.publish("other", Message{as_bytes(std::string_view("z")), true});
  EXPECT_EQ(ada.all(), "x|y|z|");
  ada.say("unsub **");
  ada.say("unsub room/**");
  ada.say("unsub room/1");
  site.publish("room/1", Message{as_bytes(std::string_view("x")), true});
  site.publish("other", Message{as_bytes(std::string_view("z")), true});
  EXPECT_EQ(ada.all(), "x|");
}

TEST(ChannelHistory, NamesThatAreNoneAndTooManyAreRefused) {
  std::vector<std::string> told;
  EndingSite site(false, {.on_error = [&](Error error, std::string_view what) {
                    told.push_back(std::string(info(error.code).name) + " " + std::string(what));
                  }});
  WebSocketHandlers few = handlers();
  few.limits.max_subscriptions = 2;
  site.ws("/", few);
  Client ada(site);
  for (const char* const words : {"sub a/*", "match a//b", "match **/b", "sub 1", "match 2/*",
                                  "sub 3", "match 4/*", "sub 1"}) {
    ada.say(words);
  }
  EXPECT_EQ(told, (std::vector<std::string>{"BadChannel a/*", "BadChannel a//b", "BadChannel **/b",
                                            "TooManySubscriptions 3", "TooManySubscriptions 4/*"}));
}

TEST(ChannelHistory, WhatSupersedesHasNoOrder) {
  Server server;
  server.channel("c",
                 {.history = {.size = 1}, .slow = SlowQueue{.policy = SlowPolicy::KeepLatest}});
  const Result<void> started = server.listen("127.0.0.1:0").start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, Errc::BadLimit);
}

// Two subscriptions of which only one was told: what was on its way comes by the other.
TEST(ChannelHistory, APatternHearsWhatWasOnItsWayWhenTheNameWasSubscribedTo) {
  EndingSite site(false, {});
  site.channel("c", kept(10)).ws("/", handlers());
  Client ada(site), bob(site);
  ada.say("match *");
  bob.say("match *");
  const auto publish = [&](std::string_view text) {
    std::thread([&] { site.publish("c", Message{as_bytes(text), true}); }).join();
  };
  publish("1");  // waits in the mailbox
  ada.peer_->write(text_frame("sub c"));
  bob.peer_->write(text_frame("last c 5"));
  const std::string to_ada = ada.all();
  EXPECT_TRUE(to_ada.ends_with("1|")) << to_ada;
  const std::string to_bob = bob.all();
  EXPECT_TRUE(to_bob.ends_with("1|")) << to_bob;
  EXPECT_EQ(std::count(to_ada.begin(), to_ada.end(), '|'), 2) << to_ada;
  EXPECT_EQ(std::count(to_bob.begin(), to_bob.end(), '|'), 2) << to_bob;
  publish("2");
  EXPECT_EQ(ada.all(), "2|");
  EXPECT_EQ(bob.all(), "2|");
}

// --- an engine that answers late

class LateEngine final : public Engine {
 public:
  explicit LateEngine(unsigned seed) : random_(seed) {}

  bool shared() const override { return false; }
  void attach(EngineEvents events) override { inner_->attach(std::move(events)); }
  void publish(std::string_view channel, Publication publication, const Keeping& keeping,
               std::string_view key, Done<Published> done) override {
    inner_->publish(channel, std::move(publication), keeping, key,
                    [&](Result<Published> result) { answer(std::move(done), result); });
  }
  void history(std::string_view channel, std::optional<Position> since, std::size_t limit,
               Done<History> done) override {
    // It may be read before or after what is published while it is on its way.
    if (random_() % 2 == 0) {
      inner_->history(channel, since, limit,
                      [&](Result<History> result) { answer(std::move(done), result); });
    } else {
      late_.push_back([this, name = std::string(channel), since, limit, done = std::move(done)] {
        inner_->history(name, since, limit, done);
      });
    }
  }
  void subscribe(std::string_view) override {}
  void unsubscribe(std::string_view) override {}
  void add_member(std::string_view channel, hybi::Member member, std::chrono::milliseconds ttl,
                  Done<bool> done) override {
    inner_->add_member(channel, std::move(member), ttl, std::move(done));
  }
  void remove_member(std::string_view channel, std::string_view client, Done<bool> done) override {
    inner_->remove_member(channel, client, std::move(done));
  }
  void members(std::string_view channel, std::size_t limit,
               Done<std::vector<hybi::Member>> done) override {
    inner_->members(channel, limit, std::move(done));
  }
  void count_members(std::string_view channel, Done<PresenceCount> done) override {
    inner_->count_members(channel, std::move(done));
  }

  bool idle() const { return late_.empty(); }
  void forget() { inner_ = memory_engine(); }  // streams begin anew
  // One of those that wait, whichever.
  void answer_one() {
    const std::size_t at = random_() % late_.size();
    const auto run = std::move(late_[at]);
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(at));
    run();
  }

 private:
  template <class T>
  void answer(Done<T> done, Result<T> result) {
    if (random_() % 3 == 0) return done(std::move(result));
    late_.push_back([done = std::move(done), result = std::move(result)] { done(result); });
  }

  std::mt19937 random_;
  std::shared_ptr<Engine> inner_ = memory_engine();
  std::deque<std::function<void()>> late_;
};

class ChannelSchedules : public ::testing::TestWithParam<unsigned> {};
INSTANTIATE_TEST_SUITE_P(Seeds, ChannelSchedules, ::testing::Range(0u, 200u));

// Whoever subscribes with a position gets everything after it, in order, once; where it does not,
// it has been told so at that place.
TEST_P(ChannelSchedules, NothingIsLostSilentlyNorComesTwice) {
  std::mt19937 random(GetParam());
  const auto pick = [&](std::size_t count) { return random() % count; };
  const bool late = GetParam() % 4 != 0, forgets = late && GetParam() % 5 == 4;
  const auto engine = late ? std::make_shared<LateEngine>(GetParam()) : nullptr;
  EndingSite site(false, {});
  site.channel("c", kept(pick(2) == 0 ? 5 : 1000));
  if (engine) site.engine(engine);
  site.ws("/", handlers());

  // Publications are numbered: there is one thread, and the engine keeps in the order of calls.
  std::uint64_t published = 0;
  std::map<std::uint64_t, Position> places;  // as the publisher was told
  struct Reader {
    std::unique_ptr<Client> client;
    bool joined = false;
    std::uint64_t next = 0;  // number
  };
  std::vector<Reader> readers(4);
  std::uint64_t told = 0;
  const auto read = [&](Reader& reader) {
    for (const std::string& words : reader.client->heard()) {
      if (words.starts_with("joined") || words.starts_with("lost")) {
        if (!reader.joined || words.starts_with("lost")) reader.next = 0;
        reader.joined = true;
      } else if (words.starts_with("gap")) {
        reader.next = 0;  // whatever comes next
      } else {
        const std::uint64_t number = std::stoull(words);
        if (reader.next != 0) {
          ASSERT_EQ(number, reader.next) << "seed " << GetParam();
        }
        reader.next = number + 1;
        ++told;
      }
    }
  };
  for (int step = 0; step < 600; ++step) {
    switch (pick(10)) {
      case 0: {
        Reader& reader = readers[pick(readers.size())];
        if (!reader.client) {
          reader.client = std::make_unique<Client>(site);
          if (const auto last = places.find(reader.next - 1); last != places.end()) {
            reader.client->say("since c " + std::to_string(last->second.epoch) + " " +
                               std::to_string(last->second.offset));
            reader.joined = true;  // goes on where it was
          } else {
            reader.next = 0;
            reader.client->say("sub c");
          }
        } else if (pick(2) == 0) {
          read(reader);
          reader.client->peer_->reset();
          site.net().settle();
          reader.client.reset();
        }
        break;
      }
      case 1:
      case 2:
        for (Reader& reader : readers) {
          if (reader.client) read(reader);
        }
        break;
      case 3:
      case 4:
      case 5:
        if (engine && !engine->idle()) engine->answer_one();
        if (forgets && pick(60) == 0) engine->forget();
        site.net().settle();
        break;
      default: {
        const std::string text = std::to_string(++published);
        site.publish("c", Message{as_bytes(text), true},
                     {.done = [&, number = published](Result<Published> result) {
                       ASSERT_TRUE(result);
                       places[number] = result->position;
                     }});
      }
    }
    if (::testing::Test::HasFatalFailure()) return;
  }
  while (engine && !engine->idle()) {
    engine->answer_one();
    site.net().settle();
  }
  for (Reader& reader : readers) {
    if (!reader.client) continue;
    read(reader);
    // Whoever stayed has all of it.
    if (reader.next != 0) {
      EXPECT_EQ(reader.next, published + 1);
    }
  }
  EXPECT_GT(told, 50u);
}

}  // namespace
}  // namespace hybi::test
