#include <hybi/base/endian.h>

#include <gtest/gtest.h>

#include <array>

namespace hybi {
namespace {

TEST(Endian, MostSignificantByteComesFirst) {
  std::array<std::byte, 9> bytes{};
  store_be(bytes.data() + 1, std::uint16_t{0x0102});
  EXPECT_EQ(bytes[1], std::byte{1});
  EXPECT_EQ(bytes[2], std::byte{2});
  EXPECT_EQ(load_be<std::uint16_t>(bytes.data() + 1), 0x0102);
  store_be(bytes.data() + 1, std::uint32_t{0x01020304});
  EXPECT_EQ(bytes[4], std::byte{4});
  EXPECT_EQ(load_be<std::uint32_t>(bytes.data() + 1), 0x01020304U);
  store_be(bytes.data() + 1, std::uint64_t{0x0102030405060708});
  EXPECT_EQ(bytes[8], std::byte{8});
  EXPECT_EQ(load_be<std::uint64_t>(bytes.data() + 1), 0x0102030405060708U);
}

}  // namespace
}  // namespace hybi
