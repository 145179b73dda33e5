// Large blocks of memory, kept for reuse. Each thread has its own few.
//
// A fresh megabyte costs more in page faults than in copying: the kernel clears what the allocator
// has just given back to it. Used by out_buffer.h for blocks of kCachedBlockBytes and more.
#pragma once

#include <cstddef>

namespace hybi {

inline constexpr std::size_t kCachedBlockBytes = 64 * 1024;

// The size that a block for `bytes` has: the next power of two, or `bytes` itself when it is so
// large that it is not kept. Requires: bytes >= kCachedBlockBytes.
std::size_t block_size(std::size_t bytes);

// A block of block_size(bytes) bytes of unspecified value. Throws std::bad_alloc. Thread: any.
void* take_block(std::size_t size);
// Requires: `size` is what the block was taken with. Thread: any.
void give_block(void* block, std::size_t size);

}  // namespace hybi
