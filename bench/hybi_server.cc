// Hybi as the benchmark runs it, written like any user's program. /echo, /broadcast/ROOM, GET /,
// /json, /files/... below --root; and what only Hybi is asked: /slow/ROOM, whose channels bound
// what waits for a slow subscriber, /stalled/ROOM for that subscriber, /subscriptions.
//
//   hybi_bench_server [--port P] [--backend auto|epoll|uring] [--threads N]
//                     [--deflate off|no-context|context] [--root DIRECTORY] [--channels N]
#include <hybi/hybi.h>
#include <hybi/static_files.h>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <string_view>

#include "args.h"
#include "listen.h"

namespace {

std::string channel(const hybi::WebSocket& ws, std::string_view prefix) {
  return std::string(prefix).append(ws.param("room"));
}

void join(hybi::WebSocket& ws, std::string_view prefix) {
  ws.subscribe(channel(ws, prefix));
}

void serve_slow(hybi::Server& server) {
  server.channel("slow/*", {.slow = hybi::SlowQueue{.policy = hybi::SlowPolicy::Drop,
                                                    .max_bytes = 16 * 1024}});
  server.ws("/slow/:room", {
                               .on_open = [](hybi::WebSocket& ws) { join(ws, "slow/"); },
                               .on_message =
                                   [](hybi::WebSocket& ws, hybi::Message m) {
                                     ws.publish(channel(ws, "slow/"), m);
                                     ws.send(m);
                                   },
                           });
  server.ws("/stalled/:room",
            {
                .on_open = [](hybi::WebSocket& ws) { join(ws, "slow/"); },
                .on_message = [](hybi::WebSocket& ws, hybi::Message m) { ws.send(m); },
            });
}

// Names are as long as those of people, and neighbours in number are none in memory.
std::string nth_channel(std::size_t n, std::size_t channels) {
  return "room/" + std::to_string(100'000 + n * 7919 % channels) + "/chat";
}

// "s FIRST COUNT" subscribes, "p NUMBER" publishes: bench/load/subscriptions.cc.
void serve_subscriptions(hybi::Server& server, std::size_t channels) {
  const auto on_message = [&server, channels](hybi::WebSocket& ws, hybi::Message m) {
    std::size_t first = 0, count = 0;
    const std::string text(m.text());
    if (std::sscanf(text.c_str(), "p %zu", &first) == 1) {
      server.publish(nth_channel(first, channels), "published");
    } else if (std::sscanf(text.c_str(), "s %zu %zu", &first, &count) == 2) {
      for (std::size_t n = first; n < first + count; ++n) ws.subscribe(nth_channel(n, channels));
      ws.send("ok");
    }
  };
  hybi::WebSocketLimits limits;
  limits.max_subscriptions = 1'000'000;
  server.ws("/subscriptions", {.on_message = on_message, .limits = limits});
}

}  // namespace

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
  server.ws("/broadcast/:room", {
                                    .on_open = [](hybi::WebSocket& ws) { join(ws, "room/"); },
                                    .on_message =
                                        [](hybi::WebSocket& ws, hybi::Message m) {
                                          ws.publish(channel(ws, "room/"), m);  // to the others
                                          ws.send(m);
                                        },
                                    .compression = compression,
                                    .limits = limits,
                                });
  serve_slow(server);
  serve_subscriptions(server, static_cast<std::size_t>(args.number("--channels", 100'000)));
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
