// Sessions: what a visitor's requests and WebSockets have in common, kept on our side.
//
//   auto sessions = hybi::Sessions::create({.secrets = {secret}}).value();
//   server.use(sessions.middleware());
//   server.post("/login", [sessions](hybi::Request& req, hybi::Response& res) {
//     hybi::Session* session = sessions.of(req);
//     session->rotate();  // a new id: whoever knew the old one has nothing
//     session->set("user", "ada");
//     res.redirect("/");
//   });
//   server.get("/live", sessions.websocket({.on_message = ...}));  // closed with 4401 in the end
//
// The browser has a random id and our signature in a cookie, nothing else. What is kept where, what
// a slow or dead store means, what is promised: docs/topics/sessions.md. Implemented in app/.
#pragma once

#include <hybi/http/cookie.h>
#include <hybi/server.h>
#include <hybi/session_store.h>
#include <hybi/websocket.h>

#include <any>
#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

struct SessionState;
class SessionManager;

// One session as one request or one WebSocket sees it: as it was when it was loaded, and its own
// changes. Two requests at the same time lose nothing unless both change the same value; then the
// last one that is saved wins. Thread: the loop's.
class Session {
 public:
  explicit Session(std::unique_ptr<SessionState> state);  // made by Sessions
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Never what the client has made up. "" while there is nothing to keep: the session gets its id
  // with the first change.
  const std::string& id() const;
  bool is_new() const;  // no session of ours came with the request
  std::chrono::system_clock::time_point created() const;

  std::optional<std::string> get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string> names() const;

  // A name must not be empty. Over SessionOptions::max_bytes nothing is saved and the request is
  // answered 500; see SessionOptions::on_error.
  void set(std::string_view name, std::string_view value);
  // JSON text of `value`.
  template <class Json>
  requires requires(const Json& value) {
    { value.dump() } -> std::convertible_to<std::string>;
  }
  void set(std::string_view name, const Json& value) { set(name, std::string_view(value.dump())); }
  void erase(std::string_view name);
  void clear();

  // A new id, the same values; the old id is dead. At every login and change of rights: an id that
  // somebody has planted or seen is worth nothing then. WebSockets of the old id are closed.
  void rotate();
  // Ends the session everywhere: its WebSockets are closed, on every node. What is set afterwards
  // belongs to a new session.
  void destroy();

  bool changed() const;   // there is something to save
  SessionState& state();  // for the library

 private:
  std::unique_ptr<SessionState> state_;
};

struct SessionOptions {
  // At least one, of 16 bytes or more, from a good generator. The first signs, all of them verify:
  // to replace a secret put the new one in front and take the old one away a week later.
  std::vector<std::string> secrets = {};
  // Null: a store in memory with its default bounds.
  std::shared_ptr<SessionStore> store = {};

  // "__Host-sid" is better wherever TLS is certain: then no other host of the domain can set it.
  std::string cookie = "sid";
  std::string path = "/";
  std::string domain = {};  // empty: this host only
  enum class Secure : std::uint8_t {
    Auto,    // where Request::scheme is https: trusted proxies and behind_tls count
    Always,  // also implied by a name with __Host- or __Secure-
    Never,
  };
  Secure secure = Secure::Auto;
  http::SameSite same_site = http::SameSite::Lax;
  bool persistent =
      false;  // the cookie outlives the browser: Max-Age is what is left of `absolute`

  std::chrono::seconds idle = std::chrono::minutes(30);        // without a request or message
  std::chrono::seconds absolute = std::chrono::hours(7 * 24);  // from its beginning
  std::size_t max_bytes = 16 * 1024;                           // of names and values
  bool save_empty = false;  // true: a session and a cookie for every visitor, even without a value

  std::uint16_t close_code = 4401;  // 4000-4999: of WebSockets whose session ends
  std::string close_reason = "session ended";

  // Other sites whose pages may send what csrf_protect guards: "https://accounts.example.com".
  std::vector<std::string> trusted_origins = {};

  // Told when a store has failed or a session was too large. Thread: any.
  std::function<void(Error error, std::string_view what)> on_error = {};
  std::function<std::chrono::system_clock::time_point()> now = {};  // for tests
};

// Copyable; copies are the same sessions. Thread: any, unless said otherwise.
class Sessions {
 public:
  // Fails: BadSecret; BadSessionOptions when the cookie could not be set or a time, the bytes or
  // the close code do not fit.
  static Result<Sessions> create(SessionOptions options);

  // Loads the session before the handler, saves it when the answer is given. A store that does not
  // answer: 503, the handler does not run.
  Middleware middleware() const;

  // Null when middleware() has not run for it. Lifetime: the request's, the WebSocket's.
  Session* of(Request& request) const;
  Session* of(WebSocket& socket) const;

  // Saves now, then goes on with `then`; when it could not be saved the request is answered 503, or
  // 409 if the session has ended meanwhile, and `then` does not run. For handlers whose answer must
  // not be given unless the change is stored, whatever the store.
  // Calls back: on the loop's thread, perhaps from within the call.
  void save(Request& request, Response& response, std::function<void(Response&)> then) const;

  // --- WebSockets
  // A handler that accepts with the request's session. When the session is destroyed, moved to a
  // new id or expires, here or on another node, the WebSocket is closed with close_code, and from
  // then on on_message is not called. Messages count as use of the session.
  Handler websocket(WebSocketHandlers handlers) const;
  // The same for a handler that accepts by itself: after save(), if the session was changed.
  // Thread: the loop's.
  bool accept(Request& request, Upgrade upgrade, std::shared_ptr<const WebSocketHandlers> handlers,
              std::any user = {}) const;
  // Errors: BadState when there is no cookie that could name the session (it was new when the
  // WebSocket was opened, or rotate() was called on it); SessionGone; those of the store.
  // Calls back: on the loop's thread, perhaps from within the call; not if the WebSocket has gone.
  using SocketDone = std::function<void(WebSocket&, Result<void>)>;
  void save(WebSocket& socket, SocketDone done = {}) const;
  // What other requests have changed since; own changes that are not saved stay.
  void reload(WebSocket& socket, SocketDone done) const;
  std::size_t websocket_count() const;  // bound to sessions, now

  // Ends a session from outside of it: an administrator's log-out.
  void destroy(const std::string& id, std::function<void(Result<bool>)> done = {}) const;
  // Looks for WebSockets whose sessions have expired; runs every second by itself.
  void sweep() const;

  // --- forms, see docs/topics/sessions.md
  // For a hidden field `_csrf` or the field X-CSRF-Token. Another one each time, all of them valid
  // as long as the session has its id.
  std::string csrf_token(Request& request) const;
  // Refuses (403) requests with a method other than GET, HEAD, OPTIONS, TRACE that another site has
  // made, or that have no valid token: as middleware in X-CSRF-Token only, because the body has not
  // arrived, around a handler also as `_csrf` of an urlencoded form.
  Middleware csrf_protect() const;
  Handler csrf_protect(Handler handler) const;

 private:
  explicit Sessions(std::shared_ptr<SessionManager> manager) : manager_(std::move(manager)) {}
  std::shared_ptr<SessionManager> manager_;
};

}  // namespace hybi
