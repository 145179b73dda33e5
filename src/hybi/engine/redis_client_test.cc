#include <hybi/engine/redis_client.h>
#include <hybi/engine/test_redis.h>

#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace hybi::engine {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::kRedisPatience;
using test::TestRedis;
using Kind = RedisReply::Kind;

// What callbacks of any thread have said, and waiting for it.
class Heard {
 public:
  void add(std::string_view what) {
    const std::lock_guard lock(mutex_);
    all_.emplace_back(what);
    changed_.notify_all();
  }
  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kRedisPatience, [&] { return all_.size() >= count; });
  }
  std::string text() {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const std::string& one : all_) text += text.empty() ? one : "|" + one;
    return text;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> all_;
};

RedisClient::Subscriber note_in(Heard& heard) {
  return {.on_message = [&heard](std::string_view payload) { heard.add(payload); },
          .on_listening = [&heard] { heard.add("listening"); }};
}

std::string shown(const Result<RedisReply>& reply) {
  if (!reply) return std::string(info(reply.error().code).name);
  switch (reply->kind) {
    case Kind::Nil:
      return "nil";
    case Kind::Integer:
      return std::to_string(reply->integer);
    case Kind::Error:
      return "error";
    case Kind::Array: {
      std::string text;
      for (const RedisReply& item : reply->items) text += "[" + shown(item) + "]";
      return text;
    }
    default:
      return reply->text;
  }
}

TEST(RedisClient, EveryKindOfReplyArrives) {
  TestRedis redis;
  RedisClient client(redis.options());
  const std::string binary("a\0\r\n$5\xff", 7);
  EXPECT_EQ(shown(ask(client, {"SET", "key", binary})), "OK");
  EXPECT_EQ(shown(ask(client, {"GET", "key"})), binary);
  EXPECT_EQ(shown(ask(client, {"GET", "nothing"})), "nil");
  EXPECT_EQ(shown(ask(client, {"INCRBY", "n", "-9223372036854775808"})), "-9223372036854775808");
  EXPECT_EQ(shown(ask(client, {"EVAL", "return {1, {'a', {}}, 'b'}", "0"})), "[1][[a][]][b]");
  const auto error = ask(client, {"NOSUCHCOMMAND"});
  ASSERT_TRUE(error) << "an error of Redis is a reply";
  EXPECT_TRUE(error->is_error());
  EXPECT_TRUE(error->text.starts_with("ERR unknown command")) << error->text;
  EXPECT_TRUE(client.connected());
}

TEST(RedisClient, CommandsOfOneThreadAreExecutedAndAnsweredInTheirOrder) {
  TestRedis redis;
  RedisClient client(redis.options());
  Heard heard;
  std::string expected;
  for (int i = 1; i <= 1000; ++i) {
    client.command({"INCR", "n"}, [&](Result<RedisReply> reply) { heard.add(shown(reply)); });
    expected += (i == 1 ? "" : "|") + std::to_string(i);
  }
  ASSERT_TRUE(heard.wait_for(1000));
  EXPECT_EQ(heard.text(), expected);
}

TEST(RedisClient, ACommandMayBeGivenFromACompletion) {
  TestRedis redis;
  RedisClient client(redis.options());
  Heard heard;
  client.command({"SET", "a", "1"}, [&](Result<RedisReply>) {
    client.command({"INCR", "a"}, [&](Result<RedisReply> reply) { heard.add(shown(reply)); });
  });
  ASSERT_TRUE(heard.wait_for(1));
  EXPECT_EQ(heard.text(), "2");
}

TEST(RedisClient, ALargeValueGoesThereAndBack) {
  TestRedis redis;
  RedisClient client(redis.options());
  const std::string large(3'000'000, 'x');
  EXPECT_EQ(shown(ask(client, {"SET", "large", large})), "OK");
  const auto back = ask(client, {"GET", "large"});
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->text == large);
}

TEST(RedisClient, WithoutAServerACommandFailsWhenItsTimeIsUp) {
  RedisOptions options;
  options.unix_path = "/nonexistent/socket";
  options.command_timeout = 30ms;
  RedisClient client(options);
  EXPECT_EQ(shown(ask(client, {"PING"})), "RedisTimeout");
  EXPECT_FALSE(client.connected());
}

TEST(RedisClient, ANameThatDoesNotResolveIsAnUnreachableServer) {
  RedisOptions options;
  options.host = "256.256.256.256";
  options.command_timeout = 30ms;
  RedisClient client(options);
  EXPECT_EQ(shown(ask(client, {"PING"})), "RedisTimeout");
}

TEST(RedisClient, ACommandWaitsForTheServerToComeUp) {
  TestRedis redis;
  redis.stop();
  RedisClient client(redis.options());
  Heard heard;
  client.command({"PING"}, [&](Result<RedisReply> reply) { heard.add(shown(reply)); });
  redis.start();
  ASSERT_TRUE(heard.wait_for(1));
  EXPECT_EQ(heard.text(), "PONG");
}

TEST(RedisClient, WhatWasOnItsWayWhenTheConnectionEndedFailsAndTheNextConnectionServes) {
  TestRedis redis;
  RedisClient client(redis.options());
  EXPECT_EQ(shown(ask(client, {"PING"})), "PONG");
  EXPECT_EQ(shown(ask(client, {"SHUTDOWN", "NOSAVE"})), "RedisUnreachable");
  redis.stop();
  redis.start();
  EXPECT_EQ(shown(ask(client, {"PING"})), "PONG");
}

TEST(RedisClient, ACommandThatIsNotAnsweredInTimeFailsAndLaterOnesAreServed) {
  TestRedis redis;
  RedisOptions options = redis.options();
  options.command_timeout = 500ms;
  RedisClient client(options);
  Result<RedisReply> first = ask(client, {"PING"});
  for (int i = 0; i < 50 && !first; ++i) first = ask(client, {"PING"});  // it comes up
  ASSERT_TRUE(first);
  redis.freeze();
  EXPECT_EQ(shown(ask(client, {"INCR", "n"})), "RedisTimeout");
  redis.thaw();
  Result<RedisReply> later = ask(client, {"GET", "n"});
  for (int i = 0; i < 50 && !later; ++i) later = ask(client, {"GET", "n"});
  EXPECT_EQ(shown(later), "1") << "it was executed late, once; its reply belongs to nobody";
}

TEST(RedisClient, WhatWaitsIsBoundedInCountAndBytes) {
  TestRedis redis;
  RedisOptions options = redis.options();
  options.max_waiting_commands = 3;
  options.max_waiting_bytes = 1000;
  RedisClient client(options);
  ASSERT_EQ(shown(ask(client, {"PING"})), "PONG");
  EXPECT_EQ(shown(ask(client, {"SET", "a", std::string(1000, 'x')})), "RedisOverloaded");
  redis.freeze();
  Heard heard;
  for (int i = 0; i < 3; ++i) {
    client.command({"PING"}, [&](Result<RedisReply> reply) { heard.add(shown(reply)); });
  }
  EXPECT_EQ(shown(ask(client, {"PING"})), "RedisOverloaded");
  redis.thaw();
  ASSERT_TRUE(heard.wait_for(3));
  EXPECT_EQ(heard.text(), "PONG|PONG|PONG");
  EXPECT_EQ(shown(ask(client, {"PING"})), "PONG") << "there is room again";
}

TEST(RedisClient, AReplyOverTheLimitEndsTheConnection) {
  TestRedis redis;
  RedisOptions options = redis.options();
  options.max_reply_bytes = 50'000;
  RedisClient client(options);
  EXPECT_EQ(shown(ask(client, {"SET", "large", std::string(500'000, 'x')})), "OK");
  EXPECT_EQ(shown(ask(client, {"GET", "large"})), "RedisReplied");
  EXPECT_EQ(shown(ask(client, {"STRLEN", "large"})), "500000");
}

TEST(RedisClient, APasswordAndADatabaseAreUsed) {
  TestRedis redis({"--requirepass", "secret"});
  RedisOptions options = redis.options();
  options.password = "secret";
  options.database = 3;
  RedisClient client(options);
  EXPECT_EQ(shown(ask(client, {"SET", "here", "x"})), "OK");
  options.database = 0;
  options.user = "default";
  RedisClient other(options);
  EXPECT_EQ(shown(ask(other, {"GET", "here"})), "nil");
  options.password = "wrong";
  options.command_timeout = 100ms;
  RedisClient refused(options);
  EXPECT_EQ(shown(ask(refused, {"PING"})), "RedisTimeout");
}

TEST(RedisClient, ASubscriberHearsItsChannelAndNoOther) {
  TestRedis redis;
  RedisClient client(redis.options());
  Heard heard, others;
  client.subscribe("news", note_in(heard));
  client.subscribe("others", note_in(others));
  ASSERT_TRUE(heard.wait_for(1));
  ASSERT_TRUE(others.wait_for(1));
  EXPECT_EQ(shown(ask(client, {"PUBLISH", "news", "one"})), "1");
  EXPECT_EQ(shown(ask(client, {"PUBLISH", "others", "x"})), "1");
  EXPECT_EQ(shown(ask(client, {"PUBLISH", "news", "two"})), "1");
  ASSERT_TRUE(heard.wait_for(3));
  EXPECT_EQ(heard.text(), "listening|one|two");
}

TEST(RedisClient, WhoUnsubscribedHearsNothingMore) {
  TestRedis redis;
  RedisClient client(redis.options());
  Heard heard, others;
  client.subscribe("news", note_in(heard));
  ASSERT_TRUE(heard.wait_for(1));
  client.unsubscribe("news");
  client.subscribe("others", note_in(others));  // behind the other on the same connection
  ASSERT_TRUE(others.wait_for(1));
  EXPECT_EQ(shown(ask(client, {"PUBLISH", "news", "one"})), "0");
  EXPECT_EQ(heard.text(), "listening");
}

TEST(RedisClient, ASubscriberIsToldWhenItListensAgain) {
  TestRedis redis;
  RedisClient client(redis.options());
  Heard heard;
  client.subscribe("news", note_in(heard));
  ASSERT_TRUE(heard.wait_for(1));
  redis.stop();
  redis.start();
  ASSERT_TRUE(heard.wait_for(2));
  EXPECT_EQ(shown(ask(client, {"PUBLISH", "news", "again"})), "1");
  ASSERT_TRUE(heard.wait_for(3));
  EXPECT_EQ(heard.text(), "listening|listening|again");
}

TEST(RedisClient, EndingItTellsEveryCommandThatWaits) {
  TestRedis redis;
  Heard heard;
  {
    RedisClient client(redis.options());
    ASSERT_EQ(shown(ask(client, {"PING"})), "PONG");
    redis.freeze();
    for (int i = 0; i < 3; ++i) {
      client.command({"PING"}, [&](Result<RedisReply> reply) { heard.add(shown(reply)); });
    }
  }
  EXPECT_EQ(heard.text(), "RedisUnreachable|RedisUnreachable|RedisUnreachable");
  redis.thaw();
}

TEST(RedisClient, ItMayBeEndedByOneOfItsCompletions) {
  TestRedis redis;
  auto client = std::make_unique<RedisClient>(redis.options());
  RedisClient& same = *client;
  std::promise<std::string> said;
  same.command({"PING"}, [&](Result<RedisReply> reply) {
    client.reset();
    said.set_value(shown(reply));
  });
  auto future = said.get_future();
  ASSERT_EQ(future.wait_for(kRedisPatience), std::future_status::ready);
  EXPECT_EQ(future.get(), "PONG");
}

}  // namespace
}  // namespace hybi::engine
