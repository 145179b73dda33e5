// Deadlines of loop members, in ticks of 10 ms: two wheels of 512 slots (5 s and 43 minutes).
//
// Most deadlines are put off again and again and never come. So putting off only stores the new
// time; the member stays in the slot of its old time, is looked at then, and moved. A deadline
// beyond the second wheel waits in its last slot. Knows no clock: loop.cc says what time it is.
#pragma once

#include <hybi/io/loop.h>

#include <array>
#include <optional>

namespace hybi::io {

class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{10};
  static constexpr std::uint32_t kMaxTicks = 120u * 24 * 3600 * 100;  // 120 days, fits 30 bits

  explicit TimerWheel(TimePoint start) : start_(start) {}

  void set(LoopMember& member, TimePoint when);
  void clear(LoopMember& member);
  static bool is_set(const LoopMember& member);

  // Calls on_deadline of every member whose time has come. Members may be set, cleared and
  // destroyed meanwhile; a deadline set to the past now fires in a later call.
  void advance(TimePoint now);

  // When advance() must be called at the latest; nothing if there are no deadlines.
  std::optional<TimePoint> next() const;

 private:
  using List = IntrusiveList<LoopMember, TimerTag>;
  static constexpr std::uint32_t kSlots = 512;
  static constexpr std::uint32_t kSlotBits = 9;

  struct Wheel {
    std::array<List, kSlots> slots;
    std::array<std::uint64_t, kSlots / 64> used{};  // a bit per slot; set also for some empty ones
    void put(std::uint32_t slot, LoopMember& member);
    void take(std::uint32_t slot, List& into);
    // Distance from `from` to the next used slot in 0..511, nothing if none.
    std::optional<std::uint32_t> next_used(std::uint32_t from) const;
  };

  void insert(LoopMember& member);
  std::optional<std::uint32_t> ticks_to_next_visit() const;  // at least 1

  TimePoint start_;          // tick 0
  std::uint64_t ticks_ = 0;  // advanced so far
  Wheel fine_;               // one tick a slot
  Wheel coarse_;             // 512 ticks a slot
};

}  // namespace hybi::io
