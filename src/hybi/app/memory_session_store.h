// Sessions in this process' memory, bounded in count and bytes. See session_store.h.
//
// Three ways to find a session: by id, by time of expiry, by time of use. One lock; completions and
// watchers run outside of it.
#pragma once

#include <hybi/base/watchers.h>
#include <hybi/session_store.h>

#include <list>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace hybi {

class MemorySessionStore final : public SessionStore {
 public:
  // What a session costs beside its names and values.
  static constexpr std::size_t kAllowanceBytes = 512;

  explicit MemorySessionStore(MemoryStoreOptions options);

  void get(const std::string& id, Done<std::optional<StoredSession>> done) override;
  void set(const std::string& id, SessionChange change, Done<bool> done) override;
  void touch(const std::string& id, std::chrono::milliseconds expires_in, Done<bool> done) override;
  void destroy(const std::string& id, Done<bool> done) override;
  std::shared_ptr<void> watch(Watcher watcher) override;

  std::size_t size() const;   // also what has expired unnoticed
  std::size_t bytes() const;  // the same

 private:
  using TimePoint = std::chrono::steady_clock::time_point;
  struct Entry;
  using Entries = std::unordered_map<std::string, Entry>;
  struct Entry {
    SessionValues values = {};
    std::size_t bytes = 0;
    std::multimap<TimePoint, Entry*>::iterator expiry = {};
    std::list<Entry*>::iterator use = {};
    const std::string* id = nullptr;  // the key of the map
  };
  using Gone = std::vector<std::string>;

  Entry* find(const std::string& id, Gone& gone);
  Entry& add(const std::string& id);
  void remove(Entry& entry, Gone& gone);
  void used(Entry& entry);
  void expire_in(Entry& entry, std::chrono::milliseconds time);
  void remove_expired(const Entry* keep, Gone& gone);
  bool make_room(const Entry* keep, std::size_t more_sessions, std::size_t more_bytes, Gone& gone);
  Result<bool> change(const std::string& id, SessionChange& change, Gone& gone);
  void tell(const Gone& gone);

  const MemoryStoreOptions options_;
  Watchers<Watcher> watchers_;
  mutable std::mutex mutex_;
  Entries entries_;
  std::multimap<TimePoint, Entry*> by_expiry_;
  std::list<Entry*> by_use_;  // the latest first
  std::size_t bytes_ = 0;
};

}  // namespace hybi
