// The levels of a channel's name or pattern, one after the other.
#pragma once

#include <string_view>

namespace hybi {

inline constexpr std::string_view kAnyLevel = "*";
inline constexpr std::string_view kAllLevels = "**";

class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  bool done() const { return done_; }
  // Requires: !done().
  std::string_view next() {
    const std::size_t slash = rest_.find('/');
    const std::string_view level = rest_.substr(0, slash);
    done_ = slash == std::string_view::npos;
    if (!done_) rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace hybi
