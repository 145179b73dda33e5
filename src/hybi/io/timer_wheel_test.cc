// The timer wheel against a twin that keeps every deadline in a map.
#include <hybi/io/timer_wheel.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace hybi::io {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;

const TimePoint kStart{hours(1000)};

class Member final : public LoopMember {
 public:
  std::function<void()> when_due = [] {};
  int fired = 0;

 private:
  void on_deadline() override {
    ++fired;
    when_due();
  }
};

TEST(TimerWheel, MemberOf48Bytes) {
  EXPECT_LE(sizeof(LoopMember), 48u);
}

TEST(TimerWheel, FiresOnceNotBeforeItsTimeAndAtMostATickLate) {
  for (const nanoseconds ahead :
       {nanoseconds(1), nanoseconds(milliseconds(10)), nanoseconds(milliseconds(11)),
        nanoseconds(milliseconds(5109)), nanoseconds(milliseconds(5110)),
        nanoseconds(milliseconds(5120)), nanoseconds(milliseconds(5121)),
        nanoseconds(milliseconds(10239)), nanoseconds(seconds(30)), nanoseconds(minutes(43)),
        nanoseconds(minutes(44)), nanoseconds(hours(5)), nanoseconds(hours(24 * 24))}) {
    TimerWheel wheel(kStart);
    Member member;
    const TimePoint when = kStart + ahead;
    wheel.set(member, when);
    wheel.advance(when - nanoseconds(1));
    EXPECT_EQ(member.fired, 0) << ahead.count();
    wheel.advance(when + TimerWheel::kTick);
    EXPECT_EQ(member.fired, 1) << ahead.count();
    EXPECT_FALSE(TimerWheel::is_set(member));
    wheel.advance(when + hours(24 * 50));
    EXPECT_EQ(member.fired, 1) << ahead.count();
  }
}

TEST(TimerWheel, DeadlineInThePastFiresInTheNextTick) {
  TimerWheel wheel(kStart);
  wheel.advance(kStart + seconds(7));
  Member member;
  wheel.set(member, kStart - seconds(1));
  wheel.advance(kStart + seconds(7));
  EXPECT_EQ(member.fired, 0);
  wheel.advance(kStart + seconds(7) + TimerWheel::kTick);
  EXPECT_EQ(member.fired, 1);
}

TEST(TimerWheel, FarthestDeadlineIsTakenAs120Days) {
  TimerWheel wheel(kStart);
  Member member;
  wheel.set(member, TimePoint::max());
  wheel.advance(kStart + hours(24 * 119));
  EXPECT_EQ(member.fired, 0);
  wheel.advance(kStart + hours(24 * 121));
  EXPECT_EQ(member.fired, 1);
}

TEST(TimerWheel, MemberMaySetItselfAgainInOnDeadline) {
  TimerWheel wheel(kStart);
  Member member;
  TimePoint now = kStart;
  member.when_due = [&] { wheel.set(member, now); };
  wheel.set(member, now);
  for (int i = 0; i < 100; ++i) {
    now += TimerWheel::kTick;
    wheel.advance(now);
    EXPECT_EQ(member.fired, i + 1);
  }
}

TEST(TimerWheel, MemberMayClearOrDestroyOthersOfTheSameTick) {
  TimerWheel wheel(kStart);
  std::vector<std::unique_ptr<Member>> members;
  int fired = 0;
  for (int i = 0; i < 10; ++i) {
    members.push_back(std::make_unique<Member>());
    members.back()->when_due = [&, i] {
      ++fired;
      for (std::size_t j = 0; j < members.size(); ++j) {
        if (static_cast<int>(j) == i || !members[j]) continue;
        if (j % 2 == 0) wheel.clear(*members[j]);
        if (j % 2 == 1) members[j].reset();
      }
    };
    wheel.set(*members.back(), kStart + milliseconds(100));
  }
  wheel.advance(kStart + seconds(1));
  EXPECT_EQ(fired, 1);
}

TEST(TimerWheel, NothingToWaitForWithoutDeadlines) {
  TimerWheel wheel(kStart);
  EXPECT_FALSE(wheel.next().has_value());
  Member member;
  wheel.set(member, kStart + minutes(1));
  ASSERT_TRUE(wheel.next().has_value());
  EXPECT_LE(*wheel.next(), kStart + minutes(1));
  EXPECT_GT(*wheel.next(), kStart);
}

TEST(TimerWheel, WakingOnlyWhenAskedForFiresEverythingInTime) {
  TimerWheel wheel(kStart);
  std::mt19937_64 random(7);
  std::vector<std::unique_ptr<Member>> members;
  std::vector<TimePoint> due;
  TimePoint now = kStart;
  for (std::size_t i = 0; i < 500; ++i) {
    const TimePoint when = kStart + milliseconds(random() % (1000ull << (i % 16)));
    members.push_back(std::make_unique<Member>());
    members.back()->when_due = [&, when] {
      EXPECT_LE(when, now);
      EXPECT_GE(when + TimerWheel::kTick, now);
    };
    wheel.set(*members.back(), when);
  }
  int wakes = 0;
  for (auto next = wheel.next(); next.has_value(); next = wheel.next(), ++wakes) {
    ASSERT_GT(*next, now);
    now = *next;
    wheel.advance(now);
  }
  for (const auto& member : members) EXPECT_EQ(member->fired, 1);
  EXPECT_LT(wakes, 2500);
}

// What the wheel promises, written down in the simplest way.
class NaiveTimers {
 public:
  static std::int64_t tick_up(TimePoint when) {
    const auto since = std::max(when - kStart, Clock::duration::zero());
    return (since.count() + nanoseconds(TimerWheel::kTick).count() - 1) /
           nanoseconds(TimerWheel::kTick).count();
  }
  void set(int member, TimePoint when) { due_[member] = std::max(tick_up(when), now_ + 1); }
  void clear(int member) { due_.erase(member); }
  bool is_set(int member) const { return due_.contains(member); }
  std::vector<int> advance(TimePoint now) {
    now_ = std::max(now_, (now - kStart) / TimerWheel::kTick);
    std::vector<int> fired;
    for (auto [member, due] : due_) {
      if (due <= now_) fired.push_back(member);
    }
    for (int member : fired) due_.erase(member);
    return fired;
  }

 private:
  std::int64_t now_ = 0;
  std::map<int, std::int64_t> due_;
};

TEST(TimerWheel, DoesWhatTheNaiveTwinDoes) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937_64 random(seed);
    TimerWheel wheel(kStart);
    NaiveTimers twin;
    std::vector<int> fired;
    std::vector<std::unique_ptr<Member>> members(40);
    TimePoint now = kStart;
    const auto some_time = [&] { return milliseconds(random() % (10ull << (random() % 24))); };
    for (int step = 0; step < 3000; ++step) {
      const int i = static_cast<int>(random() % members.size());
      auto& member = members[static_cast<std::size_t>(i)];
      if (!member) {
        member = std::make_unique<Member>();
        member->when_due = [&fired, i] { fired.push_back(i); };
      }
      switch (random() % 8) {
        case 0:
          wheel.clear(*member);
          twin.clear(i);
          break;
        case 1:
          member.reset();
          twin.clear(i);
          break;
        case 2:
        case 3: {
          now += random() % 4 == 0 ? some_time() : milliseconds(random() % 200);
          fired.clear();
          wheel.advance(now);
          std::sort(fired.begin(), fired.end());
          ASSERT_EQ(fired, twin.advance(now)) << "seed " << seed << " step " << step;
          break;
        }
        default: {
          const TimePoint when = now + some_time() - milliseconds(random() % 20);
          wheel.set(*member, when);
          twin.set(i, when);
        }
      }
      if (member) {
        ASSERT_EQ(TimerWheel::is_set(*member), twin.is_set(i));
      }
    }
  }
}

}  // namespace
}  // namespace hybi::io
