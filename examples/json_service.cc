// A JSON service as there are many, and what a WebSocket adds: who watches a note sees it change.
//   example_json_service [PORT]
//   PUT /notes/:id {"text": "..."}     GET /notes/:id     ws://.../notes/:id
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

using nlohmann::json;

int main(int argc, char** argv) {
  std::map<std::string, json> notes;  // one loop, so one thread: no lock
  hybi::Server server;

  server.put("/notes/:id", [&](hybi::Request& req, hybi::Response& res) {
    const json body = json::parse(hybi::as_text(req.body()), nullptr, false);
    if (!body.is_object() || !body.contains("text") || !body["text"].is_string()) {
      return res.status(400).json(json{{"error", "an object with a \"text\", please"}});
    }
    const std::string id = req.param("id");
    json& note = notes[id];
    const int version = note.is_null() ? 1 : note["version"].get<int>() + 1;
    note = {{"id", id}, {"text", body["text"]}, {"version", version}};
    res.json(note);
    server.publish("note/" + id, note.dump());
  });

  // One path: the note as it is for a GET, the note as it changes for a WebSocket.
  server.get("/notes/:id", [&](hybi::Request& req, hybi::Response& res) {
    const auto note = notes.find(req.param("id"));
    if (auto upgrade = req.websocket()) {
      const std::string now = note == notes.end() ? "null" : note->second.dump();
      std::move(*upgrade).accept({.on_open = [now](hybi::WebSocket& ws) {
        ws.subscribe("note/" + ws.param("id"));
        ws.send(now);
      }});
      return;
    }
    if (note == notes.end()) return res.status(404).json(json{{"error", "no such note"}});
    res.json(note->second);
  });

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
