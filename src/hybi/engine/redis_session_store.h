// Sessions in a Redis server, see session_store.h. Each operation is one script, so it is done in
// one step or not at all, whoever else works on the same session.
#pragma once

#include <hybi/base/watchers.h>
#include <hybi/engine/redis_client.h>
#include <hybi/session_store.h>

namespace hybi::engine {

// What the store's own commands have as a reply for a session; none if it is no such thing.
std::optional<StoredSession> session_in(const RedisReply& reply);

class RedisSessionStore final : public SessionStore {
 public:
  explicit RedisSessionStore(RedisStoreOptions options);

  void get(const std::string& id, Done<std::optional<StoredSession>> done) override;
  void set(const std::string& id, SessionChange change, Done<bool> done) override;
  void touch(const std::string& id, std::chrono::milliseconds expires_in, Done<bool> done) override;
  void destroy(const std::string& id, Done<bool> done) override;
  std::shared_ptr<void> watch(Watcher watcher) override;

 private:
  std::string key(const std::string& id) const { return options_.prefix + id; }
  void ask_whether(std::vector<std::string> words, Done<bool> done);

  const RedisStoreOptions options_;
  const std::string gone_channel_;
  Watchers<Watcher> watchers_;
  RedisClient client_;  // ends first: no callback finds the rest gone
};

}  // namespace hybi::engine
