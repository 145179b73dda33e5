// hybi::Request, hybi::Response and hybi::ResponseHandle: faces of the HTTP session.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/cookie.h>
#include <hybi/http/target.h>

namespace hybi {

std::string RequestInfo::param(std::string_view name) const {
  return pattern_ != nullptr ? pattern_->param(path(), name) : std::string();
}

std::optional<std::string> RequestInfo::query(std::string_view name) const {
  return http::find_query(query(), name);
}

std::string_view RequestInfo::cookie(std::string_view name) const {
  return http::find_cookie(*head_, name);
}

Bytes Request::body() const {
  return session_->body();
}

std::optional<Upgrade> Request::websocket() {
  return session_->take_upgrade();
}

void Request::set(std::string name, std::any value) {
  session_->set_value(std::move(name), std::move(value));
}

std::any* Request::find_value(std::string_view name) {
  return session_->find_value(name);
}

Response& Response::status(unsigned status) {
  session_->set_status(status);
  return *this;
}

Response& Response::set(std::string_view name, std::string_view value) {
  session_->set_field(name, value, true);
  return *this;
}

Response& Response::add(std::string_view name, std::string_view value) {
  session_->set_field(name, value, false);
  return *this;
}

void Response::text(std::string_view body) {
  session_->answer(as_bytes(body), "text/plain; charset=utf-8");
}

void Response::html(std::string_view body) {
  session_->answer(as_bytes(body), "text/html; charset=utf-8");
}

void Response::json(std::string_view body) {
  session_->answer(as_bytes(body), "application/json");
}

void Response::bytes(Bytes body, std::string_view content_type) {
  session_->answer(body, content_type);
}

void Response::end() {
  session_->answer({}, {});
}

void Response::file(const std::string& path, std::string_view content_type) {
  session_->answer_file(path, content_type);
}

void Response::stream(std::string_view content_type, StreamSource source) {
  session_->answer_stream(content_type, std::move(source));
}

bool Response::answered() const {
  return session_->answered();
}

// A request that somebody has promised to answer.
struct conn::PendingAnswer {
  RequestRef request;

  explicit PendingAnswer(RequestRef of) : request(std::move(of)) {}
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  ~PendingAnswer();

  // Runs `task` with the session, on its loop, if the request is still the one that is meant.
  bool post(std::function<void(HttpSession&)> task) const;
};

ResponseHandle Response::later() {
  session_->defer();
  ResponseHandle handle;
  handle.pending_ = std::make_shared<conn::PendingAnswer>(session_->request_ref());
  return handle;
}

bool conn::PendingAnswer::post(std::function<void(HttpSession&)> task) const {
  return request.connection.port->post(
      [of = request, task = std::move(task)](LoopContext& context) {
        if (HttpSession* const session = of.find(context)) task(*session);
      });
}

conn::PendingAnswer::~PendingAnswer() {
  post([](HttpSession& session) { session.answer_unanswered(); });
}

bool ResponseHandle::respond(std::function<void(Response&)> answer) const {
  return pending_ && pending_->post([answer = std::move(answer)](conn::HttpSession& session) {
    session.dispatch([&] { answer(session.response()); });
  });
}

bool ResponseHandle::resume() const {
  return pending_ && pending_->post([](conn::HttpSession& session) { session.resume_stream(); });
}

namespace conn {

std::any* HttpSession::find_value(std::string_view name) {
  for (auto& [key, value] : values_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void HttpSession::set_value(std::string name, std::any value) {
  if (std::any* const there = find_value(name)) {
    *there = std::move(value);
  } else {
    values_.emplace_back(std::move(name), std::move(value));
  }
}

}  // namespace conn
}  // namespace hybi
