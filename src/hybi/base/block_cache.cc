// Free lists of large blocks by size, see block_cache.h.
#include <hybi/base/block_cache.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

namespace hybi {
namespace {

constexpr int kSmallestClass = 16;  // 64 KiB
constexpr int kClasses = 9;         // up to 16 MiB
constexpr std::size_t kLargestCached = std::size_t{1} << (kSmallestClass + kClasses - 1);

constexpr std::size_t kPage = 4096;
constexpr std::size_t kInPage = kPage / 2;  // where a block begins

void* allocate(std::size_t size) {
  void* memory = nullptr;
  if (size > PTRDIFF_MAX - kPage || ::posix_memalign(&memory, kPage, kInPage + size) != 0) {
    throw std::bad_alloc();
  }
  return static_cast<std::byte*>(memory) + kInPage;
}

void deallocate(void* block) {
  std::free(static_cast<std::byte*>(block) - kInPage);
}

class Cache {
 public:
  Cache() = default;
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;
  ~Cache() {
    gone_ = true;
    for (auto& blocks : free_) {
      for (void* block : blocks) deallocate(block);
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
    if (gone_ || kept_ + size > limit_) return false;
    free_[class_of(size)].push_back(block);
    kept_ += size;
    return true;
  }

  void keep(std::size_t bytes) {
    limit_ = bytes;
    for (std::size_t i = free_.size(); i-- > 0;) {
      while (kept_ > limit_ && !free_[i].empty()) {
        deallocate(free_[i].back());
        free_[i].pop_back();
        kept_ -= std::size_t{1} << (i + kSmallestClass);
      }
    }
  }

 private:
  static std::size_t class_of(std::size_t size) {
    return static_cast<std::size_t>(std::countr_zero(size)) - kSmallestClass;
  }

  std::array<std::vector<void*>, kClasses> free_;
  std::size_t kept_ = 0;
  std::size_t limit_ = kKeptBlockBytes;
  bool gone_ = false;  // buffers may outlive the thread's cache at its end
};

thread_local Cache cache;

}  // namespace

std::size_t block_size(std::size_t bytes) {
  return bytes > kLargestCached ? bytes : std::bit_ceil(bytes);
}

void* take_block(std::size_t size) {
  void* block = size <= kLargestCached ? cache.take(size) : nullptr;
  return block != nullptr ? block : allocate(size);
}

void give_block(void* block, std::size_t size) {
  if (size > kLargestCached || !cache.give(block, size)) deallocate(block);
}

void keep_blocks(std::size_t bytes) {
  cache.keep(bytes);
}

}  // namespace hybi
