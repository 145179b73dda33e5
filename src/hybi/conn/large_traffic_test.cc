// More memory is kept while large messages come in, and not longer.
#include <hybi/conn/large_traffic.h>
#include <hybi/testing/fake_backend.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace hybi::conn {
namespace {

constexpr std::size_t kBlock = 16 << 20;

// How many of four blocks that are given back are there again, so were kept.
std::size_t kept_of_four() {
  std::vector<void*> blocks, again;
  for (int i = 0; i < 4; ++i) blocks.push_back(take_block(kBlock));
  const std::vector<void*> first = blocks;
  for (void* block : blocks) give_block(block, kBlock);
  std::size_t kept = 0;
  for (int i = 0; i < 4; ++i) {
    void* const block = take_block(kBlock);
    kept += std::find(first.begin(), first.end(), block) != first.end() ? 1 : 0;
    again.push_back(block);
  }
  for (void* block : again) give_block(block, kBlock);
  return kept;
}

TEST(LargeTraffic, KeepsMoreUntilItHasBeenQuietForAWhile) {
  auto owned = std::make_unique<testing::FakeBackend>();
  testing::FakeBackend& net = *owned;
  auto loop = io::Loop::create(std::move(owned));
  const auto wait = [&](std::chrono::seconds time) {
    for (; time.count() > 0; --time) {
      net.advance(std::chrono::seconds(1));
      loop->turn(false);
    }
  };
  keep_blocks(0);
  keep_blocks(kKeptBlockBytes);
  {
    LargeTraffic traffic(*loop);
    EXPECT_FALSE(traffic.going_on());
    for (int i = 0; i < 4; ++i) {
      traffic.seen();
      wait(std::chrono::seconds(4));
      EXPECT_TRUE(traffic.going_on());
    }
    EXPECT_EQ(kept_of_four(), 4u);
    wait(std::chrono::seconds(12));
    EXPECT_FALSE(traffic.going_on());
    traffic.seen();
    EXPECT_TRUE(traffic.going_on());
  }
  keep_blocks(0);
  keep_blocks(kKeptBlockBytes);
}

}  // namespace
}  // namespace hybi::conn
