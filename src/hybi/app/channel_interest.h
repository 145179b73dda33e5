// Which loops of a node have subscribers of a name, so that a publication goes to nobody else; and
// the engine is told when the first one of the node comes and the last one goes. Thread: any.
#pragma once

#include <hybi/engine.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace hybi {

// A bit for each loop. Loops above 63 share the last bit.
using LoopMask = std::uint64_t;
inline LoopMask mask_of(unsigned loop) {
  return LoopMask{1} << (loop < 63 ? loop : 63);
}

class ChannelInterest {
 public:
  // Before anything else. Null: nobody is told.
  void set_engine(std::shared_ptr<Engine> engine) { engine_ = std::move(engine); }

  // A loop has its first subscriber of that name, or no more.
  void add(std::string_view name, unsigned loop);
  void remove(std::string_view name, unsigned loop);
  // The same of patterns: its first one, whatever it is, or none any more.
  void add_pattern(unsigned loop);
  void remove_pattern(unsigned loop);

  LoopMask loops(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  struct Count {
    LoopMask loops = 0;
    unsigned beyond = 0;  // loops of the shared bit
  };
  static constexpr std::size_t kParts = 16;
  struct Part {
    mutable std::mutex mutex;
    std::unordered_map<std::string, Count, Hash, std::equal_to<>> names;
  };

  Part& part(std::string_view name) { return parts_[Hash()(name) % kParts]; }
  const Part& part(std::string_view name) const { return parts_[Hash()(name) % kParts]; }

  std::shared_ptr<Engine> engine_;
  std::array<Part, kParts> parts_;
  std::mutex patterns_mutex_;
  Count patterns_;
  std::atomic<LoopMask> pattern_loops_{0};
};

}  // namespace hybi
