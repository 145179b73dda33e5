// Lists, parameters, quoted strings, weights. RFC 9110 5.6, 12.4.2.
#include <hybi/http/field_value.h>
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

#include <vector>

namespace hybi::http {
namespace {

std::vector<std::string> elements(std::string_view value) {
  std::vector<std::string> all;
  std::string_view element;
  for (ListReader list(value); list.next(element);) all.emplace_back(element);
  return all;
}

// "name|p=v|q" and "!" at the end if it is malformed.
std::string parameters(std::string_view element) {
  ParameterReader reader(element);
  std::string text(reader.name());
  Parameter parameter;
  while (reader.next(parameter)) {
    text.append("|").append(parameter.name);
    if (parameter.value.data() != nullptr) text.append("=").append(parameter.value);
  }
  return reader.ok() ? text : text + "!";
}

using Elements = std::vector<std::string>;

TEST(HttpFieldValue, ListsAreSplitAtCommas) {
  EXPECT_EQ(elements("a"), (Elements{"a"}));
  EXPECT_EQ(elements("a,b ,\tc d"), (Elements{"a", "b", "c d"}));
  EXPECT_EQ(elements(""), Elements{});
  EXPECT_EQ(elements(" , ,,"), Elements{});
  EXPECT_EQ(elements(",a,,b,"), (Elements{"a", "b"}));
}

TEST(HttpFieldValue, CommasInQuotedStringsDoNotSplit) {
  EXPECT_EQ(elements("a=\"b,c\", d"), (Elements{"a=\"b,c\"", "d"}));
  EXPECT_EQ(elements("\"a\\\",b\",c"), (Elements{"\"a\\\",b\"", "c"}));
  EXPECT_EQ(elements("\"a,b"), (Elements{"\"a,b"}));
  EXPECT_EQ(elements("\"a\\"), (Elements{"\"a\\"}));
}

TEST(HttpFieldValue, TokensOfAListAreComparedWhole) {
  EXPECT_TRUE(list_has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_FALSE(list_has_token("keep-alive, Upgrade2", "upgrade"));
  EXPECT_FALSE(list_has_token("\"upgrade\"", "upgrade"));
  EXPECT_FALSE(list_has_token("", "upgrade"));
}

TEST(HttpFieldValue, ParametersAreReadOneByOne) {
  EXPECT_EQ(parameters("x"), "x");
  EXPECT_EQ(parameters("x;a"), "x|a");
  EXPECT_EQ(parameters("x ; a = 1 ;b=\"c;d\\\"\"; e"), "x|a=1|b=\"c;d\\\"\"|e");
  EXPECT_EQ(parameters("x;;a;"), "x|a");
  EXPECT_EQ(parameters("x;a=\"\""), "x|a=\"\"");
}

TEST(HttpFieldValue, MalformedParametersEndTheReading) {
  for (const char* element : {"x;a=", "x;=1", "x;a=\"b", "x;a=b c", "x;a b", "x;a=\"b\"c",
                              "x;a=\"\x01\"", "x;a=\"b\\", "x;(=1"}) {
    EXPECT_TRUE(parameters(element).ends_with("!")) << element;
  }
}

TEST(HttpFieldValue, QuotedStringsLoseQuotesAndEscapes) {
  EXPECT_EQ(unquote("abc").value(), "abc");
  EXPECT_EQ(unquote("\"\"").value(), "");
  EXPECT_EQ(unquote("\"a \\\"b\\\\\\c\xff\"").value(), "a \"b\\c\xff");
  for (const char* text :
       {"", "\"", "a b", "\"a", "a\"", "\"a\"b", "\"a\\\"", "\"\x7f\"", "\"\n\""}) {
    EXPECT_EQ(unquote(text).error().code, Errc::BadField) << text;
  }
}

TEST(HttpFieldValue, WeightsAreThousandths) {
  EXPECT_EQ(weight_of("gzip"), 1000u);
  EXPECT_EQ(weight_of("gzip;q=1"), 1000u);
  EXPECT_EQ(weight_of("gzip; Q=0.5"), 500u);
  EXPECT_EQ(weight_of("gzip;a=b;q=0.001"), 1u);
  EXPECT_EQ(weight_of("gzip;q=0.12"), 120u);
  EXPECT_EQ(weight_of("gzip;q=1.000"), 1000u);
  EXPECT_EQ(weight_of("gzip;q=0."), 0u);
  for (const char* bad :
       {"x;q=2", "x;q=1.001", "x;q=0.1234", "x;q=-1", "x;q=a", "x;q=0,5", "x;q", "x;q=.5"}) {
    EXPECT_EQ(weight_of(bad), 0u) << bad;
  }
}

TEST(HttpFieldValue, LinesOfAListFieldAreOneList) {
  const HttpLimits limits;
  RequestParser parser(limits);
  Bytes in = as_bytes("GET / HTTP/1.1\r\nHost: h\r\nAccept: a, b\r\nX:\r\naccept: c\r\n\r\n");
  ASSERT_EQ(parser.next(in).kind, ParseEvent::Kind::Head);
  std::string joined;
  EXPECT_EQ(combined_value(parser.head(), "accept", joined), "a, b, c");
  EXPECT_EQ(combined_value(parser.head(), "host", joined), "h");
  EXPECT_EQ(joined, "");
  EXPECT_NE(combined_value(parser.head(), "x", joined).data(), nullptr);
  EXPECT_EQ(combined_value(parser.head(), "y", joined).data(), nullptr);
}

}  // namespace
}  // namespace hybi::http
