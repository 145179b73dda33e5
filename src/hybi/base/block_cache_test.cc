#include <hybi/base/block_cache.h>
#include <hybi/base/out_buffer.h>

#include <gtest/gtest.h>

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

TEST(BlockCache, BlocksMayBeGivenBackOnAnotherThread) {
  std::vector<void*> blocks;
  for (int i = 0; i < 100; ++i) blocks.push_back(take_block(1 << 20));  // more than is kept
  std::thread other([&] {
    for (void* block : blocks) give_block(block, 1 << 20);
  });
  other.join();
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
