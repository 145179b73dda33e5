// Range requests. RFC 9110 14.
#include <hybi/http/date.h>
#include <hybi/http/range.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

// "whole", "416" or "first-last,first-last".
std::string ranges_of(std::string_view value, std::uint64_t size,
                      std::size_t max_ranges = kMaxRanges) {
  const RangeAnswer answer = read_range(value, size, max_ranges);
  if (answer.kind == RangeAnswer::Kind::Whole) return "whole";
  if (answer.kind == RangeAnswer::Kind::NotSatisfiable) return "416";
  std::string text;
  for (const ByteRange& range : answer.ranges) {
    if (!text.empty()) text.append(",");
    text.append(std::to_string(range.first)).append("-").append(std::to_string(range.last));
  }
  return text;
}

TEST(HttpRange, SingleRangesAreCutToTheRepresentation) {
  EXPECT_EQ(ranges_of("bytes=0-499", 10'000), "0-499");
  EXPECT_EQ(ranges_of("bytes=500-999", 10'000), "500-999");
  EXPECT_EQ(ranges_of("bytes=9500-", 10'000), "9500-9999");
  EXPECT_EQ(ranges_of("bytes=-500", 10'000), "9500-9999");
  EXPECT_EQ(ranges_of("bytes=-20000", 10'000), "0-9999");
  EXPECT_EQ(ranges_of("bytes=0-0", 1), "0-0");
  EXPECT_EQ(ranges_of("bytes=0-", 1), "0-0");
  EXPECT_EQ(ranges_of("Bytes=5-99999999999999999999999", 10), "5-9");
  EXPECT_EQ(ranges_of("bytes= 0-1 ", 10), "0-1");
}

TEST(HttpRange, RangesBehindTheEndAreNotSatisfiable) {
  EXPECT_EQ(ranges_of("bytes=10-", 10), "416");
  EXPECT_EQ(ranges_of("bytes=10-20,30-", 10), "416");
  EXPECT_EQ(ranges_of("bytes=-0", 10), "416");
  EXPECT_EQ(ranges_of("bytes=99999999999999999999999-", 10), "416");
  EXPECT_EQ(ranges_of("bytes=10-,0-1", 10), "0-1");
}

TEST(HttpRange, MalformedRangesAreIgnored) {
  for (const char* value :
       {"", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=1", "bytes=a-", "bytes=1-a",
        "bytes=5-4", "bytes=+1-2", "bytes=1--2", "bytes=1 -2", "bytes=0-1;2-3", "items=0-1",
        "bytes 0-1", "bytes=0x0-1", "bytes=0-1,x", "bytes=--1", "bytes=\"0-1\""}) {
    EXPECT_EQ(ranges_of(value, 10), "whole") << value;
  }
}

TEST(HttpRange, NothingIsAlwaysWhole) {
  EXPECT_EQ(ranges_of("bytes=-5", 0), "whole");
  EXPECT_EQ(ranges_of("bytes=0-", 0), "whole");
}

TEST(HttpRange, SeveralRangesKeepTheirOrder) {
  EXPECT_EQ(ranges_of("bytes=0-0,-1", 10'000), "0-0,9999-9999");
  EXPECT_EQ(ranges_of("bytes=500-600, 100-200", 10'000), "500-600,100-200");
}

TEST(HttpRange, RangesThatAreNearAreOne) {
  EXPECT_EQ(ranges_of("bytes=0-9,10-19", 10'000), "0-19");
  EXPECT_EQ(ranges_of("bytes=0-9,5-19", 10'000), "0-19");
  EXPECT_EQ(ranges_of("bytes=0-9,89-99", 10'000), "0-99");
  EXPECT_EQ(ranges_of("bytes=0-9,90-99", 10'000), "0-9,90-99");
  EXPECT_EQ(ranges_of("bytes=5000-5009,0-9,160-169,80-89", 10'000), "5000-5009,0-169");
}

TEST(HttpRange, RangesThatWouldCostMoreThanTheWholeAreIgnored) {
  EXPECT_EQ(ranges_of("bytes=0-,0-,0-", 10'000), "whole");  // CVE-2011-3192
  EXPECT_EQ(ranges_of("bytes=0-9,5-14,12-20", 10'000), "whole");
  EXPECT_EQ(ranges_of("bytes=0-4999,5100-9999", 10'000), "whole");
  EXPECT_EQ(ranges_of("bytes=0-0,2-2,4-4", 10), "whole");
  EXPECT_EQ(ranges_of("bytes=0-0,200-200,400-400", 10'000, 3), "0-0,200-200,400-400");
  EXPECT_EQ(ranges_of("bytes=0-0,200-200,400-400", 10'000, 2), "whole");
  std::string many = "bytes=0-0";
  for (int i = 1; i < 10'000; ++i) many.append(",").append(std::to_string(i * 1000)).append("-");
  EXPECT_EQ(ranges_of(many, 1'000'000'000), "whole");
}

TEST(HttpRange, LargestSizesDoNotOverflow) {
  const std::uint64_t size = ~std::uint64_t{0};
  EXPECT_EQ(ranges_of("bytes=-1", size), "18446744073709551614-18446744073709551614");
  EXPECT_EQ(ranges_of("bytes=0-", size), "0-18446744073709551614");
}

TEST(HttpRange, IfRangeWantsAStrongValidator) {
  const std::int64_t modified = 784'111'777, now = modified + 100;
  const std::string date = format_date(modified);
  const Validators current{"\"a\"", modified};
  const auto holds = [&](std::string_view value) { return if_range_holds(value, current, now); };
  EXPECT_TRUE(holds({}));
  EXPECT_TRUE(holds("\"a\""));
  EXPECT_FALSE(holds("W/\"a\""));
  EXPECT_FALSE(holds("\"b\""));
  EXPECT_FALSE(holds("\"a\", \"b\""));
  EXPECT_FALSE(holds(""));
  EXPECT_TRUE(holds(date));
  EXPECT_FALSE(holds(format_date(modified + 1)));
  EXPECT_FALSE(holds(format_date(modified - 1)));
  EXPECT_FALSE(if_range_holds(date, current, modified));  // it may change again this second
  EXPECT_FALSE(if_range_holds("W/\"a\"", {"W/\"a\"", {}}, now));
  EXPECT_FALSE(if_range_holds(date, {"\"a\"", {}}, now));
}

TEST(HttpRange, ContentRangeIsWritten) {
  EXPECT_EQ(content_range({42, 1233}, 1234), "bytes 42-1233/1234");
  EXPECT_EQ(content_range_not_satisfiable(1234), "bytes */1234");
}

TEST(HttpRange, MultipartByteRangesHaveTheLengthTheyTell) {
  const std::string content = "0123456789";
  const ByteRangesBody body("x", "text/plain", {{0, 1}, {5, 9}}, content.size());
  std::string text;
  for (std::size_t i = 0; i < body.ranges().size(); ++i) {
    const ByteRange range = body.ranges()[i];
    text += body.part_head(i) + content.substr(range.first, range.size());
  }
  text += body.end();
  EXPECT_EQ(text,
            "--x\r\nContent-Type: text/plain\r\nContent-Range: bytes 0-1/10\r\n\r\n01"
            "\r\n--x\r\nContent-Type: text/plain\r\nContent-Range: bytes 5-9/10\r\n\r\n56789"
            "\r\n--x--\r\n");
  EXPECT_EQ(body.content_length(), text.size());
  EXPECT_EQ(body.content_type(), "multipart/byteranges; boundary=x");
}

}  // namespace
}  // namespace hybi::http
