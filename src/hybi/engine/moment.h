// When something that is kept for a while is gone. Times to live come from users and may be as long
// as their type allows: then it is never.
#pragma once

#include <chrono>

namespace hybi::engine {

using Time = std::chrono::steady_clock::time_point;

constexpr Time kNever = Time::max();

// Gone at this time and afterwards; at once if `ttl` is not positive.
inline Time end_of(std::chrono::milliseconds ttl, Time from) {
  if (ttl.count() <= 0) return from;
  constexpr std::chrono::hours kHundredYears{24 * 365 * 100};
  return ttl < kHundredYears ? from + ttl : kNever;
}

}  // namespace hybi::engine
