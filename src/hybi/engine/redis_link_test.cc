// What a server may say on one connection. RESP2.
#include <hybi/engine/test_redis_link.h>

#include <gtest/gtest.h>

namespace hybi::engine {
namespace {

using test::ToldLink;

constexpr std::size_t kLimit = 64 * 1024;

TEST(RedisLink, RepliesComeWholeHoweverTheyAreCut) {
  const std::string all =
      "+OK\r\n:-5\r\n$3\r\na\nb\r\n$-1\r\n*2\r\n:1\r\n*1\r\n$0\r\n\r\n-ERR no\r\n";
  const std::string whole = ToldLink(kLimit).read(all);
  ToldLink cut(kLimit);
  std::string told;
  for (const char c : all) told += cut.read(std::string(1, c));
  EXPECT_EQ(told, whole);
  EXPECT_EQ(whole, "OK\n-5\na\nb\nnil\n[1 [ ] ]\nERR no\n");
}

TEST(RedisLink, AnArrayThatCannotFitIsRefusedBeforeItsPlaceIsMade) {
  for (const char* count : {"100000", "2147483647", "4294967296", "9223372036854775807"}) {
    EXPECT_EQ(ToldLink(kLimit).read("*" + std::string(count) + "\r\n"), "RedisReplied") << count;
    EXPECT_EQ(ToldLink(kLimit).read("*1\r\n*" + std::string(count) + "\r\n"), "RedisReplied");
  }
  EXPECT_EQ(ToldLink(kLimit).read("*1000\r\n"), "") << "this one may come";
}

TEST(RedisLink, AReplyOfManySmallPartsIsMeasuredAsAWhole) {
  ToldLink link(kLimit);
  std::string piece;
  while (piece.size() < 4096) piece += ":1234567890\r\n";
  EXPECT_EQ(link.read("*16000\r\n"), "");
  std::string told;
  for (int i = 0; i < 20 && told.empty(); ++i) told = link.read(piece);
  EXPECT_EQ(told, "RedisReplied");
}

TEST(RedisLink, ManyRepliesTogetherMayBeLongerThanTheLimit) {
  ToldLink link(kLimit);
  std::string replies;
  while (replies.size() < 4 * kLimit) replies += ":1234567890\r\n";
  EXPECT_EQ(link.read(replies).size(), replies.size() / 13 * 11);
}

TEST(RedisLink, NestingHasAnEnd) {
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  EXPECT_EQ(ToldLink(1 << 20).read(deep), "RedisReplied");
}

}  // namespace
}  // namespace hybi::engine
