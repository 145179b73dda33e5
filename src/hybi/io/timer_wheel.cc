// See timer_wheel.h.
#include <hybi/io/timer_wheel.h>

#include <algorithm>
#include <bit>

namespace hybi::io {
namespace {

constexpr std::uint32_t kVisitMask = (1u << 30) - 1;

std::uint32_t low(std::uint64_t ticks) {
  return static_cast<std::uint32_t>(ticks);
}

}  // namespace

void TimerWheel::Wheel::put(std::uint32_t slot, LoopMember& member) {
  slots[slot].push_back(member);
  used[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

void TimerWheel::Wheel::take(std::uint32_t slot, List& into) {
  into.take(slots[slot]);
  used[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
}

std::optional<std::uint32_t> TimerWheel::Wheel::next_used(std::uint32_t from) const {
  const std::uint32_t words = kSlots / 64;
  const std::uint32_t first = from / 64;
  const std::uint64_t below = (std::uint64_t{1} << (from % 64)) - 1;
  for (std::uint32_t i = 0; i <= words; ++i) {
    const std::uint32_t word = (first + i) % words;
    std::uint64_t bits = used[word];
    if (i == 0) bits &= ~below;
    if (i == words) bits &= below;
    if (bits == 0) continue;
    const std::uint32_t slot = word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits));
    return (slot - from) % kSlots;
  }
  return std::nullopt;
}

void TimerWheel::set(LoopMember& member, TimePoint when) {
  // Rounded up, so that nothing fires early.
  const auto since_start = std::max(when - start_, Clock::duration::zero());
  const auto tick = static_cast<std::uint64_t>((since_start + kTick - Clock::duration(1)) / kTick);
  const std::uint64_t ahead =
      std::clamp<std::uint64_t>(tick > ticks_ ? tick - ticks_ : 0, 1, kMaxTicks);
  member.timer_due_ = low(ticks_ + ahead);
  if (is_set(member)) {
    const std::uint32_t visit_ahead = (member.timer_visit_ - low(ticks_)) & kVisitMask;
    if (visit_ahead <= ahead) return;  // looked at before it is due: nothing to move
    static_cast<ListHook<TimerTag>&>(member).unlink();
  }
  insert(member);
}

void TimerWheel::clear(LoopMember& member) {
  static_cast<ListHook<TimerTag>&>(member).unlink();
}

bool TimerWheel::is_set(const LoopMember& member) {
  return static_cast<const ListHook<TimerTag>&>(member).is_linked();
}

void TimerWheel::insert(LoopMember& member) {
  const std::uint32_t ahead = member.timer_due_ - low(ticks_);
  if (ahead < kSlots) {
    member.timer_visit_ = member.timer_due_ & kVisitMask;
    fine_.put(member.timer_due_ % kSlots, member);
    return;
  }
  const std::uint64_t now = ticks_ >> kSlotBits;
  const std::uint64_t due = (ticks_ + ahead) >> kSlotBits;
  const std::uint64_t at = std::min(due, now + kSlots - 1);
  member.timer_visit_ = low(at << kSlotBits) & kVisitMask;
  coarse_.put(static_cast<std::uint32_t>(at % kSlots), member);
}

std::optional<std::uint32_t> TimerWheel::ticks_to_next_visit() const {
  std::optional<std::uint32_t> least;
  if (auto fine = fine_.next_used(static_cast<std::uint32_t>((ticks_ + 1) % kSlots)))
    least = *fine + 1;
  const std::uint64_t next_turn = (ticks_ >> kSlotBits) + 1;
  if (auto coarse = coarse_.next_used(static_cast<std::uint32_t>(next_turn % kSlots))) {
    const auto ahead = static_cast<std::uint32_t>(((next_turn + *coarse) << kSlotBits) - ticks_);
    if (!least || ahead < *least) least = ahead;
  }
  return least;
}

std::optional<TimePoint> TimerWheel::next() const {
  const auto ahead = ticks_to_next_visit();
  if (!ahead) return std::nullopt;
  return start_ + kTick * static_cast<std::int64_t>(ticks_ + *ahead);
}

void TimerWheel::advance(TimePoint now) {
  if (now < start_) return;
  const auto target = static_cast<std::uint64_t>((now - start_) / kTick);
  List visited;
  while (ticks_ < target) {
    const auto ahead = ticks_to_next_visit();
    if (!ahead || *ahead > target - ticks_) {
      ticks_ = target;
      return;
    }
    ticks_ += *ahead;
    if (ticks_ % kSlots == 0) {
      coarse_.take(static_cast<std::uint32_t>((ticks_ >> kSlotBits) % kSlots), visited);
      while (!visited.empty()) insert(visited.pop_front());
    }
    fine_.take(static_cast<std::uint32_t>(ticks_ % kSlots), visited);
    while (!visited.empty()) {
      LoopMember& member = visited.pop_front();
      if (member.timer_due_ == low(ticks_)) {
        member.on_deadline();
      } else {
        insert(member);  // put off since it was put here
      }
    }
  }
}

}  // namespace hybi::io
