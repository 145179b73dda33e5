// One suite over both stores, and what only memory has: bounds.
#include <hybi/app/test_stores.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

using namespace std::chrono_literals;
using test::answer_of;
using test::FakeClock;
using test::StoreKind;
using test::TestStores;
using test::ToldIds;
using Kind = SessionChange::Kind;

SessionChange change(Kind kind, std::map<std::string, std::optional<std::string>> values = {}) {
  SessionChange change;
  change.kind = kind;
  change.values = std::move(values);
  change.expires_in = 1h;
  change.max_bytes = 1000;
  return change;
}

SessionChange move_from(std::string from,
                        std::map<std::string, std::optional<std::string>> values = {}) {
  SessionChange moved = change(Kind::Move, std::move(values));
  moved.from = std::move(from);
  return moved;
}

// "name=value ..." of the session, "none", or the error's name.
std::string shown(SessionStore& store, const std::string& id) {
  const auto got =
      answer_of<std::optional<StoredSession>>([&](auto done) { store.get(id, std::move(done)); });
  if (!got) return std::string(info(got.error().code).name);
  if (!got->has_value()) return "none";
  std::string text;
  for (const auto& [name, value] : (*got)->values) {
    text += (text.empty() ? "" : " ") + name + "=" + value;
  }
  return text;
}

std::string said(const Result<bool>& result) {
  if (!result) return std::string(info(result.error().code).name);
  return *result ? "yes" : "no";
}
std::string set(SessionStore& store, const std::string& id, SessionChange what) {
  return said(answer_of<bool>([&](auto done) { store.set(id, std::move(what), std::move(done)); }));
}
std::string touch(SessionStore& store, const std::string& id, std::chrono::milliseconds time) {
  return said(answer_of<bool>([&](auto done) { store.touch(id, time, std::move(done)); }));
}
std::string destroy(SessionStore& store, const std::string& id) {
  return said(answer_of<bool>([&](auto done) { store.destroy(id, std::move(done)); }));
}

class SessionStores : public ::testing::TestWithParam<StoreKind> {
 protected:
  TestStores stores_{GetParam()};
  std::shared_ptr<SessionStore> store_ = stores_.node();
};
INSTANTIATE_TEST_SUITE_P(Of, SessionStores, ::testing::Values(StoreKind::Memory, StoreKind::Redis),
                         test::store_name);

TEST_P(SessionStores, WhatWasStoredIsThere) {
  const std::string binary("a\0\r\n\xff", 5);
  EXPECT_EQ(shown(*store_, "a"), "none");
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}, {"", binary}})), "yes");
  EXPECT_EQ(shown(*store_, "a"), "=" + binary + " x=1");
  EXPECT_EQ(shown(*store_, "A"), "none");
  EXPECT_EQ(shown(*stores_.node(), "a"), "=" + binary + " x=1") << "from another node";
}

TEST_P(SessionStores, AChangeTouchesTheValuesItNamesAlone) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}, {"y", "2"}, {"z", "3"}})), "yes");
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"x", "4"}, {"w", "5"}, {"y", {}}})), "yes");
  EXPECT_EQ(shown(*store_, "a"), "w=5 x=4 z=3");
}

TEST_P(SessionStores, ClearingTakesAllButWhatTheChangeSets) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}, {"y", "2"}})), "yes");
  SessionChange cleared = change(Kind::Update, {{"z", "3"}, {"x", {}}});
  cleared.clear = true;
  EXPECT_EQ(set(*store_, "a", cleared), "yes");
  EXPECT_EQ(shown(*store_, "a"), "z=3");
}

TEST_P(SessionStores, CreatingReplacesWhatWasThere) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}})), "yes");
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"y", "2"}})), "yes");
  EXPECT_EQ(shown(*store_, "a"), "y=2");
}

TEST_P(SessionStores, WhatIsNotThereCannotBeUpdatedMovedTouchedOrDestroyed) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"x", "1"}})), "no");
  EXPECT_EQ(set(*store_, "b", move_from("a", {{"x", "1"}})), "no");
  EXPECT_EQ(touch(*store_, "a", 1h), "no");
  EXPECT_EQ(destroy(*store_, "a"), "no");
  EXPECT_EQ(shown(*store_, "a"), "none");
  EXPECT_EQ(shown(*store_, "b"), "none");
}

TEST_P(SessionStores, ADestroyedSessionIsNotMadeAgainByALateSave) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}})), "yes");
  EXPECT_EQ(destroy(*store_, "a"), "yes");
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"x", "2"}})), "no");
  EXPECT_EQ(shown(*store_, "a"), "none");
}

TEST_P(SessionStores, AMoveTakesTheValuesAlongAndTheOldIdIsDead) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", "1"}, {"y", "2"}})), "yes");
  EXPECT_EQ(set(*store_, "b", move_from("a", {{"y", "3"}, {"z", "4"}})), "yes");
  EXPECT_EQ(shown(*store_, "a"), "none");
  EXPECT_EQ(shown(*store_, "b"), "x=1 y=3 z=4");
  SessionChange fresh = move_from("b", {{"w", "5"}});
  fresh.clear = true;
  EXPECT_EQ(set(*store_, "c", fresh), "yes");
  EXPECT_EQ(shown(*store_, "c"), "w=5");
}

TEST_P(SessionStores, ASessionOverItsBytesIsRefusedAndStaysAsItWas) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", std::string(1000, 'x')}})),
            "SessionTooBig");
  EXPECT_EQ(shown(*store_, "a"), "none");
  EXPECT_EQ(set(*store_, "a", change(Kind::Create, {{"x", std::string(900, 'x')}})), "yes");
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"y", std::string(99, 'y')}})),
            "SessionTooBig");
  EXPECT_EQ(shown(*store_, "a"), "x=" + std::string(900, 'x'));
  EXPECT_EQ(set(*store_, "b", move_from("a", {{"y", std::string(99, 'y')}})), "SessionTooBig");
  EXPECT_EQ(shown(*store_, "a"), "x=" + std::string(900, 'x'));
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"y", std::string(98, 'y')}})), "yes");
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"x", {}}, {"z", std::string(900, 'z')}})),
            "yes");
}

TEST_P(SessionStores, ASessionEndsWhenItsTimeIsUp) {
  SessionChange brief = change(Kind::Create, {{"x", "1"}});
  brief.expires_in = 50ms;
  EXPECT_EQ(set(*store_, "a", brief), "yes");
  stores_.pass(50ms, [&] { return shown(*store_, "a") == "none"; });
  EXPECT_EQ(shown(*store_, "a"), "none");
  EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{"x", "2"}})), "no");
  EXPECT_EQ(touch(*store_, "a", 1h), "no");
}

TEST_P(SessionStores, TouchingAndChangingSetTheTimeAnew) {
  SessionChange brief = change(Kind::Create, {{"x", "1"}});
  brief.expires_in = 2s;
  const auto left = [&] {
    const auto got = answer_of<std::optional<StoredSession>>(
        [&](auto done) { store_->get("a", std::move(done)); });
    return got && got->has_value() ? (*got)->expires_in : 0ms;
  };
  EXPECT_EQ(set(*store_, "a", brief), "yes");
  EXPECT_GT(left(), 0ms);
  EXPECT_LE(left(), 2s);
  EXPECT_EQ(touch(*store_, "a", 1h), "yes");
  EXPECT_GT(left(), 50min);
  EXPECT_LE(left(), 1h);
  EXPECT_EQ(set(*store_, "a", change(Kind::Update)), "yes");
  brief.kind = Kind::Update;
  EXPECT_EQ(set(*store_, "a", brief), "yes");
  EXPECT_LE(left(), 2s);
}

TEST_P(SessionStores, WatchersOnEveryNodeAreToldOfEnds) {
  ToldIds here, there;
  const auto note = [](ToldIds& told) {
    return SessionStore::Watcher{.on_gone = [&told](const std::string& id) { told.add(id); },
                                 .on_gap = [&told] { told.add("gap"); }};
  };
  const std::shared_ptr<SessionStore> other = stores_.node();
  const auto watch_here = store_->watch(note(here));
  const auto watch_there = other->watch(note(there));
  if (GetParam() == StoreKind::Redis) {
    ASSERT_TRUE(here.wait_for("gap") && there.wait_for("gap"));
  }
  EXPECT_EQ(set(*store_, "a", change(Kind::Create)), "yes");
  EXPECT_EQ(set(*store_, "b", move_from("a")), "yes");
  EXPECT_EQ(destroy(*store_, "b"), "yes");
  EXPECT_TRUE(here.wait_for("a") && here.wait_for("b"));
  EXPECT_TRUE(there.wait_for("a") && there.wait_for("b"));
}

TEST_P(SessionStores, WhoStoppedWatchingIsToldNothing) {
  ToldIds told, later;
  auto watching =
      store_->watch({.on_gone = [&](const std::string& id) { told.add(id); }, .on_gap = {}});
  const auto still = store_->watch({.on_gone = [&](const std::string& id) { later.add(id); },
                                    .on_gap = [&] { later.add("gap"); }});
  if (GetParam() == StoreKind::Redis) {
    ASSERT_TRUE(later.wait_for("gap"));
  }
  watching.reset();
  EXPECT_EQ(set(*store_, "a", change(Kind::Create)), "yes");
  EXPECT_EQ(destroy(*store_, "a"), "yes");
  EXPECT_TRUE(later.wait_for("a"));
  EXPECT_EQ(told.text(), "");
}

TEST_P(SessionStores, ManyThreadsLoseNoChangeOfDifferentValues) {
  EXPECT_EQ(set(*store_, "a", change(Kind::Create)), "yes");
  std::vector<std::thread> threads;
  for (const char* name : {"w", "x", "y", "z"}) {
    threads.emplace_back([this, name] {
      for (int i = 0; i <= 50; ++i) {
        EXPECT_EQ(set(*store_, "a", change(Kind::Update, {{name, std::to_string(i)}})), "yes");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(shown(*store_, "a"), "w=50 x=50 y=50 z=50");
}

// --- Redis

TEST(RedisSessionStore, FailsWhenRedisDoesNotAnswer) {
  RedisStoreOptions options;
  options.redis.unix_path = "/nonexistent/socket";
  options.redis.command_timeout = 30ms;
  const auto store = redis_session_store(options);
  EXPECT_EQ(shown(*store, "a"), "SessionStoreFailed");
  EXPECT_EQ(set(*store, "a", change(Kind::Create)), "SessionStoreFailed");
  EXPECT_EQ(touch(*store, "a", 1h), "SessionStoreFailed");
  EXPECT_EQ(destroy(*store, "a"), "SessionStoreFailed");
}

TEST(RedisSessionStore, WhatRedisHasNoMemoryForIsRefused) {
  test::TestRedis redis({"--maxmemory", "1", "--maxmemory-policy", "noeviction"});
  const auto store = redis_session_store({.redis = redis.options()});
  EXPECT_EQ(set(*store, "a", change(Kind::Create, {{"x", "1"}})), "SessionStoreFull");
  EXPECT_EQ(shown(*store, "a"), "none");
}

TEST(RedisSessionStore, AForeignKeyUnderTheNameIsAFailure) {
  test::TestRedis redis;
  engine::RedisClient client(redis.options());
  ASSERT_TRUE(test::ask(client, {"SET", "hybi:session:a", "text", "PX", "100000"}));
  const auto store = redis_session_store({.redis = redis.options()});
  EXPECT_EQ(shown(*store, "a"), "SessionStoreFailed");
}

// --- memory: bounds

class MemoryBounds : public ::testing::Test {
 protected:
  MemorySessionStore make(std::size_t sessions, std::size_t bytes, bool evict = true) {
    return MemorySessionStore(
        {.max_sessions = sessions, .max_bytes = bytes, .evict = evict, .now = [this] {
           return clock_.steady();
         }});
  }
  std::string create(SessionStore& store, const std::string& id, std::size_t bytes = 1) {
    return set(store, id, change(Kind::Create, {{"x", std::string(bytes, 'x')}}));
  }
  FakeClock clock_;
};

TEST_F(MemoryBounds, TheLeastRecentlyUsedSessionGoesForANewOne) {
  MemorySessionStore store = make(3, 1'000'000);
  ToldIds told;
  const auto watching =
      store.watch({.on_gone = [&](const std::string& id) { told.add(id); }, .on_gap = {}});
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(create(store, id), "yes");
  EXPECT_EQ(shown(store, "a"), "x=x");      // used
  EXPECT_EQ(touch(store, "b", 1h), "yes");  // used later
  EXPECT_EQ(create(store, "d"), "yes");
  EXPECT_EQ(told.text(), "c");
  EXPECT_EQ(create(store, "e"), "yes");
  EXPECT_EQ(told.text(), "c|a");
  EXPECT_EQ(store.size(), 3u);
}

TEST_F(MemoryBounds, BytesAreBoundedWhenSessionsGrow) {
  constexpr std::size_t kOne = MemorySessionStore::kAllowanceBytes + 101;
  MemorySessionStore store = make(1000, 3 * kOne);
  for (const char* id : {"a", "b", "c"}) EXPECT_EQ(create(store, id, 100), "yes");
  EXPECT_EQ(store.bytes(), 3 * kOne);
  EXPECT_EQ(set(store, "a", change(Kind::Update, {{"x", std::string(101, 'x')}})), "yes");
  EXPECT_EQ(shown(store, "b"), "none") << "the least recently used one, not the one that grows";
  EXPECT_EQ(store.bytes(), 2 * kOne + 1);
  EXPECT_EQ(set(store, "a", change(Kind::Update, {{"x", {}}})), "yes");
  EXPECT_EQ(destroy(store, "c"), "yes");
  EXPECT_EQ(store.bytes(), MemorySessionStore::kAllowanceBytes);
  EXPECT_EQ(destroy(store, "a"), "yes");
  EXPECT_EQ(store.bytes(), 0u);
}

TEST_F(MemoryBounds, ASessionThatCanNeverFitIsRefusedAndEvictsNobody) {
  MemorySessionStore store = make(10, MemorySessionStore::kAllowanceBytes + 10);
  EXPECT_EQ(create(store, "a", 1), "yes");
  EXPECT_EQ(create(store, "b", 100), "SessionStoreFull");
  EXPECT_EQ(shown(store, "a"), "x=x");
  EXPECT_EQ(set(store, "a", change(Kind::Update, {{"y", std::string(100, 'y')}})),
            "SessionStoreFull");
  EXPECT_EQ(shown(store, "a"), "x=x");
}

TEST_F(MemoryBounds, WithoutEvictionANewSessionIsRefusedUntilOneHasExpired) {
  MemorySessionStore store = make(2, 1'000'000, false);
  EXPECT_EQ(create(store, "a"), "yes");
  clock_.advance(30min);
  EXPECT_EQ(create(store, "b"), "yes");
  EXPECT_EQ(create(store, "c"), "SessionStoreFull");
  clock_.advance(30min);
  EXPECT_EQ(create(store, "c"), "yes") << "a has expired";
  EXPECT_EQ(shown(store, "b"), "x=x");
  EXPECT_EQ(store.size(), 2u);
}

TEST_F(MemoryBounds, WhatHasExpiredGoesBeforeWhatIsOnlyOld) {
  MemorySessionStore store = make(2, 1'000'000);
  EXPECT_EQ(create(store, "old"), "yes");
  SessionChange brief = change(Kind::Create);
  brief.expires_in = 1s;
  EXPECT_EQ(set(store, "brief", brief), "yes");
  clock_.advance(1s);
  EXPECT_EQ(create(store, "new"), "yes");
  EXPECT_EQ(shown(store, "old"), "x=x");
}

TEST_F(MemoryBounds, AMoveNeedsNoMoreRoomThanTheSessionHas) {
  MemorySessionStore store = make(1, MemorySessionStore::kAllowanceBytes + 2, false);
  EXPECT_EQ(create(store, "a"), "yes");
  EXPECT_EQ(set(store, "b", move_from("a")), "yes");
  EXPECT_EQ(shown(store, "b"), "x=x");
  EXPECT_EQ(store.bytes(), MemorySessionStore::kAllowanceBytes + 2);
}

}  // namespace
}  // namespace hybi
