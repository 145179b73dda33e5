// HTTP and WebSocket behind one door: log in, get a cookie, and only then a live connection. Who is
// not logged in gets an ordinary 401, whether a page or a WebSocket was asked for.
//   example_guarded [PORT]
//   curl -c jar -d ada http://localhost:PORT/login; then GET /live with that cookie
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

// One loop, so one thread: no lock. A real service keeps this in a store.
static std::string new_token() {
  std::random_device random;
  char token[33];
  std::snprintf(token, sizeof token, "%08x%08x%08x%08x", random(), random(), random(), random());
  return token;
}

int main(int argc, char** argv) {
  std::map<std::string, std::string, std::less<>> sessions;  // token -> name

  hybi::Server server;
  server.post("/login", [&](hybi::Request& req, hybi::Response& res) {
    const std::string name(hybi::as_text(req.body()));
    if (name.empty()) return res.status(400).text("who are you?\n");
    const std::string token = new_token();
    sessions[token] = name;
    res.set("Set-Cookie", "session=" + token + "; HttpOnly; SameSite=Strict; Path=/");
    res.text("welcome, " + name + "\n");
  });

  // The guard sees every request below /live, upgrades as well.
  server.use("/live", [&](hybi::Request& req, hybi::Response& res, hybi::Next next) {
    const auto session = sessions.find(req.cookie("session"));
    if (session == sessions.end()) return res.status(401).text("log in first\n");
    req.set("user", session->second);
    next();
  });
  server.get("/live", [](hybi::Request& req, hybi::Response& res) {
    const std::string user = *req.get<std::string>("user");
    auto upgrade = req.websocket();
    if (!upgrade) return res.text("hello, " + user + "; a WebSocket may connect here\n");
    std::move(*upgrade).accept(
        {.on_open = [](hybi::WebSocket& ws) { ws.send("hello, " + *ws.user<std::string>()); }},
        user);
  });

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
