// The five promises of docs/topics/channels.md, held against a model: servers of one to three loops
// on both backends, publishers on threads and on sockets, clients that subscribe, leave, vanish,
// come back with their positions, and read slowly. What happens when is left to chance; what a
// client hears is checked as it reads it.
#include <hybi/app/test_folder.h>
#include <hybi/app/test_socket.h>
#include <hybi/channel_clients.h>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <thread>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// kept: with a history. big: large publications, for the slow ones.
constexpr std::array<const char*, 6> kChannels = {"plain/a", "plain/b", "kept/a",
                                                  "kept/b",  "big/a",   "big/kept"};
bool is_kept(std::string_view channel) {
  return channel.find("kept") != channel.npos;
}
bool is_big(std::string_view channel) {
  return channel.starts_with("big");
}

// Everything that was published, as far as anybody knows.
class Model {
 public:
  // Each publisher counts its publications of each channel: 1, 2, 3, ...
  json next(const std::string& channel, const std::string& publisher) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = ++said_[channel][publisher];
    json data = {{"by", publisher}, {"n", number}};
    if (is_big(channel)) data["pad"] = std::string(16'000, '.');
    return data;
  }
  std::map<std::string, std::uint64_t> said(const std::string& channel) {
    const std::lock_guard lock(mutex_);
    return said_[channel];
  }
  // Whether this offset has always been this publication.
  bool is_at(const std::string& channel, std::uint64_t offset, const std::string& what) {
    return places_[channel].try_emplace(offset, what).first->second == what;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::map<std::string, std::uint64_t>> said_;
  std::map<std::string, std::map<std::uint64_t, std::string>> places_;  // the test's thread's
};

// What a client has heard of a channel since it subscribed.
struct Ear {
  bool anything = true;  // may come next: it has just come, or was told that something is missing
  bool fresh = true;     // and so may any publication of those that it has not heard of
  Position at = {};
  std::map<std::string, std::uint64_t> last = {};  // of each publisher
  std::uint64_t gap = 0;                           // told since the last publication
  std::uint64_t told = 0, missed = 0;              // by gaps; by what did not come
};

class Listener {
 public:
  // `slow`: over a socket whose buffers are small.
  Listener(Model& model, std::uint16_t port, const std::string& unix_path, bool slow)
      : model_(model), port_(port), path_(unix_path), slow_(slow) {}

  bool connected() const { return client_.has_value(); }
  bool slow() const { return slow_; }
  bool by_patterns() const { return by_patterns_; }
  std::map<std::string, Ear>& ears() { return ears_; }

  // Subscribes to what it did before, with its positions. `patterns`: to everything, in many ways.
  void connect(bool patterns) {
    client_.emplace(slow_ ? WsClient(SocketClient::over_unix(path_), "/live")
                          : WsClient::open(port_, "/live"));
    ASSERT_TRUE(client_->open());
    by_patterns_ = patterns;
    json channels = json::object();
    for (auto& [name, ear] : ears_) {
      channels[name] = json::object();
      if (!is_kept(name)) ear = {};
      if (ear.at.epoch != 0) {
        channels[name]["since"] = {{"epoch", ear.at.epoch}, {"offset", ear.at.offset}};
      }
    }
    ask("hybi:connect", {{"channels", channels}}, [this](const json& data) {
      for (const auto& [name, answer] : data["channels"].items()) joined(name, answer);
    });
    if (!patterns) return;
    for (const char* const pattern : {"plain/*", "kept/**", "*/b", "kept/*"}) {
      ask("hybi:subscribe", {{"channel", pattern}}, [](const json&) {});
    }
    for (const std::string name : kChannels) {
      if (!is_big(name) && !ears_.contains(name)) subscribe(name);
    }
  }
  void subscribe(const std::string& name) {
    ears_[name] = {};
    ask("hybi:subscribe", {{"channel", name}}, [&](const json& data) { joined(name, data); });
  }
  void unsubscribe(const std::string& name) {
    ask("hybi:unsubscribe", {{"channel", name}}, [&](const json&) { ears_.erase(name); });
  }
  void publish(const std::string& name, const std::string& publisher) {
    ask("hybi:publish", {{"channel", name}, {"data", model_.next(name, publisher)}},
        [](const json&) {});
  }
  // Reads what has come.
  void read() {
    ask("hybi:ping", {}, [](const json&) {});
  }
  void vanish(bool reset) {
    if (reset) client_->socket().reset();
    client_.reset();
    if (by_patterns_) ears_.clear();
  }

 private:
  void ask(const char* event, json data, const std::function<void(const json&)>& then) {
    const std::uint64_t id = ++last_id_;
    ASSERT_TRUE(
        client_->send(json({{"event", event}, {"id", id}, {"data", std::move(data)}}).dump()));
    for (;;) {
      const std::string text = client_->next();
      ASSERT_TRUE(text.starts_with("text ")) << text;
      const json all = json::parse(text.substr(5));
      for (const json& one : all.is_array() ? all : json::array({all})) {
        if (!one.contains("id")) {
          hear(one);
          if (::testing::Test::HasFatalFailure()) return;
          continue;
        }
        ASSERT_EQ(one["id"], id);
        ASSERT_TRUE(one.contains("data")) << one;
        return then(one["data"]);
      }
    }
  }

  void joined(const std::string& name, const json& answer) {
    Ear& ear = ears_.at(name);
    if (answer.contains("recovered")) {
      // Promise 3: true only if nothing is missing.
      if (!answer["recovered"].get<bool>()) ear = {};
    }
    for (json publication : answer["publications"]) {
      publication["channel"] = name;
      hear(publication);
    }
    if (!answer.contains("epoch")) return;
    const Position now = {answer["epoch"], answer["offset"]};
    if (!ear.anything) {
      ASSERT_EQ(ear.at.offset, now.offset) << "promise 3, in " << name;
    }
    ear.at = now;
    ear.anything = false;
  }

  void hear(const json& message) {
    const std::string name = message["channel"];
    ASSERT_TRUE(ears_.contains(name)) << "it has left " << name;
    Ear& ear = ears_.at(name);
    if (message.contains("event")) {
      ASSERT_EQ(message["event"], "gap");
      // Promise 4: only who is slow is sent less.
      ASSERT_TRUE(slow_) << name;
      const std::uint64_t missed = message["data"]["missed"];
      ear.gap += missed;
      ear.told += missed;
      return;
    }
    const std::string publisher = message["data"]["by"];
    const std::uint64_t number = message["data"]["n"];
    if (is_kept(name)) {
      const std::uint64_t offset = message["offset"];
      if (!ear.anything) {
        ASSERT_EQ(offset, ear.at.offset + ear.gap + 1) << "promises 2 to 5, in " << name;
      }
      ear.at.offset = offset;
      ASSERT_TRUE(model_.is_at(name, offset, publisher + std::to_string(number))) << "promise 2";
    }
    std::uint64_t& last = ear.last.try_emplace(publisher, ear.fresh ? number - 1 : 0).first->second;
    ASSERT_GT(number, last) << "promises 1 and 5, in " << name;
    ear.missed += number - last - 1;
    last = number;
    ASSERT_LE(ear.missed, ear.told) << "promises 1 and 4, in " << name;
    ear.gap = 0;
    ear.anything = false;
  }

  Model& model_;
  std::uint16_t port_;
  std::string path_;
  bool slow_;
  bool by_patterns_ = false;
  std::optional<WsClient> client_;
  std::map<std::string, Ear> ears_;
  std::uint64_t last_id_ = 0;
};

class ChannelPromises : public EveryBackend {
 protected:
  void hold(unsigned loops) {
    for (unsigned seed = 0; seed < 4 && !HasFatalFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      hold(loops, seed);
    }
  }

 private:
  void hold(unsigned loops, unsigned seed);
};
HYBI_EVERY_BACKEND(ChannelPromises);

void ChannelPromises::hold(unsigned loops, unsigned seed) {
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t count) { return random() % count; };
  const auto chance = [&](unsigned percent) { return pick(100) < percent; };
  const bool vanishing = seed % 4 != 3;

  TemporaryFolder folder;
  const std::string path = folder.path() + "/socket";
  Server server(options(loops));
  const std::size_t size = seed % 4 == 2 ? 10 : 100'000;
  const SlowQueue slow{.policy = SlowPolicy::Drop, .max_messages = 10};
  server.channel("big/kept", {.history = {.size = size}, .slow = slow});
  server.channel("big/**", {.slow = slow}).channel("kept/**", {.history = {.size = size}});
  const auto anybody = [](const ChannelUser&, std::string_view) { return true; };
  ChannelClients clients(server, {.may_subscribe = anybody,
                                  .may_subscribe_matching = anybody,
                                  .may_publish = [](const ChannelUser&, std::string_view,
                                                    const json&) { return true; }});
  server.ws("/live",
            clients.handlers({.limits = {.high_water_bytes = 20'000, .low_water_bytes = 10'000}}));
  ASSERT_TRUE(server.listen("127.0.0.1:0").listen("unix:" + path).start());

  Model model;
  std::vector<Listener> listeners;
  for (unsigned i = 0; i < 6; ++i) listeners.emplace_back(model, server.port(), path, i >= 4);
  const auto publish = [&](const std::string& channel, const std::string& publisher) {
    const std::string text = model.next(channel, publisher).dump();
    server.publish(channel, Message{as_bytes(text), true}, {.json = true});
  };
  std::uint64_t told = 0;

  for (int round = 0; round < 8; ++round) {
    // While it is quiet: who is not there comes, some by patterns.
    for (Listener& listener : listeners) {
      if (!listener.connected() && chance(50)) {
        listener.connect(!listener.slow() && listener.ears().empty() && chance(30));
      }
      if (listener.slow() && listener.connected() && listener.ears().empty()) {
        for (const char* const name : {"big/a", "big/kept"}) listener.subscribe(name);
      }
      ASSERT_FALSE(HasFatalFailure());
      for (auto& [name, ear] : listener.ears()) {
        if (listener.connected() && std::exchange(ear.fresh, false)) ear.last = model.said(name);
      }
    }
    std::vector<std::thread> threads;
    for (const char* const publisher : {"x", "y"}) {
      threads.emplace_back([&, publisher, own_seed = random()] {
        std::mt19937 own(own_seed);
        for (int i = 0; i < 60; ++i) publish(kChannels[own() % kChannels.size()], publisher);
      });
    }
    for (int step = 0; step < 30; ++step) {
      const std::size_t index = pick(listeners.size());
      Listener& listener = listeners[index];
      const std::string name = kChannels[pick(4)];  // no big one
      if (!listener.connected()) {
        if (chance(50)) listener.connect(false);
      } else if (listener.slow()) {
        if (chance(10)) listener.read();
      } else if (vanishing && chance(10)) {
        if (chance(50)) listener.read();
        listener.vanish(chance(50));
      } else if (chance(30)) {
        listener.publish(name, std::to_string(index));
      } else if (chance(30)) {
        listener.read();
      } else if (!listener.by_patterns()) {
        listener.ears().contains(name) ? listener.unsubscribe(name) : listener.subscribe(name);
      }
      if (HasFatalFailure()) break;
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_FALSE(HasFatalFailure());

    // Until everybody has heard something that was published after all of that.
    bool heard = false;
    for (int tries = 0; !heard; ++tries) {
      ASSERT_LT(tries, 1000);
      heard = true;
      for (const char* const name : kChannels) publish(name, "mark");
      for (Listener& listener : listeners) {
        if (!listener.connected()) continue;
        listener.read();
        ASSERT_FALSE(HasFatalFailure());
        for (const auto& [name, ear] : listener.ears()) {
          const auto mark = ear.last.find("mark");
          heard = heard && mark != ear.last.end() && mark->second == model.said(name)["mark"];
        }
      }
    }
    // So everything has come, or it was told how much has not.
    for (Listener& listener : listeners) {
      if (!listener.connected()) continue;
      for (auto& [name, ear] : listener.ears()) {
        for (const auto& [publisher, count] : model.said(name)) {
          ear.missed +=
              count - ear.last.try_emplace(publisher, ear.fresh ? count : 0).first->second;
          ear.last[publisher] = count;
        }
        ASSERT_EQ(ear.missed, ear.told) << "promises 1, 4 and 5, in " << name;
        told += std::exchange(ear.told, 0);
        ear.missed = 0;
        ear.fresh = false;
      }
    }
  }
  EXPECT_GT(told, 0u) << "nobody was slow";
  if (!vanishing) {
    EXPECT_EQ(server.stats().messages_dropped, told) << "promise 4";
  }
}

TEST_P(ChannelPromises, AreKeptOnOneLoop) {
  hold(1);
}
TEST_P(ChannelPromises, AreKeptOnTwoLoops) {
  hold(2);
}
TEST_P(ChannelPromises, AreKeptOnThreeLoops) {
  hold(3);
}

}  // namespace
}  // namespace hybi::test
