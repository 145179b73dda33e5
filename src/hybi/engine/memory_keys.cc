// See memory_keys.h.
#include <hybi/engine/memory_keys.h>

#include <hybi/base/endian.h>
#include <hybi/base/entropy.h>

#include <cstdint>
#include <vector>

namespace hybi::engine {
namespace {

constexpr int kSweep = 4;  // keys that a call lets go beside its own

}  // namespace

KeySalt random_key_salt() {
  KeySalt salt;
  SystemEntropy().fill(salt);
  return salt;
}

Sha1 digest_of_key(const KeySalt& salt, std::string_view channel, std::string_view key) {
  // The length tells where the channel ends.
  std::vector<std::byte> data(salt.size() + sizeof(std::uint64_t) + channel.size() + key.size());
  std::byte* at = data.data();
  const auto put = [&at](Bytes bytes) {
    std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  put(salt);
  store_be<std::uint64_t>(at, channel.size());
  at += sizeof(std::uint64_t);
  put(as_bytes(channel));
  put(as_bytes(key));
  return sha1(data);
}

std::optional<Position> MemoryKeys::find(const Sha1& key, Time now) {
  sweep(now);
  const auto found = keys_.find(key);
  if (found == keys_.end()) return std::nullopt;
  if (end_of(ttl_, found->second.at) > now) return found->second.position;
  remove(found->second);
  return std::nullopt;
}

void MemoryKeys::add(const Sha1& key, Position position, Time now) {
  const auto at = keys_.try_emplace(key).first;
  Used& used = at->second;
  used.key = &at->first;
  used.position = position;
  used.at = now;
  by_age_.push_back(used);
}

Time MemoryKeys::oldest() {
  return by_age_.empty() ? kNever : by_age_.front().at;
}

void MemoryKeys::forget_oldest() {
  if (!by_age_.empty()) remove(by_age_.front());
}

void MemoryKeys::remove(Used& used) {
  keys_.erase(keys_.find(*used.key));
}

void MemoryKeys::sweep(Time now) {
  for (int i = 0; i < kSweep && !by_age_.empty(); ++i) {
    if (end_of(ttl_, by_age_.front().at) > now) return;
    forget_oldest();
  }
}

}  // namespace hybi::engine
