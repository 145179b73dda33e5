// Percent-encoding and queries.
#include <hybi/http/target.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpTarget, SegmentsAreDecodedOnce) {
  EXPECT_EQ(decode_segment("a%20b+c"), "a b+c");
  EXPECT_EQ(decode_segment("%2F%2f%25%32%46"), "//%2F");
  EXPECT_EQ(decode_segment("%E2%82%ac"), "\xe2\x82\xac");
  EXPECT_EQ(decode_segment(""), "");
}

TEST(HttpTarget, MalformedEscapesAndNulAreRefused) {
  for (const char* text : {"%", "%2", "a%2", "%zz", "%2z", "%z2", "%%", "%-1", "% 1"}) {
    EXPECT_EQ(decode_segment(text), std::nullopt) << text;
    EXPECT_EQ(decode_query(text), std::nullopt) << text;
  }
  EXPECT_EQ(decode_segment("a%00"), std::nullopt);
  EXPECT_EQ(decode_query("a%00"), std::string("a\0", 2));
}

TEST(HttpTarget, PlusIsASpaceInQueriesOnly) {
  EXPECT_EQ(decode_query("a+b%2B"), "a b+");
}

TEST(HttpTarget, QueriesAreReadPairByPair) {
  std::string all;
  QueryReader::Pair pair;
  for (QueryReader reader("a=1&&b&c==2&=d&"); reader.next(pair);) {
    all.append(pair.name).append(":").append(pair.value).append(" ");
  }
  EXPECT_EQ(all, "a:1 b: c:=2 :d ");
}

TEST(HttpTarget, FirstValueOfANameIsFound) {
  const std::string_view query = "a=1&b=x%20y&a=2&c%5b%5D=3&d&bad=%z&e+f=4";
  EXPECT_EQ(find_query(query, "a"), "1");
  EXPECT_EQ(find_query(query, "b"), "x y");
  EXPECT_EQ(find_query(query, "c[]"), "3");
  EXPECT_EQ(find_query(query, "d"), "");
  EXPECT_EQ(find_query(query, "e f"), "4");
  EXPECT_EQ(find_query(query, "bad"), std::nullopt);
  EXPECT_EQ(find_query(query, "z"), std::nullopt);
  EXPECT_EQ(find_query("", "a"), std::nullopt);
}

TEST(HttpTarget, EncodingIsUndoneByDecoding) {
  std::string all;
  for (int c = 1; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_EQ(decode_segment(encode_component(all)), all);
  EXPECT_EQ(decode_query(encode_component(all)), all);
  EXPECT_EQ(encode_component("aZ0-._~ /?%\xff"), "aZ0-._~%20%2F%3F%25%FF");
}

}  // namespace
}  // namespace hybi::http
