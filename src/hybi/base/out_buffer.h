// Bytes on their way out: a growable buffer that only appends. Never zeroes, never shrinks by
// itself.
//
// Protocols append replies and messages to it; the outbox hands its content to a stream.
#pragma once

#include <hybi/base/block_cache.h>
#include <hybi/bytes.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace hybi {

class OutBuffer {
 public:
  OutBuffer() = default;
  OutBuffer(OutBuffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  OutBuffer& operator=(OutBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  OutBuffer(const OutBuffer&) = delete;
  OutBuffer& operator=(const OutBuffer&) = delete;
  ~OutBuffer() { free_memory(); }

  // Adds `count` bytes of unspecified value at the end.
  // Returns: where they start. Lifetime: until the next call that adds bytes.
  std::byte* grow(std::size_t count) {
    if (capacity_ - size_ < count) reallocate(size_ + count);
    std::byte* const at = data_ + size_;
    size_ += count;
    return at;
  }

  void append(Bytes bytes) {
    if (!bytes.empty()) std::memcpy(grow(bytes.size()), bytes.data(), bytes.size());
  }
  void append(std::string_view text) { append(as_bytes(text)); }

  // Room that is there already: bytes put at its front become part of the buffer with the next
  // grow() of as many. Lifetime: until the next call that adds bytes.
  MutableBytes spare() { return {data_ + size_, capacity_ - size_}; }

  Bytes view() const { return {data_, size_}; }
  MutableBytes mutable_view() { return {data_, size_}; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return size_ == 0; }

  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }  // Requires: size <= size().

  // Gives the memory back.
  void reset() {
    free_memory();
    data_ = nullptr;
    size_ = capacity_ = 0;
  }

  // Makes room for `count` bytes in all.
  void reserve(std::size_t count) {
    if (count > capacity_) reallocate(count);
  }

 private:
  void reallocate(std::size_t needed) {
    std::size_t capacity = capacity_ < 128 ? 256 : capacity_ * 2;
    if (capacity < needed) capacity = needed;
    if (capacity < kCachedBlockBytes) {
      void* const data = std::realloc(data_, capacity);
      if (data == nullptr) throw std::bad_alloc();
      data_ = static_cast<std::byte*>(data);
    } else {
      capacity = block_size(capacity);
      auto* const data = static_cast<std::byte*>(take_block(capacity));
      if (size_ > 0) std::memcpy(data, data_, size_);
      free_memory();
      data_ = data;
    }
    capacity_ = capacity;
  }

  void free_memory() {
    if (capacity_ < kCachedBlockBytes) {
      std::free(data_);
    } else {
      give_block(data_, capacity_);
    }
  }

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace hybi
