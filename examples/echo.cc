// The smallest server: every message comes back.
//   example_echo [PORT]        0 or nothing: the system chooses
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  hybi::Server server;
  server.ws("/echo", {.on_message = [](hybi::WebSocket& ws, hybi::Message m) { ws.send(m); }});

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
