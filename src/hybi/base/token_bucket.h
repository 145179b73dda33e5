// Token buckets that nobody has to refill: a bucket is one number, the time at which it will be
// full again (the generic cell rate algorithm of ITU-T I.371).
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace hybi {

// How fast tokens come back, and how many there can be.
class TokenRate {
 public:
  using Duration = std::chrono::nanoseconds;

  // `count` tokens come back in each `interval`, evenly; a bucket holds `burst` of them, 0 meaning
  // `count`. Taken within what can be counted: intervals of 1 ms to a day, and no bucket that
  // takes more than a hundred days to fill. Requires: count > 0.
  TokenRate(std::chrono::milliseconds interval, std::size_t count, std::size_t burst = 0)
      // Compared in milliseconds: as nanoseconds the longest ones do not fit.
      : interval_(std::clamp(interval, std::chrono::milliseconds(1),
                             std::chrono::milliseconds(std::chrono::hours(24)))),
        count_(count),
        whole_(time_of(burst == 0 ? count : burst)) {}

  Duration whole() const { return whole_; }  // in which an empty bucket fills
  Duration interval() const { return interval_; }

  // In which so many come back.
  Duration time_of(std::size_t tokens) const {
    const double time = static_cast<double>(interval_.count()) * static_cast<double>(tokens) /
                        static_cast<double>(count_);
    return Duration(static_cast<std::int64_t>(std::min(time, kLongest)));
  }
  // That come back in such a time.
  std::size_t tokens_in(Duration time) const {
    return static_cast<std::size_t>(static_cast<double>(time.count()) *
                                    static_cast<double>(count_) /
                                    static_cast<double>(interval_.count()));
  }

 private:
  static constexpr double kLongest =
      static_cast<double>(Duration(std::chrono::hours(24 * 100)).count());

  Duration interval_;
  std::size_t count_;
  Duration whole_;
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = TokenRate::Duration;

  // Until so many are there, if nobody takes any. More than the bucket holds never are: then until
  // they would be.
  Duration wait_for(const TokenRate& rate, Time now, std::size_t tokens) const {
    return std::max(until_full(now) + rate.time_of(tokens) - rate.whole(), Duration(0));
  }
  // Also those that are not there: then it owes them.
  void take(const TokenRate& rate, Time now, std::size_t tokens) {
    full_at_ = std::max(full_at_, now) + rate.time_of(tokens);
  }
  Duration until_full(Time now) const { return std::max(Duration(full_at_ - now), Duration(0)); }

 private:
  Time full_at_{};
};

}  // namespace hybi
