// Old clients and small messages: a route for every version of the protocol, and a route whose
// messages are compressed, each connection with windows of its own.
//   example_compressed [PORT]     ws://.../any: any version    ws://.../log: permessage-deflate
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

void greet(hybi::WebSocket& ws) {
  const std::string extension(ws.extension());
  ws.send("version " + std::to_string(ws.version()) + ", " +
          (extension.empty() ? "as it is" : extension));
}

// Whatever is said, the answer is a picture. Versions 75 and 76 have no binary messages: they learn
// where it lies.
void picture(hybi::WebSocket& ws, hybi::Message) {
  const hybi::Bytes dot = hybi::as_bytes("\x89PNG");
  if (ws.send_binary(dot) == hybi::SendResult::NoBinary) ws.send("/dot.png");
}

// A secret beside text of somebody else's choice: its length must not tell about it (CRIME).
void log(hybi::WebSocket& ws, hybi::Message m) {
  ws.send(m);
  const std::string receipt = "secret 5e6f2a; you said: " + std::string(m.text());
  ws.send({.data = hybi::as_bytes(receipt), .is_text = true, .compress = false});
}

}  // namespace

int main(int argc, char** argv) {
  hybi::Server server;
  // Versions older than 7 need a list of the pages that may connect. Clients that are no browsers
  // may leave Origin out.
  server.ws("/any", {.on_open = greet,
                     .on_message = picture,
                     .versions = hybi::Versions::all(),
                     .origins = hybi::OriginPolicy::only({"https://example.com"})});
  server.ws("/log",
            {.on_open = greet,
             .on_message = log,
             .compression = hybi::Compression::dedicated({.window_bits = 11, .mem_level = 4})});

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
