// Everything that ships, around one page, one JSON service and one WebSocket.
//   example_middleware [PORT]
//   curl -i --compressed http://localhost:PORT/
//   curl -i -u ada:lovelace http://localhost:PORT/admin
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <string>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  hybi::Server server({.trusted_proxies = {"127.0.0.1", "::1"}});

  // First of all: it sees what the others answer.
  server.use(hybi::access_log({.format = "combined"}));
  server.use(hybi::request_id());
  server.use(hybi::security_headers({.content_security_policy = "default-src 'self'"}));
  server.use(hybi::compress({.threshold = 256}));
  server.use(hybi::rate_limit({.requests = 600, .interval = 60s, .burst = 100}));

  // Preflights have no credentials: cors before what asks for them.
  server.use("/api", hybi::cors({.origins = {"https://app.example.com"}, .credentials = true}));
  server.use("/api", hybi::body_limit(64 << 10));
  server.use("/api", hybi::inflate_body({.max_bytes = 1 << 20}));
  server.use("/admin", hybi::basic_auth({.realm = "admin", .users = {{"ada", "lovelace"}}}));

  server.get("/", [](hybi::Request& req, hybi::Response& res) {
    std::string page = "<!doctype html><title>middleware</title>\n";
    for (int i = 0; i < 20; ++i) page += "<p>the same paragraph again and again</p>\n";
    res.html(page + "<p>" + *req.get<std::string>("request_id") + "</p>\n");
  });
  server.post("/api/length", [](hybi::Request& req, hybi::Response& res) {
    res.json("{\"bytes\": " + std::to_string(req.body().size()) + "}");
  });
  server.get("/admin", [](hybi::Request& req, hybi::Response& res) {
    res.text("hello, " + *req.get<std::string>("user") + " from " + std::string(req.scheme()) +
             "://" + req.client_host() + "\n");
  });
  server.ws("/admin/live", {.on_open = [](hybi::WebSocket& ws) { ws.send("welcome"); }});

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
