// What is to be looked at again at some time, the earliest first. Moving an element allocates
// nothing.
//
// The time of an element may be earlier than what will happen to it: who finds it due too early
// gives it a later one. So nothing has to be moved as long as the time only grows.
#pragma once

#include <hybi/engine/moment.h>

#include <map>
#include <utility>

namespace hybi::engine {

template <class T>
class DueQueue {
  using Queue = std::multimap<Time, T*>;

 public:
  using Place = typename Queue::iterator;

  Place add(T& element, Time time) { return queue_.emplace(time, &element); }
  void remove(Place place) { queue_.erase(place); }
  void move(Place& place, Time time) {
    if (place->first == time) return;
    auto node = queue_.extract(place);
    node.key() = time;
    place = queue_.insert(std::move(node));
  }

  // Returns: null if nothing is due.
  T* first_due(Time now) const {
    const auto first = queue_.begin();
    return first != queue_.end() && first->first <= now ? first->second : nullptr;
  }

 private:
  Queue queue_;
};

}  // namespace hybi::engine
