// Patterns of routes: what parses, what is refused, what the parameters are.
#include <hybi/conn/route_pattern.h>

#include <gtest/gtest.h>

namespace hybi::conn {
namespace {

using Kind = RoutePattern::Segment::Kind;

TEST(RoutePattern, HasLiteralsParametersAndARest) {
  const auto pattern = RoutePattern::parse("/rooms/:room/files/*path");
  ASSERT_TRUE(pattern);
  ASSERT_EQ(pattern->segments.size(), 4u);
  EXPECT_EQ(pattern->segments[0].kind, Kind::Literal);
  EXPECT_EQ(pattern->segments[0].text, "rooms");
  EXPECT_EQ(pattern->segments[1].kind, Kind::Param);
  EXPECT_EQ(pattern->segments[1].text, "room");
  EXPECT_EQ(pattern->segments[3].kind, Kind::Rest);
  EXPECT_EQ(pattern->segments[3].text, "path");
  EXPECT_EQ(pattern->text, "/rooms/:room/files/*path");
}

TEST(RoutePattern, TellsTheRootFromATrailingSlash) {
  EXPECT_EQ(RoutePattern::parse("/")->segments.size(), 1u);
  EXPECT_EQ(RoutePattern::parse("/a")->segments.size(), 1u);
  EXPECT_EQ(RoutePattern::parse("/a/")->segments.size(), 2u);
}

TEST(RoutePattern, RefusesWhatCouldNotMatch) {
  for (const char* text : {"", "a", ":x", "*", "/:", "/*", "/a/:", "/*rest/more", "/*rest/",
                           "/:x/:x", "/:x/*x", "/a/:b/c/:b"}) {
    const auto pattern = RoutePattern::parse(text);
    ASSERT_FALSE(pattern) << text;
    EXPECT_EQ(pattern.error().code, Errc::BadPattern);
  }
}

TEST(RoutePattern, DecodesItsParameters) {
  const auto pattern = RoutePattern::parse("/rooms/:room/:who/*path");
  ASSERT_TRUE(pattern);
  const std::string_view path = "/rooms/a%20b/%C3%A4/x/y%2Fz/";
  EXPECT_EQ(pattern->param(path, "room"), "a b");
  EXPECT_EQ(pattern->param(path, "who"), "\xC3\xA4");
  EXPECT_EQ(pattern->param(path, "path"), "x/y/z/");
  EXPECT_EQ(pattern->param(path, "rooms"), "") << "a literal is no parameter";
  EXPECT_EQ(pattern->param(path, ""), "");
  EXPECT_EQ(pattern->param("/rooms", "who"), "") << "a path that is shorter";
}

TEST(RoutePattern, GivesNothingForAParameterThatDoesNotDecode) {
  const auto pattern = RoutePattern::parse("/:a/*b");
  EXPECT_EQ(pattern->param("/%zz/x", "a"), "");
  EXPECT_EQ(pattern->param("/x%00y/x", "a"), "") << "a NUL would end it for others";
  EXPECT_EQ(pattern->param("/x/%0", "b"), "");
}

TEST(RoutePattern, TakesSegmentsFromTheFront) {
  std::string_view path = "/a//b";
  EXPECT_EQ(take_segment(path), "a");
  EXPECT_EQ(take_segment(path), "");
  EXPECT_EQ(take_segment(path), "b");
  EXPECT_EQ(path, "");
}

}  // namespace
}  // namespace hybi::conn
