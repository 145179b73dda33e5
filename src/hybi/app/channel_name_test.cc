// Names and patterns of channels, and the tree of patterns against channel_matches.
#include <hybi/app/pattern_tree.h>
#include <hybi/channel.h>

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace hybi {
namespace {

TEST(ChannelName, HasLevelsThatAreNotEmpty) {
  for (const char* name : {"a", "room/42", "room/42/chat", "über/räume", "a b", "a*", "***"}) {
    EXPECT_TRUE(is_channel_name(name)) << name;
  }
  for (const char* name : {"", "/", "/a", "a/", "a//b", "a\nb", "a\x7f", "a/\xff", "\xc3"}) {
    EXPECT_FALSE(is_channel_name(name)) << name;
    EXPECT_FALSE(is_channel_pattern(name)) << name;
  }
  EXPECT_TRUE(is_channel_name(std::string(kMaxChannelBytes, 'a')));
  EXPECT_FALSE(is_channel_name(std::string(kMaxChannelBytes + 1, 'a')));
  EXPECT_FALSE(is_channel_name(std::string_view("a\0b", 3)));
}

TEST(ChannelName, AWildcardIsALevelOfAPatternOnly) {
  for (const char* pattern : {"*", "**", "room/*", "room/*/chat", "room/**", "*/*/**", "a"}) {
    EXPECT_TRUE(is_channel_pattern(pattern)) << pattern;
  }
  for (const char* pattern : {"**/a", "room/**/chat", "**/**"}) {
    EXPECT_FALSE(is_channel_pattern(pattern)) << pattern;
  }
  for (const char* name : {"*", "**", "room/*", "a/**"}) EXPECT_FALSE(is_channel_name(name));
}

TEST(ChannelName, APatternMatchesLevelByLevel) {
  EXPECT_TRUE(channel_matches("room/*/chat", "room/42/chat"));
  EXPECT_FALSE(channel_matches("room/*/chat", "room/42/log"));
  EXPECT_FALSE(channel_matches("room/*/chat", "room/42/43/chat"));
  EXPECT_FALSE(channel_matches("room/*/chat", "room/42"));
  EXPECT_TRUE(channel_matches("room/**", "room/42"));
  EXPECT_TRUE(channel_matches("room/**", "room/42/chat"));
  EXPECT_FALSE(channel_matches("room/**", "room"));
  EXPECT_FALSE(channel_matches("room/**", "roomy/42"));
  EXPECT_TRUE(channel_matches("**", "a/b/c"));
  EXPECT_TRUE(channel_matches("*", "a"));
  EXPECT_FALSE(channel_matches("*", "a/b"));
  EXPECT_TRUE(channel_matches("a/b", "a/b"));
}

TEST(PatternTree, FindsWhatMatchesAndNothingElse) {
  std::mt19937 random(7);
  const auto pick = [&](std::size_t count) { return random() % count; };
  const auto name = [&] {
    std::string text;
    for (std::size_t levels = 1 + pick(4); levels > 0; --levels) {
      text += std::string(text.empty() ? "" : "/") + "abc"[pick(3)];
    }
    return text;
  };
  const auto pattern = [&] {
    std::string text;
    for (std::size_t levels = 1 + pick(4); levels > 0; --levels) {
      if (!text.empty()) text += "/";
      const std::size_t kind = pick(5);
      if (kind == 0 && levels == 1) {
        text += "**";
      } else if (kind == 1) {
        text += "*";
      } else {
        text += "abc"[pick(3)];
      }
    }
    return text;
  };
  PatternTree<std::string> tree;
  std::set<std::string> model;
  for (int step = 0; step < 20'000; ++step) {
    const std::string one = pattern();
    if (pick(3) != 0) {
      tree.at(one) = one;
      model.insert(one);
    } else {
      tree.erase(one);
      model.erase(one);
    }
    ASSERT_EQ(tree.size(), model.size());
    ASSERT_EQ(tree.find(one) != nullptr, model.contains(one));
    const std::string wanted = name();
    std::multiset<std::string> found, expected;
    tree.for_each_match(wanted, [&](std::string& value) { found.insert(value); });
    for (const std::string& candidate : model) {
      if (channel_matches(candidate, wanted)) expected.insert(candidate);
    }
    ASSERT_EQ(found, expected) << wanted;
    if (pick(200) == 0) {
      for (const std::string& gone : model) tree.erase(gone);
      model.clear();
      ASSERT_TRUE(tree.empty());
    }
  }
}

}  // namespace
}  // namespace hybi
