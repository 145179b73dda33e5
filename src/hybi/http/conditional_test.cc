// Entity tags and conditional requests. RFC 9110 8.8, 13.
#include <hybi/http/conditional.h>
#include <hybi/http/date.h>
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

constexpr std::int64_t kModified = 784'111'777;
constexpr std::int64_t kNow = 1'800'000'000;
const Validators kCurrent{"\"a\"", kModified};

Verdict on_get(const Preconditions& conditions, const Validators* current = &kCurrent) {
  return evaluate(conditions, current, true, kNow);
}
Verdict on_put(const Preconditions& conditions, const Validators* current = &kCurrent) {
  return evaluate(conditions, current, false, kNow);
}

TEST(HttpEntityTag, StrongAndWeakComparison) {
  const EntityTag weak1 = *parse_entity_tag("W/\"1\""), weak2 = *parse_entity_tag("W/\"2\"");
  const EntityTag strong1 = *parse_entity_tag("\"1\"");
  // The table of RFC 9110 8.8.3.2.
  EXPECT_FALSE(strong_equal(weak1, weak1));
  EXPECT_TRUE(weak_equal(weak1, weak1));
  EXPECT_FALSE(strong_equal(weak1, weak2) || weak_equal(weak1, weak2));
  EXPECT_FALSE(strong_equal(weak1, strong1));
  EXPECT_TRUE(weak_equal(weak1, strong1));
  EXPECT_TRUE(strong_equal(strong1, strong1) && weak_equal(strong1, strong1));
}

TEST(HttpEntityTag, WhatIsNoTagIsRefused) {
  for (const char* text : {"", "a", "\"", "W/", "w/\"a\"", "\"a", "a\"", "\"a b\"", "\"a\"b", "*",
                           "W/ \"a\"", "\"a\x7f\"", "\"a\", \"b\""}) {
    EXPECT_FALSE(parse_entity_tag(text).has_value()) << text;
  }
  EXPECT_TRUE(parse_entity_tag("\"\"").has_value());
  EXPECT_TRUE(parse_entity_tag("\"\xff\"").has_value());
}

TEST(HttpEntityTag, ListsAreReadWithCommasAndBackslashesInTags) {
  std::string all;
  EntityTag tag;
  EntityTagReader reader(" ,\"a,b\" , W/\"\\\",\"\",, ");
  while (reader.next(tag)) all.append(tag.weak ? "W" : "").append(tag.opaque).append(" ");
  EXPECT_EQ(all, "\"a,b\" W\"\\\" \"\" ");
  EXPECT_TRUE(reader.ok());
  EntityTagReader bad("\"a\" \"b\"");
  EXPECT_FALSE(bad.next(tag));
  EXPECT_FALSE(bad.ok());
}

TEST(HttpEntityTag, BuiltTagsAreTags) {
  EXPECT_EQ(make_entity_tag("1f-2a"), "\"1f-2a\"");
  EXPECT_EQ(make_entity_tag("a b\"\r\n", true), "W/\"a_b___\"");
}

TEST(HttpConditional, WithoutConditionsTheMethodIsPerformed) {
  EXPECT_EQ(on_get({}), Verdict::Go);
  EXPECT_EQ(on_put({}, nullptr), Verdict::Go);
  EXPECT_TRUE(Preconditions{}.empty());
}

TEST(HttpConditional, IfMatchComparesStrongly) {
  EXPECT_EQ(on_put({.if_match = "\"x\", \"a\""}), Verdict::Go);
  EXPECT_EQ(on_put({.if_match = "*"}), Verdict::Go);
  EXPECT_EQ(on_put({.if_match = "\"b\""}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_match = "W/\"a\""}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_match = "a"}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_match = ""}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_match = "*"}, nullptr), Verdict::PreconditionFailed);
  EXPECT_EQ(on_get({.if_match = "\"b\""}), Verdict::PreconditionFailed);
  const Validators weak{"W/\"a\"", {}};
  EXPECT_EQ(on_put({.if_match = "W/\"a\""}, &weak), Verdict::PreconditionFailed);
}

TEST(HttpConditional, IfNoneMatchComparesWeakly) {
  EXPECT_EQ(on_get({.if_none_match = "\"x\", W/\"a\""}), Verdict::NotModified);
  EXPECT_EQ(on_get({.if_none_match = "*"}), Verdict::NotModified);
  EXPECT_EQ(on_get({.if_none_match = "\"b\""}), Verdict::Go);
  EXPECT_EQ(on_get({.if_none_match = "garbage"}), Verdict::Go);
  EXPECT_EQ(on_put({.if_none_match = "\"a\""}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_none_match = "*"}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_none_match = "*"}, nullptr), Verdict::Go);
}

TEST(HttpConditional, DatesAreComparedInSeconds) {
  const std::string same = format_date(kModified), before = format_date(kModified - 1);
  EXPECT_EQ(on_get({.if_modified_since = same}), Verdict::NotModified);
  EXPECT_EQ(on_get({.if_modified_since = before}), Verdict::Go);
  EXPECT_EQ(on_get({.if_modified_since = "yesterday"}), Verdict::Go);
  EXPECT_EQ(on_put({.if_modified_since = same}), Verdict::Go);
  EXPECT_EQ(on_put({.if_unmodified_since = same}), Verdict::Go);
  EXPECT_EQ(on_put({.if_unmodified_since = before}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_put({.if_unmodified_since = "yesterday"}), Verdict::Go);
  const Validators undated{"\"a\"", {}};
  EXPECT_EQ(on_get({.if_modified_since = same}, &undated), Verdict::Go);
  EXPECT_EQ(on_put({.if_unmodified_since = before}, &undated), Verdict::Go);
}

TEST(HttpConditional, TagsComeBeforeDates) {
  const std::string same = format_date(kModified), before = format_date(kModified - 1);
  EXPECT_EQ(on_put({.if_match = "\"a\"", .if_unmodified_since = before}), Verdict::Go);
  EXPECT_EQ(on_get({.if_none_match = "\"b\"", .if_modified_since = same}), Verdict::Go);
  EXPECT_EQ(on_get({.if_none_match = "\"a\"", .if_modified_since = before}), Verdict::NotModified);
  EXPECT_EQ(on_get({.if_match = "\"b\"", .if_none_match = "\"a\""}), Verdict::PreconditionFailed);
  EXPECT_EQ(on_get({.if_match = "\"a\"", .if_none_match = "\"a\""}), Verdict::NotModified);
}

TEST(HttpConditional, AHeadsFieldsAreReadOverAllTheirLines) {
  const auto verdict = [](std::string_view method, const std::string& lines) {
    const HttpLimits limits;
    RequestParser parser(limits);
    const std::string wire = std::string(method) + " / HTTP/1.1\r\nHost: h\r\n" + lines + "\r\n";
    Bytes in = as_bytes(wire);
    EXPECT_EQ(parser.next(in).kind, ParseEvent::Kind::Head);
    return evaluate(parser.head(), &kCurrent, kNow);
  };
  EXPECT_EQ(verdict("HEAD", "If-None-Match: \"x\"\r\nIf-None-Match: \"a\"\r\n"),
            Verdict::NotModified);
  EXPECT_EQ(verdict("DELETE", "If-None-Match: \"x\"\r\nIf-None-Match: \"a\"\r\n"),
            Verdict::PreconditionFailed);
  EXPECT_EQ(verdict("PUT", "If-Match: \"x\"\r\n"), Verdict::PreconditionFailed);
  const std::string line = "If-Modified-Since: " + format_date(kModified) + "\r\n";
  EXPECT_EQ(verdict("GET", line), Verdict::NotModified);
  EXPECT_EQ(verdict("GET", line + line), Verdict::Go);
}

}  // namespace
}  // namespace hybi::http
