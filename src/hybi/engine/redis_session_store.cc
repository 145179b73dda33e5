// See redis_session_store.h.
#include <hybi/engine/redis_session_store.h>

namespace hybi {

std::shared_ptr<SessionStore> redis_session_store(RedisStoreOptions options) {
  return std::make_shared<engine::RedisSessionStore>(std::move(options));
}

namespace engine {

using Kind = RedisReply::Kind;

namespace {

// A hash without fields does not exist, but a session without values does: each has the field "#",
// and "=name" for each of its values.
constexpr char kOfValue = '=';

// KEYS: session. Answers: nothing, or {milliseconds to live, {name, value, ...}}.
constexpr std::string_view kGet = R"(
local left = redis.call('PTTL', KEYS[1])
if left < 0 then return false end
return {left, redis.call('HGETALL', KEYS[1])}
)";

// KEYS: session, where it comes from (or the same). ARGV: kind (c, u, m), clear (0, 1),
// milliseconds to live, bytes at most, channel, id it comes from, count of names to erase, these
// names, then names and values. Answers: 1 done, 0 no such session, -1 too large.
constexpr std::string_view kSet = R"(
local kind, erased = ARGV[1], tonumber(ARGV[7])
if kind ~= 'c' and redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
local sizes = {}
if kind ~= 'c' and ARGV[2] == '0' then
  local now = redis.call('HGETALL', KEYS[2])
  for i = 1, #now, 2 do sizes[now[i]] = #now[i] - 1 + #now[i + 1] end
  sizes['#'] = nil
end
for i = 8, 7 + erased do sizes[ARGV[i]] = nil end
for i = 8 + erased, #ARGV, 2 do sizes[ARGV[i]] = #ARGV[i] - 1 + #ARGV[i + 1] end
local total = 0
for _, size in pairs(sizes) do total = total + size end
if total > tonumber(ARGV[4]) then return -1 end
if kind == 'm' then redis.call('RENAME', KEYS[2], KEYS[1]) end
if (kind == 'c' or ARGV[2] == '1') and redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[1], '#', '1')
for i = 8 + erased, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = 8, 7 + erased do redis.call('HDEL', KEYS[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[3])
if kind == 'm' then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1
)";

// KEYS: session. ARGV: channel, id. Answers: 1 done, 0 no such session.
constexpr std::string_view kDestroy = R"(
local there = redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return there
)";

std::string_view letter_of(SessionChange::Kind kind) {
  switch (kind) {
    case SessionChange::Kind::Create:
      return "c";
    case SessionChange::Kind::Update:
      return "u";
    default:
      return "m";
  }
}

// What a request is told does not say more: the reason is one of the machines in between.
Error store_failed() {
  return {Errc::SessionStoreFailed};
}

}  // namespace

std::optional<StoredSession> session_in(const RedisReply& reply) {
  if (reply.items.size() != 2 || reply.items[0].kind != Kind::Integer) return std::nullopt;
  const std::vector<RedisReply>& fields = reply.items[1].items;
  if (fields.size() % 2 != 0) return std::nullopt;
  StoredSession session;
  session.expires_in = std::chrono::milliseconds(reply.items[0].integer);
  for (std::size_t i = 0; i < fields.size(); i += 2) {
    const std::string& field = fields[i].text;
    if (field.starts_with(kOfValue)) session.values.emplace(field.substr(1), fields[i + 1].text);
  }
  return session;
}

RedisSessionStore::RedisSessionStore(RedisStoreOptions options)
    : options_(std::move(options)),
      gone_channel_(options_.prefix + "gone"),
      client_(options_.redis) {
  client_.subscribe(gone_channel_, {.on_message =
                                        [this](std::string_view id) {
                                          const std::string gone(id);
                                          watchers_.for_each([&](const Watcher& watcher) {
                                            if (watcher.on_gone) watcher.on_gone(gone);
                                          });
                                        },
                                    .on_listening =
                                        [this] {
                                          watchers_.for_each([](const Watcher& watcher) {
                                            if (watcher.on_gap) watcher.on_gap();
                                          });
                                        }});
}

void RedisSessionStore::get(const std::string& id, Done<std::optional<StoredSession>> done) {
  client_.command({"EVAL", std::string(kGet), "1", key(id)},
                  [done = std::move(done)](Result<RedisReply> reply) {
                    if (!reply || reply->is_error()) return done(store_failed());
                    if (reply->kind == Kind::Nil) return done(std::optional<StoredSession>());
                    std::optional<StoredSession> session = session_in(*reply);
                    if (!session) return done(store_failed());
                    done(std::move(session));
                  });
}

void RedisSessionStore::set(const std::string& id, SessionChange change, Done<bool> done) {
  const std::string to = key(id);
  std::vector<std::string> erased, stored;
  for (auto& [name, value] : change.values) {
    if (value) {
      stored.push_back(kOfValue + name);
      stored.push_back(std::move(*value));
    } else {
      erased.push_back(kOfValue + name);
    }
  }
  std::vector<std::string> words{"EVAL",
                                 std::string(kSet),
                                 "2",
                                 to,
                                 change.kind == SessionChange::Kind::Move ? key(change.from) : to,
                                 std::string(letter_of(change.kind)),
                                 change.clear ? "1" : "0",
                                 std::to_string(change.expires_in.count()),
                                 std::to_string(change.max_bytes),
                                 gone_channel_,
                                 change.from,
                                 std::to_string(erased.size())};
  words.insert(words.end(), erased.begin(), erased.end());
  words.insert(words.end(), std::make_move_iterator(stored.begin()),
               std::make_move_iterator(stored.end()));
  ask_whether(std::move(words), std::move(done));
}

void RedisSessionStore::touch(const std::string& id, std::chrono::milliseconds expires_in,
                              Done<bool> done) {
  ask_whether({"PEXPIRE", key(id), std::to_string(expires_in.count())}, std::move(done));
}

void RedisSessionStore::destroy(const std::string& id, Done<bool> done) {
  ask_whether({"EVAL", std::string(kDestroy), "1", key(id), gone_channel_, id}, std::move(done));
}

void RedisSessionStore::ask_whether(std::vector<std::string> words, Done<bool> done) {
  client_.command(std::move(words), [done = std::move(done)](Result<RedisReply> reply) {
    if (reply && reply->kind == Kind::Error && reply->text.find("OOM ") != std::string::npos) {
      return done(Error{Errc::SessionStoreFull});  // maxmemory
    }
    if (!reply || reply->kind != Kind::Integer) return done(store_failed());
    if (reply->integer < 0) return done(Error{Errc::SessionTooBig});
    done(reply->integer != 0);
  });
}

std::shared_ptr<void> RedisSessionStore::watch(Watcher watcher) {
  return watchers_.join(std::move(watcher));
}

}  // namespace engine
}  // namespace hybi
