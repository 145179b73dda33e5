// Token buckets by key, for rate_limit: bounded, shared by all loops.
//
// A bucket is one number, the time at which it will be full again (the generic cell rate algorithm
// of ITU-T I.371), so that nothing has to be refilled. In parts with a lock each; a part forgets
// who was not seen longest. Ordered trees, not hashes: keys come from clients, who might choose
// them to collide.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace hybi {

class RateTable {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::nanoseconds;

  struct Verdict {
    bool allowed = false;
    std::size_t left = 0;  // tokens
    Duration wait{};       // not allowed: until there is one
    Duration until_full{};
  };

  // A token comes back after each `token_time`; a bucket has `burst` of them.
  // Requires: both more than 0.
  RateTable(Duration token_time, std::size_t burst, std::size_t max_keys);

  Verdict take(std::string_view key, Time now);  // Thread: any
  std::size_t size() const;                      // keys. Thread: any

 private:
  static constexpr std::size_t kParts = 16;

  struct Bucket {
    Time full_at;
    std::list<const std::string*>::iterator seen;
  };
  struct Part {
    mutable std::mutex mutex;
    std::map<std::string, Bucket, std::less<>> buckets;
    std::list<const std::string*> seen;  // the latest first
  };

  const Duration token_time_;
  const std::size_t burst_;
  const std::size_t max_in_part_;
  std::array<Part, kParts> parts_;
};

}  // namespace hybi
