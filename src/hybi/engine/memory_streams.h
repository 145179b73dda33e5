// The streams of one part of the memory engine: what is kept of channels, and who needs it longest.
//
// What is kept of a stream is always its end, without holes: publications go from the front, by
// count and by age, and the retained one is the last of them. A stream of which nothing is kept is
// forgotten a while after its last use; with it goes its epoch. Times only grow from call to call.
// Thread: one at a time; see memory_engine.h.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/base/intrusive_list.h>
#include <hybi/engine.h>
#include <hybi/engine/due_queue.h>
#include <hybi/engine/moment.h>
#include <hybi/engine/name.h>
#include <hybi/engine/ring.h>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace hybi::engine {

class MemoryStreams {
 public:
  // What a stream costs beside its name, a publication beside its data.
  static constexpr std::size_t kStreamBytes = 384;
  static constexpr std::size_t kPublicationBytes = 192;
  static std::size_t stream_bytes(std::string_view name) { return kStreamBytes + name.size(); }
  static std::size_t publication_bytes(const Publication& publication);

  explicit MemoryStreams(std::chrono::milliseconds stream_ttl) : stream_ttl_(stream_ttl) {}

  // Requires: keeping.any().
  Position publish(NameRef name, Publication publication, const Keeping& keeping, Time now);
  History history(NameRef name, const std::optional<Position>& since, std::size_t limit, Time now);

  // Lets go some of what is due to go.
  void sweep(Time now);

  // The last use of the stream that was not used for the longest time.
  Time oldest_use();
  // Forgets that stream. If it is `in_use`: so many of its publications that `bytes` become free,
  // but not the last one, as far as there are others.
  void forget_oldest(NameRef in_use, std::size_t bytes);

  std::size_t size() const { return streams_.size(); }  // also what is due and was not swept yet
  std::size_t bytes() const { return bytes_; }          // the same

 private:
  struct ByUse;
  struct Stream : ListHook<ByUse> {
    struct Kept {
      Publication publication = {};
      Time at = {};
    };
    const Name* name = nullptr;  // the key of the map
    std::uint64_t epoch = 0;
    std::uint64_t top = 0;
    Keeping keeping = {};  // of the last publication
    Ring<Kept> kept = {};  // the last one is at `top`
    Time used = {};
    DueQueue<Stream>::Place due = {};
  };

  Stream* find(NameRef name, Time now);
  Stream& find_or_add(NameRef name, Time now);
  void remove(Stream& stream);
  void drop_front(Stream& stream);
  // Returns: how many have gone.
  std::size_t expire(Stream& stream, Time now, std::size_t at_most);
  void finish_use(Stream& stream, Time now);

  bool is_forgotten(const Stream& stream, Time now) const;
  Time next_due(const Stream& stream) const;
  std::uint64_t new_epoch();

  const std::chrono::milliseconds stream_ttl_;
  SystemEntropy entropy_;
  ByName<Stream> streams_;
  IntrusiveList<Stream, ByUse> by_use_;  // the latest last
  DueQueue<Stream> due_;
  std::size_t bytes_ = 0;
};

}  // namespace hybi::engine
