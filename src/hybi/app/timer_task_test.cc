// Timers of user code over a clock that is moved by hand. See timer_task.h.
#include <hybi/app/timer_task.h>
#include <hybi/testing/fake_backend.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace hybi {
namespace {

using namespace std::chrono_literals;

class TimerTask : public ::testing::Test {
 protected:
  TimerTask() {
    auto backend = std::make_unique<testing::FakeBackend>();
    net_ = backend.get();
    loop_ = io::Loop::create(std::move(backend));
    timers_ = std::make_unique<TimerTasks>(*loop_, [this](const std::function<void()>& task) {
      try {
        task();
      } catch (...) {
        ++caught_;
      }
    });
  }

  void advance(std::chrono::milliseconds time) {
    for (; time > 0ms; time -= 10ms) {
      net_->advance(10ms);
      loop_->turn(false);
    }
  }
  auto note(std::string name) {
    return [this, name] { log_ += name; };
  }

  testing::FakeBackend* net_ = nullptr;
  std::unique_ptr<io::Loop> loop_;
  std::unique_ptr<TimerTasks> timers_;
  std::string log_;
  int caught_ = 0;
};

TEST_F(TimerTask, RunsOnceAndNotBeforeItsTime) {
  timers_->add(100ms, false, note("a"));
  advance(90ms);
  EXPECT_EQ(log_, "");
  advance(30ms);
  EXPECT_EQ(log_, "a");
  advance(1s);
  EXPECT_EQ(log_, "a");
}

TEST_F(TimerTask, RepeatsUntilTheEnd) {
  timers_->add(100ms, true, note("a"));
  advance(1s);
  EXPECT_GE(log_.size(), 8u);
  EXPECT_LE(log_.size(), 10u);
  timers_.reset();
  const std::string before = log_;
  advance(1s);
  EXPECT_EQ(log_, before);
}

TEST_F(TimerTask, SeveralRunInTheOrderOfTheirTimes) {
  timers_->add(300ms, false, note("c"));
  timers_->add(100ms, false, note("a"));
  timers_->add(200ms, false, note("b"));
  advance(400ms);
  EXPECT_EQ(log_, "abc");
}

TEST_F(TimerTask, ATaskMayAddTasks) {
  timers_->add(10ms, false, [this] {
    log_ += "a";
    timers_->add(10ms, false, [this] {
      log_ += "b";
      timers_->add(10ms, true, note("c"));
    });
  });
  advance(300ms);
  EXPECT_TRUE(log_.starts_with("abcc")) << log_;
}

TEST_F(TimerTask, ATaskThatThrowsIsGuardedAndRepeatsAllTheSame) {
  timers_->add(10ms, true, [] { throw 1; });
  timers_->add(10ms, false, [] { throw 2; });
  advance(200ms);
  EXPECT_GE(caught_, 5);
}

TEST_F(TimerTask, WhatATaskHoldsIsFreedOnceItRan) {
  auto held = std::make_shared<int>(1);
  timers_->add(10ms, false, [held] {});
  EXPECT_EQ(held.use_count(), 2);
  advance(50ms);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TimerTask, AnIntervalOfNoneDoesNotStopTheLoop) {
  timers_->add(0ms, true, note("a"));
  advance(100ms);
  EXPECT_GE(log_.size(), 5u);
  EXPECT_LE(log_.size(), 11u);
}

}  // namespace
}  // namespace hybi
