// Slab: objects that never move, found by slot and generation. What handles are made of.
//
// Memory is taken in chunks and reused, never given back before the end; a slot's generation grows
// with each use, so that an old reference finds nothing. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace hybi {

template <class T>
class Slab {
 public:
  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for_each([this](T& object) { destroy(object.slot()); });
  }

  // Constructs T(slot, generation, args...). T has slot() and generation(). Lifetime: until
  // destroy.
  template <class... Args>
  T& create(Args&&... args) {
    if (free_ == kNone) add_chunk();
    const std::uint32_t slot = free_;
    Entry& entry = at(slot);
    free_ = entry.next_free;
    entry.live = true;
    ++size_;
    return *::new (static_cast<void*>(entry.memory))
        T(slot, entry.generation, std::forward<Args>(args)...);
  }

  // Requires: the slot is in use.
  void destroy(std::uint32_t slot) {
    Entry& entry = at(slot);
    entry.live = false;
    entry.object()->~T();
    ++entry.generation;
    entry.next_free = free_;
    free_ = slot;
    --size_;
  }

  // Returns: null if that object is gone.
  T* find(std::uint32_t slot, std::uint32_t generation) {
    if (slot >= chunks_.size() * kChunk) return nullptr;
    Entry& entry = at(slot);
    return entry.live && entry.generation == generation ? entry.object() : nullptr;
  }

  // Calls `fn` for each object; it may destroy the one it was given, and create others.
  template <class F>
  void for_each(F&& fn) {
    for (std::size_t chunk = 0; chunk < chunks_.size(); ++chunk) {
      for (std::size_t i = 0; i < kChunk; ++i) {
        Entry& entry = chunks_[chunk][i];
        if (entry.live) fn(*entry.object());
      }
    }
  }

  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t kChunk = 64;
  static constexpr std::uint32_t kNone = 0x7fffffff;  // fits next_free

  struct Entry {
    alignas(T) std::byte memory[sizeof(T)];
    std::uint32_t generation = 1;
    std::uint32_t next_free : 31 = 0;
    std::uint32_t live : 1 = 0;

    T* object() { return std::launder(reinterpret_cast<T*>(memory)); }
  };

  Entry& at(std::uint32_t slot) { return chunks_[slot / kChunk][slot % kChunk]; }

  void add_chunk() {
    const auto first = static_cast<std::uint32_t>(chunks_.size() * kChunk);
    chunks_.push_back(std::unique_ptr<Entry[]>(new Entry[kChunk]));
    for (std::uint32_t i = 0; i < kChunk; ++i) {
      chunks_.back()[i].next_free = i + 1 < kChunk ? first + i + 1 : kNone;
    }
    free_ = first;
  }

  std::vector<std::unique_ptr<Entry[]>> chunks_;
  std::uint32_t free_ = kNone;
  std::size_t size_ = 0;
};

}  // namespace hybi
