// See channel_rules.h.
#include <hybi/app/channel_rules.h>

#include <algorithm>
#include <limits>

namespace hybi {
namespace {

constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();

bool is_sound(const ChannelOptions& options) {
  using std::chrono::milliseconds;
  if (options.history.size != 0 && options.history.ttl <= milliseconds(0)) return false;
  if (options.leave_delay < milliseconds(0)) return false;
  if (!options.slow) return true;
  // What supersedes keeps the place of what it supersedes: no order of offsets.
  if (options.slow->policy == SlowPolicy::KeepLatest && options.history.any()) return false;
  return options.slow->max_messages != 0 && options.slow->max_bytes != 0 &&
         options.slow->max_age > milliseconds(0);
}

}  // namespace

Result<void> ChannelRules::add(std::string_view pattern, ChannelOptions options) {
  if (!is_channel_pattern(pattern)) return Errc::BadChannel;
  if (!is_sound(options)) return Errc::BadLimit;
  if (index_.find(pattern) != nullptr) return {};  // the first one counts
  index_.at(pattern) = options_.size();
  options_.push_back(std::move(options));
  return {};
}

const ChannelOptions* ChannelRules::find(std::string_view name) const {
  if (empty() || !is_channel_name(name)) return nullptr;
  std::size_t first = kNowhere;
  index_.for_each_match(name, [&](const std::size_t& at) { first = std::min(first, at); });
  return first != kNowhere ? &options_[first] : nullptr;
}

}  // namespace hybi
