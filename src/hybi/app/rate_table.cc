// See rate_table.h.
#include <hybi/app/rate_table.h>

#include <algorithm>
#include <functional>

namespace hybi {

RateTable::RateTable(Duration token_time, std::size_t burst, std::size_t max_keys)
    : token_time_(token_time),
      burst_(burst),
      max_in_part_(std::max<std::size_t>(max_keys / kParts, 1)) {}

RateTable::Verdict RateTable::take(std::string_view key, Time now) {
  Part& part = parts_[std::hash<std::string_view>()(key) % kParts];
  const std::lock_guard lock(part.mutex);
  auto found = part.buckets.find(key);
  if (found == part.buckets.end()) {
    if (part.buckets.size() >= max_in_part_) {
      const std::string* const oldest = part.seen.back();
      part.seen.pop_back();
      part.buckets.erase(part.buckets.find(*oldest));
    }
    found = part.buckets.emplace(std::string(key), Bucket{now, {}}).first;
    part.seen.push_front(&found->first);
    found->second.seen = part.seen.begin();
  } else {
    part.seen.splice(part.seen.begin(), part.seen, found->second.seen);
  }
  Bucket& bucket = found->second;
  const Duration whole = token_time_ * static_cast<std::int64_t>(burst_);
  const Duration missing = std::max(Duration(bucket.full_at - now), Duration(0));
  Verdict verdict;
  verdict.allowed = missing + token_time_ <= whole;
  const Duration after = verdict.allowed ? missing + token_time_ : missing;
  bucket.full_at = now + after;
  verdict.left = static_cast<std::size_t>((whole - after) / token_time_);
  verdict.until_full = after;
  if (!verdict.allowed) verdict.wait = missing + token_time_ - whole;
  return verdict;
}

std::size_t RateTable::size() const {
  std::size_t size = 0;
  for (const Part& part : parts_) {
    const std::lock_guard lock(part.mutex);
    size += part.buckets.size();
  }
  return size;
}

}  // namespace hybi
