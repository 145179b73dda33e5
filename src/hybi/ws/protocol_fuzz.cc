// Invariant: any bytes give events, replies or a documented error, the same for the whole input as
// for any split; text is UTF-8, nothing follows Close or Failed, and the other role reads what is
// written without error.
//
// The first byte chooses role and limits, the second where to cut.
#include <hybi/base/utf8.h>
#include <hybi/testing/ws_peer.h>

#include <algorithm>
#include <cstdlib>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Seen {
  Event::Kind kind;
  OwnedBytes payload;
  CloseCode code;
  Errc errc;

  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Run {
  std::vector<Seen> events;
  OwnedBytes sent;
  State state;
};

// Gives `input` to a protocol in pieces whose sizes follow from `seed`; 0: whole.
Run run(Role role, const WebSocketLimits& limits, Bytes input, unsigned seed) {
  CountingEntropy entropy;
  Protocol protocol(role, limits, entropy);
  OutBuffer out;
  Run result;
  bool over = false;
  while (!input.empty()) {
    seed = seed == 0 ? 0 : seed * 1103515245 + 12345;
    const std::size_t size =
        seed == 0 ? input.size() : std::min<std::size_t>(input.size(), 1 + (seed >> 16) % 17);
    OwnedBytes piece = owned(input.first(size));
    input = input.subspan(size);
    MutableBytes in(piece);
    for (;;) {
      const Event event = protocol.next(in, out);
      if (event.kind == Event::Kind::NeedMore) break;
      require(!over);
      over = event.kind == Event::Kind::Close || event.kind == Event::Kind::Failed;
      require(event.kind != Event::Kind::Text || is_utf8(event.payload));
      require(event.kind != Event::Kind::Close || is_utf8(event.payload));
      const bool data = event.kind == Event::Kind::Text || event.kind == Event::Kind::Binary;
      require(event.payload.size() <= (data ? limits.max_message_bytes : kMaxControlPayload));
      result.events.push_back({event.kind, owned(event.payload), event.code, event.errc});
    }
    require(in.empty());
  }
  result.sent = owned(out.view());
  result.state = protocol.state();
  return result;
}

WebSocketLimits limits_of(unsigned choice) {
  switch (choice & 3) {
    case 0:
      return {};
    case 1:
      return {.max_message_bytes = 16, .max_held_bytes = 256};
    case 2:
      return {.max_message_bytes = 1000, .max_frame_bytes = 8};
    default:
      return {.max_message_bytes = kNoLimit, .max_held_bytes = kNoLimit};
  }
}

}  // namespace
}  // namespace hybi::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  using namespace hybi::ws;
  if (size < 2) return 0;
  const Role role = (data[0] & 4) != 0 ? Role::Client : Role::Server;
  const WebSocketLimits limits = limits_of(data[0]);
  const Bytes input(reinterpret_cast<const std::byte*>(data) + 2, size - 2);

  const Run whole = run(role, limits, input, 0);
  const Run split = run(role, limits, input, data[1] + 1U);
  require(whole.events == split.events);
  require(whole.state == split.state);
  require(whole.sent == split.sent);

  // Pongs, and at most one close frame: the other side takes them.
  const Role other = role == Role::Server ? Role::Client : Role::Server;
  for (const Seen& seen : run(other, WebSocketLimits{}, whole.sent, 0).events) {
    require(seen.kind == Event::Kind::Pong || seen.kind == Event::Kind::Close);
  }
  return 0;
}
