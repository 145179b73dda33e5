#include <hybi/cli/quote.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace hybi::cli {
namespace {

struct Case {
  std::string_view text;
  std::string_view escaped;
};

TEST(Quote, WritesWhatEndsALineOrAStringAsEscapes) {
  const Case cases[] = {
      {"", ""},
      {"plain text", "plain text"},
      {"say \"hi\"", "say \\\"hi\\\""},
      {"C:\\temp", "C:\\\\temp"},
      {"a\nb\rc\td", "a\\nb\\rc\\td"},
      {std::string_view("\0\x01\x1b[31m\x7f", 8), "\\u0000\\u0001\\u001b[31m\\u007f"},
      {"\xc2\x80\xc2\x9f\xc2\xa0", "\\u0080\\u009f\xc2\xa0"},
      {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\\u2028\\u2029\xe2\x80\xaa"},
      {"Gr\xc3\xbc\xc3\x9f"
       "e \xf0\x9f\x91\x8b",
       "Gr\xc3\xbc\xc3\x9f"
       "e \xf0\x9f\x91\x8b"},
  };
  for (const Case& c : cases) {
    std::string out;
    append_escaped(out, c.text);
    EXPECT_EQ(out, c.escaped);
    EXPECT_EQ(needs_escape(c.text), c.text != c.escaped) << c.escaped;
    EXPECT_EQ(quote(c.text), "\"" + std::string(c.escaped) + "\"");
  }
}

TEST(Quote, ReplacesEachPartThatIsNotUtf8) {
  const std::string r = "\xef\xbf\xbd";
  const std::pair<std::string, std::string> cases[] = {
      {"\xff", r},
      {"a\x80"
       "b",
       "a" + r + "b"},
      {"\xc0\xaf", r + r},  // an overlong "/"
      {"\xe0\x80\x80", r + r + r},
      {"\xed\xa0\x80", r + r + r},          // a surrogate
      {"\xf4\x90\x80\x80", r + r + r + r},  // above U+10FFFF
      {"\xe2\x82", r},                      // cut at the end
      {"\xe2\x82"
       "a",
       r + "a"},
      {"\xf0\x9f\x91\"", r + "\\\""},
  };
  for (const auto& [text, escaped] : cases) {
    std::string out;
    append_escaped(out, text);
    EXPECT_EQ(out, escaped) << testing::PrintToString(text);
    EXPECT_TRUE(needs_escape(text));
  }
}

// nlohmann is the naive twin: what it reads is what it would have made of the bytes itself.
TEST(Quote, IsAJsonStringOfTheSameTextForRandomBytes) {
  std::mt19937 random(4);
  const std::string_view alphabet("a\"\\\n\x00\x7f\x80\xbf\xc2\xa8\xe2\xed\xa0\xf0\xf4\x90\xff",
                                  17);
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 8, ' ');
    for (char& c : text) c = alphabet[random() % alphabet.size()];
    const nlohmann::json read = nlohmann::json::parse(quote(text), nullptr, false);
    ASSERT_TRUE(read.is_string()) << testing::PrintToString(text);
    const std::string twin =
        nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    ASSERT_EQ(read, nlohmann::json::parse(twin)) << testing::PrintToString(text);
  }
}

TEST(Quote, CutsLongTextBetweenCharacters) {
  EXPECT_EQ(quote_start("abcdef", 6), "\"abcdef\"");
  EXPECT_EQ(quote_start("abcdefg", 6), "\"abcdef...\"");
  EXPECT_EQ(quote_start("ab\xe2\x82\xac"
                        "cdef",
                        4),
            "\"ab...\"");
}

}  // namespace
}  // namespace hybi::cli
