// The turn of a loop: its order, its lists, its mailbox. Over the fake backend where time matters.
#include <hybi/io/test_sockets.h>
#include <hybi/testing/fake_backend.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace hybi::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FakeBackend;

class Member final : public LoopMember {
 public:
  explicit Member(std::vector<std::string>* log = nullptr, std::string name = "")
      : log_(log), name_(std::move(name)) {}
  std::function<void()> when_due, when_flushed, when_released;

 private:
  void on_deadline() override { call("deadline", when_due); }
  void on_flush() override { call("flush", when_flushed); }
  void on_release() override { call("release", when_released); }
  void call(const char* what, const std::function<void()>& function) {
    if (log_ != nullptr) log_->push_back(name_ + what);
    if (function) function();
  }
  std::vector<std::string>* log_;
  std::string name_;
};

struct FakeLoop {
  FakeLoop() {
    auto owned = std::make_unique<FakeBackend>();
    net = owned.get();
    loop = Loop::create(std::move(owned));
  }
  FakeBackend* net;
  std::unique_ptr<Loop> loop;
};

TEST(Loop, TurnIsEventsTimersTasksFlushRelease) {
  FakeLoop fake;
  Loop& loop = *fake.loop;
  std::vector<std::string> log;
  Member member(&log);
  auto pair = fake.net->make_pair();
  test::Connection connection(loop, std::move(pair.stream));
  connection.when_bytes = [&](test::Connection&, MutableBytes) { log.push_back("bytes"); };

  loop.release_later(member);
  Member other(&log, "other ");
  loop.flush_later(other);
  loop.post([&] { log.push_back("task"); });
  loop.set_deadline(other, loop.now() + milliseconds(10));
  fake.net->advance(milliseconds(10));
  pair.peer->write("x");
  loop.turn(false);
  EXPECT_EQ(
      log, (std::vector<std::string>{"bytes", "other deadline", "task", "other flush", "release"}));
}

TEST(Loop, FlushAskedForWhileFlushingHappensInTheSameTurn) {
  FakeLoop fake;
  std::vector<std::string> log;
  Member a(&log, "a "), b(&log, "b ");
  int again = 2;
  a.when_flushed = [&] {
    if (again-- > 0) fake.loop->flush_later(b);
  };
  b.when_flushed = [&] { fake.loop->flush_later(a); };
  fake.loop->flush_later(a);
  fake.loop->flush_later(a);
  fake.loop->turn(false);
  EXPECT_EQ(log, (std::vector<std::string>{"a flush", "b flush", "a flush", "b flush", "a flush"}));
}

TEST(Loop, MemberThatAlwaysAsksToBeFlushedDoesNotStopTheLoop) {
  FakeLoop fake;
  Member greedy;
  int flushes = 0;
  greedy.when_flushed = [&] {
    ++flushes;
    fake.loop->flush_later(greedy);
  };
  fake.loop->flush_later(greedy);
  fake.loop->turn(false);
  const int first = flushes;
  EXPECT_TRUE(fake.loop->has_work());
  fake.loop->turn(false);
  EXPECT_GT(flushes, first);
}

TEST(Loop, FlushAskedForBeforeTheReleaseStillRuns) {
  FakeLoop fake;
  std::vector<std::string> log;
  Member member(&log);
  fake.loop->flush_later(member);
  fake.loop->release_later(member);
  fake.loop->release_later(member);
  fake.loop->flush_later(member);
  fake.loop->turn(false);
  EXPECT_EQ(log, (std::vector<std::string>{"flush", "release"}));
}

TEST(Loop, ReleaseFromEveryCallHappensInTheSameTurnOnce) {
  for (int where = 0; where < 3; ++where) {
    FakeLoop fake;
    int released = 0;
    auto* member = new Member;
    member->when_released = [&, member] {
      ++released;
      delete member;
    };
    const auto release = [&, member] { fake.loop->release_later(*member); };
    if (where == 0) {
      member->when_due = release;
      fake.loop->set_deadline(*member, fake.loop->now());
      fake.net->advance(milliseconds(10));
    } else if (where == 1) {
      member->when_flushed = release;
      fake.loop->flush_later(*member);
    } else {
      fake.loop->post(release);
    }
    fake.loop->turn(false);
    EXPECT_EQ(released, 1) << where;
    fake.loop->turn(false);
    EXPECT_EQ(released, 1) << where;
  }
}

TEST(Loop, MemberLeavesAllListsWhenItIsDestroyed) {
  FakeLoop fake;
  {
    Member member;
    fake.loop->flush_later(member);
    fake.loop->set_deadline(member, fake.loop->now());
    Member other;
    fake.loop->release_later(other);
  }
  fake.net->advance(seconds(10));
  fake.loop->turn(false);
  EXPECT_FALSE(fake.loop->has_work());
}

TEST(Loop, ReleaseMayReleaseOthers) {
  FakeLoop fake;
  std::vector<std::string> log;
  Member a(&log, "a "), b(&log, "b ");
  a.when_released = [&] { fake.loop->release_later(b); };
  fake.loop->release_later(a);
  fake.loop->turn(false);
  EXPECT_EQ(log, (std::vector<std::string>{"a release", "b release"}));
}

TEST(Loop, DeadlineFiresByTheBackendsClock) {
  FakeLoop fake;
  std::vector<std::string> log;
  Member member(&log);
  fake.loop->set_deadline(member, fake.loop->now() + seconds(30));
  EXPECT_TRUE(fake.loop->has_deadline(member));
  fake.net->advance(seconds(29));
  fake.loop->turn(false);
  EXPECT_TRUE(log.empty());
  fake.loop->set_deadline(member, fake.loop->now() + seconds(30));  // put off
  fake.net->advance(seconds(29));
  fake.loop->turn(false);
  EXPECT_TRUE(log.empty());
  fake.net->advance(seconds(2));
  fake.loop->turn(false);
  EXPECT_EQ(log.size(), 1u);
  EXPECT_FALSE(fake.loop->has_deadline(member));
  fake.loop->set_deadline(member, fake.loop->now() + seconds(1));
  fake.loop->clear_deadline(member);
  fake.net->advance(seconds(5));
  fake.loop->turn(false);
  EXPECT_EQ(log.size(), 1u);
}

TEST(Mailbox, TasksRunInOrderAndOnlyInATurn) {
  FakeLoop fake;
  std::vector<int> ran;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(fake.loop->post([&, i] { ran.push_back(i); }));
  EXPECT_TRUE(ran.empty());
  fake.loop->turn(false);
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(Mailbox, ManyPostsMakeOneWakeUp) {
  FakeLoop fake;
  for (int i = 0; i < 100; ++i) fake.loop->post([] {});
  EXPECT_EQ(fake.net->wakes(), 1u);
  fake.loop->turn(false);
  fake.loop->post([] {});
  EXPECT_EQ(fake.net->wakes(), 2u);
}

TEST(Mailbox, TaskPostedByATaskRunsInTheNextTurnWithoutAWakeUp) {
  FakeLoop fake;
  int ran = 0;
  fake.loop->post([&] { fake.loop->post([&] { ++ran; }); });
  fake.loop->turn(false);
  EXPECT_EQ(ran, 0);
  EXPECT_TRUE(fake.loop->has_work());
  EXPECT_EQ(fake.net->wakes(), 1u);
  fake.loop->turn(false);
  EXPECT_EQ(ran, 1);
}

TEST(Mailbox, RefusesWhatExceedsItsBoundUntilTasksHaveRun) {
  auto owned = std::make_unique<FakeBackend>();
  auto loop = Loop::create(std::move(owned), {.max_mailbox_bytes = 100});
  Mailbox& mailbox = *loop->mailbox();
  int ran = 0;
  EXPECT_TRUE(mailbox.post([&] { ++ran; }, 60));
  EXPECT_FALSE(mailbox.post([&] { ++ran; }, 41));
  EXPECT_TRUE(mailbox.post([&] { ++ran; }, 40));
  EXPECT_TRUE(mailbox.post([&] { ++ran; }, 0));
  EXPECT_FALSE(mailbox.post([&] { ++ran; }, static_cast<std::size_t>(-1)));
  loop->turn(false);
  EXPECT_EQ(ran, 3);
  EXPECT_TRUE(mailbox.post([&] { ++ran; }, 100));
}

TEST(Mailbox, OutlivesItsLoopAndThenRefuses) {
  std::shared_ptr<Mailbox> mailbox;
  auto witness = std::make_shared<int>(0);
  {
    FakeLoop fake;
    mailbox = fake.loop->mailbox();
    EXPECT_TRUE(mailbox->post([witness, mailbox] { ++*witness; }));  // never run
    EXPECT_FALSE(mailbox->closed());
  }
  EXPECT_TRUE(mailbox->closed());
  EXPECT_FALSE(mailbox->post([witness] { ++*witness; }));
  EXPECT_EQ(*witness, 0);
  EXPECT_EQ(witness.use_count(), 1);  // tasks that were waiting are destroyed
}

TEST(Mailbox, KnowsTheThreadOfItsLoop) {
  FakeLoop fake;
  FakeLoop other;
  EXPECT_FALSE(fake.loop->on_loop_thread());
  bool inside = false, other_inside = true, elsewhere = true, nested = false;
  Loop* told = nullptr;
  fake.loop->post([&] {
    inside = fake.loop->on_loop_thread();
    other_inside = other.loop->on_loop_thread();
    told = fake.loop->mailbox()->loop();
    std::thread([&] { elsewhere = fake.loop->mailbox()->on_loop_thread(); }).join();
    other.loop->turn(false);
    nested = fake.loop->on_loop_thread();
  });
  fake.loop->turn(false);
  EXPECT_TRUE(inside);
  EXPECT_FALSE(other_inside);
  EXPECT_FALSE(elsewhere);
  EXPECT_TRUE(nested);
  EXPECT_EQ(told, fake.loop.get());
}

class KernelLoop : public ::testing::TestWithParam<BackendKind> {
 protected:
  std::unique_ptr<Loop> loop_ = Loop::create({.backend = GetParam()}).value();
};

INSTANTIATE_TEST_SUITE_P(Backends, KernelLoop, ::testing::ValuesIn(test::available_backends()),
                         [](const auto& test) { return std::string(name_of(test.param)); });

TEST_P(KernelLoop, SaysWhichBackendItHas) {
  EXPECT_EQ(loop_->backend_kind(), GetParam());
}

TEST_P(KernelLoop, StopEndsARunThatWaits) {
  std::atomic<bool> in_a_task = false;
  std::thread runner([&] { loop_->run(); });
  loop_->post([&] { in_a_task = true; });
  while (!in_a_task) std::this_thread::yield();
  loop_->stop();
  runner.join();
}

TEST_P(KernelLoop, StopBeforeRunMakesOneTurn) {
  int ran = 0;
  loop_->post([&] { ++ran; });
  loop_->stop();
  loop_->run();
  EXPECT_EQ(ran, 1);
}

TEST_P(KernelLoop, PostsOfManyThreadsAllRunInTheOrderOfEachThread) {
  constexpr int kThreads = 4;
  constexpr int kPosts = 2000;
  std::vector<std::vector<int>> seen(kThreads);
  int ran = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t, mailbox = loop_->mailbox()] {
      for (int i = 0; i < kPosts; ++i) {
        mailbox->post([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          if (++ran == kThreads * kPosts) loop_->stop();
        });
      }
    });
  }
  loop_->run();
  for (std::thread& thread : threads) thread.join();
  for (const auto& numbers : seen) {
    EXPECT_EQ(numbers.size(), static_cast<std::size_t>(kPosts));
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
  }
}

TEST_P(KernelLoop, PostingToALoopThatEndsIsSafe) {
  std::shared_ptr<Mailbox> mailbox = loop_->mailbox();
  std::atomic<bool> started = false;
  std::thread poster([&] {
    while (mailbox->post([&] { started = true; })) std::this_thread::yield();
  });
  while (!started) loop_->turn(true);
  loop_.reset();
  poster.join();
  EXPECT_TRUE(mailbox->closed());
}

TEST_P(KernelLoop, DeadlinesFireInOrderOfTime) {
  std::vector<std::string> log;
  Member a(&log, "a "), b(&log, "b "), c(&log, "c ");
  const TimePoint now = Clock::now();
  loop_->set_deadline(c, now + milliseconds(60));
  loop_->set_deadline(a, now + milliseconds(1));
  loop_->set_deadline(b, now + milliseconds(30));
  while (log.size() < 3) loop_->turn(true);
  EXPECT_EQ(log, (std::vector<std::string>{"a deadline", "b deadline", "c deadline"}));
  EXPECT_GE(Clock::now() - now, milliseconds(60));
}

TEST_P(KernelLoop, IdleLoopSleeps) {
  EXPECT_LE(test::turns_in(*loop_, milliseconds(200)), 10);
}

}  // namespace
}  // namespace hybi::io
