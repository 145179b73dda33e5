// Which options the channels of a name have: of the patterns that match the one declared first.
// Written before the server starts, then read by all loops.
#pragma once

#include <hybi/app/pattern_tree.h>
#include <hybi/channel.h>

#include <deque>
#include <string_view>

namespace hybi {

class ChannelRules {
 public:
  // Fails: BadChannel; BadLimit.
  Result<void> add(std::string_view pattern, ChannelOptions options);
  bool empty() const { return options_.empty(); }
  // Null: none was declared for it. Lifetime: as long as the rules.
  const ChannelOptions* find(std::string_view name) const;

 private:
  std::deque<ChannelOptions> options_;
  mutable PatternTree<std::size_t> index_;  // reading does not change it
};

}  // namespace hybi
