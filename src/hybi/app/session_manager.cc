// Sessions around requests, see session_manager.h. Those of WebSockets: session_websocket.cc.
#include <hybi/app/meeting.h>
#include <hybi/app/session_manager.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>

namespace hybi {
namespace {

using std::chrono::milliseconds;

// Of several cookies that we have signed, old ones of other paths for instance, so many are looked
// up until one names a session that lives.
constexpr std::size_t kMaxCandidates = 4;

// The body of an answer that must not be given after all.
class OtherBody final : public BodyFilter {
 public:
  explicit OtherBody(std::string text) : text_(std::move(text)) {}
  void add(Bytes, bool, std::string&) override {}
  void finish(std::string& out) override { out += text_; }

 private:
  std::string text_;
};

unsigned status_of(Error error) {
  const unsigned status = info(error.code).http_status;
  return status != 0 ? status : 500;
}

Hop back_to(Response& response) {
  return [handle = response.later()](std::function<void()> task) {
    handle.respond([task = std::move(task)](Response&) { task(); });
  };
}

}  // namespace

SessionManager::SessionManager(SessionOptions options, SignedId signer)
    : options_(std::move(options)),
      signer_(std::move(signer)),
      times_{options_.idle, options_.absolute, options_.max_bytes},
      key_("hybi.session." + options_.cookie),
      sockets_(std::make_shared<SessionSockets>(options_.store, options_)) {
  sockets_->start();
}

SessionManager::~SessionManager() {
  sockets_->stop();
}

void SessionManager::report(Error error, std::string_view what) const {
  if (options_.on_error) options_.on_error(error, what);
}

bool SessionManager::is_secure(const RequestInfo& request) const {
  switch (options_.secure) {
    case SessionOptions::Secure::Always:
      return true;
    case SessionOptions::Secure::Never:
      return false;
    default:
      return request.scheme() == "https";
  }
}

std::shared_ptr<Session> SessionManager::find(Request& request) const {
  const auto* const found = request.get<std::shared_ptr<Session>>(key_);
  return found != nullptr ? *found : nullptr;
}

// --- before the handler

struct SessionManager::Loading {
  Request& request;
  Response& response;
  Next next;
  bool secure = false;
  std::vector<std::pair<std::string, bool>> ids = {};  // and whether the signature is outdated
  std::size_t at = 0;
};

void SessionManager::run(Request& request, Response& response, Next next) {
  if (find(request)) return next();
  auto loading = std::make_shared<Loading>(Loading{request, response, std::move(next)});
  loading->secure = is_secure(request);
  for (const SignedId::Verified& found : signer_.find_all(request.head(), options_.cookie)) {
    if (loading->ids.size() == kMaxCandidates) break;
    loading->ids.emplace_back(found.id, found.outdated);
  }
  load(std::move(loading));
}

// The first of the ids that names a session, else a new one under an id of our own: what a client
// brings along is never adopted.
void SessionManager::load(std::shared_ptr<Loading> loading) {
  if (loading->at == loading->ids.size()) {
    attach(*loading, std::make_unique<SessionState>(times_, options_.now()));
    return loading->next();
  }
  const std::string& id = loading->ids[loading->at].first;
  meet<std::optional<StoredSession>>(
      [&](auto done) { options_.store->get(id, std::move(done)); },
      [&] { return back_to(loading->response); },
      [self = shared_from_this(), loading](Result<std::optional<StoredSession>> found) {
        if (!found) {
          self->report(found.error(), "load");
          return self->refuse(found.error(), loading->response);
        }
        const auto now = self->options_.now();
        const auto& [of, outdated] = loading->ids[loading->at++];
        if (!found->has_value() || !SessionState::is_alive(self->times_, now, **found)) {
          return self->load(loading);
        }
        auto state = std::make_unique<SessionState>(self->times_, now, of, std::move(**found));
        state->cookie_due = outdated;
        self->attach(*loading, std::move(state));
        loading->next();
      });
}

// A session and what becomes of it at the end of its request.
struct SessionManager::Attached {
  std::shared_ptr<Session> session;
  bool secure;
  std::optional<Result<void>> saved = {};  // before the answer, as far as it was necessary
};

void SessionManager::attach(Loading& loading, std::unique_ptr<SessionState> state) {
  auto session = std::make_shared<Session>(std::move(state));
  loading.request.set(key_, session);
  const auto attached = std::make_shared<Attached>(Attached{session, loading.secure});
  const auto self = shared_from_this();
  loading.response.on_head(
      [self, attached](Response& response) { self->save_at_head(*attached, response); });
  loading.response.on_answer([self, attached](Response& response, std::function<void()> go_on) {
    self->save_before_answer(
        attached, [&] { return back_to(response); }, std::move(go_on));
  });
}

// --- after it

// What is destroyed and what is set are two sessions: both are asked for at once.
void SessionManager::carry_out(SessionPlan plan, std::function<void(Result<void>)> done) {
  struct Both {
    std::mutex mutex;
    int left;
    Result<void> result = {};
    std::function<void(Result<void>)> done;
  };
  const bool sets = plan.set || plan.touch;
  const int parts = (plan.destroy.empty() ? 0 : 1) + (sets ? 1 : 0);
  if (parts == 0) return done({});
  const auto both = std::make_shared<Both>();
  both->left = parts;
  both->done = std::move(done);
  const auto finished = [both](Result<void> result) {
    {
      const std::lock_guard lock(both->mutex);
      if (!result) both->result = result;
      if (--both->left != 0) return;
    }
    both->done(both->result);
  };
  if (!plan.destroy.empty()) {
    // That there was none is what was asked for.
    options_.store->destroy(plan.destroy, [finished](Result<bool> destroyed) {
      finished(destroyed ? Result<void>() : Result<void>(destroyed.error()));
    });
  }
  const auto answered = [finished](Result<bool> found) {
    if (!found) {
      finished(found.error());
    } else {
      finished(*found ? Result<void>() : Result<void>(Errc::SessionGone));
    }
  };
  if (plan.set) {
    options_.store->set(plan.id, std::move(*plan.set), answered);
  } else if (plan.touch) {
    options_.store->touch(plan.id, *plan.touch, answered);
  }
}

std::optional<http::SetCookie> SessionManager::cookie_for(SessionState& state, bool secure) const {
  if (!std::exchange(state.cookie_due, false)) return std::nullopt;
  http::SetCookie cookie{.name = options_.cookie,
                         .path = options_.path,
                         .domain = options_.domain,
                         .secure = secure,
                         .same_site = options_.same_site};
  if (state.stored) {
    cookie.value = signer_.sign(state.id);
    if (options_.persistent) {
      cookie.max_age =
          std::chrono::ceil<std::chrono::seconds>(state.absolute_end() - options_.now());
    }
  } else {
    cookie.max_age = std::chrono::seconds(0);
  }
  return cookie;
}

void SessionManager::set_cookie(SessionState& state, bool secure, Response& response) const {
  const auto cookie = cookie_for(state, secure);
  if (!cookie) return;
  response.cookie(*cookie);
  // What carries a session's key belongs into no cache. RFC 9111 7.3
  if (response.field("cache-control").data() == nullptr) response.set("Cache-Control", "no-store");
}

void SessionManager::refuse(Error error, Response& response) const {
  const unsigned status = status_of(error);
  if (status == 503) response.set("Retry-After", "1");
  response.error(status, info(status == 500 ? Errc::HttpHandlerFailed : error.code).text);
}

Result<SessionPlan> SessionManager::plan_at_end(SessionState& state) const {
  if (state.handed_over) return SessionPlan{};
  if (options_.save_empty && !state.stored && !state.came) state.keep();
  return state.begin_save(options_.now());
}

// Holds the answer until the change is stored. That a session was used is not waited for.
void SessionManager::save_before_answer(std::shared_ptr<Attached> attached,
                                        std::function<Hop()> make_hop,
                                        std::function<void()> go_on) {
  SessionState& state = attached->session->state();
  Result<SessionPlan> plan = plan_at_end(state);
  if (!plan) {
    attached->saved = plan.error();
    return go_on();
  }
  const auto now = options_.now();
  if (plan->destroy.empty() && !plan->set) {
    attached->saved = Result<void>();
    if (plan->touch) note_use(state, *plan, now);
    return go_on();
  }
  meet<void>([&](auto done) { carry_out(*plan, std::move(done)); }, make_hop,
             [self = shared_from_this(), attached, plan = *plan, now, go_on](Result<void> saved) {
               attached->session->state().end_save(plan, saved.has_value(), now);
               attached->saved = saved;
               go_on();
             });
}

void SessionManager::note_use(SessionState& state, const SessionPlan& plan,
                              SessionState::TimePoint now) {
  state.end_save(plan, true, now);
  carry_out(plan, [weak = weak_from_this()](Result<void> touched) {
    if (touched || touched.error().code == Errc::SessionGone) return;
    if (const auto self = weak.lock()) self->report(touched.error(), "touch");
  });
}

void SessionManager::save_at_head(Attached& attached, Response& response) {
  SessionState& state = attached.session->state();
  if (state.handed_over) return;
  if (attached.saved && !state.changed())
    return finish_at_head(attached, *attached.saved, response);
  if (attached.saved && !*attached.saved) {
    return finish_at_head(attached, *attached.saved, response);
  }
  // The answer was not held back: it is a refusal, or a hook has changed the session since. A store
  // that answers at once is believed; another one answers when the head has gone.
  const Result<SessionPlan> plan = plan_at_end(state);
  if (!plan) return finish_at_head(attached, plan.error(), response);
  if (plan->empty()) return finish_at_head(attached, {}, response);
  const auto now = options_.now();
  if (plan->destroy.empty() && !plan->set) {
    note_use(state, *plan, now);
    return finish_at_head(attached, {}, response);
  }
  const auto here = std::this_thread::get_id();
  const auto at_once = std::make_shared<Result<void>>();
  carry_out(*plan, [weak = weak_from_this(), here, at_once](Result<void> result) {
    if (std::this_thread::get_id() == here) {
      *at_once = result;
    } else if (const auto self = weak.lock(); self && !result) {
      self->report(result.error(), "save");
    }
  });
  const Result<void> saved = *at_once;
  state.end_save(*plan, saved.has_value(), now);
  finish_at_head(attached, saved, response);
}

void SessionManager::finish_at_head(Attached& attached, Result<void> saved, Response& response) {
  if (saved) return set_cookie(attached.session->state(), attached.secure, response);
  report(saved.error(), "save");
  const unsigned status = status_of(saved.error());
  const Errc told = status == 500 ? Errc::HttpHandlerFailed : saved.error().code;
  response.status(status);
  if (status == 503) response.set("Retry-After", "1");
  response.set("Content-Type", "text/plain; charset=utf-8");
  response.filter(std::make_unique<OtherBody>(std::string(info(told).text) + "\n"));
}

void SessionManager::save(Request& request, Response& response,
                          std::function<void(Response&)> then) {
  const std::shared_ptr<Session> session = find(request);
  if (!session) return then(response);
  const auto now = options_.now();
  Result<SessionPlan> plan = session->state().begin_save(now);
  if (!plan) {
    report(plan.error(), "save");
    return refuse(plan.error(), response);
  }
  meet<void>([&](auto done) { carry_out(*plan, std::move(done)); },
             [&] { return back_to(response); },
             [self = shared_from_this(), session, plan = *plan, now, then = std::move(then),
              secure = is_secure(request), &response](Result<void> saved) {
               SessionState& state = session->state();
               const bool only_touch = plan.destroy.empty() && !plan.set;
               state.end_save(plan, saved.has_value(), now);
               if (!saved) self->report(saved.error(), "save");
               if (!saved && !only_touch) {
                 state.handed_over = true;  // not once more with the head of the refusal
                 return self->refuse(saved.error(), response);
               }
               self->set_cookie(state, secure, response);
               then(response);
             });
}

}  // namespace hybi
