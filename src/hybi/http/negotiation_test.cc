// Content negotiation. RFC 9110 12.5.
#include <hybi/http/negotiation.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hybi::http {
namespace {

using List = std::vector<std::string_view>;

std::string type_of(std::string_view accept, const List& offered) {
  const auto index = best_type(accept, offered);
  return index ? std::string(offered[*index]) : "none";
}
std::string encoding_of(std::string_view value, const List& offered = {"br", "gzip"}) {
  return std::string(best_encoding(value, offered).value_or("none"));
}
std::string language_of(std::string_view value, const List& offered) {
  const auto index = best_language(value, offered);
  return index ? std::string(offered[*index]) : "none";
}

TEST(HttpNegotiation, WithoutAcceptTheFirstTypeIsChosen) {
  EXPECT_EQ(type_of({}, {"text/html", "text/plain"}), "text/html");
  EXPECT_EQ(type_of("", {"text/html"}), "text/html");
  EXPECT_EQ(type_of("*/*", {"text/html", "text/plain"}), "text/html");
  EXPECT_EQ(type_of("*/*", {}), "none");
}

TEST(HttpNegotiation, TheHeaviestTypeWins) {
  EXPECT_EQ(type_of("text/plain;q=0.5, text/html", {"text/plain", "text/html"}), "text/html");
  EXPECT_EQ(type_of("text/*;q=0.3, application/json;q=0.31", {"text/html", "application/json"}),
            "application/json");
  EXPECT_EQ(type_of("TEXT/HTML", {"text/html"}), "text/html");
  EXPECT_EQ(type_of("text/html", {"application/json"}), "none");
  EXPECT_EQ(type_of("text/html;q=0, */*", {"text/html", "application/json"}), "application/json");
  EXPECT_EQ(type_of("text/html;q=0, */*", {"text/html"}), "none");
}

TEST(HttpNegotiation, TheMostSpecificRangeTellsTheWeight) {
  // The example of RFC 9110 12.5.1.
  const std::string_view accept =
      "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, "
      "text/plain;format=fixed;q=0.4, */*;q=0.5";
  const auto order = [&](std::string_view a, std::string_view b) {
    EXPECT_EQ(type_of(accept, {b, a}), a);
  };
  order("text/plain;format=flowed", "text/plain");
  order("text/plain", "image/jpeg");
  order("image/jpeg", "text/plain;format=fixed");
  order("text/plain;format=fixed", "text/html");
}

TEST(HttpNegotiation, ABrowserGetsHtmlAndAScriptGetsJson) {
  const List offered = {"application/json", "text/html"};
  EXPECT_EQ(type_of("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", offered),
            "text/html");
  EXPECT_EQ(type_of("text/html, */*", offered), "text/html");
  EXPECT_EQ(type_of("application/json, text/javascript, */*; q=0.01", offered), "application/json");
}

TEST(HttpNegotiation, ParametersOfRangesHaveToBeOffered) {
  EXPECT_EQ(type_of("text/html;level=\"1\"", {"text/html", "text/html; Level=1"}),
            "text/html; Level=1");
  EXPECT_EQ(type_of("text/html;level=2", {"text/html;level=1"}), "none");
  EXPECT_EQ(type_of("text/html;q=0.5;ext=1", {"text/html"}), "text/html");
}

TEST(HttpNegotiation, MalformedElementsArePassedOver) {
  EXPECT_EQ(type_of("text/html;q=2, text/plain", {"text/html", "text/plain"}), "text/plain");
  EXPECT_EQ(type_of("text/html;q=x, text/html;q=0.1", {"text/html"}), "text/html");
  EXPECT_EQ(type_of("text, /, ;q=1, \"text/html\", */html", {"text/html"}), "none");
  EXPECT_EQ(encoding_of("gzip;q=nonsense"), "identity");
  EXPECT_EQ(encoding_of("*;q=nonsense"), "identity");
}

TEST(HttpNegotiation, ElementsBehindTheHundredthDoNotCount) {
  std::string accept;
  for (int i = 0; i < 99; ++i) accept.append("a/b,");
  EXPECT_EQ(type_of(accept + "text/html", {"text/html"}), "text/html");
  EXPECT_EQ(type_of("a/b," + accept + "text/html", {"text/html"}), "none");
  EXPECT_EQ(encoding_of(accept + "a/b, gzip"), "identity");
}

TEST(HttpNegotiation, EncodingsFollowWeightsThenTheServersOrder) {
  EXPECT_EQ(encoding_of("gzip, deflate, br"), "br");
  EXPECT_EQ(encoding_of("gzip, br;q=0.9"), "gzip");
  EXPECT_EQ(encoding_of("x-gzip"), "gzip");
  EXPECT_EQ(encoding_of("GZIP"), "gzip");
  EXPECT_EQ(encoding_of("*"), "br");
  EXPECT_EQ(encoding_of("br;q=0, *"), "gzip");
  EXPECT_EQ(encoding_of("gzip;q=0.001"), "gzip");
}

TEST(HttpNegotiation, IdentityIsAcceptableUnlessRefused) {
  EXPECT_EQ(encoding_of({}), "identity");
  EXPECT_EQ(encoding_of(""), "identity");
  EXPECT_EQ(encoding_of("compress"), "identity");
  EXPECT_EQ(encoding_of("gzip;q=0"), "identity");
  EXPECT_EQ(encoding_of("identity, gzip;q=0.5"), "identity");
  EXPECT_EQ(encoding_of("identity, gzip"), "gzip");
  EXPECT_EQ(encoding_of("identity;q=0.5, gzip;q=0.4"), "identity");
  EXPECT_EQ(encoding_of("identity;q=0, compress"), "none");
  EXPECT_EQ(encoding_of("*;q=0"), "none");
  EXPECT_EQ(encoding_of("gzip;q=0.5, *;q=0"), "gzip");
  EXPECT_EQ(encoding_of("identity;q=0.1, *;q=0"), "identity");
}

TEST(HttpNegotiation, LanguagesMatchByPrefixAndByLookup) {
  EXPECT_EQ(language_of({}, {"en", "de"}), "en");
  EXPECT_EQ(language_of("da, en-GB;q=0.8, en;q=0.7", {"en-US", "en-GB", "da"}), "da");
  EXPECT_EQ(language_of("en", {"de", "en-US"}), "en-US");
  EXPECT_EQ(language_of("de-AT, en;q=0.5", {"en", "de"}), "de");
  EXPECT_EQ(language_of("zh-Hant-TW", {"zh-Hans", "zh-Hant"}), "zh-Hant");
  EXPECT_EQ(language_of("de-AT, de;q=0", {"de"}), "none");
  EXPECT_EQ(language_of("en-GB", {"en-US"}), "none");
  EXPECT_EQ(language_of("fr, *;q=0.1", {"de"}), "de");
  EXPECT_EQ(language_of("d", {"de"}), "none");
  EXPECT_EQ(language_of("en;q=0.5, en-US;q=0", {"en-US", "en-GB"}), "en-GB");
}

TEST(HttpNegotiation, CharsetsAreComparedByName) {
  const List offered = {"utf-8", "iso-8859-1"};
  EXPECT_EQ(best_charset({}, offered), 0u);
  EXPECT_EQ(best_charset("ISO-8859-1, utf-8;q=0.5", offered), 1u);
  EXPECT_EQ(best_charset("*;q=0.5, utf-8;q=0.1", offered), 1u);
  EXPECT_EQ(best_charset("utf-16", offered), std::nullopt);
}

}  // namespace
}  // namespace hybi::http
