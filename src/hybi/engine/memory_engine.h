// The engine in this process' memory, complete: what every other engine does like this one.
//
// Channels are spread over parts with a lock each, so that loops seldom wait for one another. What
// is bounded is bounded for all parts together: they say how much they hold and how old the oldest
// of it is, and above a bound the oldest goes, wherever it is. Only one lock is held at a time, and
// none when a completion runs.
#pragma once

#include <hybi/engine.h>
#include <hybi/engine/memory_keys.h>
#include <hybi/engine/memory_members.h>
#include <hybi/engine/memory_streams.h>
#include <hybi/engine/moment.h>
#include <hybi/engine/name.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>

namespace hybi::engine {

class MemoryEngine final : public Engine {
 public:
  explicit MemoryEngine(MemoryEngineOptions options);

  bool shared() const override { return false; }
  void attach(EngineEvents) override {}

  void publish(std::string_view channel, Publication publication, const Keeping& keeping,
               std::string_view idempotency_key, Done<Published> done) override;
  void history(std::string_view channel, std::optional<Position> since, std::size_t limit,
               Done<History> done) override;

  void subscribe(std::string_view) override {}
  void unsubscribe(std::string_view) override {}

  void add_member(std::string_view channel, Member member, std::chrono::milliseconds ttl,
                  Done<bool> done) override;
  void remove_member(std::string_view channel, std::string_view client, Done<bool> done) override;
  void members(std::string_view channel, std::size_t limit,
               Done<std::vector<Member>> done) override;
  void count_members(std::string_view channel, Done<PresenceCount> done) override;

  // What is held, also what has expired unnoticed.
  std::size_t stream_count() const { return streams_; }
  std::size_t bytes() const { return bytes_; }
  std::size_t key_count() const { return keys_; }
  std::size_t member_count() const { return places_.taken(); }

 private:
  static constexpr std::size_t kParts = 16;

  // One cache line and more each.
  struct alignas(64) StreamPart {
    explicit StreamPart(const MemoryEngineOptions& options)
        : streams(options.stream_ttl), keys(options.key_ttl) {}

    std::mutex mutex;
    MemoryStreams streams;
    MemoryKeys keys;
    std::size_t visits = 0;
    // Read without the lock.
    std::atomic<Time::rep> oldest_use{kNever.time_since_epoch().count()};
    std::atomic<Time::rep> oldest_key{kNever.time_since_epoch().count()};
  };
  struct alignas(64) MemberPart {
    explicit MemberPart(MemberPlaces& places) : members(places) {}

    std::mutex mutex;
    MemoryMembers members;
  };
  class StreamVisit;
  class MemberVisit;

  NameRef name_of(std::string_view channel) const;
  StreamPart& stream_part(NameRef name) { return *stream_parts_[name.hash >> 60]; }
  MemberPart& member_part(NameRef name) { return *member_parts_[name.hash >> 60]; }

  Result<Published> publish(std::string_view channel, Publication& publication,
                            const Keeping& keeping, std::string_view idempotency_key);
  History history(std::string_view channel, const std::optional<Position>& since,
                  std::size_t limit);
  Result<bool> add_member(std::string_view channel, const Member& member,
                          std::chrono::milliseconds ttl);
  // Requires: no lock is held. For all three.
  void make_room(NameRef in_use);
  void sweep_another(std::size_t visits);
  StreamPart* oldest(std::atomic<Time::rep> StreamPart::*time);

  const MemoryEngineOptions options_;
  const HashSecret secret_ = random_hash_secret();
  const KeySalt salt_ = random_key_salt();

  std::array<std::unique_ptr<StreamPart>, kParts> stream_parts_;
  std::atomic<std::size_t> streams_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
  std::atomic<std::size_t> keys_ = 0;

  MemberPlaces places_;
  std::array<std::unique_ptr<MemberPart>, kParts> member_parts_;
};

}  // namespace hybi::engine
