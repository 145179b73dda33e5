// See memory_engine.h.
#include <hybi/engine/memory_engine.h>

#include <utility>

namespace hybi {

std::shared_ptr<Engine> memory_engine(MemoryEngineOptions options) {
  return std::make_shared<engine::MemoryEngine>(std::move(options));
}

namespace engine {
namespace {

MemoryEngineOptions with_clock(MemoryEngineOptions options) {
  if (!options.now) options.now = [] { return std::chrono::steady_clock::now(); };
  return options;
}

}  // namespace

// Holds the lock of a part. Afterwards everybody knows what the part holds. The time is read under
// the lock: in one part it does not go back.
class MemoryEngine::StreamVisit {
 public:
  StreamVisit(MemoryEngine& engine, StreamPart& part)
      : lock_(part.mutex),
        now_(engine.options_.now()),
        engine_(engine),
        part_(part),
        streams_(part.streams.size()),
        bytes_(part.streams.bytes()),
        keys_(part.keys.size()) {}
  ~StreamVisit() {
    tell(engine_.streams_, streams_, part_.streams.size());
    tell(engine_.bytes_, bytes_, part_.streams.bytes());
    tell(engine_.keys_, keys_, part_.keys.size());
    tell(part_.oldest_use, part_.streams.oldest_use());
    tell(part_.oldest_key, part_.keys.oldest());
  }
  StreamVisit(const StreamVisit&) = delete;
  StreamVisit& operator=(const StreamVisit&) = delete;

  Time now() const { return now_; }

 private:
  static void tell(std::atomic<std::size_t>& total, std::size_t before, std::size_t after) {
    if (after != before) total += after - before;  // modulo 2^64
  }
  static void tell(std::atomic<Time::rep>& oldest, Time time) {
    oldest.store(time.time_since_epoch().count(), std::memory_order_relaxed);
  }

  const std::lock_guard<std::mutex> lock_;
  const Time now_;
  MemoryEngine& engine_;
  StreamPart& part_;
  const std::size_t streams_, bytes_, keys_;
};

class MemoryEngine::MemberVisit {
 public:
  MemberVisit(const MemoryEngine& engine, MemberPart& part)
      : lock_(part.mutex), now_(engine.options_.now()) {}

  Time now() const { return now_; }

 private:
  const std::lock_guard<std::mutex> lock_;
  const Time now_;
};

MemoryEngine::MemoryEngine(MemoryEngineOptions options)
    : options_(with_clock(std::move(options))), places_(options_.max_members) {
  for (auto& part : stream_parts_) part = std::make_unique<StreamPart>(options_);
  for (auto& part : member_parts_) part = std::make_unique<MemberPart>(places_);
}

NameRef MemoryEngine::name_of(std::string_view channel) const {
  return {channel, siphash_1_3(secret_, channel)};
}

// --- streams

void MemoryEngine::publish(std::string_view channel, Publication publication,
                           const Keeping& keeping, std::string_view idempotency_key,
                           Done<Published> done) {
  done(publish(channel, publication, keeping, idempotency_key));
}

Result<Published> MemoryEngine::publish(std::string_view channel, Publication& publication,
                                        const Keeping& keeping, std::string_view key) {
  if (!keeping.any() && key.empty()) return Published{};
  if (keeping.any() &&
      MemoryStreams::stream_bytes(channel) + MemoryStreams::publication_bytes(publication) >
          options_.max_bytes) {
    return Errc::EngineFull;
  }
  const NameRef name = name_of(channel);
  const Sha1 digest = key.empty() ? Sha1() : digest_of_key(salt_, channel, key);
  StreamPart& part = stream_part(name);
  Published published;
  std::size_t visits = 0;
  {
    const StreamVisit visit(*this, part);
    visits = ++part.visits;
    if (!key.empty()) {
      if (const auto then = part.keys.find(digest, visit.now())) return Published{*then, true};
    }
    part.streams.sweep(visit.now());
    if (keeping.any()) {
      published.position = part.streams.publish(name, std::move(publication), keeping, visit.now());
    }
    if (!key.empty()) part.keys.add(digest, published.position, visit.now());
  }
  make_room(name);
  sweep_another(visits);
  return published;
}

void MemoryEngine::history(std::string_view channel, std::optional<Position> since,
                           std::size_t limit, Done<History> done) {
  done(history(channel, since, limit));
}

History MemoryEngine::history(std::string_view channel, const std::optional<Position>& since,
                              std::size_t limit) {
  const NameRef name = name_of(channel);
  StreamPart& part = stream_part(name);
  History history;
  std::size_t visits = 0;
  {
    const StreamVisit visit(*this, part);
    visits = ++part.visits;
    part.streams.sweep(visit.now());
    history = part.streams.history(name, since, limit, visit.now());
  }
  make_room(name);
  sweep_another(visits);
  return history;
}

void MemoryEngine::make_room(NameRef in_use) {
  for (;;) {
    const std::size_t bytes = bytes_;
    const std::size_t excess = bytes > options_.max_bytes ? bytes - options_.max_bytes : 0;
    if (excess == 0 && streams_ <= options_.max_streams) break;
    StreamPart* const part = oldest(&StreamPart::oldest_use);
    if (part == nullptr) break;
    const StreamVisit visit(*this, *part);
    part->streams.forget_oldest(in_use, excess);
  }
  while (keys_ > options_.max_keys) {
    StreamPart* const part = oldest(&StreamPart::oldest_key);
    if (part == nullptr) break;
    const StreamVisit visit(*this, *part);
    part->keys.forget_oldest();
  }
}

// What has expired in a part that is not used any more goes as well, now and then.
void MemoryEngine::sweep_another(std::size_t visits) {
  constexpr std::size_t kEvery = 64;
  if (visits % kEvery != 0) return;
  StreamPart& part = *stream_parts_[visits / kEvery % kParts];
  const StreamVisit visit(*this, part);
  part.streams.sweep(visit.now());
}

// Returns: null if no part has any.
MemoryEngine::StreamPart* MemoryEngine::oldest(std::atomic<Time::rep> StreamPart::*time) {
  StreamPart* oldest = nullptr;
  Time::rep least = kNever.time_since_epoch().count();
  for (const auto& part : stream_parts_) {
    const Time::rep of_part = ((*part).*time).load(std::memory_order_relaxed);
    if (of_part >= least) continue;
    least = of_part;
    oldest = part.get();
  }
  return oldest;
}

// --- members

void MemoryEngine::add_member(std::string_view channel, Member member,
                              std::chrono::milliseconds ttl, Done<bool> done) {
  done(add_member(channel, member, ttl));
}

Result<bool> MemoryEngine::add_member(std::string_view channel, const Member& member,
                                      std::chrono::milliseconds ttl) {
  const NameRef name = name_of(channel);
  MemberPart& own = member_part(name);
  const auto add = [&] {
    const MemberVisit visit(*this, own);
    own.members.sweep(visit.now());
    return own.members.add(name, member, end_of(ttl, visit.now()), visit.now());
  };
  Result<bool> added = add();
  if (added || added.error().code != Errc::EngineFull) return added;
  for (const auto& part : member_parts_) {
    const MemberVisit visit(*this, *part);
    part->members.sweep_all(visit.now());
  }
  return add();
}

void MemoryEngine::remove_member(std::string_view channel, std::string_view client,
                                 Done<bool> done) {
  const NameRef name = name_of(channel);
  MemberPart& part = member_part(name);
  done([&] {
    const MemberVisit visit(*this, part);
    return part.members.remove(name, client, visit.now());
  }());
}

void MemoryEngine::members(std::string_view channel, std::size_t limit,
                           Done<std::vector<Member>> done) {
  const NameRef name = name_of(channel);
  MemberPart& part = member_part(name);
  done([&] {
    const MemberVisit visit(*this, part);
    return part.members.list(name, limit, visit.now());
  }());
}

void MemoryEngine::count_members(std::string_view channel, Done<PresenceCount> done) {
  const NameRef name = name_of(channel);
  MemberPart& part = member_part(name);
  done([&] {
    const MemberVisit visit(*this, part);
    return part.members.count(name, visit.now());
  }());
}

}  // namespace engine
}  // namespace hybi
