// The pool by itself. See blocking_pool.h.
#include <hybi/app/blocking_pool.h>

#include <gtest/gtest.h>

#include <atomic>
#include <future>

namespace hybi {
namespace {

TEST(BlockingPool, RunsWhatWaitsOnAsManyThreadsAsItMayHave) {
  std::promise<void> open, all_inside, last;
  const std::shared_future<void> gate = open.get_future().share();
  std::atomic<int> inside = 0, done = 0;
  BlockingPool pool;
  pool.configure(3, 100);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(pool.run([&] {
      if (++inside == 3) all_inside.set_value();
      gate.wait();
      ++done;
    }));
  }
  all_inside.get_future().wait();
  EXPECT_EQ(inside, 3);
  EXPECT_TRUE(pool.run([&] { last.set_value(); }));
  open.set_value();
  last.get_future().wait();
  EXPECT_GE(done, 18) << "at most two others are still under way";
}

TEST(BlockingPool, RefusesMoreThanItsQueueHolds) {
  std::promise<void> open, started;
  BlockingPool pool;
  pool.configure(1, 2);
  EXPECT_TRUE(pool.run([&] {
    started.set_value();
    open.get_future().wait();
  }));
  started.get_future().wait();
  EXPECT_TRUE(pool.run([] {}));
  EXPECT_TRUE(pool.run([] {}));
  EXPECT_FALSE(pool.run([] {}));
  open.set_value();
}

TEST(BlockingPool, DropsWhatWaitsWhenItEnds) {
  std::atomic<int> ran = 0;
  std::promise<void> open, started;
  const auto held = std::make_shared<int>(1);
  {
    BlockingPool pool;
    pool.configure(1, 10);
    EXPECT_TRUE(pool.run([&] {
      ++ran;
      started.set_value();
      open.get_future().wait();
    }));
    started.get_future().wait();
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.run([&ran, held] { ++ran; }));
    open.set_value();
  }
  EXPECT_GE(ran, 1);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace hybi
