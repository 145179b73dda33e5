// hybi::Request, hybi::Response and hybi::ResponseHandle: faces of the HTTP session.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/cookie.h>
#include <hybi/http/disposition.h>
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

void Request::on_body(BodyReader reader) {
  session_->set_body_reader(std::move(reader));
}

bool Request::streams_body() const {
  return session_->streams_body();
}

std::optional<std::uint64_t> Request::content_length() const {
  if (head_->chunked()) return std::nullopt;
  return head_->content_length();
}

void Request::pause_body() {
  session_->pause_body();
}

void Request::resume_body() {
  session_->resume_body();
}

void Request::limit_body(std::size_t max_bytes) {
  session_->limit_body(max_bytes);
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

Response& Response::remove(std::string_view name) {
  session_->remove_field(name);
  return *this;
}

Response& Response::cookie(const http::SetCookie& cookie) {
  const Result<std::string> value = cookie.build();
  if (value) {
    session_->set_field("Set-Cookie", *value, false);
  } else if (session_->head_open()) {
    session_->bad_answer(value.error(), cookie.name);
  }
  return *this;
}

Response& Response::link(std::string_view target, std::string_view rel) {
  // RFC 8288 3: neither may end the other's quotes.
  const bool fits = target.find('>') == std::string_view::npos &&
                    rel.find_first_of("\"\\") == std::string_view::npos;
  std::string value;
  value.append("<").append(target).append(">; rel=\"").append(rel).append("\"");
  if (fits) {
    session_->set_field("Link", value, false);
  } else if (session_->head_open()) {
    session_->bad_answer({Errc::BadField}, "Link");
  }
  return *this;
}

Response& Response::attachment(std::string_view filename) {
  return set("Content-Disposition",
             http::content_disposition(http::Disposition::Attachment, filename));
}

Response& Response::early_hints() {
  session_->send_early_hints();
  return *this;
}

Response& Response::trailer(std::string_view name, std::string_view value) {
  session_->add_trailer(name, value);
  return *this;
}

unsigned Response::status() const {
  return session_->status();
}

std::string_view Response::field(std::string_view name) const {
  return session_->fields().find(name);
}

std::string_view Response::content_type() const {
  const std::string_view set = field("content-type");
  const conn::RequestExtras* const extras = session_->find_extras();
  return set.data() != nullptr || extras == nullptr ? set : extras->content_type;
}

std::optional<std::uint64_t> Response::content_length() const {
  const conn::RequestExtras* const extras = session_->find_extras();
  return extras != nullptr ? extras->content_length : std::nullopt;
}

Response& Response::on_answer(std::function<void(Response&, std::function<void()>)> hook) {
  session_->add_answer_hook(std::move(hook));
  return *this;
}

Response& Response::on_head(std::function<void(Response&)> hook) {
  session_->add_head_hook(std::move(hook));
  return *this;
}

Response& Response::on_done(std::function<void(const ResponseInfo&)> hook) {
  session_->add_done_hook(std::move(hook));
  return *this;
}

Response& Response::filter(std::unique_ptr<BodyFilter> filter) {
  session_->set_filter(std::move(filter));
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

void Response::redirect(std::string_view location, unsigned status) {
  if (session_->answered()) return;
  if (status < 301 || status > 308 || (status > 303 && status < 307)) {
    session_->bad_answer({Errc::BadStatus}, std::to_string(status));
  }
  set("Location", location);
  session_->set_status(status);
  session_->answer({}, {});
}

void Response::report(Error error, std::string_view what) {
  session_->connection().context().application().on_error(error, what);
}

const TemplateEngine* Response::templates() const {
  return session_->connection().context().application().templates();
}

void Response::error(unsigned status, std::string_view text) {
  session_->answer_error(status, text);
}

void Response::body(std::vector<BodyPiece> pieces, std::string_view content_type) {
  session_->answer_pieces(std::move(pieces), content_type);
}

void Response::file(const std::string& path, std::string_view content_type) {
  if (session_->answered()) return;
  auto file = OpenFile::open(path);
  if (!file) {
    session_->answer_error(Errc::HttpNotFound);
    return;
  }
  const std::uint64_t size = (*file)->size();
  std::vector<BodyPiece> pieces;
  pieces.push_back({.file = std::move(*file), .count = size});
  session_->answer_pieces(std::move(pieces), content_type);
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
  HttpSession::Holder holder;

  PendingAnswer(RequestRef of, HttpSession::Holder whose) : request(std::move(of)), holder(whose) {}
  PendingAnswer(const PendingAnswer&) = delete;
  PendingAnswer& operator=(const PendingAnswer&) = delete;
  ~PendingAnswer();
};

ResponseHandle Response::later() {
  ResponseHandle handle;
  handle.pending_ =
      std::make_shared<conn::PendingAnswer>(session_->request_ref(), session_->defer());
  return handle;
}

conn::PendingAnswer::~PendingAnswer() {
  request.post([whose = holder](HttpSession& session) { session.give_up(whose); });
}

bool ResponseHandle::respond(std::function<void(Response&)> answer) const {
  return pending_ &&
         pending_->request.post([answer = std::move(answer)](conn::HttpSession& session) {
           session.dispatch([&] { answer(session.response()); });
         });
}

bool ResponseHandle::fail(std::exception_ptr exception) const {
  return pending_ &&
         pending_->request.post([exception = std::move(exception)](conn::HttpSession& session) {
           session.dispatch([&] { std::rethrow_exception(exception); });
         });
}

bool ResponseHandle::on_gone(std::function<void()> task) const {
  if (!pending_) return false;
  return pending_->request.connection.port->post(
      [of = pending_->request, task = std::move(task)](conn::LoopContext& context) {
        if (conn::HttpSession* const session = of.find(context)) {
          session->when_gone(std::move(task));
        } else if (context.find(of.connection.slot, of.connection.generation) == nullptr) {
          try {
            task();
          } catch (...) {
            context.application().on_exception(Errc::HttpHandlerFailed);
          }
        }
      });
}

bool Response::run_blocking(std::function<void()> work) {
  if (session_->connection().context().application().run_blocking(std::move(work))) return true;
  session_->answer_error(Errc::HttpTooBusy);
  return false;
}

bool ResponseHandle::resume() const {
  return pending_ &&
         pending_->request.post([](conn::HttpSession& session) { session.resume_stream(); });
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
