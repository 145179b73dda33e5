// Cross-site request forgery: requests that a page of another site makes a browser send, cookies
// and all. hybi::Sessions' part of it.
//
//   token = nonce "." HMAC("csrf" id nonce)     bound to the session, another one each time
//   (BREACH)
//
// Two checks, both must pass: what the browser says of the page (Origin, Sec-Fetch-Site), as far as
// it says something, and the token. SameSite=Lax of the cookie is a third line, not checked here.
#include <hybi/app/session_manager.h>
#include <hybi/app/signed_id.h>
#include <hybi/base/ascii.h>
#include <hybi/http/target.h>
#include <hybi/ws/handshake.h>

#include <algorithm>

namespace hybi {
namespace {

// RFC 9110 9.2.1, as browsers know them.
bool is_safe(http::Method method) {
  return method == http::Method::Get || method == http::Method::Head ||
         method == http::Method::Options || method == http::Method::Trace;
}

std::string text_to_sign(std::string_view id, std::string_view nonce) {
  std::string text = "csrf ";
  text.append(id).append(" ").append(nonce);
  return text;
}

bool is_trusted(const SessionOptions& options, std::string_view origin) {
  return std::any_of(
      options.trusted_origins.begin(), options.trusted_origins.end(),
      [&](const std::string& trusted) { return equals_ignoring_case(trusted, origin); });
}

// Whether the browser says that a page of ours, or of a trusted site, made the request. One that
// says nothing is not believed to be a browser that would have said something.
bool is_from_here(const SessionOptions& options, const RequestInfo& request) {
  const std::string_view origin = request.header("origin");
  if (origin.data() != nullptr) {
    return ws::is_same_origin(origin, request.host()) || is_trusted(options, origin);
  }
  const std::string_view site = request.header("sec-fetch-site");  // Fetch Metadata 2.4
  return site.data() == nullptr || site == "same-origin" || site == "none";
}

bool is_valid(const SessionManager& manager, const Session& session, std::string_view token) {
  const std::size_t dot = token.find('.');
  if (dot != SignedId::kIdSize || session.id().empty()) return false;
  return manager.signer().verify_text(text_to_sign(session.id(), token.substr(0, dot)),
                                      token.substr(dot + 1));
}

// The token of an urlencoded form; none in other bodies.
std::optional<std::string> field_of(Request& request) {
  std::string_view type = request.header("content-type");
  type = trim_ows(type.substr(0, type.find(';')));
  if (!equals_ignoring_case(type, "application/x-www-form-urlencoded")) return std::nullopt;
  return http::find_query(as_text(request.body()), "_csrf");
}

bool passes(const SessionManager& manager, Request& request, bool with_body) {
  if (is_safe(request.method())) return true;
  const std::shared_ptr<Session> session = manager.find(request);
  if (!session || session->is_new() || !is_from_here(manager.options(), request)) return false;
  const std::string_view field = request.header("x-csrf-token");
  if (field.data() != nullptr) return is_valid(manager, *session, field);
  if (!with_body) return false;
  const std::optional<std::string> token = field_of(request);
  return token && is_valid(manager, *session, *token);
}

}  // namespace

std::string Sessions::csrf_token(Request& request) const {
  const std::shared_ptr<Session> session = manager_->find(request);
  if (!session) return {};
  session->state().keep();  // or the token would belong to nothing
  SystemEntropy entropy;
  const std::string nonce = SignedId::make_id(entropy);
  return nonce + "." + manager_->signer().sign_text(text_to_sign(session->id(), nonce));
}

Middleware Sessions::csrf_protect() const {
  return [manager = manager_](Request& request, Response& response, Next next) {
    if (passes(*manager, request, false)) return next();
    response.error(403, info(Errc::CsrfRefused).text);
  };
}

Handler Sessions::csrf_protect(Handler handler) const {
  return [manager = manager_, handler = std::move(handler)](Request& request, Response& response) {
    if (passes(*manager, request, true)) return handler(request, response);
    response.error(403, info(Errc::CsrfRefused).text);
  };
}

}  // namespace hybi
