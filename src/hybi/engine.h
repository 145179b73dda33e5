// What remembers the publications of channels and who is in them: the interface, and the engine
// that ships. One engine serves one node (a Server); an engine in Redis or NATS joins many nodes.
//
// A channel that keeps a history is a stream: its publications have offsets 1, 2, 3, ... within an
// epoch. An engine that has forgotten a stream begins a new epoch, so a position of the old one is
// never taken for one of the new. Whether something is kept is said with each publication.
#pragma once

#include <hybi/result.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

// After how many publications of which epoch somebody is. {} is before everything, of no epoch.
struct Position {
  std::uint64_t epoch = 0;  // random, below 2^53, never 0 of a stream
  std::uint64_t offset = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// One message of a channel. Immutable once published; copies share the data.
struct Publication {
  enum class Form : std::uint8_t { Text, Json, Binary };

  std::shared_ptr<const std::string> data;
  Form form = Form::Text;
  std::string publisher = {};  // id of the client that published it; "": the application
  std::uint64_t offset = 0;    // 0: not kept
};

// What is kept of a channel: always the last ones. What the latest publication says is so for all
// that are kept; one that says {} is not kept, is no part of the stream and changes nothing in it.
struct Keeping {
  std::size_t size = 0;                    // publications
  std::chrono::milliseconds ttl{300'000};  // of each
  // The last one stays, whatever its age and `size`, and is told to new subscribers.
  bool retain = false;

  bool any() const { return size != 0 || retain; }
};

struct Published {
  Position position;       // {} if nothing is kept
  bool duplicate = false;  // its idempotency key was used already: this is the position of then
};

struct History {
  Position top;                           // of the stream now
  std::vector<Publication> publications;  // oldest first, without a gap between them
  // These are all that came after `since`. Otherwise it is a position of another epoch or beyond
  // `top` (then these are the oldest kept), some of what came after it is not kept any more (they
  // begin later than at its next offset) or there are more than the limit (they end before `top`).
  // Without `since` always: no more was asked for than what is kept.
  bool complete = true;
};

// Somebody in a channel. One user may be there several times, as several clients.
struct Member {
  std::string client;  // unique among all nodes
  std::string user;    // "" unknown
  std::string info;    // JSON, for the others; "" none

  friend bool operator==(const Member&, const Member&) = default;
};

struct PresenceCount {
  std::size_t clients = 0;
  std::size_t users = 0;  // distinct; clients without a user count one each
};

// What a node is told of the other nodes. Calls back: on any thread, holding no lock.
struct EngineEvents {
  // In the order of the offsets as far as there are any. A gap in them is no error: the node asks
  // for the history.
  std::function<void(std::string_view channel, const Publication&, Position)> on_publication = {};
  // Somebody has joined or left at another node.
  std::function<void(std::string_view channel, const Member&, bool joined)> on_member = {};
};

class Engine {
 public:
  // Calls back: exactly once, from within the call or later on any thread, holding no lock.
  template <class T>
  using Done = std::function<void(Result<T>)>;

  virtual ~Engine() = default;

  // Whether other nodes may be there: then every publication is given to it, also what is not kept.
  virtual bool shared() const = 0;
  // Before anything else, once.
  virtual void attach(EngineEvents events) = 0;

  // Gives the publication its offset, keeps it, tells the other nodes. Within a time of minutes a
  // second one with the same `idempotency_key` ("": none) in this channel does nothing. Of two at
  // the same time either may be answered first, whatever their offsets.
  // Requires: publication.data is not null.
  // Fails: EngineFull, EngineFailed (it may have been done).
  virtual void publish(std::string_view channel, Publication publication, const Keeping& keeping,
                       std::string_view idempotency_key, Done<Published> done) = 0;

  // What is kept of what came after `since` (nothing: of all), at most `limit`: the oldest of them
  // if `since` is given, else the newest. For a channel of which nothing is known: an empty one of
  // a new epoch, which is then remembered, so that what is published next comes after it.
  // Fails: EngineFailed.
  virtual void history(std::string_view channel, std::optional<Position> since, std::size_t limit,
                       Done<History> done) = 0;

  // The first subscriber of this node has come, the last one has gone; of a name or a pattern.
  virtual void subscribe(std::string_view channel) = 0;
  virtual void unsubscribe(std::string_view channel) = 0;

  // Members of this node. Adding again renews `ttl`, after which a member of a node that has died
  // is gone, and replaces user and info. Answers: whether it was not there before / was there.
  // Fails: EngineFull (of adding one that is not there), EngineFailed (it may have been done).
  virtual void add_member(std::string_view channel, Member member, std::chrono::milliseconds ttl,
                          Done<bool> done) = 0;
  virtual void remove_member(std::string_view channel, std::string_view client,
                             Done<bool> done) = 0;
  virtual void members(std::string_view channel, std::size_t limit,
                       Done<std::vector<Member>> done) = 0;
  virtual void count_members(std::string_view channel, Done<PresenceCount> done) = 0;
};

// In this process: what is remembered is lost when it ends.
struct MemoryEngineOptions {
  std::size_t max_streams = 1'000'000;
  // Names, data kept and an allowance for each stream and publication. Above either: the streams
  // not used for the longest time are forgotten, and of a single one its oldest publications. One
  // that would not fit alone is refused: EngineFull.
  std::size_t max_bytes = 256 * 1024 * 1024;
  std::size_t max_keys = 100'000;  // idempotency keys; above: the oldest is forgotten
  std::chrono::milliseconds key_ttl{300'000};
  // Of a stream that keeps nothing, since it was published to or its history was asked for.
  std::chrono::milliseconds stream_ttl{86'400'000};
  std::size_t max_members = 1'000'000;                              // EngineFull above
  std::function<std::chrono::steady_clock::time_point()> now = {};  // for tests
};
// Answers at once. Thread: any.
std::shared_ptr<Engine> memory_engine(MemoryEngineOptions options = {});

}  // namespace hybi
