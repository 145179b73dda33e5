// Behind Sessions: from cookies to sessions and back, around a request and into a WebSocket.
//
//   cookie -> SignedId -> store -> Session, kept with the request -> handler -> save -> answer
#pragma once

#include <hybi/app/meeting.h>
#include <hybi/app/session_sockets.h>
#include <hybi/app/session_state.h>
#include <hybi/app/signed_id.h>
#include <hybi/session.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace hybi {

class SessionManager : public std::enable_shared_from_this<SessionManager> {
 public:
  // Requires: options that Sessions::create has found good.
  SessionManager(SessionOptions options, SignedId signer);
  ~SessionManager();

  void run(Request& request, Response& response, Next next);
  std::shared_ptr<Session> find(Request& request) const;
  void save(Request& request, Response& response, std::function<void(Response&)> then);

  bool accept(Request& request, Upgrade upgrade, std::shared_ptr<const WebSocketHandlers> handlers,
              std::any user);
  Session* find(WebSocket& socket) const;
  void save(WebSocket& socket, Sessions::SocketDone done);
  void reload(WebSocket& socket, Sessions::SocketDone done);

  SessionStore& store() { return *options_.store; }
  SessionSockets& sockets() { return *sockets_; }
  const SessionSockets& sockets() const { return *sockets_; }
  const SessionOptions& options() const { return options_; }
  const SignedId& signer() const { return signer_; }
  // Whether a browser would send a Secure cookie with this request.
  bool is_secure(const RequestInfo& request) const;
  void report(Error error, std::string_view what) const;

 private:
  using Ids = std::vector<SignedId::Verified>;
  struct Loading;
  struct Attached;

  void load(std::shared_ptr<Loading> loading);
  void attach(Loading& loading, std::unique_ptr<SessionState> state);
  void carry_out(SessionPlan plan, std::function<void(Result<void>)> done);
  Result<SessionPlan> plan_at_end(SessionState& state) const;
  void save_at_head(Attached& attached, Response& response);
  void save_before_answer(std::shared_ptr<Attached> attached, std::function<Hop()> make_hop,
                          std::function<void()> go_on);
  void note_use(SessionState& state, const SessionPlan& plan, SessionState::TimePoint now);
  void finish_at_head(Attached& attached, Result<void> saved, Response& response);
  void set_cookie(SessionState& state, bool secure, Response& response) const;
  std::optional<http::SetCookie> cookie_for(SessionState& state, bool secure) const;
  void refuse(Error error, Response& response) const;
  std::shared_ptr<const WebSocketHandlers> bind(std::shared_ptr<const WebSocketHandlers> handlers,
                                                std::shared_ptr<Session> session);
  void used(BoundSocket& socket);

  const SessionOptions options_;
  const SignedId signer_;
  const SessionTimes times_;
  const std::string key_;  // of the session among the request's values
  const std::shared_ptr<SessionSockets> sockets_;
};

}  // namespace hybi
