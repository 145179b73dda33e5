// A MemorySite that may go while connections are open: it stops and shows that nothing is left.
// What its handlers refer to must outlive it. Only for *_test.cc; not installed.
#pragma once

#include <hybi/app/test_site.h>

#include <gtest/gtest.h>

#include <chrono>

namespace hybi::test {

class EndingSite : public MemorySite {
 public:
  using MemorySite::MemorySite;
  ~EndingSite() {
    stop(std::chrono::milliseconds(0));
    net().settle();
    net().advance(std::chrono::milliseconds(100));
    net().settle();
    EXPECT_TRUE(stopped());
    EXPECT_EQ(net().open_streams(), 0u);
    EXPECT_EQ(counters().connections.get(), 0u);
    EXPECT_EQ(counters().websockets.get(), 0u);
  }
};

}  // namespace hybi::test
