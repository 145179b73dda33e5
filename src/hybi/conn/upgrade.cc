// From HTTP to WebSocket: hybi::Upgrade and the HTTP session's part of the handshake. RFC 6455 4.2.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>
#include <hybi/http/writer.h>
#include <hybi/ws/handshake.h>

#include <algorithm>

namespace hybi {

struct Upgrade::Pending {
  conn::RequestRef request;
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
    return self->request.connection.port->post(
        [self, task = std::move(task)](conn::LoopContext& context) mutable {
          if (conn::HttpSession* const session = self->request.find(context)) task(*session, *self);
        });
  }
};

Upgrade::Upgrade(std::unique_ptr<Pending> pending) : pending_(std::move(pending)) {}
Upgrade::Upgrade(Upgrade&& other) noexcept = default;

Upgrade::~Upgrade() {
  if (!pending_) return;
  pending_->with_session([](conn::HttpSession& session, Pending&) {
    session.answer_unanswered();
    return true;
  });
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

namespace conn {
namespace {

// RFC 6455 10.2: which pages may connect.
bool origin_allowed(const OriginPolicy& policy, const http::Head& head) {
  const std::string_view origin = head.find("origin");
  if (origin.data() == nullptr) return policy.allow_missing;
  switch (policy.kind) {
    case OriginPolicy::Kind::Any:
      return true;
    case OriginPolicy::Kind::SameOrigin:
      return head.count("origin") == 1 && ws::is_same_origin(origin, head.authority());
    case OriginPolicy::Kind::List:
      break;
  }
  const auto same = [&](const std::string& allowed) {
    return equals_ignoring_case(allowed, origin);
  };
  return head.count("origin") == 1 && std::any_of(policy.list.begin(), policy.list.end(), same);
}

std::string_view choose_subprotocol(const std::vector<std::string>& ours, const ws::Offer& offer) {
  for (const std::string& name : ours) {
    const auto& offered = offer.subprotocols;
    if (std::find(offered.begin(), offered.end(), name) != offered.end()) return name;
  }
  return {};
}

}  // namespace

std::optional<Upgrade> HttpSession::take_upgrade() {
  if (upgrade_taken_ || answered() || !ws::is_websocket_request(parser_.head()))
    return std::nullopt;
  upgrade_taken_ = true;
  const Result<ws::Offer> offer = ws::check_request(parser_.head());
  if (!offer) {
    connection_.context().counters().refused_requests.add();
    OutBuffer fields;
    ws::write_refusal_fields(offer.error().code, fields);
    answer_error(offer.error().code, as_text(fields.view()));
    return std::nullopt;
  }
  auto pending = std::make_unique<Upgrade::Pending>();
  pending->request = request_ref();
  pending->subprotocols.assign(offer->subprotocols.begin(), offer->subprotocols.end());
  pending->origin = offer->origin;
  deferred_ = true;
  return Upgrade(std::move(pending));
}

bool HttpSession::accept(std::shared_ptr<const WebSocketHandlers> handlers, std::any user,
                         const OutBuffer& more_fields) {
  const http::Head& head = parser_.head();
  const Result<ws::Offer> offer = ws::check_request(head);
  if (answered() || !offer) return false;
  if (!is_valid(handlers->limits)) {
    connection_.context().application().on_error({Errc::BadLimit}, request_.target());
    answer_error(Errc::HttpHandlerFailed);
    return false;
  }
  if (!origin_allowed(handlers->origins, head)) {
    connection_.context().counters().refused_requests.add();
    answer_error(Errc::WsHandshakeOrigin);
    return false;
  }
  if (connection_.context().stopping()) {
    answer_error(Errc::HttpOverloaded);
    return false;
  }
  const std::string_view subprotocol = choose_subprotocol(handlers->subprotocols, *offer);
  OutBuffer& out = connection_.out();
  (void)ws::write_answer(*offer, subprotocol, {}, out);
  out.append(more_fields.view());
  fields_.write(out);
  http::write_end_of_head(out);
  answered_ = answer_complete_ = true;
  const bool was_busy = connection_.paused_for(Pause::Busy);
  connection_.become(std::make_unique<WsSession>(connection_, std::move(handlers), std::move(user),
                                                 head.bytes(), request_.pattern_, subprotocol));
  if (was_busy) connection_.resume(Pause::Busy);
  return true;
}

}  // namespace conn
}  // namespace hybi
