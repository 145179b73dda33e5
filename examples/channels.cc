// Channels for hybi.js: rooms with a history and presence, a clock, calls.
//   example_channels [PORT]
//   In a page:  import { Hybi } from "/hybi.js";
//               const client = new Hybi("/live");
//               const room = client.subscribe("room/42", { history: 20 });
//               room.on("message", ({ data }) => console.log(data));
//               client.connect(), await room.publish({ text: "hello" });
#include <hybi/channel_clients.h>
#include <hybi/hybi.h>

#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <vector>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  hybi::Server server;
  server.channel("room/**", {.history = {.size = 1000, .ttl = 1h},
                             .slow = hybi::SlowQueue{.policy = hybi::SlowPolicy::Drop},
                             .presence = true,
                             .presence_events = true,
                             .leave_delay = 1s});
  server.channel("clock", {.history = {.retain = true}});

  // Whoever comes may join any room and talk there; only the server tells the time.
  const auto is_open = [](const hybi::ChannelUser&, std::string_view channel) {
    return channel == "clock" || channel.starts_with("room/") || channel.starts_with("plain/");
  };
  hybi::ChannelClients clients(
      server, {.may_subscribe = is_open,
               .may_subscribe_matching = is_open,
               .may_publish = [](const hybi::ChannelUser&, std::string_view channel,
                                 const nlohmann::json&) { return channel != "clock"; }});
  clients.objects().on("sum", [](hybi::ObjectSocket&, const std::vector<int>& numbers) {
    return std::accumulate(numbers.begin(), numbers.end(), 0);
  });
  clients.objects().on("ask me", [](hybi::ObjectSocket& ws) {
    (void)ws.request("how old", nullptr, 5s, [](hybi::ObjectSocket& there, hybi::ObjectResult age) {
      if (age) there.emit("thanks", *age);
    });
  });
  const auto quota = std::make_shared<hybi::Quota>(
      hybi::QuotaOptions{.connection = {.messages = {.count = 100, .burst = 1000}},
                         .max_connections_per_address = 1000});
  server.ws("/live", clients.handlers({.quota = quota}));
  server.get("/hybi.js", hybi::client_script());
  if (const char* key = std::getenv("PUBLISH_KEY")) {
    server.post("/api/publish", hybi::publish_handler(server, {.key = key}));
  }
  server.every(1s,
               [&, seconds = 0]() mutable { server.publish("clock", std::to_string(++seconds)); });

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
