// A chat with rooms on two event loops: a room is a channel, whoever subscribes hears it.
//   example_chat [PORT]        ws://localhost:PORT/chat/kitchen?name=Ada
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

struct Guest {
  std::string room;
  std::string name;
};

void enter(hybi::Request& req, hybi::Response& res) {
  auto upgrade = req.websocket();
  if (!upgrade) return res.status(426).text("this path speaks WebSocket\n");
  Guest guest{"room/" + req.param("room"), req.query("name").value_or("somebody")};
  std::move(*upgrade).accept({
                                 .on_open =
                                     [](hybi::WebSocket& ws) {
                                       const Guest& me = *ws.user<Guest>();
                                       ws.subscribe(me.room);
                                       ws.publish(me.room, me.name + " joined");  // to the others
                                       ws.send("welcome, " + me.name);
                                     },
                                 .on_message =
                                     [](hybi::WebSocket& ws, hybi::Message m) {
                                       const Guest& me = *ws.user<Guest>();
                                       const std::string line =
                                           me.name + ": " + std::string(m.text());
                                       ws.send(line);
                                       ws.publish(me.room, line);
                                     },
                                 .on_close =
                                     [](hybi::WebSocket& ws, const hybi::CloseInfo&) {
                                       const Guest& me = *ws.user<Guest>();
                                       ws.publish(me.room, me.name + " left");
                                     },
                                 .limits = {.max_message_bytes = 4096},
                             },
                             guest);
}

}  // namespace

int main(int argc, char** argv) {
  hybi::Server server({.threads = 2});
  server.get("/chat/:room", enter);

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
