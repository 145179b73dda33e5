// Which loops of a node have subscribers of a name or pattern, so that a publication goes to nobody
// else; and the engine is told when the first one of the node comes and the last one goes.
// Thread: any.
#pragma once

#include <hybi/engine.h>
#include <hybi/engine/name.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

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

  // As the functions below take names. Lifetime: of the text.
  engine::NameRef ref(std::string_view name) const {
    return {name, engine::siphash_1_3(secret_, name)};
  }

  // A loop has its first subscriber of that name or pattern, or no more.
  void add(engine::NameRef name, unsigned loop);
  void remove(engine::NameRef name, unsigned loop);
  // It has patterns, whichever, or none any more.
  void add_patterns(unsigned loop);
  void remove_patterns(unsigned loop);

  LoopMask loops(engine::NameRef name) const;

 private:
  struct Count {
    LoopMask loops = 0;
    unsigned beyond = 0;  // loops of the shared bit
  };
  static constexpr std::size_t kParts = 16;
  struct Part {
    mutable std::mutex mutex;
    engine::ByName<Count> names;
  };

  Part& part(engine::NameRef name) { return parts_[name.hash >> 60]; }
  const Part& part(engine::NameRef name) const { return parts_[name.hash >> 60]; }

  const engine::HashSecret secret_ = engine::random_hash_secret();
  std::shared_ptr<Engine> engine_;
  std::array<Part, kParts> parts_;
  std::mutex patterns_mutex_;
  Count patterns_;
  std::atomic<LoopMask> pattern_loops_{0};
};

}  // namespace hybi
