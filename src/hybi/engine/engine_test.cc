// What every engine does: one suite over all of them.
#include <hybi/engine/test_engines.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace hybi::engine {
namespace {

using namespace std::chrono_literals;
using test::AskEngine;
using test::EngineKind;
using test::shown;
using test::TestEngines;

constexpr Keeping kTen{.size = 10};
constexpr Keeping kLastOnly{.retain = true};

class EngineSuite : public ::testing::TestWithParam<EngineKind> {
 protected:
  // The position a publication was given.
  Position publish(std::string_view channel, std::string text, const Keeping& keeping = kTen,
                   std::string_view key = {}) {
    const auto published = ask_.publish(channel, std::move(text), keeping, key);
    EXPECT_TRUE(published.has_value());
    return published ? published.value().position : Position{};
  }
  // Channel "a" with so many publications "a", "b", ... Returns: where its stream began.
  Position publish_many(std::size_t count, const Keeping& keeping) {
    const Position begin = top("a");
    for (std::size_t i = 0; i < count; ++i) {
      publish("a", std::string(1, static_cast<char>('a' + i)), keeping);
    }
    return begin;
  }
  Position top(std::string_view channel) { return ask_.history(channel, {}, 0).value().top; }
  std::string since(Position position, std::size_t limit = 1000) {
    return shown(ask_.history("a", position, limit));
  }
  std::string latest(std::size_t limit = 1000) { return shown(ask_.history("a", {}, limit)); }

  TestEngines engines_{GetParam()};
  const std::shared_ptr<Engine> engine_ = engines_.node();
  AskEngine ask_{*engine_};
};

// --- streams

using EngineStreams = EngineSuite;
INSTANTIATE_TEST_SUITE_P(Of, EngineStreams, test::all_engines(), test::engine_name);

TEST_P(EngineStreams, OffsetsCountFromOneInAnEpochBelow2To53) {
  const Position first = publish("a", "x");
  EXPECT_EQ(first.offset, 1u);
  EXPECT_GT(first.epoch, 0u);
  EXPECT_LT(first.epoch, std::uint64_t{1} << 53);
  for (std::uint64_t offset = 2; offset < 30; ++offset) {
    EXPECT_EQ(publish("a", "x"), (Position{first.epoch, offset}));
  }
  EXPECT_EQ(top("a"), (Position{first.epoch, 29}));
}

TEST_P(EngineStreams, EveryChannelHasAnEpochOfItsOwn) {
  std::set<std::uint64_t> epochs;
  for (int i = 0; i < 50; ++i) epochs.insert(top("c" + std::to_string(i)).epoch);
  EXPECT_EQ(epochs.size(), 50u);
}

TEST_P(EngineStreams, APublicationIsReadAsItWasPublished) {
  using Form = Publication::Form;
  const std::string binary("a\0\r\n\xff", 5);
  const std::string channel = "room/42/\xc3\xa4 %s:{}*";
  const std::string publisher = "client-with-an-id-of-some-length";
  const auto data = [](std::string text) {
    return std::make_shared<const std::string>(std::move(text));
  };
  for (Publication one :
       {Publication{data(binary), Form::Binary, publisher},
        Publication{data("{\"a\":1}"), Form::Json, ""}, Publication{data(""), Form::Text, "c"}}) {
    one.offset = 77;  // what the caller says of it is nothing
    ASSERT_TRUE(ask_.publish(channel, std::move(one), kTen));
  }
  const auto read = ask_.history(channel);
  ASSERT_TRUE(read);
  const auto& all = read.value().publications;
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(*all[0].data, binary);
  EXPECT_EQ(all[0].form, Form::Binary);
  EXPECT_EQ(all[0].publisher, publisher);
  EXPECT_EQ(all[0].offset, 1u);
  EXPECT_EQ(*all[1].data, "{\"a\":1}");
  EXPECT_EQ(all[1].form, Form::Json);
  EXPECT_EQ(all[1].publisher, "");
  EXPECT_EQ(*all[2].data, "");
  EXPECT_EQ(all[2].form, Form::Text);
  EXPECT_EQ(all[2].offset, 3u);
}

TEST_P(EngineStreams, AnUnknownChannelIsRememberedAsAnEmptyStream) {
  const auto before = ask_.history("a");
  ASSERT_TRUE(before);
  EXPECT_EQ(shown(before), "/0");
  EXPECT_NE(before.value().top.epoch, 0u);
  EXPECT_EQ(publish("a", "x"), (Position{before.value().top.epoch, 1}));
  EXPECT_EQ(since(before.value().top), "1x /1") << "nothing was missed since it was asked for";
}

TEST_P(EngineStreams, WhatIsNotKeptHasNoPositionAndChangesNothing) {
  EXPECT_EQ(publish("a", "gone", Keeping{}), Position{});
  EXPECT_EQ(latest(), "/0");
  const Position first = publish("a", "x");
  EXPECT_EQ(publish("a", "gone", Keeping{}), Position{});
  EXPECT_EQ(top("a"), first);
  EXPECT_EQ(latest(), "1x /1");
  EXPECT_EQ(publish("a", "y"), (Position{first.epoch, 2}));
}

TEST_P(EngineStreams, SinceAPositionComesAllThatCameAfterIt) {
  const Position begin = publish_many(4, kTen);
  EXPECT_EQ(since(begin), "1a 2b 3c 4d /4");
  EXPECT_EQ(since({begin.epoch, 2}), "3c 4d /4");
  EXPECT_EQ(since({begin.epoch, 3}), "4d /4");
  EXPECT_EQ(since({begin.epoch, 4}), "/4");
}

TEST_P(EngineStreams, SinceAPositionTheOldestComeFirstUpToTheLimit) {
  const Position begin = publish_many(5, kTen);
  EXPECT_EQ(since({begin.epoch, 1}, 2), "... 2b 3c /5");
  EXPECT_EQ(since({begin.epoch, 3}, 2), "4d 5e /5");
  EXPECT_EQ(since({begin.epoch, 3}, 1), "... 4d /5");
  EXPECT_EQ(since({begin.epoch, 3}, 0), "... /5");
  EXPECT_EQ(since({begin.epoch, 5}, 0), "/5");
}

TEST_P(EngineStreams, SinceAPositionWhoseSuccessorsHaveGoneSaysSo) {
  const Position begin = publish_many(6, {.size = 3});
  EXPECT_EQ(since({begin.epoch, 0}), "... 4d 5e 6f /6");
  EXPECT_EQ(since({begin.epoch, 2}), "... 4d 5e 6f /6");
  EXPECT_EQ(since({begin.epoch, 3}), "4d 5e 6f /6") << "the first of them is the next one";
  EXPECT_EQ(since({begin.epoch, 2}, 2), "... 4d 5e /6");
}

TEST_P(EngineStreams, SinceAPositionThatIsNotOfThisStreamComesTheOldestThatIsKept) {
  const Position begin = publish_many(5, {.size = 3});
  const Position other{begin.epoch ^ 1, 4};
  EXPECT_EQ(since(other), "... 3c 4d 5e /5");
  EXPECT_EQ(since(other, 2), "... 3c 4d /5");
  EXPECT_EQ(since({begin.epoch ^ 1, 0}), "... 3c 4d 5e /5");
  EXPECT_EQ(since({begin.epoch, 6}), "... 3c 4d 5e /5") << "beyond the top";
  EXPECT_EQ(since({begin.epoch, ~std::uint64_t{0}}), "... 3c 4d 5e /5");
  EXPECT_EQ(since(Position{}), "... 3c 4d 5e /5") << "of no epoch";
}

TEST_P(EngineStreams, APositionOfAnotherStreamIsNeverComplete) {
  const Position begin = publish_many(0, kTen);
  EXPECT_EQ(since(Position{}), "... /0");
  EXPECT_EQ(since({begin.epoch ^ 1, 0}), "... /0");
  EXPECT_EQ(since(begin), "/0");
}

TEST_P(EngineStreams, WithoutAPositionTheLatestComeInOrder) {
  publish_many(5, {.size = 4});
  EXPECT_EQ(latest(2), "4d 5e /5");
  EXPECT_EQ(latest(4), "2b 3c 4d 5e /5");
  EXPECT_EQ(latest(100), "2b 3c 4d 5e /5");
  EXPECT_EQ(latest(0), "/5");
}

TEST_P(EngineStreams, PublicationsGoWhenTheirTimeIsOverButOffsetsGoOn) {
  const Keeping keeping{.size = 10, .ttl = 300ms};
  const Position begin = publish_many(2, keeping);
  engines_.pass(300ms, [&] { return latest() == "/2"; });
  EXPECT_EQ(latest(), "/2");
  EXPECT_EQ(since({begin.epoch, 1}), "... /2");
  EXPECT_EQ(since({begin.epoch, 2}), "/2");
  EXPECT_EQ(publish("a", "c", keeping), (Position{begin.epoch, 3}));
  EXPECT_EQ(since({begin.epoch, 2}), "3c /3");
}

TEST_P(EngineStreams, EachPublicationHasItsOwnAge) {
  if (!engines_.has_clock()) GTEST_SKIP();
  const Keeping keeping{.size = 10, .ttl = 100ms};
  for (const char* text : {"a", "b", "c"}) {
    publish("a", text, keeping);
    engines_.pass(40ms);
  }
  EXPECT_EQ(latest(), "2b 3c /3");  // of 120, 80, 40 ms
  engines_.pass(19ms);
  EXPECT_EQ(latest(), "2b 3c /3");
  engines_.pass(1ms);
  EXPECT_EQ(latest(), "3c /3");
}

TEST_P(EngineStreams, TheRetainedOneStaysWhateverItsAge) {
  const Keeping keeping{.size = 10, .ttl = 300ms, .retain = true};
  const Position begin = publish_many(3, keeping);
  engines_.pass(300ms, [&] { return latest() == "3c /3"; });
  EXPECT_EQ(latest(), "3c /3");
  engines_.pass(1h);
  EXPECT_EQ(latest(), "3c /3");
  EXPECT_EQ(since({begin.epoch, 2}), "3c /3");
  EXPECT_EQ(since({begin.epoch, 1}), "... 3c /3");
}

TEST_P(EngineStreams, OnlyTheLastOneIsRetainedWithoutAHistory) {
  const Position begin = publish_many(3, kLastOnly);
  EXPECT_EQ(latest(), "3c /3");
  EXPECT_EQ(since({begin.epoch, 2}), "3c /3");
  EXPECT_EQ(since(begin), "... 3c /3");
  EXPECT_EQ(latest(0), "/3");
}

TEST_P(EngineStreams, TheLatestPublicationSaysWhatIsKept) {
  const Position begin = publish_many(5, kTen);
  publish("a", "f", {.size = 3});
  EXPECT_EQ(latest(), "4d 5e 6f /6");
  publish("a", "g", kTen);
  EXPECT_EQ(latest(), "4d 5e 6f 7g /7") << "what has gone does not come back";
  publish("a", "h", kLastOnly);
  EXPECT_EQ(latest(), "8h /8");
  publish("a", "i", {.size = 2});
  EXPECT_EQ(latest(), "8h 9i /9");
  EXPECT_EQ(since({begin.epoch, 7}), "8h 9i /9");
}

TEST_P(EngineStreams, TheLatestPublicationSaysForHowLong) {
  publish("a", "a", {.size = 10, .ttl = 1h, .retain = true});
  publish("a", "b", {.size = 10, .ttl = 300ms});
  engines_.pass(300ms, [&] { return latest() == "/2"; });
  EXPECT_EQ(latest(), "/2");
  publish("a", "c", {.size = 10, .ttl = 1h});
  EXPECT_EQ(latest(), "3c /3") << "what has gone does not come back";
}

TEST_P(EngineStreams, ATimeToLiveAsLongAsItsTypeAllowsIsForEver) {
  publish("a", "a", {.size = 10, .ttl = std::chrono::milliseconds::max()});
  engines_.pass(24h * 365);
  EXPECT_EQ(latest(), "1a /1");
}

// --- idempotency keys

using EngineKeys = EngineSuite;
INSTANTIATE_TEST_SUITE_P(Of, EngineKeys, test::all_engines(), test::engine_name);

TEST_P(EngineKeys, ASecondPublicationWithTheKeyIsNotMade) {
  const auto first = ask_.publish("a", "x", kTen, "key");
  const auto second = ask_.publish("a", "y", kTen, "key");
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(first.value().duplicate);
  EXPECT_TRUE(second.value().duplicate);
  EXPECT_EQ(second.value().position, first.value().position);
  publish("a", "z");
  const auto third = ask_.publish("a", "y", kTen, "key");
  EXPECT_EQ(third.value().position.offset, 1u) << "the position of then";
  EXPECT_EQ(latest(), "1x 2z /2");
}

TEST_P(EngineKeys, AKeyIsOneOfItsChannel) {
  EXPECT_FALSE(ask_.publish("a", "x", kTen, "bc").value().duplicate);
  EXPECT_FALSE(ask_.publish("ab", "x", kTen, "c").value().duplicate);
  EXPECT_FALSE(ask_.publish("abc", "x", kTen).value().duplicate);
  EXPECT_FALSE(ask_.publish("a", "x", kTen, "b").value().duplicate);
  EXPECT_TRUE(ask_.publish("a", "x", kTen, "bc").value().duplicate);
}

TEST_P(EngineKeys, NoKeyIsNeverADuplicate) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(ask_.publish("a", "x", kTen, "").value().duplicate);
  EXPECT_EQ(latest(), "1x 2x 3x /3");
}

TEST_P(EngineKeys, AKeyIsAnyBytes) {
  const std::string binary("k\0\r\n \xff", 6);
  const std::string long_key(10'000, 'k');
  for (const std::string& key : {binary, binary.substr(0, 1), long_key, long_key + "k"}) {
    EXPECT_FALSE(ask_.publish("a", "x", kTen, key).value().duplicate);
    EXPECT_TRUE(ask_.publish("a", "x", kTen, key).value().duplicate);
  }
}

TEST_P(EngineKeys, WhatIsNotKeptIsNotMadeTwiceEither) {
  const auto first = ask_.publish("a", "x", Keeping{}, "key");
  const auto second = ask_.publish("a", "x", Keeping{}, "key");
  EXPECT_FALSE(first.value().duplicate);
  EXPECT_TRUE(second.value().duplicate);
  EXPECT_EQ(second.value().position, Position{});
}

// --- members

using EngineMembers = EngineSuite;
INSTANTIATE_TEST_SUITE_P(Of, EngineMembers, test::all_engines(), test::engine_name);

std::string shown_members(const Result<std::vector<Member>>& members) {
  if (!members) return std::string(info(members.error().code).name);
  std::vector<std::string> all;
  for (const Member& one : members.value()) {
    all.push_back(one.client + "=" + one.user + one.info);
  }
  std::sort(all.begin(), all.end());
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : " ") + one;
  return text;
}
std::string shown_count(const Result<PresenceCount>& count) {
  if (!count) return std::string(info(count.error().code).name);
  return std::to_string(count.value().clients) + " " + std::to_string(count.value().users);
}

TEST_P(EngineMembers, WhoWasAddedIsThereUntilRemoved) {
  EXPECT_EQ(shown_members(ask_.members("a")), "");
  EXPECT_EQ(shown_count(ask_.count("a")), "0 0");
  EXPECT_TRUE(ask_.add("a", {"c1", "ann", "{}"}).value());
  EXPECT_TRUE(ask_.add("a", {"c2", "bob", "{\"x\":1}"}).value());
  EXPECT_EQ(shown_members(ask_.members("a")), "c1=ann{} c2=bob{\"x\":1}");
  EXPECT_EQ(shown_members(ask_.members("b")), "");
  EXPECT_TRUE(ask_.remove("a", "c1").value());
  EXPECT_FALSE(ask_.remove("a", "c1").value());
  EXPECT_FALSE(ask_.remove("b", "c2").value());
  EXPECT_EQ(shown_members(ask_.members("a")), "c2=bob{\"x\":1}");
  EXPECT_TRUE(ask_.remove("a", "c2").value());
  EXPECT_EQ(shown_members(ask_.members("a")), "");
  EXPECT_TRUE(ask_.add("a", {"c1", "", ""}).value());
}

TEST_P(EngineMembers, AddingAgainReplacesUserAndInfo) {
  EXPECT_TRUE(ask_.add("a", {"c1", "ann", "1"}).value());
  EXPECT_FALSE(ask_.add("a", {"c1", "ann", "2"}).value());
  EXPECT_EQ(shown_members(ask_.members("a")), "c1=ann2");
  EXPECT_FALSE(ask_.add("a", {"c1", "bob", ""}).value());
  EXPECT_EQ(shown_members(ask_.members("a")), "c1=bob");
  EXPECT_FALSE(ask_.add("a", {"c1", "", ""}).value());
  EXPECT_EQ(shown_members(ask_.members("a")), "c1=");
  EXPECT_EQ(shown_count(ask_.count("a")), "1 1");
}

TEST_P(EngineMembers, UsersAreCountedOnceAndClientsWithoutOneEach) {
  const auto add = [&](std::string client, std::string user) {
    ASSERT_TRUE(ask_.add("a", {std::move(client), std::move(user), ""}));
  };
  add("c1", "ann");
  add("c2", "ann");
  EXPECT_EQ(shown_count(ask_.count("a")), "2 1");
  add("c3", "bob");
  EXPECT_EQ(shown_count(ask_.count("a")), "3 2");
  add("c4", "");
  add("c5", "");
  EXPECT_EQ(shown_count(ask_.count("a")), "5 4");
  add("c1", "ann");  // renewed
  EXPECT_EQ(shown_count(ask_.count("a")), "5 4");
  add("c2", "bob");
  add("c1", "bob");  // nobody is ann any more
  EXPECT_EQ(shown_count(ask_.count("a")), "5 3");
  ASSERT_TRUE(ask_.remove("a", "c5"));
  ASSERT_TRUE(ask_.remove("a", "c3"));
  EXPECT_EQ(shown_count(ask_.count("a")), "3 2");
}

TEST_P(EngineMembers, AListHasAtMostItsLimit) {
  std::set<std::string> all;
  for (int i = 0; i < 20; ++i) {
    all.insert("c" + std::to_string(i));
    ASSERT_TRUE(ask_.add("a", {"c" + std::to_string(i), "", ""}));
  }
  for (const std::size_t limit : {0u, 1u, 7u, 20u, 100u}) {
    const auto some = ask_.members("a", limit);
    std::set<std::string> names;
    for (const Member& one : some.value()) names.insert(one.client);
    EXPECT_EQ(names.size(), std::min<std::size_t>(limit, 20));
    EXPECT_TRUE(std::includes(all.begin(), all.end(), names.begin(), names.end()));
  }
}

TEST_P(EngineMembers, WhoIsNotRenewedInTimeIsGone) {
  ASSERT_TRUE(ask_.add("a", {"short", "ann", ""}, 300ms));
  ASSERT_TRUE(ask_.add("a", {"long", "", ""}, 1h));
  ASSERT_TRUE(ask_.add("a", {"for ever", "bob", ""}, std::chrono::milliseconds::max()));
  engines_.pass(300ms, [&] { return shown_count(ask_.count("a")) == "2 2"; });
  EXPECT_EQ(shown_count(ask_.count("a")), "2 2");
  EXPECT_EQ(shown_members(ask_.members("a")), "for ever=bob long=");
  EXPECT_FALSE(ask_.remove("a", "short").value()) << "it was not there";
  EXPECT_TRUE(ask_.add("a", {"short", "ann", ""}, 300ms).value()) << "it was not there before";
}

TEST_P(EngineMembers, RenewingGivesTheWholeTimeAgain) {
  if (!engines_.has_clock()) GTEST_SKIP();
  ASSERT_TRUE(ask_.add("a", {"c1", "ann", ""}, 100ms));
  ASSERT_TRUE(ask_.add("a", {"c2", "bob", ""}, 100ms));
  engines_.pass(60ms);
  EXPECT_FALSE(ask_.add("a", {"c1", "ann", ""}, 100ms).value());
  engines_.pass(39ms);
  EXPECT_EQ(shown_count(ask_.count("a")), "2 2");
  engines_.pass(1ms);
  EXPECT_EQ(shown_members(ask_.members("a")), "c1=ann");
  EXPECT_FALSE(ask_.add("a", {"c1", "ann", ""}, 10ms).value()) << "also a shorter one";
  engines_.pass(10ms);
  EXPECT_EQ(shown_count(ask_.count("a")), "0 0");
}

// --- completions

using EngineCalls = EngineSuite;
INSTANTIATE_TEST_SUITE_P(Of, EngineCalls, test::all_engines(), test::engine_name);

TEST_P(EngineCalls, ACompletionMayAskAgain) {
  std::promise<Result<PresenceCount>> counted;
  engine_->publish("a", {std::make_shared<const std::string>("x")}, kTen, "key", [&](auto) {
    engine_->history("a", {}, 10, [&](auto) {
      engine_->add_member("a", {"c", "", ""}, 1min, [&](auto) {
        engine_->members("a", 10, [&](auto) {
          engine_->remove_member("a", "c", [&](auto) {
            engine_->count_members("a", [&](auto count) { counted.set_value(std::move(count)); });
          });
        });
      });
    });
  });
  auto future = counted.get_future();
  ASSERT_EQ(future.wait_for(test::kEnginePatience), std::future_status::ready);
  EXPECT_EQ(shown_count(future.get()), "0 0");
}

TEST_P(EngineCalls, SubscribingChangesNothingOfWhatIsRemembered) {
  engine_->subscribe("a");
  publish("a", "x");
  engine_->unsubscribe("a");
  engine_->unsubscribe("never subscribed");
  EXPECT_EQ(latest(), "1x /1");
}

}  // namespace
}  // namespace hybi::engine
