#include <hybi/engine/ring.h>

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>

namespace hybi::engine {
namespace {

TEST(EngineRing, IsAQueue) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937 random(seed);
    Ring<int> ring;
    std::deque<int> twin;
    for (int step = 0; step < 2000; ++step) {
      // Grows for a while, then shrinks for a while.
      const bool grow = random() % 8 < (step / 250 % 2 == 0 ? 5u : 3u);
      if (grow || twin.empty()) {
        ring.push_back(step);
        twin.push_back(step);
      } else {
        ring.pop_front();
        twin.pop_front();
      }
      ASSERT_EQ(ring.size(), twin.size());
      ASSERT_EQ(ring.empty(), twin.empty());
      ASSERT_LE(ring.size(), ring.capacity());
      ASSERT_LE(ring.capacity(), 4 * ring.size()) << "memory is given back";
      for (std::size_t i = 0; i < twin.size(); ++i) ASSERT_EQ(ring[i], twin[i]);
    }
  }
}

TEST(EngineRing, LetsGoWhatWasTakenOut) {
  Ring<std::shared_ptr<int>> ring;
  const auto held = std::make_shared<int>(1);
  for (int i = 0; i < 5; ++i) ring.push_back(held);
  EXPECT_EQ(held.use_count(), 6);
  ring.pop_front();
  ring.pop_front();
  EXPECT_EQ(held.use_count(), 4);
  while (!ring.empty()) ring.pop_front();
  EXPECT_EQ(held.use_count(), 1);
}

TEST(EngineRing, OfOneElementAllocatesOneSlot) {
  Ring<int> ring;
  EXPECT_EQ(ring.capacity(), 0u);
  ring.push_back(1);
  EXPECT_EQ(ring.capacity(), 1u);
  ring.pop_front();
  EXPECT_EQ(ring.capacity(), 0u);
}

}  // namespace
}  // namespace hybi::engine
