// Members only: a login with sessions, and a chat whose WebSocket belongs to the session. Who logs
// out, in whatever tab, is out of the chat as well: it is closed with 4401.
//   example_members [PORT] [VIEWS]     ada (lovelace), grace (hopper) and alan (turing) are members
#include <hybi/hybi.h>
#include <hybi/template.h>

#include <members/passwords.h>
#include <members_pages.h>  // made of pages/ by hybi_embed_assets
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

using nlohmann::json;

namespace {

hybi::WebSocketHandlers chat(const hybi::Sessions& sessions) {
  const auto say = [sessions](hybi::WebSocket& ws, const char* kind, std::string_view text = {}) {
    const std::string from = *sessions.of(ws)->get("user");
    ws.publish("chat", json{{"kind", kind}, {"from", from}, {"text", text}}.dump());
  };
  return {.on_open =
              [say](hybi::WebSocket& ws) {
                ws.subscribe("chat");
                say(ws, "joined");
              },
          .on_message =
              [say](hybi::WebSocket& ws, hybi::Message m) {
                if (m.is_text) say(ws, "said", m.text());
              },
          .on_close = [say](hybi::WebSocket& ws, const hybi::CloseInfo&) { say(ws, "left"); },
          .limits = {.max_message_bytes = 2000}};
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, Password, std::less<>> members{
      {"ada", Password("lovelace")}, {"grace", Password("hopper")}, {"alan", Password("turing")}};
  const Password nobody("");  // unknown names take as long as wrong passwords

  const auto views = hybi::MustacheTemplates::load(
      {.folder = argc > 2 ? argv[2] : MEMBERS_VIEWS, .layout = "layout"});
  if (!views) {
    std::fprintf(stderr, "%s\n", views.error().describe().c_str());
    return 1;
  }
  // A service that is to survive its restarts keeps the secret, and the sessions in Redis.
  const auto sessions = hybi::Sessions::create({.secrets = {random_bytes(32)}}).value();

  hybi::Server server;
  server.templates(*views);
  server.use(hybi::security_headers({.content_security_policy = "default-src 'self'"}));
  server.use(sessions.middleware());
  server.get("/assets/*path", hybi::embedded_files(members_pages()));
  server.redirect("/", "/members", 303);

  const auto login_page = [sessions](hybi::Request& req, hybi::Response& res, std::string problem) {
    res.render("login", {{"csrf", sessions.csrf_token(req)}, {"problem", problem}});
  };
  server.get("/login", [=](hybi::Request& req, hybi::Response& res) { login_page(req, res, ""); });
  server.use("/login", hybi::rate_limit({.requests = 30, .burst = 60}));
  server.post("/login", sessions.csrf_protect([&, login_page](auto& req, hybi::Response& res) {
    const auto form = hybi::read_form(req, res);
    if (!form) return;
    const std::string name(form->find("name").value_or(""));
    const auto member = members.find(name);
    const bool known = member != members.end();
    const auto check = [&password = known ? member->second : nobody,
                        guess = std::string(form->find("password").value_or(""))] {
      return password.is(guess);
    };
    // Hashing takes a while: on another thread, so that the loop serves others meanwhile.
    res.blocking(check, [=, &req](hybi::Response& later, bool right) {
      if (!known || !right) {
        return login_page(req, later.status(401), "Wrong name or password.");
      }
      sessions.of(req)->rotate();  // an id that somebody planted before is worth nothing now
      sessions.of(req)->set("user", name);
      later.redirect("/members", 303);
    });
  }));

  // Below here one has to be logged in. A page sends its reader to the login; a WebSocket has no
  // reader.
  server.use("/members", [=](hybi::Request& req, hybi::Response& res, hybi::Next next) {
    if (sessions.of(req)->has("user")) return next();
    if (req.header("upgrade").empty()) return res.redirect("/login", 303);
    res.error(401, "log in first");
  });
  const auto page = [sessions](std::string name) {
    return [=](hybi::Request& req, hybi::Response& res) {
      const std::string user = *sessions.of(req)->get("user");
      res.set("Cache-Control", "no-store");  // not shown again by "back" after the log-out
      res.render(name, {{"user", user}, {"csrf", sessions.csrf_token(req)}});
    };
  };
  server.get("/members", page("members"));
  server.get("/members/chat", page("chat"));
  server.get("/members/chat/live", sessions.websocket(chat(sessions)));
  server.post("/logout", sessions.csrf_protect([=](hybi::Request& req, hybi::Response& res) {
    sessions.of(req)->destroy();
    res.redirect("/login", 303);
  }));
  server.on_error(403, [](hybi::Request&, hybi::Response& res, const hybi::ErrorAnswer& error) {
    res.render("problem", {{"text", error.text}});
  });

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
