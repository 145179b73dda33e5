// See memory_session_store.h.
#include <hybi/app/memory_session_store.h>

namespace hybi {
namespace {

std::size_t size_of(const SessionValues& values) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : values) bytes += name.size() + value.size();
  return bytes;
}

MemoryStoreOptions with_clock(MemoryStoreOptions options) {
  if (!options.now) options.now = [] { return std::chrono::steady_clock::now(); };
  return options;
}

}  // namespace

std::shared_ptr<SessionStore> memory_session_store(MemoryStoreOptions options) {
  return std::make_shared<MemorySessionStore>(std::move(options));
}

MemorySessionStore::MemorySessionStore(MemoryStoreOptions options)
    : options_(with_clock(std::move(options))) {}

void MemorySessionStore::get(const std::string& id, Done<std::optional<StoredSession>> done) {
  std::optional<StoredSession> found;
  Gone gone;
  {
    const std::lock_guard lock(mutex_);
    if (Entry* const entry = find(id, gone)) {
      used(*entry);
      found = StoredSession{entry->values, std::chrono::ceil<std::chrono::milliseconds>(
                                               entry->expiry->first - options_.now())};
    }
  }
  tell(gone);
  done(std::move(found));
}

void MemorySessionStore::set(const std::string& id, SessionChange asked, Done<bool> done) {
  Gone gone;
  const Result<bool> result = [&] {
    const std::lock_guard lock(mutex_);
    return change(id, asked, gone);
  }();
  tell(gone);
  done(result);
}

Result<bool> MemorySessionStore::change(const std::string& id, SessionChange& change, Gone& gone) {
  using Kind = SessionChange::Kind;
  Entry* const before = find(change.kind == Kind::Move ? change.from : id, gone);
  if (before == nullptr && change.kind != Kind::Create) return false;

  SessionValues values;
  if (before != nullptr && !change.clear && change.kind != Kind::Create) values = before->values;
  for (auto& [name, value] : change.values) {
    if (value) {
      values.insert_or_assign(name, std::move(*value));
    } else {
      values.erase(name);
    }
  }
  const std::size_t bytes = size_of(values);
  if (bytes > change.max_bytes) return Errc::SessionTooBig;

  const std::size_t freed = before != nullptr ? before->bytes : 0;
  const std::size_t total = bytes + kAllowanceBytes;
  if (!make_room(before, before != nullptr ? 0 : 1, total > freed ? total - freed : 0, gone)) {
    return Errc::SessionStoreFull;
  }
  if (change.kind == Kind::Move) remove(*before, gone);
  Entry& entry = change.kind == Kind::Move || before == nullptr ? add(id) : *before;
  entry.values = std::move(values);
  bytes_ += total - entry.bytes;
  entry.bytes = total;
  used(entry);
  expire_in(entry, change.expires_in);
  return true;
}

void MemorySessionStore::touch(const std::string& id, std::chrono::milliseconds expires_in,
                               Done<bool> done) {
  bool found = false;
  Gone gone;
  {
    const std::lock_guard lock(mutex_);
    if (Entry* const entry = find(id, gone)) {
      found = true;
      used(*entry);
      expire_in(*entry, expires_in);
    }
  }
  tell(gone);
  done(found);
}

void MemorySessionStore::destroy(const std::string& id, Done<bool> done) {
  bool found = false;
  Gone gone;
  {
    const std::lock_guard lock(mutex_);
    if (Entry* const entry = find(id, gone)) {
      found = true;
      remove(*entry, gone);
    }
  }
  tell(gone);
  done(found);
}

std::shared_ptr<void> MemorySessionStore::watch(Watcher watcher) {
  return watchers_.join(std::move(watcher));
}

std::size_t MemorySessionStore::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t MemorySessionStore::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

void MemorySessionStore::tell(const Gone& gone) {
  for (const std::string& id : gone) {
    watchers_.for_each([&](const Watcher& watcher) {
      if (watcher.on_gone) watcher.on_gone(id);
    });
  }
}

// --- under the lock

MemorySessionStore::Entry* MemorySessionStore::find(const std::string& id, Gone& gone) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return nullptr;
  Entry& entry = found->second;
  if (entry.expiry->first > options_.now()) return &entry;
  remove(entry, gone);
  return nullptr;
}

MemorySessionStore::Entry& MemorySessionStore::add(const std::string& id) {
  const auto [at, is_new] = entries_.try_emplace(id);
  Entry& entry = at->second;
  if (is_new) {
    entry.id = &at->first;
    entry.use = by_use_.insert(by_use_.begin(), &entry);
    entry.expiry = by_expiry_.emplace(options_.now(), &entry);
  }
  return entry;
}

void MemorySessionStore::remove(Entry& entry, Gone& gone) {
  gone.push_back(*entry.id);
  bytes_ -= entry.bytes;
  by_expiry_.erase(entry.expiry);
  by_use_.erase(entry.use);
  entries_.erase(gone.back());
}

void MemorySessionStore::used(Entry& entry) {
  by_use_.splice(by_use_.begin(), by_use_, entry.use);
}

void MemorySessionStore::expire_in(Entry& entry, std::chrono::milliseconds time) {
  by_expiry_.erase(entry.expiry);
  entry.expiry = by_expiry_.emplace(options_.now() + time, &entry);
}

void MemorySessionStore::remove_expired(const Entry* keep, Gone& gone) {
  const TimePoint now = options_.now();
  for (auto at = by_expiry_.begin(); at != by_expiry_.end() && at->first <= now;) {
    Entry* const entry = (at++)->second;
    if (entry != keep) remove(*entry, gone);
  }
}

// `keep` is the session that grows: it does not go to make room for itself.
bool MemorySessionStore::make_room(const Entry* keep, std::size_t more_sessions,
                                   std::size_t more_bytes, Gone& gone) {
  if (more_bytes > options_.max_bytes) return false;
  const auto fits = [&] {
    return entries_.size() + more_sessions <= options_.max_sessions &&
           bytes_ + more_bytes <= options_.max_bytes;
  };
  if (fits()) return true;
  remove_expired(keep, gone);
  while (!fits()) {
    if (!options_.evict || by_use_.empty()) return false;
    const auto last = std::prev(by_use_.end());
    const auto victim = *last != keep ? last : by_use_.begin() != last ? std::prev(last) : last;
    if (*victim == keep) return false;
    remove(**victim, gone);
  }
  return true;
}

}  // namespace hybi
