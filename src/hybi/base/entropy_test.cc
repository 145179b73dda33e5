#include <hybi/base/entropy.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace hybi {
namespace {

TEST(SystemEntropy, KeysDoNotRepeatBeyondChance) {
  SystemEntropy entropy;
  std::set<std::array<std::byte, 8>> seen;
  for (int i = 0; i < 10'000; ++i) {
    std::array<std::byte, 8> key{};
    entropy.fill(key);
    seen.insert(key);
  }
  EXPECT_EQ(seen.size(), 10'000U);  // a repetition has the chance 2^-38
}

TEST(SystemEntropy, EveryByteOfEverySizeIsFilled) {
  SystemEntropy entropy;
  for (std::size_t size : {0U, 1U, 3U, 16U, 255U, 256U, 257U, 600U}) {
    // A byte that stays zero in 20 fills was not written.
    std::vector<std::byte> ever(size);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::byte> data(size);
      entropy.fill(data);
      for (std::size_t i = 0; i < size; ++i) ever[i] |= data[i];
    }
    EXPECT_EQ(std::count(ever.begin(), ever.end(), std::byte{0}), 0) << size;
  }
}

TEST(SystemEntropy, BitsAreBalanced) {
  SystemEntropy entropy;
  std::vector<std::byte> data(1 << 16);
  for (std::size_t at = 0; at < data.size(); at += 4) {
    entropy.fill(MutableBytes(data).subspan(at, 4));
  }
  for (int bit = 0; bit < 8; ++bit) {
    const auto ones = std::count_if(data.begin(), data.end(), [bit](std::byte byte) {
      return (byte & std::byte(1 << bit)) != std::byte{0};
    });
    EXPECT_NEAR(static_cast<double>(ones), 32768, 1280) << bit;  // ten standard deviations
  }
}

}  // namespace
}  // namespace hybi
