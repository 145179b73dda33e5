// Values by patterns of channels, found by the name they match. One node a level, so finding costs
// the levels of the name and the patterns that share its beginning, not the number of patterns.
#pragma once

#include <hybi/app/channel_levels.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hybi {

template <class T>
class PatternTree {
 public:
  // Requires: is_channel_pattern. Returns: the value of that pattern, made if there is none.
  T& at(std::string_view pattern) {
    Node* node = &root_;
    for (Levels levels(pattern); !levels.done();) {
      const std::string_view level = levels.next();
      auto found = node->below.find(level);
      if (found == node->below.end()) {
        found = node->below.emplace(std::string(level), std::make_unique<Node>()).first;
      }
      node = found->second.get();
    }
    if (!node->value) {
      node->value.emplace();
      ++size_;
    }
    return *node->value;
  }

  T* find(std::string_view pattern) {
    Node* node = &root_;
    for (Levels levels(pattern); !levels.done();) {
      const auto found = node->below.find(levels.next());
      if (found == node->below.end()) return nullptr;
      node = found->second.get();
    }
    return node->value ? &*node->value : nullptr;
  }

  void erase(std::string_view pattern) {
    if (erase_below(root_, Levels(pattern))) --size_;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  // Calls fn(T&) for every pattern that matches. Requires: is_channel_name; nothing is added or
  // erased meanwhile.
  template <class F>
  void for_each_match(std::string_view name, F&& fn) {
    if (!empty()) visit(root_, Levels(name), fn);
  }

 private:
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> below;
    std::optional<T> value;
  };

  template <class F>
  static void visit(Node& node, Levels rest, F& fn) {
    if (const auto all = node.below.find(kAllLevels); all != node.below.end()) {
      if (all->second->value) fn(*all->second->value);
    }
    const std::string_view level = rest.next();
    for (const std::string_view way : {level, kAnyLevel}) {
      const auto found = node.below.find(way);
      if (found == node.below.end()) continue;
      if (!rest.done()) {
        visit(*found->second, rest, fn);
      } else if (found->second->value) {
        fn(*found->second->value);
      }
    }
  }

  // Returns: whether there was a value.
  static bool erase_below(Node& node, Levels rest) {
    const auto found = node.below.find(rest.next());
    if (found == node.below.end()) return false;
    Node& next = *found->second;
    bool erased = false;
    if (!rest.done()) {
      erased = erase_below(next, rest);
    } else {
      erased = next.value.has_value();
      next.value.reset();
    }
    if (next.below.empty() && !next.value) node.below.erase(found);
    return erased;
  }

  Node root_;
  std::size_t size_ = 0;
};

}  // namespace hybi
