// hybi::Sessions: the face of the SessionManager, and its options.
#include <hybi/app/session_manager.h>

namespace hybi {
namespace {

bool fits(const SessionOptions& options) {
  const bool times = options.idle.count() > 0 && options.absolute >= options.idle &&
                     options.absolute <= std::chrono::hours(24 * 365 * 10);
  const bool close = options.close_code >= 4000 && options.close_code <= 4999 &&
                     options.close_reason.size() <= 123;
  // As strict as it will be with a value.
  const http::SetCookie cookie{.name = options.cookie,
                               .value = "value",
                               .path = options.path,
                               .domain = options.domain,
                               .secure = options.secure != SessionOptions::Secure::Never,
                               .same_site = options.same_site};
  const bool plain_none =
      options.same_site == http::SameSite::None && options.secure != SessionOptions::Secure::Always;
  return times && close && options.max_bytes > 0 && !options.path.empty() && !plain_none &&
         cookie.build().has_value();
}

}  // namespace

Result<Sessions> Sessions::create(SessionOptions options) {
  const std::string_view name = options.cookie;
  if (options.secure == SessionOptions::Secure::Auto &&
      (name.starts_with("__Host-") || name.starts_with("__Secure-"))) {
    options.secure = SessionOptions::Secure::Always;
  }
  if (!fits(options)) return Errc::BadSessionOptions;
  // A signature counts for one cookie name: two applications with one secret do not share sessions
  // by accident.
  Result<SignedId> signer = SignedId::create("hybi session " + options.cookie, options.secrets);
  if (!signer) return signer.error();
  if (!options.store) options.store = memory_session_store();
  if (!options.now) options.now = [] { return std::chrono::system_clock::now(); };
  return Sessions(std::make_shared<SessionManager>(std::move(options), std::move(*signer)));
}

Middleware Sessions::middleware() const {
  return [manager = manager_](Request& request, Response& response, Next next) {
    manager->run(request, response, std::move(next));
  };
}

Session* Sessions::of(Request& request) const {
  return manager_->find(request).get();
}

Session* Sessions::of(WebSocket& socket) const {
  return manager_->find(socket);
}

void Sessions::save(Request& request, Response& response,
                    std::function<void(Response&)> then) const {
  manager_->save(request, response, std::move(then));
}

Handler Sessions::websocket(WebSocketHandlers handlers) const {
  auto shared = std::make_shared<const WebSocketHandlers>(std::move(handlers));
  return [manager = manager_, shared](Request& request, Response& response) {
    if (auto upgrade = request.websocket()) {
      manager->accept(request, std::move(*upgrade), shared, {});
    } else if (!response.answered()) {
      response.set("Upgrade", "websocket");
      response.status(426).text(info(Errc::WsHandshakeUpgrade).text);
    }
  };
}

bool Sessions::accept(Request& request, Upgrade upgrade,
                      std::shared_ptr<const WebSocketHandlers> handlers, std::any user) const {
  return manager_->accept(request, std::move(upgrade), std::move(handlers), std::move(user));
}

void Sessions::save(WebSocket& socket, SocketDone done) const {
  manager_->save(socket, std::move(done));
}

void Sessions::reload(WebSocket& socket, SocketDone done) const {
  manager_->reload(socket, std::move(done));
}

std::size_t Sessions::websocket_count() const {
  return manager_->sockets().size();
}

void Sessions::destroy(const std::string& id, std::function<void(Result<bool>)> done) const {
  manager_->store().destroy(id, [done = std::move(done)](Result<bool> destroyed) {
    if (done) done(destroyed);
  });
}

void Sessions::sweep() const {
  manager_->sockets().sweep();
}

}  // namespace hybi
