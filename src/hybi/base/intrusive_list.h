// A doubly linked list whose links live inside the elements: no allocation, O(1) leaving.
//
// An element derives from ListHook<Tag>, once per list it can be in at the same time. It leaves its
// list when it is destroyed. A list that is destroyed lets its elements go; it owns none of them.
#pragma once

namespace hybi {

template <class Tag>
class ListHook {
 public:
  ListHook(const ListHook&) = delete;
  ListHook& operator=(const ListHook&) = delete;

  bool is_linked() const { return next_ != nullptr; }
  void unlink() {
    if (next_ == nullptr) return;
    prev_->next_ = next_;
    next_->prev_ = prev_;
    prev_ = next_ = nullptr;
  }

 protected:
  ListHook() = default;
  ~ListHook() { unlink(); }

 private:
  template <class T, class U>
  friend class IntrusiveList;
  ListHook* prev_ = nullptr;
  ListHook* next_ = nullptr;
};

template <class T, class Tag>
class IntrusiveList {
  using Hook = ListHook<Tag>;
  struct End : Hook {};

 public:
  IntrusiveList() { reset(); }
  ~IntrusiveList() {
    while (!empty()) end_.next_->unlink();
    end_.prev_ = end_.next_ = nullptr;
  }

  bool empty() const { return end_.next_ == &end_; }

  // Requires: `element` is in no list of this Tag.
  void push_back(T& element) {
    Hook& hook = element;
    hook.prev_ = end_.prev_;
    hook.next_ = &end_;
    end_.prev_->next_ = &hook;
    end_.prev_ = &hook;
  }

  // Requires: !empty().
  T& front() { return static_cast<T&>(*end_.next_); }
  T& pop_front() {
    T& element = front();
    static_cast<Hook&>(element).unlink();
    return element;
  }

  // Moves all elements of `other` to the end of this list.
  void take(IntrusiveList& other) {
    if (other.empty()) return;
    Hook* first = other.end_.next_;
    Hook* last = other.end_.prev_;
    first->prev_ = end_.prev_;
    end_.prev_->next_ = first;
    last->next_ = &end_;
    end_.prev_ = last;
    other.reset();
  }

 private:
  void reset() { end_.prev_ = end_.next_ = &end_; }

  End end_;
};

}  // namespace hybi
