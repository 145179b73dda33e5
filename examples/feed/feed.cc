// One feed, two ways to listen, at one path: server-sent events and WebSocket. Who comes back says
// the id of the last item it has, and gets what it missed.
//   example_feed [PORT] [MILLISECONDS]     between two readings; 0: only what is posted to /feed
#include <hybi/hybi.h>
#include <hybi/json.h>

#include <feed/feed.h>
#include <feed_pages.h>  // made of pages/ by hybi_embed_assets

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

using namespace std::chrono_literals;

struct Posted {
  std::string text;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Posted, text)

int main(int argc, char** argv) {
  hybi::Server server;
  Feed feed(server);
  server.use(hybi::security_headers({.content_security_policy = "default-src 'self'"}));
  hybi::mount_handler(server, "", hybi::embedded_files(feed_pages()));

  server.get("/feed", [&](hybi::Request& req, hybi::Response& res) {
    // Browsers send the field by themselves when an event stream comes back.
    const std::string field(req.header("last-event-id"));
    const long after =
        std::atol((field.empty() ? req.query("after").value_or("0") : field).c_str());
    if (auto upgrade = req.websocket()) {
      std::move(*upgrade).accept(
          {.on_open = [&feed, after](hybi::WebSocket& ws) { feed.add(ws, after); },
           .on_close = [&feed](hybi::WebSocket& ws, const hybi::CloseInfo&) { feed.remove(ws); }});
      return;
    }
    feed.add(res.events({.retry = 500ms}), after);
  });
  server.post("/feed", [&](hybi::Request& req, hybi::Response& res) {
    const auto posted = hybi::json_body<Posted>(req, res);
    if (!posted) return;
    feed.publish(posted->text);
    res.status(204).end();
  });
  server.post("/cut", [&](hybi::Request&, hybi::Response& res) {
    feed.cut();
    res.status(204).end();
  });

  const int interval = argc > 2 ? std::atoi(argv[2]) : 1000;
  const auto read = [&] {
    const hybi::ServerStats now = server.stats();
    feed.publish(std::to_string(now.connections) + " connections, " + std::to_string(now.requests) +
                 " requests so far");
  };
  if (interval > 0) server.every(std::chrono::milliseconds(interval), read);

  server.listen({.host = "127.0.0.1", .port = std::uint16_t(argc > 1 ? std::atoi(argv[1]) : 0)});
  if (const auto started = server.start(); !started) return hybi::print_error(started.error());
  std::printf("listening %d\n", server.port());
  std::fflush(stdout);
  server.wait();
}
