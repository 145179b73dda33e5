// Where sessions are kept: the interface, and the two stores that ship.
//
// A session is values by name, which expire together. A change names the values that it changes, so
// that two requests of one session at the same time lose nothing unless both change the same value;
// then the last one wins. A store is asked from many threads and may answer at once or later.
#pragma once

#include <hybi/redis.h>
#include <hybi/result.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hybi {

using SessionValues = std::map<std::string, std::string, std::less<>>;

struct StoredSession {
  SessionValues values;
  std::chrono::milliseconds expires_in{0};
};

// What `set` does, in one step.
struct SessionChange {
  enum class Kind : std::uint8_t {
    Create,  // under an id that is new
    Update,  // only if the session is there: what was destroyed is never made again
    Move,    // `from` gets this id, with all its values; `from` is gone. Only if it is there
  };
  Kind kind = Kind::Update;
  std::string from = {};
  bool clear = false;                                             // first all values go
  std::map<std::string, std::optional<std::string>> values = {};  // nothing: erase
  std::chrono::milliseconds expires_in{0};
  std::size_t max_bytes = 0;  // names and values of the session afterwards; above: SessionTooBig
};

class SessionStore {
 public:
  // Calls back: exactly once, from within the call or later on any thread, holding no lock.
  // Errors: SessionStoreFailed (it may have been done), SessionStoreFull, SessionTooBig.
  template <class T>
  using Done = std::function<void(Result<T>)>;

  virtual ~SessionStore() = default;

  // The session; nothing if there is none, or none any more.
  virtual void get(const std::string& id, Done<std::optional<StoredSession>> done) = 0;
  // Answers: whether it was done; false: there is no such session.
  virtual void set(const std::string& id, SessionChange change, Done<bool> done) = 0;
  virtual void touch(const std::string& id, std::chrono::milliseconds expires_in,
                     Done<bool> done) = 0;
  virtual void destroy(const std::string& id, Done<bool> done) = 0;

  // Who must know when sessions end, wherever that was asked for. Calls back: on any thread.
  struct Watcher {
    // Destroyed, moved or evicted. An expiry may be told or not.
    std::function<void(const std::string& id)> on_gone = {};
    // Ends may have been missed before now.
    std::function<void()> on_gap = {};
  };
  // Returns: what ends the watching when the last copy goes; no callback runs afterwards. It may
  // outlive the store.
  virtual std::shared_ptr<void> watch(Watcher watcher) = 0;
};

// In this process: sessions are lost when it ends, and other processes do not see them.
struct MemoryStoreOptions {
  std::size_t max_sessions = 100'000;
  std::size_t max_bytes = 64 * 1024 * 1024;  // names, values and an allowance for each session
  // With no room left the least recently used session goes; else a new one is refused with
  // SessionStoreFull.
  bool evict = true;
  // For tests.
  std::function<std::chrono::steady_clock::time_point()> now = {};
};
// Answers at once. Thread: any.
std::shared_ptr<SessionStore> memory_session_store(MemoryStoreOptions options = {});

// In a Redis server, for several processes and machines. Each session is one hash under
// `prefix` and its id, with a time to live; ends of sessions are published on the channel
// `prefix`gone. Redis 4 or newer; not a cluster.
struct RedisStoreOptions {
  RedisOptions redis = {};
  std::string prefix = "hybi:session:";
};
std::shared_ptr<SessionStore> redis_session_store(RedisStoreOptions options = {});

}  // namespace hybi
