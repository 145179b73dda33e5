#include <hybi/cli/demo_visitors.h>

#include <algorithm>

namespace hybi::cli {

void Visitors::came(const WebSocket& ws, const std::string& path) {
  Visitor visitor{.id = ws.id(),
                  .path = path,
                  .version = ws.version(),
                  .extension = std::string(ws.extension()),
                  .since = std::chrono::steady_clock::now()};
  const std::lock_guard lock(mutex_);
  visitors_.push_front(std::move(visitor));
  if (visitors_.size() > kKept) visitors_.pop_back();
}

void Visitors::went(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(visitors_.begin(), visitors_.end(),
                                  [id](const Visitor& visitor) { return visitor.id == id; });
  if (found != visitors_.end()) visitors_.erase(found);
}

std::vector<Visitor> Visitors::newest() const {
  const std::lock_guard lock(mutex_);
  const auto count = static_cast<std::ptrdiff_t>(std::min(visitors_.size(), kListed));
  return {visitors_.begin(), visitors_.begin() + count};
}

}  // namespace hybi::cli
