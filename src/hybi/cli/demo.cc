#include <hybi/channel_clients.h>
#include <hybi/cli/demo.h>
#include <hybi/cli/demo_api.h>
#include <hybi/cli/demo_board.h>
#include <hybi/cli/demo_chat.h>
#include <hybi/cli/demo_live.h>
#include <hybi/cli/demo_pages.h>
#include <hybi/cli/process.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <thread>

namespace hybi::cli {
namespace {

ServerOptions server_options(const DemoOptions& demo) {
  ServerOptions options;
  options.threads = demo.threads;
  options.backend = demo.backend;
  options.http.max_body_bytes = std::max(options.http.max_body_bytes, demo.max_message_bytes);
  options.limits.max_connections = demo.max_connections;
  options.on_error = [](Error error, std::string_view what) {
    say(stderr, fmt::format("hybi: {}: {}\n", what, describe(error)));
  };
  return options;
}

// What the demo serves; other paths get a page that says so, if a browser asks.
bool served(std::string_view path) {
  constexpr std::array kRoutes{"/live",    "/echo",   "/chat",     "/board",
                               "/hybi.js", "/health", "/plaintext"};
  constexpr std::array kTrees{"/assets/", "/chat/", "/api/"};
  return path == "/" || std::find(kRoutes.begin(), kRoutes.end(), path) != kRoutes.end() ||
         std::any_of(kTrees.begin(), kTrees.end(), [&](auto t) { return path.starts_with(t); });
}

void add_routes(Server& server, const DemoOptions& options) {
  const auto visitors = std::make_shared<Visitors>();
  server.use([](Request& request, Response& response, const Next& next) {
    const bool page = request.method() == http::Method::Get &&
                      request.header("Accept").find("text/html") != std::string_view::npos;
    if (page && !served(request.path())) return send_page(request, response, "404.html", 404);
    next();
  });
  server.get("/", [](Request& request, Response& response) {
    send_page(request, response, "index.html");
  });
  server.get("/assets/:file", send_asset);
  add_api(server, options, visitors);
  add_live(server, options, visitors);
  server.get("/hybi.js", client_script());
  const auto names = std::make_shared<Names>();
  add_chat(server, options, visitors, names);
  add_board(server, options, visitors, names);
}

// localhost is both families, so that a browser gets an answer whichever it tries first. With a
// port that the system chooses one family must do: the other would get another port.
std::vector<std::string> hosts_of(const DemoOptions& options) {
  if (!options.hosts.empty()) return options.hosts;
  if (options.port == 0 || !has_ipv6_loopback()) return {"127.0.0.1"};
  return {"127.0.0.1", "::1"};
}

std::string with_port(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

// What to type into a browser on this machine.
std::string url(const DemoOptions& options, std::uint16_t port) {
  const bool given = !options.hosts.empty();
  const std::string host = given ? options.hosts.front() : "localhost";
  const bool local = host == "0.0.0.0" || host == "::" || host == "127.0.0.1" || host == "::1";
  return fmt::format("http://{}/", with_port(local ? "localhost" : host, port));
}

int print_start_error(Error error, const DemoOptions& options) {
  if (error.code == Errc::AddressInUse) {
    const std::string socket = options.unix_path.empty() ? "" : " or " + options.unix_path;
    say(stderr,
        fmt::format("hybi: port {}{} is in use; --port chooses another\n", options.port, socket));
  } else if (error.code == Errc::PermissionDenied && options.port < 1024) {
    say(stderr,
        fmt::format("hybi: port {}: permission denied; --port chooses another\n", options.port));
  } else {
    return print_error(error);
  }
  return 1;
}

void print_started(const Server& server, const DemoOptions& options) {
  say(stdout, fmt::format("{}\n", url(options, server.port())));
  if (!options.hosts.empty() || !options.unix_path.empty()) {
    for (const std::string& address : server.addresses())
      say(stdout, fmt::format("listening on {}\n", address));
  }
  if (options.legacy) {
    say(stdout, "every WebSocket version from hixie-75 on, any Origin: not for the open web\n");
  }
  say(stdout, fmt::format("backend {}, {} {}; Ctrl-C stops\n",
                          server.backend() == Backend::Uring ? "io_uring" : "epoll",
                          options.threads, options.threads == 1 ? "thread" : "threads"));
}

}  // namespace

void prepare(WebSocketHandlers& handlers, const DemoOptions& options,
             const std::shared_ptr<Visitors>& visitors, const std::string& path) {
  if (options.legacy) {
    handlers.versions = Versions::all();
    handlers.origins = OriginPolicy::any();
  }
  handlers.compression = options.compression;
  handlers.on_open = [visitors, path, open = std::move(handlers.on_open)](WebSocket& ws) {
    visitors->came(ws, path);
    if (open) open(ws);
  };
  handlers.on_close = [visitors, close = std::move(handlers.on_close)](WebSocket& ws,
                                                                       const CloseInfo& info) {
    visitors->went(ws.id());
    if (close) close(ws, info);
  };
}

int run_demo(const DemoOptions& options) {
  const StopSignals signals;  // masked before the loops' threads start
  raise_descriptor_limit();

  Server server(server_options(options));
  add_routes(server, options);
  for (const std::string& host : hosts_of(options)) {
    server.listen(ListenOptions{.host = host, .port = options.port});
  }
  if (!options.unix_path.empty()) server.listen(ListenOptions{.unix_path = options.unix_path});
  if (const auto started = server.start(); !started) {
    return print_start_error(started.error(), options);
  }
  print_started(server, options);

  return signals.wait(server, [&] {
    say(stdout, "stopping; once more stops at once\n");
    server.stop(options.shutdown_timeout);
  });
}

}  // namespace hybi::cli
