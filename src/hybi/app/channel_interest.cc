// See channel_interest.h.
#include <hybi/app/channel_interest.h>

namespace hybi {
namespace {

constexpr unsigned kShared = 63;

template <class Count>
void enter(Count& count, unsigned loop) {
  count.loops |= mask_of(loop);
  if (loop >= kShared) ++count.beyond;
}

template <class Count>
void leave(Count& count, unsigned loop) {
  if (loop >= kShared && --count.beyond != 0) return;
  count.loops &= ~mask_of(loop);
}

}  // namespace

void ChannelInterest::add(engine::NameRef name, unsigned loop) {
  Part& here = part(name);
  const std::lock_guard lock(here.mutex);
  Count& count = here.names.try_emplace(engine::Name(name)).first->second;
  const bool first = count.loops == 0;
  enter(count, loop);
  if (first && engine_) engine_->subscribe(name.text);
}

void ChannelInterest::remove(engine::NameRef name, unsigned loop) {
  Part& here = part(name);
  const std::lock_guard lock(here.mutex);
  const auto found = here.names.find(name);
  leave(found->second, loop);
  if (found->second.loops != 0) return;
  here.names.erase(found);
  if (engine_) engine_->unsubscribe(name.text);
}

void ChannelInterest::add_patterns(unsigned loop) {
  const std::lock_guard lock(patterns_mutex_);
  enter(patterns_, loop);
  pattern_loops_.store(patterns_.loops, std::memory_order_release);
}

void ChannelInterest::remove_patterns(unsigned loop) {
  const std::lock_guard lock(patterns_mutex_);
  leave(patterns_, loop);
  pattern_loops_.store(patterns_.loops, std::memory_order_release);
}

LoopMask ChannelInterest::loops(engine::NameRef name) const {
  const LoopMask patterns = pattern_loops_.load(std::memory_order_acquire);
  const Part& here = part(name);
  const std::lock_guard lock(here.mutex);
  const auto found = here.names.find(name);
  return found != here.names.end() ? found->second.loops | patterns : patterns;
}

}  // namespace hybi
