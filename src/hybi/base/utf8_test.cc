#include <hybi/base/utf8.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

#include <random>

namespace hybi {
namespace {

using testing::bytes;
using testing::OwnedBytes;

// The twin: decodes code points by arithmetic and then asks whether each was allowed (RFC 3629 3).
bool naive_is_utf8(Bytes text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = std::to_integer<std::uint32_t>(text[i]);
    std::size_t length = 1;
    std::uint32_t point = lead;
    std::uint32_t least = 0;
    if ((lead & 0xE0) == 0xC0) {
      length = 2, point = lead & 0x1F, least = 0x80;
    } else if ((lead & 0xF0) == 0xE0) {
      length = 3, point = lead & 0x0F, least = 0x800;
    } else if ((lead & 0xF8) == 0xF0) {
      length = 4, point = lead & 0x07, least = 0x10000;
    } else if (lead >= 0x80) {
      return false;
    }
    if (i + length > text.size()) return false;
    for (std::size_t k = 1; k < length; ++k) {
      const auto byte = std::to_integer<std::uint32_t>(text[i + k]);
      if ((byte & 0xC0) != 0x80) return false;
      point = point << 6 | (byte & 0x3F);
    }
    if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

bool checker_says(const testing::Pieces& pieces) {
  Utf8Checker checker;
  for (const OwnedBytes& piece : pieces) {
    if (!checker.add(piece)) return false;
  }
  return checker.complete();
}

TEST(Utf8, EverySequenceOfTwoBytesIsJudgedAsByTheTwin) {
  for (unsigned value = 0; value < 0x10000; ++value) {
    const OwnedBytes text{std::byte(value >> 8), std::byte(value & 255)};
    const bool expected = naive_is_utf8(text);
    EXPECT_EQ(is_utf8(text), expected) << value;
    EXPECT_EQ(checker_says({text}), expected) << value;
  }
}

TEST(Utf8, EveryThirdAndFourthByteIsJudgedAsByTheTwin) {
  for (unsigned lead = 0xE0; lead < 0xF8; ++lead) {
    for (unsigned second = 0x70; second < 0xD0; ++second) {
      for (unsigned third : {0x00U, 0x7FU, 0x80U, 0xBFU, 0xC0U}) {
        for (unsigned fourth : {0x41U, 0x80U, 0xBFU, 0xC0U}) {
          const OwnedBytes text{std::byte(lead), std::byte(second), std::byte(third),
                                std::byte(fourth)};
          const bool expected = naive_is_utf8(text);
          EXPECT_EQ(is_utf8(text), expected);
          EXPECT_EQ(checker_says(testing::byte_by_byte(text)), expected);
        }
      }
    }
  }
}

TEST(Utf8, OneWrongByteIsFoundAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 1; size <= 130; ++size) {
    OwnedBytes text(size, std::byte{'a'});
    EXPECT_TRUE(is_utf8(text));
    for (std::size_t at = 0; at < size; ++at) {
      text[at] = std::byte{0xFF};
      EXPECT_FALSE(is_utf8(text)) << size << " " << at;
      EXPECT_FALSE(checker_says({text})) << size << " " << at;
      text[at] = std::byte{'a'};
    }
  }
}

// Characters of one to four bytes, some of them damaged.
OwnedBytes random_text(std::mt19937& random) {
  OwnedBytes text;
  const std::size_t characters = random() % 60;
  const std::vector<std::string_view> alphabet = {
      "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"};
  for (std::size_t i = 0; i < characters; ++i) {
    const Bytes one = as_bytes(alphabet[random() % alphabet.size()]);
    text.insert(text.end(), one.begin(), one.end());
  }
  if (!text.empty() && random() % 2 == 0) text[random() % text.size()] = std::byte(random() & 255);
  if (!text.empty() && random() % 4 == 0) text.pop_back();
  return text;
}

TEST(Utf8, RandomTextIsJudgedAsByTheTwinForEverySplit) {
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    const OwnedBytes text = random_text(random);
    const bool expected = naive_is_utf8(text);
    EXPECT_EQ(is_utf8(text), expected);
    testing::for_each_split(
        text, [&](const testing::Pieces& pieces) { EXPECT_EQ(checker_says(pieces), expected); });
  }
}

TEST(Utf8Checker, FailsAtThePieceWithTheFirstWrongByte) {
  struct Case {
    std::string_view hex;
    std::size_t wrong_at;
  };
  for (const Case& one : {Case{"80", 0}, Case{"C0AF", 0}, Case{"C1BF", 0}, Case{"E08080", 1},
                          Case{"EDA080", 1}, Case{"F08FBFBF", 1}, Case{"F4908080", 1},
                          Case{"F5808080", 0}, Case{"CEBAE1BDB9CF83CEBCCEB5F4908080", 12},
                          Case{"C328", 1}, Case{"E28228", 2}, Case{"FE", 0}}) {
    Utf8Checker checker;
    const OwnedBytes text = bytes(one.hex);
    for (std::size_t i = 0; i < text.size(); ++i) {
      EXPECT_EQ(checker.add(Bytes(text).subspan(i, 1)), i < one.wrong_at) << one.hex << " " << i;
    }
    EXPECT_FALSE(checker.complete());
  }
}

TEST(Utf8Checker, ATextCutInsideACharacterIsNotComplete) {
  Utf8Checker checker;
  EXPECT_TRUE(checker.complete());
  EXPECT_TRUE(checker.add(bytes("E282")));
  EXPECT_FALSE(checker.complete());
  EXPECT_TRUE(checker.add(bytes("AC")));
  EXPECT_TRUE(checker.complete());
}

}  // namespace
}  // namespace hybi
