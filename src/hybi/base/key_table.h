// A bounded table by key that all loops share. In parts with a lock each; a part that is full
// forgets who was not seen longest. Ordered trees, not hashes: keys come from clients, who might
// choose them to collide.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace hybi {

template <class Value>
class KeyTable {
 public:
  // Requires: max_keys > 0.
  explicit KeyTable(std::size_t max_keys)
      : parts_used_(std::min(max_keys, kParts)), max_in_part_(max_keys / parts_used_) {}

  // Calls `use` with the key's value, a new one if there is none. Returns: what it returns. `use`
  // runs under a lock. Thread: any.
  template <class F>
  auto with(std::string_view key, F use) {
    Part& part = parts_[std::hash<std::string_view>()(key) % parts_used_];
    const std::lock_guard lock(part.mutex);
    auto found = part.entries.find(key);
    if (found == part.entries.end()) {
      if (part.entries.size() >= max_in_part_) {
        const std::string* const oldest = part.seen.back();
        part.seen.pop_back();
        part.entries.erase(part.entries.find(*oldest));
      }
      found = part.entries.emplace(std::string(key), Entry{}).first;
      part.seen.push_front(&found->first);
      found->second.seen = part.seen.begin();
    } else {
      part.seen.splice(part.seen.begin(), part.seen, found->second.seen);
    }
    return use(found->second.value);
  }

  std::size_t size() const {  // keys. Thread: any
    std::size_t size = 0;
    for (const Part& part : parts_) {
      const std::lock_guard lock(part.mutex);
      size += part.entries.size();
    }
    return size;
  }

 private:
  static constexpr std::size_t kParts = 16;

  struct Entry {
    Value value{};
    std::list<const std::string*>::iterator seen{};
  };
  struct Part {
    mutable std::mutex mutex;
    std::map<std::string, Entry, std::less<>> entries;
    std::list<const std::string*> seen;  // the latest first
  };

  const std::size_t parts_used_;
  const std::size_t max_in_part_;
  std::array<Part, kParts> parts_;
};

}  // namespace hybi
