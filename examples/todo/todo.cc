// A to-do service in JSON, and pages that see each other's changes at once.
//   example_todo [PORT]
//   GET, POST /todos     PATCH, DELETE /todos/:id     ws://.../live: list, changed, removed
#include <hybi/hybi.h>
#include <hybi/object.h>

#include <todo_pages.h>  // made of pages/ by hybi_embed_assets
#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

using nlohmann::json;

struct Todo {
  long id = 0;
  std::string title = {};
  bool done = false;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Todo, id, title, done)

// What clients may change; what they leave out stays as it is.
struct Change {
  std::optional<std::string> title;
  std::optional<bool> done;
};
void from_json(const json& from, Change& change) {
  const auto members = from.get<json::object_t>();  // anything else is answered 422
  if (members.contains("title")) members.at("title").get_to(change.title.emplace());
  if (members.contains("done")) members.at("done").get_to(change.done.emplace());
}

int main(int argc, char** argv) {
  std::map<long, Todo> todos;  // one loop, so one thread: no lock
  long last = 0;
  const auto list = [&] {
    json all = json::array();
    for (const auto& [id, todo] : todos) all.push_back(todo);
    return all;
  };

  hybi::Server server;
  const auto tell = [&](std::string_view event, const json& data) {
    server.publish("todos", hybi::object_message(event, data));
  };
  // Returns: false, and has answered, if there would be a to-do without a proper title.
  const auto apply = [](const Change& change, Todo& todo, hybi::Response& res) {
    const std::string title = change.title.value_or(todo.title);
    if (title.empty() || title.size() > 200) {
      res.error(422, "a title has 1 to 200 bytes");
      return false;
    }
    todo = {todo.id, title, change.done.value_or(todo.done)};
    return true;
  };
  const auto find = [&](hybi::Request& req, hybi::Response& res) -> Todo* {
    const auto found = todos.find(std::atol(req.param("id").c_str()));
    if (found != todos.end()) return &found->second;
    res.error(404, "there is no such to-do");
    return nullptr;
  };

  hybi::Router service;
  service.get("/", [&](hybi::Request&, hybi::Response& res) { res.json(list()); });
  service.post("/", [&](hybi::Request& req, hybi::Response& res) {
    const auto change = hybi::json_body<Change>(req, res);  // answers 400 and where it broke
    Todo todo{.id = last + 1};
    if (!change || !apply(*change, todo, res)) return;
    if (todos.size() >= 1000) return res.error(409, "there is enough to do");
    todos[++last] = todo;
    tell("changed", todo);
    res.status(201).set("Location", "/todos/" + std::to_string(todo.id)).json(json(todo));
  });
  service.patch("/:id", [&](hybi::Request& req, hybi::Response& res) {
    Todo* const todo = find(req, res);
    if (todo == nullptr) return;
    const auto change = hybi::json_body<Change>(req, res);
    if (!change || !apply(*change, *todo, res)) return;
    tell("changed", *todo);
    res.json(json(*todo));
  });
  service.del("/:id", [&](hybi::Request& req, hybi::Response& res) {
    const Todo* const todo = find(req, res);
    if (todo == nullptr) return;
    tell("removed", {{"id", todo->id}});
    todos.erase(todo->id);
    res.status(204).end();
  });
  // Errors are JSON as well, whoever answers them.
  service.on_error(hybi::kAnyError, [](auto&, hybi::Response& res, const hybi::ErrorAnswer& error) {
    res.json(json{{"error", error.text}});
  });
  server.mount("/todos", std::move(service));

  // The list comes over the WebSocket too, not from GET: between it and the first update nothing
  // can change, because the loop does nothing else until this returns. So no change is lost.
  hybi::Objects live(server);
  live.on_open([&](hybi::ObjectSocket& ws) {
    ws.socket().subscribe("todos");
    ws.emit("list", list());
  });
  server.ws("/live", live.handlers());

  server.use(hybi::security_headers({.content_security_policy = "default-src 'self'"}));
  hybi::mount_handler(server, "", hybi::embedded_files(todo_pages()));

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
