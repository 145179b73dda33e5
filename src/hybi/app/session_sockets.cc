// See session_sockets.h.
#include <hybi/app/session_sockets.h>
#include <hybi/app/session_state.h>

#include <algorithm>
#include <utility>

namespace hybi {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kSweepInterval{1};
constexpr milliseconds kRetry{5'000};             // after a store that did not answer
constexpr std::size_t kMaxChecksPerSweep = 1000;  // a store is not flooded after a gap

template <class Map, class Key>
void erase_from(Map& map, const Key& key, const BoundSocketPtr& socket) {
  const auto [begin, end] = map.equal_range(key);
  const auto found =
      std::find_if(begin, end, [&](const auto& entry) { return entry.second == socket; });
  if (found != end) map.erase(found);
}

}  // namespace

SessionSockets::SessionSockets(std::shared_ptr<SessionStore> store, const SessionOptions& options)
    : store_(std::move(store)), options_(options) {}

void SessionSockets::start() {
  const std::weak_ptr<SessionSockets> weak = weak_from_this();
  watching_ = store_->watch({.on_gone =
                                 [weak](const std::string& id) {
                                   if (const auto self = weak.lock()) self->close_session(id);
                                 },
                             .on_gap =
                                 [weak] {
                                   if (const auto self = weak.lock()) self->check_all();
                                 }});
}

SessionSockets::~SessionSockets() {
  stop();
}

void SessionSockets::stop() {
  {
    const std::lock_guard lock(clock_->mutex);
    clock_->stopping = true;
  }
  clock_->changed.notify_all();
  if (!thread_.joinable()) return;
  // A completion that runs on the thread itself may hold the last reference to whoever stops us.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

std::int64_t SessionSockets::now_ms() const {
  return std::chrono::floor<milliseconds>(options_.now().time_since_epoch()).count();
}

void SessionSockets::add(const BoundSocketPtr& socket, WebSocket& of) {
  socket->handle = of.handle();
  socket->socket_id = of.id();
  {
    const std::lock_guard lock(mutex_);
    by_socket_.emplace(socket->socket_id, socket);
    if (socket->id.empty()) return;
    by_session_.emplace(socket->id, socket);
    if (!thread_.joinable()) run_thread();
  }
  // It may have ended between its loading and now: only from now on we are told.
  if (!socket->checking.exchange(true)) check(socket);
}

void SessionSockets::remove(const BoundSocketPtr& socket) {
  const std::lock_guard lock(mutex_);
  erase_from(by_socket_, socket->socket_id, socket);
  if (!socket->id.empty()) erase_from(by_session_, socket->id, socket);
}

// Two servers count their WebSockets for themselves: the handle tells them apart.
BoundSocketPtr SessionSockets::find(WebSocket& socket) const {
  const WebSocketHandle handle = socket.handle();
  const std::lock_guard lock(mutex_);
  const auto [begin, end] = by_socket_.equal_range(socket.id());
  const auto found =
      std::find_if(begin, end, [&](const auto& entry) { return entry.second->handle == handle; });
  return found != end ? found->second : nullptr;
}

std::size_t SessionSockets::size() const {
  const std::lock_guard lock(mutex_);
  return by_session_.size();
}

void SessionSockets::close(BoundSocket& socket) const {
  socket.gone = true;
  socket.handle.close(options_.close_code, options_.close_reason);
}

void SessionSockets::close_session(const std::string& id) {
  std::vector<BoundSocketPtr> ended;
  {
    const std::lock_guard lock(mutex_);
    const auto [begin, end] = by_session_.equal_range(id);
    for (auto at = begin; at != end; ++at) ended.push_back(at->second);
  }
  for (const BoundSocketPtr& socket : ended) close(*socket);
}

// Asks the store whether the session is still there.
void SessionSockets::check(const BoundSocketPtr& socket) {
  const std::weak_ptr<SessionSockets> weak = weak_from_this();
  store_->get(socket->id, [weak, socket](Result<std::optional<StoredSession>> found) {
    const auto self = weak.lock();
    if (!self) return;
    const std::int64_t now = self->now_ms();
    if (!found) {
      // It stays open while nobody can tell, at most until the absolute end.
      socket->check_at_ms = std::min(now + kRetry.count(), socket->absolute_end_ms);
    } else if (!found->has_value()) {
      self->close(*socket);
    } else {
      socket->check_at_ms = std::min(now + (*found)->expires_in.count(), socket->absolute_end_ms);
    }
    socket->checking = false;
  });
}

void SessionSockets::sweep() {
  const std::int64_t now = now_ms();
  std::vector<BoundSocketPtr> due, over;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, socket] : by_session_) {
      if (socket->gone || now >= socket->absolute_end_ms) {
        over.push_back(socket);  // again, if its loop had no room for the task
      } else if (now >= socket->check_at_ms && due.size() < kMaxChecksPerSweep &&
                 !socket->checking.exchange(true)) {
        due.push_back(socket);
      }
    }
  }
  for (const BoundSocketPtr& socket : over) close(*socket);
  for (const BoundSocketPtr& socket : due) check(socket);
}

void SessionSockets::check_all() {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, socket] : by_session_) socket->check_at_ms = 0;
  }
  {
    const std::lock_guard lock(clock_->mutex);
    clock_->hurry = true;
  }
  clock_->changed.notify_all();
}

void SessionSockets::run_thread() {
  thread_ = std::thread([clock = clock_, weak = weak_from_this()] {
    for (;;) {
      {
        std::unique_lock lock(clock->mutex);
        clock->changed.wait_for(lock, kSweepInterval,
                                [&] { return clock->stopping || clock->hurry; });
        if (clock->stopping) return;
        clock->hurry = false;
      }
      if (const auto self = weak.lock()) self->sweep();
    }
  });
}

}  // namespace hybi
