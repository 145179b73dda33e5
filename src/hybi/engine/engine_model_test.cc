// Random operations on an engine and on a model of it: the same answers, whatever the schedule.
//
// The model is what the interface says, done at once and without thinking of cost: with every step
// of time it looks at everything it has. With bounds it is of the memory engine only, whose costs
// it knows.
#include <hybi/engine/memory_engine.h>
#include <hybi/engine/test_engines.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace hybi::engine {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using test::AskEngine;
using test::EngineKind;
using test::shown;
using test::TestEngines;

constexpr milliseconds kKeyTtl{5000};
constexpr milliseconds kStreamTtl{20'000};

class Model {
 public:
  explicit Model(const MemoryEngineOptions& options) : options_(options) {}

  void pass(milliseconds time) {
    now_ += time;
    for (auto at = streams_.begin(); at != streams_.end();) {
      Stream& stream = at->second;
      expire(stream);
      const bool forgotten = stream.kept.empty() && stream.used + options_.stream_ttl <= now_;
      at = forgotten ? streams_.erase(at) : std::next(at);
    }
    std::erase_if(keys_, [&](const auto& key) { return key.at + options_.key_ttl <= now_; });
    std::erase_if(members_, [&](const auto& one) { return one.second.until <= now_; });
  }

  std::string publish(const std::string& channel, const std::string& text, const Keeping& keeping,
                      const std::string& key) {
    if (keeping.any() && MemoryStreams::stream_bytes(channel) + cost(text) > options_.max_bytes) {
      return "EngineFull";
    }
    for (const Key& used : keys_) {
      if (!key.empty() && used.channel == channel && used.key == key) return used.said + " again";
    }
    std::string said = "not kept";
    if (keeping.any()) {
      Stream& stream = use(channel);
      stream.keeping = keeping;
      stream.kept.push_back({++stream.top, text, now_});
      while (stream.kept.size() > std::max<std::size_t>(keeping.size, keeping.retain)) {
        stream.kept.pop_front();
      }
      expire(stream);
      said = std::to_string(stream.top);
    }
    if (!key.empty()) keys_.push_back({channel, key, said, now_});
    make_room(channel);
    return said;
  }

  std::string history(const std::string& channel, const std::optional<Position>& since,
                      std::size_t limit) {
    const Stream& stream = use(channel);
    std::vector<Kept> all(stream.kept.begin(), stream.kept.end());
    bool complete = true;
    if (since) {
      const bool known = since->epoch == stream.epoch && since->offset <= stream.top;
      if (known) std::erase_if(all, [&](const Kept& one) { return one.offset <= since->offset; });
      if (all.size() > limit) all.resize(limit);
      complete = known && all.size() == stream.top - since->offset;
    } else if (all.size() > limit) {
      all.erase(all.begin(), all.end() - static_cast<std::ptrdiff_t>(limit));
    }
    std::string said = complete ? "" : "... ";
    for (const Kept& one : all) said += std::to_string(one.offset) + one.text + " ";
    said += "/" + std::to_string(stream.top);
    make_room(channel);
    return said;
  }

  // What the engine has called the stream's epoch. Returns: whether it may.
  bool is_epoch(const std::string& channel, std::uint64_t epoch) {
    const auto found = streams_.find(channel);
    if (found == streams_.end()) return true;  // forgotten at once, for the bounds
    Stream& stream = found->second;
    if (stream.epoch == kNotChosen && epoch != 0 && epoch >> 53 == 0 &&
        epochs_.insert(epoch).second)
      stream.epoch = epoch;
    return stream.epoch == epoch;
  }

  std::string add(const std::string& channel, const Member& member, milliseconds ttl) {
    const auto [at, is_new] = members_.try_emplace({channel, member.client});
    if (is_new && members_.size() > options_.max_members) {
      members_.erase(at);
      return "EngineFull";
    }
    at->second = {member, now_ + ttl};
    if (ttl <= 0ms) members_.erase(at);
    return is_new ? "yes" : "no";
  }
  std::string remove(const std::string& channel, const std::string& client) {
    return members_.erase({channel, client}) != 0 ? "yes" : "no";
  }
  std::vector<Member> members(const std::string& channel) const {
    std::vector<Member> all;
    for (const auto& [key, one] : members_) {
      if (key.first == channel) all.push_back(one.member);
    }
    return all;
  }

  std::size_t bytes() const {
    std::size_t bytes = 0;
    for (const auto& [name, stream] : streams_) {
      bytes += MemoryStreams::stream_bytes(name);
      for (const Kept& one : stream.kept) bytes += cost(one.text);
    }
    return bytes;
  }
  std::size_t stream_count() const { return streams_.size(); }

 private:
  static constexpr std::uint64_t kNotChosen = ~std::uint64_t{0};  // by the engine, yet

  struct Kept {
    std::uint64_t offset;
    std::string text;
    milliseconds at;
  };
  struct Stream {
    std::uint64_t epoch = kNotChosen, top = 0;
    Keeping keeping = {};
    std::deque<Kept> kept = {};
    milliseconds used{};
  };
  struct Key {
    std::string channel, key, said;
    milliseconds at;
  };
  struct Present {
    Member member = {};
    milliseconds until{};
  };

  static std::size_t cost(const std::string& text) {
    return MemoryStreams::kPublicationBytes + text.size();
  }
  Stream& use(const std::string& channel) {
    Stream& stream = streams_[channel];
    stream.used = now_;
    return stream;
  }
  void expire(Stream& stream) {
    while (stream.kept.size() > (stream.keeping.retain ? 1u : 0u) &&
           now_ - stream.kept.front().at >= stream.keeping.ttl) {
      stream.kept.pop_front();
    }
  }
  void make_room(const std::string& in_use) {
    while (bytes() > options_.max_bytes || streams_.size() > options_.max_streams) {
      const auto oldest = std::min_element(
          streams_.begin(), streams_.end(),
          [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
      if (oldest->first == in_use && oldest->second.kept.size() > 1) {
        oldest->second.kept.pop_front();
      } else {
        streams_.erase(oldest);
      }
    }
    while (keys_.size() > options_.max_keys) keys_.erase(keys_.begin());
  }

  const MemoryEngineOptions options_;
  milliseconds now_{0};
  std::map<std::string, Stream> streams_;
  std::set<std::uint64_t> epochs_;
  std::vector<Key> keys_;  // the oldest first
  std::map<std::pair<std::string, std::string>, Present> members_;
};

// One run. Time passes by itself only where the engine's can be moved.
class Comparison {
 public:
  // `ages`: time passes in larger steps, and things expire.
  Comparison(unsigned seed, TestEngines& engines, Engine& engine, bool ages)
      : random_(seed),
        engines_(engines),
        ask_{engine},
        model_(engines.memory_options()),
        ages_(ages) {}

  void steps(int count, const std::function<void(const Model&)>& after_each = {}) {
    for (int i = 0; i < count && !::testing::Test::HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      if (engines_.has_clock()) pass();
      const std::uint32_t what = random_() % 100;
      if (what < 45) {
        publish();
      } else if (what < 75) {
        history();
      } else {
        member();
      }
      if (after_each) after_each(model_);
    }
  }

 private:
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[random_() % from.size()];
  }
  std::string channel() { return "c" + std::to_string(random_() % 8); }

  void pass() {
    milliseconds time{1};  // no two uses at the same time: one of them is the oldest
    if (ages_ && random_() % 4 == 0) time = milliseconds(random_() % 400);
    if (ages_ && random_() % 100 == 0) time = milliseconds(random_() % 30'000);
    engines_.pass(time);
    model_.pass(time);
  }

  void publish() {
    const std::string name = channel();
    const std::string text(random_() % 12 == 0 ? random_() % 900 : random_() % 4, 'x');
    const std::string key = random_() % 4 == 0 ? "k" + std::to_string(random_() % 6) : "";
    Keeping keeping{.size = random_() % 6};
    keeping.retain = random_() % 4 == 0;
    if (ages_) keeping.ttl = pick<milliseconds>({0ms, 1ms, 100ms, 500ms, 3000ms, 60'000ms});
    if (!ages_) keeping.ttl = 24h * 3650;

    const std::string expected = model_.publish(name, text, keeping, key);
    const auto got = ask_.publish(name, text, keeping, key);
    std::string said = "not kept";
    if (!got) {
      said = info(got.error().code).name;
    } else {
      const Position position = got.value().position;
      if (position != Position{}) {
        said = std::to_string(position.offset);
        seen_[name].push_back(position);
      }
      if (got.value().duplicate) {
        said += " again";
      } else if (position != Position{}) {
        EXPECT_TRUE(model_.is_epoch(name, position.epoch));
      }
    }
    EXPECT_EQ(said, expected) << "publish " << name;
  }

  void history() {
    const std::string name = channel();
    std::optional<Position> since;
    auto& seen = seen_[name];
    if (random_() % 3 != 0) {
      since = seen.empty() ? Position{} : seen[seen.size() - 1 - random_() % seen.size() % 16];
      if (random_() % 10 == 0) since->offset += random_() % 5;
      if (random_() % 20 == 0) since->epoch = random_();
    }
    const std::size_t limit = random_() % 3 == 0 ? random_() % 4 : 1000;
    const std::string expected = model_.history(name, since, limit);
    const auto got = ask_.history(name, since, limit);
    ASSERT_TRUE(got);
    EXPECT_EQ(shown(got), expected) << "history " << name;
    EXPECT_TRUE(model_.is_epoch(name, got.value().top.epoch));
    seen.push_back(got.value().top);
  }

  static std::string said(const Result<bool>& got) {
    if (!got) return std::string(info(got.error().code).name);
    return got.value() ? "yes" : "no";
  }

  void member() {
    const std::string name = channel();
    const Member one{"m" + std::to_string(random_() % 6), pick<std::string>({"", "ann", "bob"}),
                     std::to_string(random_() % 10)};
    milliseconds ttl = 24h * 3650;
    if (ages_) ttl = pick<milliseconds>({-1ms, 0ms, 1ms, 200ms, 1000ms, 10'000ms});
    switch (random_() % 4) {
      case 0:
      case 1:
        EXPECT_EQ(said(ask_.add(name, one, ttl)), model_.add(name, one, ttl)) << "add " << name;
        break;
      case 2:
        EXPECT_EQ(said(ask_.remove(name, one.client)), model_.remove(name, one.client));
        break;
      default:
        look_at_members(name);
    }
  }

  void look_at_members(const std::string& name) {
    const std::vector<Member> expected = model_.members(name);
    std::set<std::string> users;
    for (const Member& one : expected) {
      users.insert(one.user.empty() ? "client " + one.client : "user " + one.user);
    }
    const auto count = ask_.count(name);
    ASSERT_TRUE(count);
    EXPECT_EQ(count.value().clients, expected.size());
    EXPECT_EQ(count.value().users, users.size());

    const std::size_t limit = random_() % 8;
    auto got = ask_.members(name, limit);
    ASSERT_TRUE(got);
    EXPECT_EQ(got.value().size(), std::min(limit, expected.size()));
    for (const Member& one : got.value()) {
      EXPECT_EQ(std::count(expected.begin(), expected.end(), one), 1) << one.client;
      EXPECT_EQ(std::count(got.value().begin(), got.value().end(), one), 1) << one.client;
    }
  }

  std::mt19937 random_;
  TestEngines& engines_;
  AskEngine ask_;
  Model model_;
  const bool ages_;
  std::map<std::string, std::vector<Position>> seen_;
};

class EngineModel : public ::testing::TestWithParam<EngineKind> {};
INSTANTIATE_TEST_SUITE_P(Of, EngineModel, test::all_engines(), test::engine_name);

TEST_P(EngineModel, AnswersLikeItWhileEverythingAges) {
  for (unsigned seed = 0; seed < 30 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MemoryEngineOptions options;
    options.key_ttl = kKeyTtl;
    options.stream_ttl = kStreamTtl;
    if (seed % 2 == 1 && GetParam() == EngineKind::Memory) options.max_members = 1 + seed % 7;
    TestEngines engines(GetParam(), options);
    const auto engine = engines.node();
    Comparison(seed, engines, *engine, engines.has_clock()).steps(2000);
  }
}

TEST(MemoryEngineModel, AnswersLikeItWithinBounds) {
  for (unsigned seed = 0; seed < 30 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    MemoryEngineOptions options;
    options.key_ttl = options.stream_ttl = 24h * 3650;
    options.max_keys = seed % 5;
    options.max_members = seed % 11;
    if (seed % 3 != 0) options.max_streams = 1 + seed % 7;
    if (seed % 3 != 1) options.max_bytes = 1000 + 300 * seed;
    TestEngines engines(EngineKind::Memory, options);
    MemoryEngine engine(engines.memory_options());
    Comparison(seed, engines, engine, false).steps(2000, [&](const Model& model) {
      EXPECT_EQ(engine.bytes(), model.bytes());
      EXPECT_EQ(engine.stream_count(), model.stream_count());
      EXPECT_LE(engine.bytes(), options.max_bytes);
      EXPECT_LE(engine.stream_count(), options.max_streams);
      EXPECT_LE(engine.key_count(), options.max_keys);
      EXPECT_LE(engine.member_count(), options.max_members);
    });
  }
}

}  // namespace
}  // namespace hybi::engine
