// From HTTP to WebSocket: hybi::Upgrade and the HTTP session's part of the handshake. RFC 6455 4.2.
#include <hybi/base/digest.h>
#include <hybi/conn/challenge_session.h>
#include <hybi/conn/forwarded.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>
#include <hybi/http/writer.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/handshake.h>

#include <algorithm>
#include <array>

namespace hybi {

struct Upgrade::Pending {
  conn::RequestRef request;
  conn::HttpSession::Holder holder;
  std::vector<std::string> subprotocols;
  std::string origin;
  OutBuffer fields;

  // Runs `task` with the session, here or on its loop, if the request still waits for its answer.
  // Returns: false if it does not, as far as this thread can tell.
  template <class F>
  bool with_session(F task) {
    if (request.connection.port->on_loop_thread()) {
      conn::HttpSession* const session = request.find_here();
      return session != nullptr && task(*session, *this);
    }
    auto self = std::make_shared<Pending>(std::move(*this));
    return self->request.post([self, task = std::move(task)](conn::HttpSession& session) mutable {
      task(session, *self);
    });
  }
};

Upgrade::Upgrade(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}
Upgrade::Upgrade(Upgrade&& other) noexcept = default;

Upgrade::~Upgrade() {
  if (!pending_) return;
  // Behind what runs: it may answer otherwise.
  pending_->request.post(
      [holder = pending_->holder](conn::HttpSession& session) { session.give_up(holder); });
}

const std::vector<std::string>& Upgrade::subprotocols() const {
  return pending_->subprotocols;
}

std::string_view Upgrade::origin() const {
  return pending_->origin;
}

Result<void> Upgrade::add(std::string_view name, std::string_view value) {
  return http::write_field(name, value, pending_->fields);
}

bool Upgrade::accept(WebSocketHandlers handlers, std::any user) && {
  return std::move(*this).accept(std::make_shared<const WebSocketHandlers>(std::move(handlers)),
                                 std::move(user));
}

bool Upgrade::accept(std::shared_ptr<const WebSocketHandlers> handlers, std::any user) && {
  const std::unique_ptr<Pending> pending = std::move(pending_);
  return pending->with_session([handlers = std::move(handlers), user = std::move(user)](
                                   conn::HttpSession& session, Pending& self) mutable {
    return session.accept(std::move(handlers), std::move(user), self.fields);
  });
}

void Upgrade::reject(unsigned status, std::string_view text) && {
  const std::unique_ptr<Pending> pending = std::move(pending_);
  pending->with_session([status, text = std::string(text)](conn::HttpSession& session, Pending&) {
    session.set_status(status);
    session.answer(as_bytes(text), "text/plain; charset=utf-8");
    return true;
  });
}

Result<void> check(const WebSocketHandlers& handlers) {
  if (!is_valid(handlers.limits)) return Errc::BadLimit;
  if (handlers.quota && !handlers.quota->valid()) return Errc::BadLimit;
  if (!is_valid(handlers.compression)) return Errc::BadCompression;
  const bool unguarded =
      handlers.versions.has_unsafe() && handlers.origins.kind == OriginPolicy::Kind::SameOrigin;
  if (handlers.versions.empty() || unguarded) return Errc::BadVersions;
  return {};
}

namespace conn {
namespace {

// RFC 6455 10.2: which pages may connect.
bool origin_allowed(const OriginPolicy& policy, std::string_view origin, std::string_view host) {
  if (origin.data() == nullptr) return policy.allow_missing;
  switch (policy.kind) {
    case OriginPolicy::Kind::Any:
      return true;
    case OriginPolicy::Kind::SameOrigin:
      return ws::is_same_origin(origin, host);
    case OriginPolicy::Kind::List:
      break;
  }
  const auto same = [&](const std::string& allowed) {
    return equals_ignoring_case(allowed, origin);
  };
  return std::any_of(policy.list.begin(), policy.list.end(), same);
}

std::string_view choose_subprotocol(const std::vector<std::string>& ours, const ws::Offer& offer) {
  for (const std::string& name : ours) {
    const auto& offered = offer.subprotocols;
    if (std::find(offered.begin(), offered.end(), name) != offered.end()) return name;
  }
  return {};
}

}  // namespace

// Answers a handshake that breaks a rule. RFC 6455 4.4: `accepted` tells which versions would do.
void HttpSession::refuse_handshake(Errc why, Versions accepted) {
  connection_.context().counters().refused_requests.add();
  OutBuffer fields;
  ws::write_refusal_fields(why, accepted, fields);
  answer_error(why, as_text(fields.view()));
}

std::optional<Upgrade> HttpSession::take_upgrade() {
  if (upgrade_taken_ || answered() || !ws::is_websocket_request(parser_.head()))
    return std::nullopt;
  upgrade_taken_ = true;
  auto pending = std::make_unique<Upgrade::Pending>();
  pending->request = request_ref();
  const Result<ws::Offer> offer = ws::check_request(parser_.head(), Versions::all());
  if (offer) {
    pending->subprotocols.assign(offer->subprotocols.begin(), offer->subprotocols.end());
    pending->origin = offer->origin;
  } else if (offer.error().code != Errc::WsHandshakeVersion) {
    refuse_handshake(offer.error().code, Versions::all());
    return std::nullopt;
  }
  // Which versions are served is known when it is accepted: a foreign one is refused then.
  pending->holder = defer();
  return Upgrade(std::move(pending));
}

bool HttpSession::accept(std::shared_ptr<const WebSocketHandlers> handlers, std::any user,
                         const OutBuffer& more_fields) {
  if (answered()) return false;
  const http::Head& head = parser_.head();
  if (const Result<void> good = check(*handlers); !good) {
    connection_.context().application().on_error(good.error(), request_.target());
    answer_error(Errc::HttpHandlerFailed);
    return false;
  }
  const Result<ws::Offer> offer = ws::check_request(head, handlers->versions);
  if (!offer) {
    refuse_handshake(offer.error().code, handlers->versions);
    return false;
  }
  if (!origin_allowed(handlers->origins, offer->origin, head.authority())) {
    refuse_handshake(Errc::WsHandshakeOrigin, handlers->versions);
    return false;
  }
  if (connection_.context().stopping()) {
    answer_error(Errc::HttpOverloaded);
    return false;
  }
  std::unique_ptr<QuotaSeat> seat;
  if (handlers->quota) {
    auto taken = QuotaSeat::take(handlers->quota, request_.client());
    if (!taken) {
      connection_.context().counters().refused_requests.add();
      answer_error(taken.error().code);
      return false;
    }
    seat = std::move(*taken);
  }
  WsSession::Agreed agreed{
      .version = offer->version,
      .subprotocol = choose_subprotocol(handlers->subprotocols, *offer),
      .deflate = ws::choose_deflate(handlers->compression, offer->version, offer->extensions),
      .seat = std::move(seat)};
  status_ = 101;
  if (extras_) run_head_hooks({}, std::nullopt);
  write_upgrade(*offer, agreed, more_fields);
  if (extras_) {
    tell_done(101);
    hand_over_endings();
  }
  const bool was_busy = connection_.paused_for(Pause::Busy);
  std::unique_ptr<Session> session =
      std::make_unique<WsSession>(connection_, std::move(handlers), std::move(user), head.bytes(),
                                  request_.pattern_, std::move(agreed));
  if (ws::has_challenge(head)) {
    session = std::make_unique<ChallengeSession>(connection_, std::move(session), offer->number1,
                                                 offer->number2);
  }
  connection_.become(std::move(session));
  if (was_busy) connection_.resume(Pause::Busy);
  return true;
}

// The head of the 101 answer.
void HttpSession::write_upgrade(const ws::Offer& offer, WsSession::Agreed& agreed,
                                const OutBuffer& more_fields) {
  const http::Head& head = parser_.head();
  std::string extensions, nonce, location;
  if (agreed.deflate) extensions = ws::format_extensions({agreed.deflate->answer});
  if (offer.version == Version::V4) {
    std::array<std::byte, 16> random;
    connection_.context().entropy().fill(random);
    nonce = base64_encode(random);
    agreed.connection_key = ws::connection_key(offer.key, nonce);
  }
  if (!ws::has_version_field(offer.version)) {
    location = ws::location_of(head, client_speaks_tls(connection_, head));
  }
  OutBuffer& out = connection_.out();
  (void)ws::write_answer(offer,
                         {.subprotocol = agreed.subprotocol,
                          .extensions = extensions,
                          .nonce = nonce,
                          .location = location},
                         out);
  out.append(more_fields.view());
  fields_.write(out);
  http::write_end_of_head(out);
  answered_ = answer_complete_ = true;
}

}  // namespace conn
}  // namespace hybi
