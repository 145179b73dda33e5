// What a Session knows: what was loaded, what has changed since, and what to ask of the store.
//
//   load -> changes -> begin_save: a plan -> the store -> end_save
//
// No store, no cookie, no thread in here. Used by session_manager.
#pragma once

#include <hybi/session.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace hybi {

struct SessionTimes {
  std::chrono::milliseconds idle;
  std::chrono::milliseconds absolute;
  std::size_t max_bytes;
};

// What a save asks of the store, in this order. Empty: nothing is to be done.
struct SessionPlan {
  std::string destroy = {};  // this id
  std::string id = {};       // of what is set or touched
  std::optional<SessionChange> set = {};
  std::optional<std::chrono::milliseconds> touch = {};

  bool empty() const { return destroy.empty() && !set && !touch; }
};

struct SessionState {
  using TimePoint = std::chrono::system_clock::time_point;

  // A session that does not exist yet.
  SessionState(const SessionTimes& of, TimePoint at);
  // One from the store.
  SessionState(const SessionTimes& of, TimePoint at, std::string under, StoredSession from);

  // Whether a stored session is one of ours and still young enough.
  static bool is_alive(const SessionTimes& times, TimePoint now, const StoredSession& stored);

  void set(std::string_view name, std::optional<std::string_view> value);
  void clear();
  void rotate();
  void destroy();
  void keep();  // to be stored even without a value
  bool changed() const;

  // The work, which is then under way. Fails: SessionTooBig, BadField.
  Result<SessionPlan> begin_save(TimePoint now);
  // The plan was carried out, or was not: then its changes are to be saved again.
  void end_save(const SessionPlan& plan, bool done, TimePoint now);
  // A newer state from the store; changes that are not saved stay.
  void update(StoredSession from, TimePoint now);

  // Time that the store may give it from now on; none: it is over.
  std::chrono::milliseconds lifetime(TimePoint now) const;
  TimePoint absolute_end() const { return created + times.absolute; }
  bool touch_due(TimePoint now) const;

  const SessionTimes times;
  std::string id = {};        // "": none yet
  SessionValues values = {};  // as seen from here
  TimePoint created;
  TimePoint expires_at;        // as far as is known here
  bool came = false;           // with the request
  bool stored = false;         // under `id`, or under `from` before a rotation
  bool cookie_due = false;     // the browser does not have this id yet
  bool handed_over = false;    // saved by somebody else than the request's middleware
  std::string from = {};       // rotated: the id before
  std::string destroyed = {};  // the id of what was destroyed

 private:
  void begin();
  std::size_t bytes() const;

  bool kept_ = false, cleared_ = false;
  bool ended_ = false;  // destroyed, and nothing set since
  Errc fault_ = Errc::Ok;
  std::map<std::string, std::optional<std::string>> changes_;
};

}  // namespace hybi
