// Middleware that ships with Hybi. Each function makes one, to be handed to use().
//
//   server.use(hybi::access_log()).use(hybi::request_id()).use(hybi::security_headers());
//   server.use(hybi::compress()).use("/api", hybi::cors({.origins = {"https://app.example.com"}}));
//   server.use("/admin", hybi::basic_auth({.realm = "admin", .users = {{"ada", password}}}));
//
// The order of use() is the order in which a request meets them: the log first, so that it sees
// all; cors before what asks for credentials, because a preflight has none. All of them see
// requests for WebSockets as well. Implemented in app/.
#pragma once

#include <hybi/http.h>
#include <hybi/result.h>
#include <hybi/router.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi {

// --- access log

// One line for each request when its answer has left; a WebSocket is told with 101 when it opens.
//
// `format` is "common", "combined", "json", "logfmt", or a pattern as Apache httpd has it:
//   %h %a client's address   %{c}a peer's address   %l -   %u user   %t time   %{iso}t the same as
//   2026-01-31T12:00:00.000Z   %r request line   %m method   %U path   %q query with its "?"
//   %H protocol   %v host   %s %>s status   %b bytes of the body, - for none   %B bytes   %D
//   microseconds   %{ms}T milliseconds   %T seconds   %X "X" if it was cut, else "+"   %L request
//   id
//   %{Name}i field of the request   %{Name}o field of the answer   %% a percent sign
//
// What comes from the client cannot break out of its place: quotes, backslashes, control characters
// and all bytes that are not ASCII are escaped (\x0a), in JSON as JSON does.
// Secrets are written as "…": Authorization, Proxy-Authorization, Cookie and Set-Cookie always, and
// what is listed here, in the request line, in %q, Referer and Location. Names are compared decoded
// and in any case.
struct AccessLogOptions {
  std::string format = "combined";
  // Without the end of the line. Unset: stdout. Thread: each loop's, several at a time.
  std::function<void(std::string_view line)> sink = {};
  std::vector<std::string> secret_fields = {"X-Api-Key", "X-Auth-Token", "X-CSRF-Token"};
  std::vector<std::string> secret_parameters = {
      "token",  "access_token",  "refresh_token", "id_token", "api_key",  "apikey",    "key",
      "secret", "client_secret", "password",      "passwd",   "pwd",      "signature", "sig",
      "code",   "session",       "sid",           "auth",     "assertion"};
  std::function<std::chrono::system_clock::time_point()> clock = {};  // for tests
};
// Fails: BadLogFormat. The middleware writes a directive that it does not know as it stands.
Result<void> check(const AccessLogOptions& options);
Middleware access_log(AccessLogOptions options = {});

// --- cors

// Which pages of other origins may use what is here: the server's half of the Fetch standard, 3.2.
// Preflights are answered 204 here; the fields stand on errors as well; Vary is set wherever the
// answer depends on the origin. Requests for WebSockets pass untouched: browsers do not ask for
// them, WebSocketHandlers::origins decides.
//
// The origin "null" (sandboxed frames, files: anybody) is allowed only by standing in the list, or
// by `any_origin`.
struct CorsOptions {
  std::vector<std::string> origins = {};  // "https://app.example.com", in full
  // Asked for origins that are not in the list; never for "null". Compare whole origins: what ends
  // in "example.com" may be "https://evil-example.com".
  std::function<bool(std::string_view origin)> allow_origin = {};
  bool any_origin = false;  // public content: "*". Not with `credentials`.
  std::vector<std::string> methods = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
  std::vector<std::string> headers = {};  // that pages may send; {"*"}: whatever they ask for
  std::vector<std::string> expose = {};   // fields of the answer that pages may read
  bool credentials = false;               // cookies, HTTP authentication, client certificates
  std::optional<std::chrono::seconds> max_age = {};  // of a preflight's answer; unset: 5 s
  bool private_network = false;  // pages of public sites may reach this one in a private network
};
// Fails: BadCors for credentials together with any origin or with expose = {"*"}, and for names
// that are no tokens. The middleware allows nothing then and tells the error hook once.
Result<void> check(const CorsOptions& options);
Middleware cors(CorsOptions options);

// --- compression

// Answers in br, gzip or deflate, as Accept-Encoding prefers; what it weighs alike, in the order of
// `codings`. Event streams and others that wait are flushed when they do.
//
// Left alone: answers that have Content-Encoding, are partial, without a body or no-transform;
// types that are not listed; bodies below the threshold; requests with X-No-Compression. A strong
// ETag becomes weak, since the bytes are others. Compressing a secret beside what the client sent
// tells its length (BREACH): leave such pages out with Cache-Control: no-transform.
struct CompressOptions {
  // "text/html", "text/*", "*/*+json".
  std::vector<std::string> types = {
      "text/*",    "application/json", "application/javascript",    "application/xml", "*/*+json",
      "*/*+xml",   "application/wasm", "application/manifest+json", "font/ttf",        "font/otf",
      "image/bmp", "image/x-icon"};
  std::uint64_t threshold = 1024;  // bytes; streams of unknown length are compressed
  std::vector<std::string> codings = {"br", "gzip", "deflate"};
  int level = 6;           // of gzip and deflate, 1 to 9
  int brotli_quality = 4;  // 0 to 11
};
Middleware compress(CompressOptions options = {});

// Bodies of requests that come as gzip or deflate: handlers see the content. Other codings and
// several over one another are answered 415, malformed ones 400, content over the limit 413 as soon
// as it is reached. The fields of the request stay as they were sent.
struct InflateOptions {
  // Of the content; never more than the body itself may have (HttpLimits, RouteOptions,
  // limit_body), however small it was sent.
  std::size_t max_bytes = std::size_t{1} << 30;
};
Middleware inflate_body(InflateOptions options = {});

// Bodies of requests may have so many bytes, 413 beyond; RouteOptions::max_body_bytes counts more.
Middleware body_limit(std::size_t max_bytes);

// --- security

// Fields that tell browsers to be careful. "" leaves one out; a field that the handler has set
// stays as it is. Not on the 101 of a WebSocket.
struct SecurityHeadersOptions {
  std::string content_type_options = "nosniff";
  std::string referrer_policy = "strict-origin-when-cross-origin";
  // Who may frame the pages: "'none'", "'self'" or a list of origins, as in CSP frame-ancestors; it
  // is added to the policy, and sent as X-Frame-Options where that can say it.
  std::string frame_ancestors = "'self'";
  std::string content_security_policy = {};
  // Only if the client speaks TLS (Request::scheme). RFC 6797
  std::string strict_transport_security = "max-age=15552000";
  std::string cross_origin_opener_policy = "same-origin";
  std::string cross_origin_resource_policy = "same-origin";
  std::string permissions_policy = {};
  std::vector<std::pair<std::string, std::string>> more = {};
};
Middleware security_headers(SecurityHeadersOptions options = {});

// Name and password, RFC 7617; who has none is answered 401. The name is left for handlers:
// req.get<std::string>("user"). Over anything but TLS everybody on the way reads them.
struct BasicAuthOptions {
  struct User {
    std::string name, password;
  };
  std::string realm = "restricted";
  std::vector<User> users = {};  // compared in a time that does not tell how close a guess was
  // Asked if no user of the list fits.
  std::function<bool(std::string_view name, std::string_view password)> check = {};
  // `check` takes its time (a database, a slow hash): it runs on a thread for what blocks, see
  // Response::blocking. Its own exceptions and a full queue are answered 500 and 503.
  bool blocking = false;
};
Middleware basic_auth(BasicAuthOptions options);

// --- request id

// A name for each request: a field of the answer, and req.get<std::string>("request_id"). Taken
// from the request if those who sent it are trusted and it has 1 to 128 characters of letters,
// digits and -._~+/=:, else 16 random bytes in hexadecimal.
struct RequestIdOptions {
  enum class Trust : std::uint8_t { Nobody, Proxies, Anybody };
  std::string field = "X-Request-Id";
  Trust trust = Trust::Proxies;  // ServerOptions::trusted_proxies
};
Middleware request_id(RequestIdOptions options = {});

// --- rate limit

// A bucket of `burst` tokens for each key; `requests` of them come back each `interval`. A request
// takes one, or is answered 429 with Retry-After. Upgrades count as well. RateLimit and
// RateLimit-Policy tell what is left (draft-ietf-httpapi-ratelimit-headers-09).
//
// One table for all loops, since a client's connections are spread over them; in parts with a lock
// each, held for a look-up. It is bounded: over `max_keys`, who has not been seen longest is
// forgotten and begins anew.
struct RateLimitOptions {
  std::size_t requests = 60;
  std::chrono::milliseconds interval = std::chrono::seconds(60);
  std::size_t burst = 0;  // 0: as `requests`
  // Unset: Request::client, IPv6 by its first 64 bits. Nothing: this request is not limited.
  std::function<std::optional<std::string>(Request&)> key = {};
  std::size_t max_keys = 65536;
  unsigned status = 429;
  bool fields = true;
  std::string policy = "default";                                     // its name in the fields
  std::function<std::chrono::steady_clock::time_point()> clock = {};  // for tests
};
Middleware rate_limit(RateLimitOptions options = {});

}  // namespace hybi
