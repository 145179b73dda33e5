// Recycled<T>: memory of short-lived objects is used again by the next one of the same type.
//
// For objects that come and go between longer-lived ones of other sizes (an HTTP session before its
// WebSocket): without it each of them leaves a hole in the heap that the next one does not fit in.
// Use as a base: class HttpSession : public Recycled<HttpSession>. Each thread keeps its own few.
#pragma once

#include <cstddef>
#include <new>

namespace hybi {

template <class T, std::size_t kKept = 256>
class Recycled {
 public:
  static void* operator new(std::size_t size) {
    Free& free = free_list();
    if (size != sizeof(T) || free.count == 0) return ::operator new(size);
    return free.blocks[--free.count];
  }
  static void operator delete(void* block, std::size_t size) {
    Free& free = free_list();
    if (size != sizeof(T) || free.count == kKept || free.gone) {
      ::operator delete(block);
    } else {
      free.blocks[free.count++] = block;
    }
  }

 protected:
  ~Recycled() = default;

 private:
  struct Free {
    std::size_t count = 0;
    bool gone = false;
    void* blocks[kKept];

    ~Free() {
      gone = true;
      while (count > 0) ::operator delete(blocks[--count]);
    }
  };
  static Free& free_list() {
    static thread_local Free free;
    return free;
  }
};

}  // namespace hybi
