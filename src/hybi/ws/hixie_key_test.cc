// The challenge of hixie-76, with the samples that the drafts print.
#include <hybi/testing/split.h>
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/hixie_key.h>

#include <gtest/gtest.h>

#include <algorithm>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

TEST(WsHixieKey, TheSamplesOfTheDrafts) {
  struct Sample {
    std::string_view key1, key2, key3;
    std::uint32_t number1, number2;
    std::string_view answer;
  };
  for (const Sample& one :
       {Sample{"4 @1  46546xW%0l 1 5", "12998 5 Y3 1  .P00", "^n:ds[4U", 829309203, 259970620,
               "8jKS'y:G*Co,Wxa-"},
        Sample{"18x 6]8vM;54 *(5:  {   U1]8  z [  8", "1_ tx7X d  <  nw  334J702) 7]o}` 0",
               "Tm[K T2u", 155712099, 173347027, "fQJ,fN/4F4!~K~MH"},
        Sample{"3e6b263  4 17 80", "17  9 G`ZD9   2 2b 7X 3 /r90", "WjN}|M(6", 906585445, 179922739,
               "n`9eBk9z$R8pOtVb"}}) {
    EXPECT_EQ(parse_hixie_key(one.key1).value(), one.number1);
    EXPECT_EQ(parse_hixie_key(one.key2).value(), one.number2);
    const Md5 answer = hixie_answer(one.number1, one.number2,
                                    std::span<const std::byte, 8>(as_bytes(one.key3).data(), 8));
    EXPECT_EQ(as_text(answer), one.answer);
  }
}

TEST(WsHixieKey, WhatBreaksARuleIsRefused) {
  for (std::string_view key : {"", " ", "1", "123", "ab c", "1 0 0 0 1x", "4294967296 ",
                               "99999999999999999999 ", "12345678901234567890 1", "3 1 ", "a b"}) {
    EXPECT_EQ(parse_hixie_key(key).error().code, Errc::WsHandshakeChallenge) << key;
  }
  EXPECT_EQ(parse_hixie_key("4294967295 ").value(), 0xFFFFFFFFu);
  EXPECT_EQ(parse_hixie_key(" 0").value(), 0u);
  EXPECT_EQ(parse_hixie_key("8589934590  ").value(), 0xFFFFFFFFu);  // more than 32 bits
  EXPECT_EQ(parse_hixie_key("1\x7F,2 ").value(), 12u);              // commas and DEL are noise
}

TEST(WsHixieKey, OurOwnKeysKeepTheRules) {
  SystemEntropy entropy;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = make_hixie_key(entropy);
    EXPECT_TRUE(parse_hixie_key(key).has_value()) << key;
    EXPECT_NE(key.front(), ' ');
    EXPECT_NE(key.back(), ' ');
    EXPECT_TRUE(std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7F; }));
  }
}

}  // namespace
}  // namespace hybi::ws
