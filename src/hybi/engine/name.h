// Names of channels as keys of hash tables, hashed once for a call: the hash chooses the part and
// the place in it. SipHash-1-3 under a secret, because clients choose the names and might choose
// them to collide.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hybi::engine {

struct HashSecret {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};
HashSecret random_hash_secret();

// Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2.
std::uint64_t siphash_1_3(HashSecret secret, std::string_view text);
std::uint64_t siphash_2_4(HashSecret secret, std::string_view text);

// Lifetime: of the text.
struct NameRef {
  std::string_view text;
  std::uint64_t hash = 0;
};

struct Name {
  std::string text;
  std::uint64_t hash = 0;

  explicit Name(NameRef name) : text(name.text), hash(name.hash) {}
  operator NameRef() const { return {text, hash}; }
};

inline bool operator==(NameRef a, NameRef b) {
  return a.hash == b.hash && a.text == b.text;
}

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(NameRef name) const noexcept { return name.hash; }
};
struct NameEqual {
  using is_transparent = void;
  bool operator()(NameRef a, NameRef b) const noexcept { return a == b; }
};

template <class T>
using ByName = std::unordered_map<Name, T, NameHash, NameEqual>;

}  // namespace hybi::engine
