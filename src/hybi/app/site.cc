// From a request head to its handler: middleware, then the route. See site.h.
#include <hybi/app/site.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/target.h>
#include <hybi/ws/handshake.h>

namespace hybi {
namespace {

// The path as the router understands it: each segment decoded where it can be. Without this a
// percent sign in the path would lead around a middleware and still to the route behind it.
std::string decoded(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    const std::string_view segment = conn::take_segment(path);
    result += '/';
    result += http::decode_segment(segment).value_or(std::string(segment));
  }
  return result;
}

bool has_prefix(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/' || prefix.empty());
}

}  // namespace

Result<void> Site::add_websocket(std::string_view pattern, WebSocketHandlers handlers) {
  auto shared = std::make_shared<const WebSocketHandlers>(std::move(handlers));
  return router_.add_websocket(pattern, [shared](Request& request, Response&) {
    if (auto upgrade = request.websocket()) std::move(*upgrade).accept(shared);
  });
}

void Site::use(std::string_view prefix, Middleware middleware) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  layers_.push_back({std::string(prefix), std::move(middleware)});
}

void Site::on_error(Error error, std::string_view what) {
  if (!hook_) return;
  try {
    hook_(error, what);
  } catch (...) {  // it is called where nothing may be thrown, and there is nobody else to tell
  }
}

void Site::on_request(conn::HttpSession& session) {
  run_layers(session, 0);
}

// What a middleware's `next` does: goes on behind it, once, if the request still waits. One that is
// given up without a call, an answer or the right to answer later is answered 500.
class Site::Continuation {
 public:
  Continuation(Site& site, conn::HttpSession& session, std::size_t from)
      : site_(site), request_(session.request_ref()), from_(from) {}
  Continuation(const Continuation&) = delete;
  Continuation& operator=(const Continuation&) = delete;
  ~Continuation() {
    if (called_) return;
    conn::HttpSession* const session = request_.find_here();
    if (session != nullptr && !session->deferred()) session->answer_unanswered();
  }

  void run() {
    if (std::exchange(called_, true)) return;
    conn::HttpSession* const session = request_.find_here();
    if (session != nullptr && !session->answered()) site_.run_layers(*session, from_);
  }

 private:
  Site& site_;
  conn::RequestRef request_;
  std::size_t from_;
  bool called_ = false;
};

void Site::run_layers(conn::HttpSession& session, std::size_t from) {
  std::string_view path = session.request().path();
  std::string plain;
  if (!layers_.empty() && path.starts_with('/') && path.find('%') != std::string_view::npos) {
    plain = decoded(path);
    path = plain;
  }
  for (std::size_t i = from; i < layers_.size(); ++i) {
    if (!has_prefix(path, layers_[i].prefix)) continue;
    // Given up only after an exception has been answered.
    const auto next = std::make_shared<Continuation>(*this, session, i + 1);
    session.dispatch(
        [&] { layers_[i].run(session.request(), session.response(), [next] { next->run(); }); });
    return;
  }
  run_route(session);
}

void Site::run_route(conn::HttpSession& session) {
  const http::Head& head = session.request().head();
  const http::Method method = head.method();
  if (head.form() == http::TargetForm::Authority) {  // CONNECT: this is no proxy
    session.answer_error(Errc::HttpUnknownMethod);
    return;
  }
  if (head.form() == http::TargetForm::Asterisk) {  // RFC 9110 9.3.7: the server as a whole
    session.set_status(204);
    session.answer({}, {});
    return;
  }
  const Router::Found found = router_.find(method, ws::is_websocket_request(head), head.path());
  if (found.route != nullptr) {
    session.set_pattern(&found.route->pattern);
    session.run(found.route->handler);
  } else if (!found.path_known) {
    session.answer_error(Errc::HttpNotFound);
  } else if (method == http::Method::Options) {
    session.set_field("Allow", found.allow, true);
    session.set_status(204);
    session.answer({}, {});
  } else if (found.websocket_only) {
    session.answer_error(Errc::WsHandshakeUpgrade, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
  } else {  // RFC 9110 15.5.6: 405 lists what is allowed
    session.answer_error(Errc::HttpMethodNotAllowed, "Allow: " + found.allow + "\r\n");
  }
}

}  // namespace hybi
