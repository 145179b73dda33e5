// Sessions of WebSockets, see session_manager.h.
#include <hybi/app/meeting.h>
#include <hybi/app/session_manager.h>

#include <utility>

namespace hybi {
namespace {

std::int64_t ms_of(SessionState::TimePoint time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

Hop back_to(WebSocket& socket) {
  return [handle = socket.handle()](std::function<void()> task) {
    handle.post([task = std::move(task)](WebSocket&) { task(); });
  };
}

}  // namespace

// The user's handlers with ours around them, for one connection.
std::shared_ptr<const WebSocketHandlers> SessionManager::bind(
    std::shared_ptr<const WebSocketHandlers> handlers, std::shared_ptr<Session> session) {
  const auto socket = std::make_shared<BoundSocket>();
  const SessionState& state = session->state();
  if (state.stored) socket->id = state.id;
  socket->absolute_end_ms = ms_of(state.absolute_end());
  socket->check_at_ms = ms_of(state.expires_at);
  socket->session = std::move(session);
  const auto self = shared_from_this();

  auto bound = std::make_shared<WebSocketHandlers>(*handlers);
  bound->on_open = [self, socket, handlers](WebSocket& ws) {
    self->sockets_->add(socket, ws);
    if (handlers->on_open) handlers->on_open(ws);
  };
  bound->on_message = [self, socket, handlers](WebSocket& ws, Message message) {
    if (socket->gone) return;
    self->used(*socket);
    if (handlers->on_message) handlers->on_message(ws, message);
  };
  bound->on_close = [self, socket, handlers](WebSocket& ws, const CloseInfo& close) {
    // In any case, also when the user's throws.
    struct Leave {
      SessionSockets& sockets;
      const BoundSocketPtr& socket;
      ~Leave() { sockets.remove(socket); }
    } const leave{*self->sockets_, socket};
    if (handlers->on_close) handlers->on_close(ws, close);
  };
  return bound;
}

bool SessionManager::accept(Request& request, Upgrade upgrade,
                            std::shared_ptr<const WebSocketHandlers> handlers, std::any user) {
  const std::shared_ptr<Session> session = find(request);
  if (!session) return std::move(upgrade).accept(std::move(handlers), std::move(user));
  SessionState& state = session->state();
  state.handed_over = true;
  const auto now = options_.now();
  Result<SessionPlan> plan = state.begin_save(now);
  if (!plan) {
    report(plan.error(), "save");
    std::move(upgrade).reject(500, info(Errc::HttpHandlerFailed).text);
    return false;
  }
  // If it cannot be saved there will be no WebSocket to see that it was not.
  state.end_save(*plan, true, now);
  if (const auto cookie = cookie_for(state, is_secure(request))) {
    const Result<std::string> text = cookie->build();
    if (text) (void)upgrade.add("Set-Cookie", *text);
  }
  auto bound = bind(std::move(handlers), session);
  const bool must = !plan->destroy.empty() || plan->set;
  if (!must) {
    if (plan->touch) carry_out(*plan, [](Result<void>) {});
    return std::move(upgrade).accept(std::move(bound), std::move(user));
  }
  // May be answered on any thread, so the completion goes on wherever it is.
  const auto accepted = std::make_shared<std::atomic<bool>>(true);
  const auto waiting = std::make_shared<Upgrade>(std::move(upgrade));
  carry_out(*plan, [weak = weak_from_this(), waiting, bound, user, accepted](Result<void> saved) {
    if (saved) {
      *accepted = std::move(*waiting).accept(bound, user);
      return;
    }
    if (const auto self = weak.lock()) self->report(saved.error(), "save");
    *accepted = false;
    const unsigned status = info(saved.error().code).http_status;
    std::move(*waiting).reject(status != 0 ? status : 500, info(saved.error().code).text);
  });
  return *accepted;
}

Session* SessionManager::find(WebSocket& socket) const {
  const BoundSocketPtr found = sockets_->find(socket);
  return found ? found->session.get() : nullptr;
}

// A message is use of the session. The store is told when half of the idle time is gone.
void SessionManager::used(BoundSocket& socket) {
  SessionState& state = socket.session->state();
  const auto now = options_.now();
  if (socket.id.empty() || !state.touch_due(now)) return;
  const std::chrono::milliseconds left = state.lifetime(now);
  state.expires_at = now + left;
  socket.check_at_ms = ms_of(state.expires_at);
  options_.store->touch(socket.id, left, [weak = weak_from_this()](Result<bool> touched) {
    const auto self = weak.lock();
    if (self && !touched) self->report(touched.error(), "touch");
  });
}

void SessionManager::save(WebSocket& socket, Sessions::SocketDone done) {
  const auto tell = [done](WebSocket& ws, Result<void> result) {
    if (done) done(ws, result);
  };
  const BoundSocketPtr bound = sockets_->find(socket);
  if (!bound) return tell(socket, Errc::BadState);
  SessionState& state = bound->session->state();
  // What would need a cookie cannot be saved: no answer goes to the browser any more.
  if (!state.from.empty() || state.cookie_due != !state.destroyed.empty() ||
      (!state.stored && state.destroyed.empty()) || (!state.stored && !state.id.empty())) {
    return tell(socket, Errc::BadState);
  }
  if (bound->gone) return tell(socket, Errc::SessionGone);
  const auto now = options_.now();
  Result<SessionPlan> plan = state.begin_save(now);
  if (!plan) return tell(socket, plan.error());
  meet<void>([&](auto finished) { carry_out(*plan, std::move(finished)); },
             [&] { return back_to(socket); },
             [self = shared_from_this(), bound, plan = *plan, now, tell](Result<void> saved) {
               SessionState& after = bound->session->state();
               after.end_save(plan, saved.has_value(), now);
               bound->check_at_ms = ms_of(after.expires_at);
               if (!saved) self->report(saved.error(), "save");
               bound->handle.post([tell, saved](WebSocket& ws) { tell(ws, saved); });
             });
}

void SessionManager::reload(WebSocket& socket, Sessions::SocketDone done) {
  const BoundSocketPtr bound = sockets_->find(socket);
  if (!bound || bound->id.empty()) return done(socket, Errc::BadState);
  meet<std::optional<StoredSession>>(
      [&](auto finished) { options_.store->get(bound->id, std::move(finished)); },
      [&] { return back_to(socket); },
      [self = shared_from_this(), bound, done](Result<std::optional<StoredSession>> found) {
        Result<void> result;
        if (!found) {
          self->report(found.error(), "load");
          result = found.error();
        } else if (!found->has_value()) {
          result = Errc::SessionGone;
        } else {
          SessionState& state = bound->session->state();
          state.update(std::move(**found), self->options_.now());
          bound->check_at_ms = ms_of(state.expires_at);
        }
        bound->handle.post([done, result](WebSocket& ws) { done(ws, result); });
      });
}

}  // namespace hybi
