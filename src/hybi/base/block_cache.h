// Large blocks of memory, kept for reuse. Each thread has its own few.
//
// A fresh megabyte costs more in page faults than in copying: the kernel clears what the allocator
// has just given back to it. Used by out_buffer.h for blocks of kCachedBlockBytes and more.
#pragma once

#include <cstddef>

namespace hybi {

inline constexpr std::size_t kCachedBlockBytes = 64 * 1024;

// What a thread keeps of blocks that nobody uses, unless it is told otherwise.
inline constexpr std::size_t kKeptBlockBytes = 32 * 1024 * 1024;

// The size that a block for `bytes` has: the next power of two, or `bytes` itself when it is so
// large that it is not kept. Requires: bytes >= kCachedBlockBytes.
std::size_t block_size(std::size_t bytes);

// A block of block_size(bytes) bytes of unspecified value. Throws std::bad_alloc. Thread: any.
//
// It begins in the middle of a page. Some processors (AMD's) copy 20 times slower than they can
// when the target begins 1 to 31 bytes further in its page than the source; the kernel's network
// buffers mostly begin with a page, malloc's large blocks 16 bytes after that, and a frame's header
// shifts one against the other. From the middle no header reaches that far.
void* take_block(std::size_t size);
// Requires: `size` is what the block was taken with. Thread: any.
void give_block(void* block, std::size_t size);

// From now on this thread keeps at most `bytes`; gives the rest back to the system.
void keep_blocks(std::size_t bytes);

}  // namespace hybi
