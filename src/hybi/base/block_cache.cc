// Free lists of large blocks by size, see block_cache.h.
#include <hybi/base/block_cache.h>

#include <array>
#include <bit>
#include <cstdlib>
#include <new>
#include <vector>

namespace hybi {
namespace {

constexpr int kSmallestClass = 16;  // 64 KiB
constexpr int kClasses = 9;         // up to 16 MiB
constexpr std::size_t kLargestCached = std::size_t{1} << (kSmallestClass + kClasses - 1);
constexpr std::size_t kKeptBytes = 32 * 1024 * 1024;  // of one thread

class Cache {
 public:
  Cache() = default;
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  ~Cache() {
    gone_ = true;
    for (auto& blocks : free_) {
      for (void* block : blocks) std::free(block);
    }
  }

  void* take(std::size_t size) {
    auto& blocks = free_[class_of(size)];
    if (gone_ || blocks.empty()) return nullptr;
    void* const block = blocks.back();
    blocks.pop_back();
    kept_ -= size;
    return block;
  }

  bool give(void* block, std::size_t size) {
    if (gone_ || kept_ + size > kKeptBytes) return false;
    free_[class_of(size)].push_back(block);
    kept_ += size;
    return true;
  }

 private:
  static std::size_t class_of(std::size_t size) {
    return static_cast<std::size_t>(std::countr_zero(size)) - kSmallestClass;
  }

  std::array<std::vector<void*>, kClasses> free_;
  std::size_t kept_ = 0;
  bool gone_ = false;  // buffers may outlive the thread's cache at its end
};

thread_local Cache cache;

}  // namespace

std::size_t block_size(std::size_t bytes) {
  return bytes > kLargestCached ? bytes : std::bit_ceil(bytes);
}

void* take_block(std::size_t size) {
  void* block = size <= kLargestCached ? cache.take(size) : nullptr;
  if (block == nullptr) block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void give_block(void* block, std::size_t size) {
  if (size > kLargestCached || !cache.give(block, size)) std::free(block);
}

}  // namespace hybi
