// Dates. RFC 9110 5.6.7.
#include <hybi/http/date.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

constexpr std::int64_t kExample = 784'111'777;  // the RFC's example
constexpr std::int64_t kNow = 1'800'000'000;    // 2027

TEST(HttpDate, IsWrittenAsImfFixdate) {
  EXPECT_EQ(format_date(kExample), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(951'782'400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(format_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(HttpDate, AllThreeFormsAreRead) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT", kNow), kExample);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994", kNow), kExample);
  EXPECT_EQ(parse_date("Wed Nov 16 08:49:37 1994", kNow), kExample + 10 * 86'400);
}

TEST(HttpDate, WhatIsWrittenIsRead) {
  for (std::int64_t at = -62'167'219'200; at < 253'402'300'799; at += 77'777'777'777 / 9) {
    EXPECT_EQ(parse_date(format_date(at), kNow), at);
  }
  for (std::int64_t at = kExample; at < kExample + 400 * 86'400; at += 43'211) {
    EXPECT_EQ(parse_date(format_date(at), kNow), at);
  }
}

TEST(HttpDate, TwoDigitYearIsAtMostFiftyAhead) {
  const auto year = [](const char* text) {
    return format_date(*parse_date(text, kNow)).substr(12, 4);
  };
  EXPECT_EQ(year("Friday, 01-Jan-27 00:00:00 GMT"), "2027");
  EXPECT_EQ(year("Friday, 01-Jan-77 00:00:00 GMT"), "2077");
  EXPECT_EQ(year("Friday, 01-Jan-78 00:00:00 GMT"), "1978");
}

TEST(HttpDate, WhatIsNoDateIsRefused) {
  for (const char* text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
                           "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
                           "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Xyz, 06 Nov 1994 08:49:37 GMT", "06 Nov 1994 08:49:37 GMT",
                           "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994",
                           "Sun, 06 Nov 199a 08:49:37 GMT"}) {
    EXPECT_EQ(parse_date(text, kNow), std::nullopt) << text;
  }
  EXPECT_TRUE(parse_date("Sun, 06 Nov 1994 08:49:60 GMT", kNow)) << "a leap second";
}

}  // namespace
}  // namespace hybi::http
