// Who waits for whom in object mode: numbers, deadlines, the timer. See object_state.h.
#include <hybi/app/object_state.h>

#include <algorithm>

namespace hybi::detail {

ObjectPending::~ObjectPending() {
  give_up({"unanswered", "the application did not answer"});
}

bool ObjectPending::answer(const ObjectResult& result) {
  if (answered.exchange(true)) return false;
  if (!state->forget(number) || (id.empty() && (result || event == "error"))) return false;
  const ObjectBytes message =
      id.empty() ? write_error(wire, result.error(), event) : write_answer(wire, id, result);
  const SendResult sent = ws.send(message.message());
  return sent != SendResult::Closed && sent != SendResult::Dropped;
}

void ObjectPending::give_up(const ObjectError& why) {
  if (!id.empty()) return void(answer(why));
  if (!answered.exchange(true)) state->forget(number);
}

Result<void> ObjectsState::ask(WebSocket& ws, std::string_view event, const nlohmann::json& data,
                               std::chrono::milliseconds deadline, Done done) {
  if (!timer_) return Errc::BadState;
  if (!ws.open()) return Errc::Closed;
  const std::uint64_t number = ++last_number_;
  if (!enter(number, ws.id(), deadline, Question{ws.handle(), std::move(done)})) {
    return Errc::TooManyPending;
  }
  const ObjectBytes question = write_event(wire_of(ws), event, std::to_string(number), data);
  const SendResult sent = ws.send(question.message());
  if (sent == SendResult::Sent || sent == SendResult::Queued) return {};
  forget(number);
  return sent == SendResult::Closed ? Errc::Closed : Errc::WsSlowConsumer;
}

std::shared_ptr<ObjectPending> ObjectsState::owe(WebSocket& ws, const std::string& id,
                                                 std::string_view event) {
  auto pending = std::make_shared<ObjectPending>();
  pending->state = shared_from_this();
  pending->ws = ws.handle();
  pending->wire = wire_of(ws);
  pending->id = id;
  pending->event = event;
  pending->number = ++last_number_;
  if (enter(pending->number, ws.id(), options.deadline, std::weak_ptr<ObjectPending>(pending))) {
    return pending;
  }
  pending->answered = true;  // answers nothing
  return nullptr;
}

bool ObjectsState::enter(std::uint64_t number, std::uint64_t connection,
                         std::chrono::milliseconds deadline,
                         std::variant<Question, std::weak_ptr<ObjectPending>> what) {
  {
    const std::lock_guard lock(mutex_);
    Connection& owner = connections_[connection];
    const bool is_question = what.index() == 0;
    const std::size_t count =
        is_question ? owner.questions : owner.numbers.size() - owner.questions;
    if (count >= options.max_pending) {
      if (owner.numbers.empty()) connections_.erase(connection);
      return false;
    }
    Waiting& entry = waiting_[number];
    entry.connection = connection;
    entry.what = std::move(what);
    owner.numbers.insert(number);
    if (is_question) ++owner.questions;
    if (timer_) {
      // One more, because the tick that is running may end at once.
      const auto whole = std::max(deadline, std::chrono::milliseconds(0)) / options.resolution;
      const bool is_part = deadline % options.resolution > std::chrono::milliseconds(0);
      entry.due = now_ + static_cast<Tick>(whole) + (is_part ? 2 : 1);
      due_.insert({entry.due, number});
    }
  }
  arm();
  return true;
}

ObjectsState::Waiting ObjectsState::erase(std::unordered_map<std::uint64_t, Waiting>::iterator at) {
  Waiting entry = std::move(at->second);
  const std::uint64_t number = at->first;
  waiting_.erase(at);
  if (entry.due != 0) due_.erase({entry.due, number});
  const auto owner = connections_.find(entry.connection);
  owner->second.numbers.erase(number);
  if (entry.what.index() == 0) --owner->second.questions;
  if (owner->second.numbers.empty()) connections_.erase(owner);
  return entry;
}

std::optional<ObjectsState::Waiting> ObjectsState::take(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return std::nullopt;
  return erase(found);
}

// Only the one who was asked can answer.
std::optional<ObjectsState::Waiting> ObjectsState::take_question(std::uint64_t number,
                                                                 std::uint64_t connection) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(number);
  if (found == waiting_.end() || found->second.connection != connection ||
      found->second.what.index() != 0) {
    return std::nullopt;
  }
  return erase(found);
}

bool ObjectsState::forget(std::uint64_t number) {
  return take(number).has_value();  // what it held goes here, outside the mutex
}

void ObjectsState::arm() {
  {
    const std::lock_guard lock(mutex_);
    if (armed_ || due_.empty()) return;
    armed_ = true;
  }
  timer_(options.resolution, [weak = weak_from_this()] {
    if (const auto state = weak.lock()) state->tick();
  });
}

void ObjectsState::tick() {
  std::vector<std::shared_ptr<ObjectPending>> owed;  // released outside the mutex
  std::vector<std::pair<WebSocketHandle, std::uint64_t>> asked;
  {
    const std::lock_guard lock(mutex_);
    armed_ = false;
    ++now_;
    while (!due_.empty() && due_.begin()->first <= now_) {
      const std::uint64_t number = due_.begin()->second;
      due_.erase(due_.begin());
      Waiting& entry = waiting_.find(number)->second;
      entry.due = 0;
      if (const auto* const question = std::get_if<Question>(&entry.what)) {
        asked.emplace_back(question->ws, number);
      } else if (auto pending = std::get<1>(entry.what).lock()) {
        owed.push_back(std::move(pending));
      }
    }
  }
  for (const auto& pending : owed) pending->give_up({"timeout", "no answer in time"});
  for (const auto& [ws, number] : asked) {
    // On its loop; if it has gone, closed() tells that.
    ws.post([state = shared_from_this(), number = number](WebSocket& there) {
      if (auto entry = state->take_question(number, there.id())) {
        ObjectSocket socket(there, state);
        state->guarded([&] {
          std::get<Question>(entry->what).done(socket, ObjectError{"timeout", "no answer in time"});
        });
      }
    });
  }
  arm();
}

void ObjectsState::closed(WebSocket& ws, const CloseInfo& close) {
  ObjectSocket socket(ws, shared_from_this());
  std::vector<Waiting> gone;
  {
    const std::lock_guard lock(mutex_);
    while (true) {
      const auto owner = connections_.find(ws.id());
      if (owner == connections_.end()) break;
      gone.push_back(erase(waiting_.find(*owner->second.numbers.begin())));
    }
  }
  for (Waiting& entry : gone) {
    if (auto* const question = std::get_if<Question>(&entry.what)) {
      guarded([&] { question->done(socket, ObjectError{"closed", "the connection has ended"}); });
    }
  }
  if (on_close) on_close(socket, close);
}

}  // namespace hybi::detail
