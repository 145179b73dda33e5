#include <hybi/cli/chat_names.h>

namespace hybi::cli {

std::string Names::take(const std::string& wish, const std::string& secret, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  forget_old(now);
  const Person person{secret, wish};
  if (const auto known = names_.find(person); known != names_.end()) {
    ++owners_.at(known->second).connections;
    return known->second;
  }
  std::string name = wish;
  for (unsigned number = 2; owners_.contains(name); ++number) {
    if (number > kSameName) return {};
    name = wish + " " + std::to_string(number);
  }
  owners_.emplace(name, Owner{.person = person, .connections = 1});
  names_.emplace(person, name);
  return name;
}

void Names::give_back(const std::string& name, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const auto found = owners_.find(name);
  if (found != owners_.end() && --found->second.connections == 0) {
    found->second.left = now;
    left_.emplace_back(name, now);
  }
  forget_old(now);
}

void Names::forget_old(Clock::time_point now) {
  while (!left_.empty() && (left_.size() > kMaxKept || left_.front().second + kKept <= now)) {
    const auto [name, at] = std::move(left_.front());
    left_.pop_front();
    const auto found = owners_.find(name);
    if (found == owners_.end()) continue;
    // Who has come back since, and perhaps gone again, has a later entry.
    if (found->second.connections != 0 || found->second.left != at) continue;
    names_.erase(found->second.person);
    owners_.erase(found);
  }
}

}  // namespace hybi::cli
