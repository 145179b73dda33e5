#include <hybi/engine/name.h>

#include <gtest/gtest.h>

#include <string>

namespace hybi::engine {
namespace {

// The vectors of the paper's reference implementation: key 00 01 .. 0f, text 00 01 ...
TEST(NameHashing, SipHash24IsThatOfItsAuthors) {
  const HashSecret secret{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string text;
  EXPECT_EQ(siphash_2_4(secret, text), 0x726fdb47dd0e0e31u);
  text.push_back('\0');
  EXPECT_EQ(siphash_2_4(secret, text), 0x74f839c593dc67fdu);
  while (text.size() < 15) text.push_back(static_cast<char>(text.size()));
  EXPECT_EQ(siphash_2_4(secret, text), 0xa129ca6149be45e5u);
}

// What CPython 3.11 says with PYTHONHASHSEED=0.
TEST(NameHashing, SipHash13IsThatOfPython) {
  EXPECT_EQ(siphash_1_3({}, "a"), 0x407448d2b89b1813u);
  EXPECT_EQ(siphash_1_3({}, "room/42"), 0x414b796b7b9a5ee5u);
  EXPECT_EQ(siphash_1_3({}, "room/42/"), 0xa5b266a35cfcf5fdu);
  EXPECT_EQ(siphash_1_3({}, "room/42/chat of many"), 0x25370f9be4082f9au);
}

TEST(NameHashing, ASecretIsDrawnEachTime) {
  const HashSecret a = random_hash_secret();
  const HashSecret b = random_hash_secret();
  EXPECT_NE(siphash_1_3(a, "x"), siphash_1_3(b, "x"));
}

TEST(NameHashing, NamesWithOneHashAreTwoKeys) {
  ByName<int> table;
  table.try_emplace(Name(NameRef{"a", 1}), 10);
  table.try_emplace(Name(NameRef{"b", 1}), 20);
  EXPECT_EQ(table.find(NameRef{"a", 1})->second, 10);
  EXPECT_EQ(table.find(NameRef{"b", 1})->second, 20);
  EXPECT_TRUE(table.find(NameRef{"c", 1}) == table.end());
}

}  // namespace
}  // namespace hybi::engine
