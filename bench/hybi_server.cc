// Hybi as the benchmark runs it, written like any user's program. /echo, /broadcast, GET /, /json,
// /files/... below --root.
//
//   hybi_bench_server [--port P] [--backend auto|epoll|uring] [--threads N]
//                     [--deflate off|no-context|context] [--root DIRECTORY]
#include <hybi/hybi.h>
#include <hybi/static_files.h>

#include <nlohmann/json.hpp>

#include "args.h"
#include "listen.h"

int main(int argc, char** argv) {
  const bench::Args args(argc, argv);
  const std::string backend = args.text("--backend", "auto");

  hybi::ServerOptions options;
  options.threads = static_cast<unsigned>(args.number("--threads", 1));
  if (backend == "epoll") options.backend = hybi::Backend::Epoll;
  if (backend == "uring") options.backend = hybi::Backend::Uring;
  hybi::Server server(options);

  hybi::WebSocketLimits limits;
  limits.max_message_bytes = 64 << 20;
  limits.high_water_bytes = 32 << 20;  // one message of 16 MiB is the most a row has in flight

  hybi::Compression compression;  // off
  const std::string deflate = args.text("--deflate", "off");
  if (deflate == "no-context") compression = hybi::Compression::shared();
  if (deflate == "context") {
    compression = hybi::Compression::dedicated({.window_bits = 15, .mem_level = 8});
  }

  server.ws("/echo", {
                         .on_message = [](hybi::WebSocket& ws, hybi::Message m) { ws.send(m); },
                         .compression = compression,
                         .limits = limits,
                     });
  server.ws("/broadcast", {
                              .on_open = [](hybi::WebSocket& ws) { ws.subscribe("all"); },
                              .on_message =
                                  [](hybi::WebSocket& ws, hybi::Message m) {
                                    ws.publish("all", m);  // to the others
                                    ws.send(m);
                                  },
                              .compression = compression,
                              .limits = limits,
                          });
  server.get("/", [](hybi::Request&, hybi::Response& res) { res.text("Hello, World!"); });
  server.get("/json", [id = 0](hybi::Request&, hybi::Response& res) mutable {
    id = (id + 1) % 9000;
    res.json(nlohmann::json{{"active", true},
                            {"id", 1000 + id},
                            {"message", "Hello, World!"},
                            {"score", 12.5},
                            {"tags", nlohmann::json::array({"a", "b"})}});
  });
  const std::string root = args.text("--root", "");
  if (!root.empty()) hybi::mount_files(server, "/files", root);

  const auto port = static_cast<std::uint16_t>(args.number("--port", 0));
  server.listen({.host = "127.0.0.1", .port = port});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  // A backend that was asked for and is not there would be measured as the other one.
  if (backend != "auto" && server.backend() != options.backend) return 2;
  bench::announce(server.port());
  server.wait();
}
