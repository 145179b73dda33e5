// Token buckets, and the table they are kept in.
#include <hybi/base/key_table.h>
#include <hybi/base/token_bucket.h>

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace hybi {
namespace {

using namespace std::chrono_literals;

constexpr TokenBucket::Time kNow{};

// Returns: whether there was one.
bool take_one(TokenBucket& bucket, const TokenRate& rate, TokenBucket::Time now) {
  if (bucket.wait_for(rate, now, 1) > 0ns) return false;
  bucket.take(rate, now, 1);
  return true;
}

TEST(TokenBuckets, FillAgainWithTime) {
  const TokenRate rate(300ms, 3);
  TokenBucket bucket;
  for (const std::size_t left : {2u, 1u, 0u}) {
    EXPECT_TRUE(take_one(bucket, rate, kNow));
    EXPECT_EQ(rate.tokens_in(rate.whole() - bucket.until_full(kNow)), left);
  }
  EXPECT_FALSE(take_one(bucket, rate, kNow));
  EXPECT_EQ(bucket.wait_for(rate, kNow, 1), 100ms);
  EXPECT_EQ(bucket.wait_for(rate, kNow, 2), 200ms);
  EXPECT_EQ(bucket.until_full(kNow), 300ms);
  EXPECT_FALSE(take_one(bucket, rate, kNow + 99ms)) << "being refused costs nothing";
  EXPECT_TRUE(take_one(bucket, rate, kNow + 100ms));
  EXPECT_FALSE(take_one(bucket, rate, kNow + 100ms));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(take_one(bucket, rate, kNow + 1h));
  EXPECT_FALSE(take_one(bucket, rate, kNow + 1h)) << "no more than the burst";
}

TEST(TokenBuckets, OweWhatWasTakenAndNotThere) {
  const TokenRate rate(1s, 1000, 100);
  TokenBucket bucket;
  bucket.take(rate, kNow, 1100);
  EXPECT_EQ(bucket.wait_for(rate, kNow, 1), 1001ms);
  EXPECT_EQ(bucket.wait_for(rate, kNow + 1001ms, 1), 0ns);
}

TEST(TokenBuckets, AnyRateCanBeCounted) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  for (const auto interval : {0ms, 1ms, 24h + 0ms, std::chrono::milliseconds::max()}) {
    for (const std::size_t count : {std::size_t{1}, std::size_t{7}, kMost}) {
      for (const std::size_t burst : {std::size_t{0}, std::size_t{1}, kMost}) {
        const TokenRate rate(interval, count, burst);
        TokenBucket bucket;
        EXPECT_TRUE(take_one(bucket, rate, kNow));
        bucket.take(rate, kNow, kMost);
        EXPECT_GE(bucket.wait_for(rate, kNow, kMost), 0ns);
        EXPECT_LE(bucket.until_full(kNow), 24h * 201);
      }
    }
  }
}

TEST(KeyTables, AreBoundedAndForgetWhoWasNotSeenLongest) {
  KeyTable<int> table(160);
  const auto count = [](int& value) { return ++value; };
  EXPECT_EQ(table.with("me", count), 1);
  for (int i = 0; i < 100'000; ++i) {
    EXPECT_EQ(table.with("other " + std::to_string(i), count), 1);
    ASSERT_EQ(table.with("me", count), i + 2) << "seen all the time, and forgotten";
  }
  EXPECT_EQ(table.size(), 160u);
  EXPECT_EQ(table.with("other 0", count), 1) << "forgotten long ago";
}

TEST(KeyTables, HoldNoMoreThanTheyMay) {
  for (const std::size_t most : {1u, 2u, 15u, 16u, 17u, 100u}) {
    KeyTable<int> table(most);
    for (int i = 0; i < 1000; ++i) table.with(std::to_string(i), [](int& value) { return value; });
    EXPECT_LE(table.size(), most);
    EXPECT_GT(table.size(), most / 2);
  }
}

}  // namespace
}  // namespace hybi
