// The protocol without a server: two ends talk in memory. Bytes go in, events come out, and what is
// to be sent is appended to a buffer; sockets, threads and clocks are somebody else's business.
//   example_codec
#include <hybi/hybi.h>
#include <hybi/ws/protocol.h>

#include <cstdio>
#include <string>

using hybi::ws::Event;
using hybi::ws::Protocol;

namespace {

struct End {
  const char* name;
  Protocol protocol;
  hybi::OutBuffer out{};
};

constexpr const char* kWords[] = {"nothing", "text", "binary", "ping", "pong", "close", "an error"};

// Gives `to` what `from` wants to send, and prints what it understood. `to` answers text.
void deliver(End& from, End& to) {
  hybi::OutBuffer wire = std::move(from.out);
  from.out.reset();
  std::printf("%s sends %zu bytes\n", from.name, wire.size());
  hybi::MutableBytes in = wire.mutable_view();
  for (;;) {
    const Event event = to.protocol.next(in, to.out);
    const std::string text(hybi::as_text(event.payload));
    if (event.kind == Event::Kind::NeedMore) return;
    std::printf("  %s reads %s \"%s\"\n", to.name, kWords[int(event.kind)], text.c_str());
    if (event.kind == Event::Kind::Text && text != "echo")
      (void)to.protocol.send_text("echo", to.out);
  }
}

}  // namespace

int main() {
  const hybi::WebSocketLimits limits;
  hybi::SystemEntropy entropy;
  End client{"client", Protocol(hybi::ws::Role::Client, limits, entropy)};
  End server{"server", Protocol(hybi::ws::Role::Server, limits, entropy)};

  if (!client.protocol.send_text("hello", client.out)) return 1;
  if (!client.protocol.send_ping(hybi::as_bytes("still there?"), client.out)) return 1;
  deliver(client, server);
  deliver(server, client);
  if (!client.protocol.close(1000, "done", client.out)) return 1;
  deliver(client, server);
  deliver(server, client);
  std::printf("clean: %s\n", client.protocol.clean() && server.protocol.clean() ? "yes" : "no");
}
