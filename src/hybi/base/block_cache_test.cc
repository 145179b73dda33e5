#include <hybi/base/block_cache.h>
#include <hybi/base/out_buffer.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <string>
#include <thread>
#include <vector>

namespace hybi {
namespace {

TEST(BlockCache, SizesArePowersOfTwoUntilBlocksAreNotKept) {
  EXPECT_EQ(block_size(kCachedBlockBytes), kCachedBlockBytes);
  EXPECT_EQ(block_size(kCachedBlockBytes + 1), 2 * kCachedBlockBytes);
  EXPECT_EQ(block_size(16u << 20), 16u << 20);
  EXPECT_EQ(block_size((16u << 20) + 1), (16u << 20) + 1);
}

TEST(BlockCache, GivesTheSameBlockAgain) {
  void* const block = take_block(1 << 20);
  give_block(block, 1 << 20);
  void* const again = take_block(1 << 20);
  EXPECT_EQ(block, again);
  give_block(again, 1 << 20);
}

TEST(BlockCache, ABlockBeginsInTheMiddleOfAPage) {
  for (const std::size_t size : {kCachedBlockBytes, std::size_t{1} << 20, std::size_t{20} << 20}) {
    void* const block = take_block(block_size(size));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % 4096, 2048u) << size;
    give_block(block, block_size(size));
  }
}

TEST(BlockCache, KeepsAsMuchAsItIsToldTo) {
  const std::size_t size = 16 << 20;
  keep_blocks(0);  // whatever others have left
  keep_blocks(4 * size);
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(take_block(size));
  const std::vector<void*> before = blocks;
  for (void* block : blocks) give_block(block, size);
  std::vector<void*> again;
  for (int i = 0; i < 4; ++i) again.push_back(take_block(size));
  EXPECT_TRUE(std::is_permutation(before.begin(), before.end(), again.begin())) << "all were kept";
  for (void* block : again) give_block(block, size);
  keep_blocks(0);
  keep_blocks(kKeptBlockBytes);
}

TEST(BlockCache, ASizeThatCannotBeIsRefused) {
  EXPECT_THROW(take_block(SIZE_MAX), std::bad_alloc);
  EXPECT_THROW(take_block(SIZE_MAX - 4096), std::bad_alloc);
}

TEST(BlockCache, BlocksMayBeGivenBackOnAnotherThread) {
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(take_block(1 << 20));  // more than is kept
  std::thread other([&] {
    for (void* block : blocks) give_block(block, 1 << 20);
  });
  other.join();
}

TEST(OutBuffer, WhatIsPutIntoTheSpareRoomIsThereAfterGrowing) {
  OutBuffer buffer;
  EXPECT_TRUE(buffer.spare().empty());
  buffer.append("abc");
  buffer.reserve(100);
  const MutableBytes spare = buffer.spare();
  ASSERT_GE(spare.size(), 97u);
  spare[0] = std::byte{'d'};
  spare[1] = std::byte{'e'};
  EXPECT_EQ(buffer.grow(2), spare.data());
  EXPECT_EQ(as_text(buffer.view()), "abcde");
}

TEST(OutBuffer, KeepsItsContentWhenItGrowsIntoALargeBlock) {
  OutBuffer buffer;
  std::string expected;
  for (int i = 0; i < 40000; ++i) {
    const std::string piece = std::to_string(i) + ";";
    buffer.append(piece);
    expected += piece;
  }
  EXPECT_GT(buffer.capacity(), kCachedBlockBytes);
  EXPECT_EQ(as_text(buffer.view()), expected);
  OutBuffer moved = std::move(buffer);
  EXPECT_EQ(as_text(moved.view()), expected);
  moved.reset();
  EXPECT_EQ(moved.capacity(), 0u);
}

}  // namespace
}  // namespace hybi
