// The idempotency keys of one part of the memory engine: which publications were made already.
//
// A key is remembered as a salted digest, so that long ones cost no more than short ones and nobody
// can choose keys that collide in the table. All live equally long: the oldest is the first to go.
// Times only grow from call to call. Thread: one at a time, but digest_of; see memory_engine.h.
#pragma once

#include <hybi/base/digest.h>
#include <hybi/base/intrusive_list.h>
#include <hybi/engine.h>
#include <hybi/engine/moment.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace hybi::engine {

using KeySalt = std::array<std::byte, 16>;
KeySalt random_key_salt();

// Thread: any.
Sha1 digest_of_key(const KeySalt& salt, std::string_view channel, std::string_view key);

class MemoryKeys {
 public:
  explicit MemoryKeys(std::chrono::milliseconds ttl) : ttl_(ttl) {}

  // Where the publication with this key is; nothing if there was none.
  std::optional<Position> find(const Sha1& key, Time now);
  // Requires: find has found nothing.
  void add(const Sha1& key, Position position, Time now);

  Time oldest();  // when it was added
  void forget_oldest();

  std::size_t size() const { return keys_.size(); }  // also some that have expired

 private:
  struct ByAge;
  struct Used : ListHook<ByAge> {
    const Sha1* key = nullptr;  // the key of the map
    Position position = {};
    Time at = {};
  };
  struct Hash {
    std::size_t operator()(const Sha1& key) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, key.data(), sizeof hash);
      return hash;
    }
  };

  void remove(Used& used);
  void sweep(Time now);

  const std::chrono::milliseconds ttl_;
  std::unordered_map<Sha1, Used, Hash> keys_;
  IntrusiveList<Used, ByAge> by_age_;  // the latest last
};

}  // namespace hybi::engine
