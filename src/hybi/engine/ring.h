// Ring<T>: a queue in one block of memory, which grows and shrinks by halves. An empty one has
// none: of a million streams most hold little, and a std::deque takes half a kilobyte to hold
// nothing.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace hybi::engine {

// T: default constructed where there is no element.
template <class T>
class Ring {
 public:
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::size_t capacity() const { return slots_.size(); }

  // Requires: i < size(). The oldest is 0.
  const T& operator[](std::size_t i) const { return slots_[place(i)]; }
  // Requires: !empty().
  const T& front() const { return (*this)[0]; }

  void push_back(T value) {
    if (size_ == slots_.size()) resize(size_ == 0 ? 1 : 2 * size_);
    slots_[place(size_++)] = std::move(value);
  }
  // Requires: !empty().
  void pop_front() {
    slots_[first_] = T();
    first_ = place(1);
    --size_;
    if (size_ <= slots_.size() / 4) resize(size_ == 0 ? 0 : slots_.size() / 2);
  }

 private:
  // A capacity is a power of two.
  std::size_t place(std::size_t i) const { return (first_ + i) & (slots_.size() - 1); }

  void resize(std::size_t capacity) {
    std::vector<T> slots(capacity);
    for (std::size_t i = 0; i < size_; ++i) slots[i] = std::move(slots_[place(i)]);
    slots_ = std::move(slots);
    first_ = 0;
  }

  std::vector<T> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace hybi::engine
