// cors: which pages of other origins may use what is here. Fetch standard 3.2, Private Network
// Access 3. See middleware.h.
#include <hybi/app/vary.h>
#include <hybi/base/ascii.h>
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/field_value.h>
#include <hybi/middleware.h>
#include <hybi/ws/handshake.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace hybi {
namespace {

std::string join(const std::vector<std::string>& names) {
  std::string joined;
  for (const std::string& name : names) joined.append(joined.empty() ? "" : ", ").append(name);
  return joined;
}

bool has(const std::vector<std::string>& names, std::string_view wanted) {
  return std::find(names.begin(), names.end(), wanted) != names.end();
}

bool are_tokens(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(),
                     [](const std::string& name) { return is_token(name); });
}

class Cors {
 public:
  explicit Cors(CorsOptions options)
      : options_(std::move(options)),
        usable_(check(options_)),
        any_header_(has(options_.headers, "*")),
        methods_(join(options_.methods)),
        headers_(join(options_.headers)),
        exposed_(join(options_.expose)) {}

  void run(const std::shared_ptr<Cors>& self, Request& request, Response& response,
           const Next& next) {
    if (ws::is_websocket_request(request.head())) {
      next();
      return;
    }
    if (!usable_) {
      complain(request);
      next();
      return;
    }
    const bool preflight = request.method() == http::Method::Options &&
                           request.header("origin").data() != nullptr &&
                           request.header("access-control-request-method").data() != nullptr;
    const bool allowed = allows(request.head());
    if (preflight) {
      answer_preflight(request, response, allowed);
      return;
    }
    // Fetch 3.2.5: on every answer, or pages could not even see errors.
    response.on_head([self, origin = std::string(request.header("origin")), allowed](Response& r) {
      self->set_origin(r, origin, allowed);
      if (allowed && !self->exposed_.empty()) {
        r.set("Access-Control-Expose-Headers", self->exposed_);
      }
    });
    next();
  }

 private:
  // Every answer is the same for all origins.
  bool constant() const { return options_.any_origin; }

  bool allows(const http::Head& head) const {
    // The same for all, also for those who do not say who they are: caches keep it.
    if (options_.any_origin) return true;
    if (head.count("origin") != 1) return false;
    const std::string_view origin = head.find("origin");
    const auto same = [&](const std::string& known) { return equals_ignoring_case(known, origin); };
    if (std::any_of(options_.origins.begin(), options_.origins.end(), same)) return true;
    // Anybody can be "null": only who has written it down means it.
    return origin != "null" && options_.allow_origin && options_.allow_origin(origin);
  }

  void set_origin(Response& response, std::string_view origin, bool allowed) const {
    // Also where nothing is allowed, or a cache would give this answer to those who are.
    if (!constant()) add_vary(response, "Origin");
    if (!allowed) return;
    response.set("Access-Control-Allow-Origin", constant() ? "*" : origin);
    if (options_.credentials) response.set("Access-Control-Allow-Credentials", "true");
  }

  // Fetch 4.8: methods in their case, names of fields in any.
  bool allows_headers(std::string_view asked) const {
    http::ListReader names(asked);
    for (std::string_view name; names.next(name);) {
      const auto same = [&](const std::string& known) { return equals_ignoring_case(known, name); };
      const bool known = std::any_of(options_.headers.begin(), options_.headers.end(), same);
      if (!is_token(name) || (!known && !any_header_)) return false;
    }
    return true;
  }

  void answer_preflight(Request& request, Response& response, bool allowed) const {
    set_origin(response, request.header("origin"), allowed);
    add_vary(response, "Access-Control-Request-Method");
    add_vary(response, "Access-Control-Request-Headers");
    if (options_.private_network) add_vary(response, "Access-Control-Request-Private-Network");
    if (allowed) {
      const std::string_view method = request.header("access-control-request-method");
      if (has(options_.methods, method)) response.set("Access-Control-Allow-Methods", methods_);
      std::string joined;
      const std::string_view asked =
          http::combined_value(request.head(), "access-control-request-headers", joined);
      if (asked.data() != nullptr && !asked.empty() && allows_headers(asked)) {
        // With credentials "*" would mean a field of that name, and it never means Authorization.
        response.set("Access-Control-Allow-Headers", any_header_ ? asked : headers_);
      }
      if (options_.max_age) {
        response.set("Access-Control-Max-Age", std::to_string(options_.max_age->count()));
      }
      if (options_.private_network &&
          request.header("access-control-request-private-network") == "true") {
        response.set("Access-Control-Allow-Private-Network", "true");
      }
    }
    response.status(204).end();
  }

  void complain(Request& request) {
    if (complained_.exchange(true)) return;
    conn::HttpSession::of(request).connection().context().application().on_error(
        usable_.error(), "cors() allows nothing");
  }

  const CorsOptions options_;
  const Result<void> usable_;
  const bool any_header_;
  const std::string methods_, headers_, exposed_;
  std::atomic<bool> complained_ = false;
};

}  // namespace

Result<void> check(const CorsOptions& options) {
  const bool any = options.any_origin || has(options.origins, "*");
  // Fetch 3.2.5: "*" does not go with credentials, and to repeat whatever origin asks in its place
  // would give every page on the web the user's cookies.
  if (options.credentials && (any || has(options.expose, "*"))) return Errc::BadCors;
  if (has(options.origins, "*")) return Errc::BadCors;  // it is no origin: any_origin
  if (!are_tokens(options.methods) || !are_tokens(options.headers) || !are_tokens(options.expose)) {
    return Errc::BadCors;
  }
  return {};
}

Middleware cors(CorsOptions options) {
  const auto cors = std::make_shared<Cors>(std::move(options));
  return [cors](Request& request, Response& response, const Next& next) {
    cors->run(cors, request, response, next);
  };
}

}  // namespace hybi
