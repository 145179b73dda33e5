// Routes, middleware and error pages: what Server and Router have in common, and Router itself.
//
//   hybi::Router api;
//   api.use(cors()).get("/rooms/:room", show_room).ws("/rooms/:room/live", room_handlers);
//   server.mount("/api", std::move(api));
//
// Everything is written down before Server::start(), which reports what cannot be (BadPattern ...).
// A request for a WebSocket goes the same way as any other: middleware, then its route.
#pragma once

#include <hybi/http.h>
#include <hybi/http/method.h>
#include <hybi/websocket.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

using Handler = std::function<void(Request&, Response&)>;

// The rest of the chain. Call it once, now or later on the same thread (request and response stay);
// not calling it means that the middleware answers itself.
using Next = std::function<void()>;
using Middleware = std::function<void(Request&, Response&, Next)>;

// An answer that the library gives: no route, a body over its limit, a handler that failed, or what
// Response::error was told.
struct ErrorAnswer {
  unsigned status = 500;
  Errc errc = Errc::Ok;   // Ok: from Response::error
  std::string_view text;  // what would be answered without an error route
};
// Answers in the error's place. The status and the fields that belong to the error (Allow ...) are
// set already. One that does not answer leaves it to the library.
using ErrorHandler = std::function<void(Request&, Response&, const ErrorAnswer&)>;
inline constexpr unsigned kAnyError = 0;  // Routes::on_error: every status that has no route

struct RouteOptions {
  // From the end of the request's head to the begin of the answer; 503 after that. Unset: no end.
  std::optional<std::chrono::milliseconds> deadline = {};
  std::optional<std::size_t> max_body_bytes = {};  // instead of HttpLimits::max_body_bytes; 413
  bool stream_body = false;  // the handler runs before the body has come, see Request::on_body
};

// One line of Routes::routes().
struct RouteInfo {
  std::string host;     // "" any
  std::string method;   // "GET" ..., "WS", "*"
  std::string pattern;  // with the prefix it is mounted under

  friend bool operator==(const RouteInfo&, const RouteInfo&) = default;
};

class Router;
class RouteList;

// Writing down, without the type that is handed back; see Routes.
class RouteWriter {
 public:
  // All routes in the order they were written, for people who look for a mistake.
  std::vector<RouteInfo> routes() const;

 protected:
  RouteWriter();
  ~RouteWriter();
  RouteWriter(RouteWriter&&) noexcept;
  RouteWriter& operator=(RouteWriter&&) noexcept;

  void add(http::Method method, std::string_view pattern, RouteOptions options, Handler handler);
  void add_any(std::string_view pattern, RouteOptions options, Handler handler);
  void add_websocket(std::string_view pattern, WebSocketHandlers handlers);
  void add_redirect(std::string_view pattern, std::string location, unsigned status);
  void add_layer(std::string_view prefix, Middleware middleware);
  void add_error(unsigned status, ErrorHandler handler);
  void add_mount(std::string_view prefix, Router router);
  void add_host(std::string_view host, Router router);
  RouteList& list() { return *list_; }

 private:
  std::unique_ptr<RouteList> list_;
};

template <class Self>
class Routes : public RouteWriter {
 public:
  // Patterns: "/rooms/:room", "/files/*path" (at the end, at least one character). Literal beats
  // :param beats *rest. HEAD is answered by get routes, OPTIONS and 405 by themselves. A later
  // route of the same method and place replaces the earlier one.
  Self& get(std::string_view pattern, Handler handler) {
    return get(pattern, {}, std::move(handler));
  }
  Self& post(std::string_view pattern, Handler handler) {
    return post(pattern, {}, std::move(handler));
  }
  Self& put(std::string_view pattern, Handler handler) {
    return put(pattern, {}, std::move(handler));
  }
  Self& patch(std::string_view pattern, Handler handler) {
    return patch(pattern, {}, std::move(handler));
  }
  Self& del(std::string_view pattern, Handler handler) {
    return del(pattern, {}, std::move(handler));
  }
  Self& head(std::string_view pattern, Handler handler) {
    add(http::Method::Head, pattern, {}, std::move(handler));
    return self();
  }
  Self& options(std::string_view pattern, Handler handler) {
    add(http::Method::Options, pattern, {}, std::move(handler));
    return self();
  }
  Self& any(std::string_view pattern, Handler handler) {
    return any(pattern, {}, std::move(handler));
  }

  Self& get(std::string_view pattern, RouteOptions options, Handler handler) {
    add(http::Method::Get, pattern, std::move(options), std::move(handler));
    return self();
  }
  Self& post(std::string_view pattern, RouteOptions options, Handler handler) {
    add(http::Method::Post, pattern, std::move(options), std::move(handler));
    return self();
  }
  Self& put(std::string_view pattern, RouteOptions options, Handler handler) {
    add(http::Method::Put, pattern, std::move(options), std::move(handler));
    return self();
  }
  Self& patch(std::string_view pattern, RouteOptions options, Handler handler) {
    add(http::Method::Patch, pattern, std::move(options), std::move(handler));
    return self();
  }
  Self& del(std::string_view pattern, RouteOptions options, Handler handler) {
    add(http::Method::Delete, pattern, std::move(options), std::move(handler));
    return self();
  }
  Self& any(std::string_view pattern, RouteOptions options, Handler handler) {
    add_any(pattern, std::move(options), std::move(handler));
    return self();
  }

  // A route that only accepts WebSockets; a plain GET is answered 426.
  Self& ws(std::string_view pattern, WebSocketHandlers handlers) {
    add_websocket(pattern, std::move(handlers));
    return self();
  }
  // Answers with Location; `:name` in it stands for what the pattern's segment of that name was.
  // Fails (at start): BadStatus unless the status is 301, 302, 303, 307 or 308.
  Self& redirect(std::string_view pattern, std::string location, unsigned status = 308) {
    add_redirect(pattern, std::move(location), status);
    return self();
  }

  // Middleware for paths that start with `prefix` (at a segment border; it may have :params), in
  // order of `use`, before the body has arrived; also for upgrades and for paths without a route. A
  // middleware that goes on later keeps `next` alone: the request may be gone by then, and next()
  // does nothing in that case.
  Self& use(Middleware middleware) { return use("", std::move(middleware)); }
  Self& use(std::string_view prefix, Middleware middleware) {
    add_layer(prefix, std::move(middleware));
    return self();
  }

  // Answers in the place of the library's own text for that status (400 to 599, or kAnyError), for
  // every path of this router. The innermost router that has one answers. Not for requests whose
  // head could not be read: there is no Request.
  Self& on_error(unsigned status, ErrorHandler handler) {
    add_error(status, std::move(handler));
    return self();
  }

  // All of `router` under `prefix`, which may have :params: its routes, and at this place in the
  // order its middleware.
  Self& mount(std::string_view prefix, Router router);

 private:
  Self& self() { return static_cast<Self&>(*this); }
};

// A part of an application that does not know where it will be mounted.
class Router : public Routes<Router> {};

template <class Self>
Self& Routes<Self>::mount(std::string_view prefix, Router router) {
  add_mount(prefix, std::move(router));
  return self();
}

}  // namespace hybi
