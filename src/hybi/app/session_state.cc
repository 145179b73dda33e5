// See session_state.h. Session is its face.
#include <hybi/app/session_state.h>
#include <hybi/app/signed_id.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace hybi {
namespace {

using std::chrono::milliseconds;

// The value without a name: milliseconds since 1970 of the session's beginning.
constexpr std::string_view kCreated;

SessionState::TimePoint time_of(std::int64_t ms) {
  return SessionState::TimePoint(milliseconds(ms));
}

std::optional<std::int64_t> created_of(const SessionValues& values) {
  const auto found = values.find(kCreated);
  if (found == values.end()) return std::nullopt;
  const std::string& text = found->second;
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return ms;
}

std::string text_of(SessionState::TimePoint time) {
  return std::to_string(std::chrono::floor<milliseconds>(time.time_since_epoch()).count());
}

}  // namespace

SessionState::SessionState(const SessionTimes& of, TimePoint at)
    : times(of), created(at), expires_at(at + of.idle) {}

SessionState::SessionState(const SessionTimes& of, TimePoint at, std::string under,
                           StoredSession from_store)
    : times(of),
      id(std::move(under)),
      values(std::move(from_store.values)),
      created(time_of(created_of(values).value_or(0))),
      expires_at(at + from_store.expires_in),
      came(true),
      stored(true) {
  values.erase(std::string(kCreated));
}

bool SessionState::is_alive(const SessionTimes& times, TimePoint now, const StoredSession& stored) {
  const std::optional<std::int64_t> created = created_of(stored.values);
  return created && now < time_of(*created) + times.absolute;
}

std::size_t SessionState::bytes() const {
  std::size_t bytes = text_of(created).size();
  for (const auto& [name, value] : values) bytes += name.size() + value.size();
  return bytes;
}

// There is something to keep: from now on it has an id, ours.
void SessionState::begin() {
  ended_ = false;
  if (!id.empty()) return;
  SystemEntropy entropy;
  id = SignedId::make_id(entropy);
  cookie_due = true;
}

void SessionState::set(std::string_view name, std::optional<std::string_view> value) {
  if (name.empty()) {
    fault_ = Errc::BadField;
    return;
  }
  std::string key(name);
  if (value) {
    begin();
    values.insert_or_assign(key, std::string(*value));
    changes_.insert_or_assign(std::move(key), std::string(*value));
  } else if (values.erase(key) != 0) {
    changes_.insert_or_assign(std::move(key), std::nullopt);
  }
}

void SessionState::clear() {
  if (values.empty() && changes_.empty()) return;
  values.clear();
  changes_.clear();
  cleared_ = true;
}

void SessionState::keep() {
  begin();
  kept_ = kept_ || !stored;
}

void SessionState::rotate() {
  if (!stored) return;  // what has just begun has an id that nobody knows
  if (from.empty()) from = id;
  id.clear();
  begin();
}

void SessionState::destroy() {
  if (stored && destroyed.empty()) destroyed = from.empty() ? id : from;
  id.clear();
  from.clear();
  values.clear();
  changes_.clear();
  stored = cleared_ = kept_ = false;
  cookie_due = !destroyed.empty();  // the browser's is to be deleted
  ended_ = true;
}

bool SessionState::changed() const {
  return fault_ != Errc::Ok || !destroyed.empty() || !from.empty() || cleared_ ||
         !changes_.empty() || (kept_ && !stored);
}

milliseconds SessionState::lifetime(TimePoint now) const {
  const auto left = std::chrono::floor<milliseconds>(absolute_end() - now);
  return std::max(milliseconds(0), std::min(left, times.idle));
}

bool SessionState::touch_due(TimePoint now) const {
  return stored && expires_at < absolute_end() && expires_at - now <= times.idle / 2;
}

Result<SessionPlan> SessionState::begin_save(TimePoint now) {
  if (fault_ != Errc::Ok) return fault_;
  if (bytes() > times.max_bytes) return Errc::SessionTooBig;
  SessionPlan plan;
  plan.destroy = destroyed;
  const bool change = !from.empty() || cleared_ || !changes_.empty() || (kept_ && !stored);
  if (change && !ended_ && !id.empty()) {
    if (!stored) created = now;
    plan.id = id;
    SessionChange& set = plan.set.emplace();
    set.kind = !from.empty() ? SessionChange::Kind::Move
               : stored      ? SessionChange::Kind::Update
                             : SessionChange::Kind::Create;
    set.from = from;
    set.clear = cleared_;
    set.values = std::exchange(changes_, {});
    if (!stored || cleared_) set.values.insert_or_assign(std::string(kCreated), text_of(created));
    set.expires_in = lifetime(now);
    set.max_bytes = times.max_bytes;
    from.clear();
    cleared_ = kept_ = false;
    stored = true;
  } else if (touch_due(now)) {
    plan.id = id;
    plan.touch = lifetime(now);
  }
  destroyed.clear();
  return plan;
}

void SessionState::end_save(const SessionPlan& plan, bool done, TimePoint now) {
  if (done) {
    if (plan.set || plan.touch) expires_at = now + lifetime(now);
    return;
  }
  if (destroyed.empty()) destroyed = plan.destroy;
  if (!plan.set || plan.id != id) return;
  for (const auto& [name, value] : plan.set->values) {
    if (name != kCreated) changes_.try_emplace(name, value);
  }
  if (from.empty()) from = plan.set->from;
  cleared_ = cleared_ || plan.set->clear;
  if (plan.set->kind == SessionChange::Kind::Create) {
    stored = false;
    kept_ = true;
  }
}

void SessionState::update(StoredSession newer, TimePoint now) {
  if (cleared_) return;
  values = std::move(newer.values);
  values.erase(std::string(kCreated));
  expires_at = now + newer.expires_in;
  for (const auto& [name, value] : changes_) {
    if (value) {
      values.insert_or_assign(name, *value);
    } else {
      values.erase(name);
    }
  }
}

// --- the face

Session::Session(std::unique_ptr<SessionState> state) : state_(std::move(state)) {}
Session::~Session() = default;

const std::string& Session::id() const {
  return state_->id;
}

bool Session::is_new() const {
  return !state_->came;
}

std::chrono::system_clock::time_point Session::created() const {
  return state_->created;
}

std::optional<std::string> Session::get(std::string_view name) const {
  const auto found = state_->values.find(name);
  if (found == state_->values.end()) return std::nullopt;
  return found->second;
}

bool Session::has(std::string_view name) const {
  return state_->values.find(name) != state_->values.end();
}

std::vector<std::string> Session::names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : state_->values) names.push_back(name);
  return names;
}

void Session::set(std::string_view name, std::string_view value) {
  state_->set(name, value);
}

void Session::erase(std::string_view name) {
  state_->set(name, std::nullopt);
}

void Session::clear() {
  state_->clear();
}

void Session::rotate() {
  state_->rotate();
}

void Session::destroy() {
  state_->destroy();
}

bool Session::changed() const {
  return state_->changed();
}

SessionState& Session::state() {
  return *state_;
}

}  // namespace hybi
