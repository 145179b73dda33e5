// Invariant: two ends of any version that talk to each other understand everything, in whatever
// pieces it comes; and a server of any version takes any bytes with events or one documented error,
// the same for every split.
//
// The first byte chooses version, compression and which of the two; then operations of one byte
// each with what they need, or bytes.
#include <hybi/base/utf8.h>
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/deflate_params.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

void require(bool condition) {
  if (!condition) std::abort();
}

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view kNonce = "H+cNj5elaybfGIQv1esl2w==";

struct Setup {
  Version version;
  std::optional<DeflateParams> deflate;
  Compression compression;
  LegacyOptions legacy;
};

Setup setup_of(unsigned choice) {
  Setup setup{.version = version_at(choice % kVersionCount),
              .deflate = {},
              .compression = {},
              .legacy = {}};
  const unsigned how = choice / kVersionCount;
  setup.legacy.length_frames = (how & 1) != 0;
  setup.compression = (how & 2) != 0 ? Compression::shared() : Compression::dedicated();
  setup.compression.threshold = 0;
  setup.compression.deflate_stream = true;
  constexpr const char* kOffers[] = {"", "permessage-deflate", "deflate-frame", "deflate-stream"};
  std::vector<ExtensionOffer> offers;
  if (parse_extensions(kOffers[how >> 2 & 3], offers)) {
    const auto chosen = choose_deflate(setup.compression, setup.version, offers);
    if (chosen) setup.deflate = chosen->params;
  }
  return setup;
}

struct Peer : WsPeer {
  Peer(Role role, const Setup& setup, const WebSocketLimits& limits = {})
      : WsPeer(role, limits, setup.version, setup.legacy) {
    if (setup.version == Version::V4) protocol().set_connection_key(connection_key(kKey, kNonce));
    if (setup.deflate) use_deflate(setup.compression, *setup.deflate);
  }
};

Pieces pieces_of(Bytes input, unsigned seed) {
  Pieces pieces;
  while (!input.empty()) {
    seed = seed * 1103515245 + 12345;
    const std::size_t size = std::min<std::size_t>(input.size(), 1 + (seed >> 16) % 23);
    pieces.push_back(owned(input.first(size)));
    input = input.subspan(size);
  }
  return pieces;
}

// Both say what the bytes tell them to; what one sends the other reads.
void converse(const Setup& setup, Bytes script) {
  Peer ends[2] = {Peer(Role::Client, setup), Peer(Role::Server, setup)};
  std::size_t given[2] = {};
  std::size_t texts[2] = {};
  const unsigned seed = static_cast<unsigned>(script.size());
  while (script.size() >= 3) {
    const auto operation = std::to_integer<unsigned>(script[0]);
    const std::size_t size = std::to_integer<std::size_t>(script[1]) * (operation & 64 ? 300 : 1);
    const std::string text(size,
                           static_cast<char>('a' + std::to_integer<unsigned>(script[2]) % 26));
    script = script.subspan(3);
    const unsigned who = operation & 1;
    Peer& end = ends[who];
    const bool whole = end.protocol().can_send_message();
    switch (operation >> 1 & 7) {
      case 0:
      case 1:
      case 2:
        end.send_text(text);
        texts[who] += whole ? 1 : 0;
        break;
      case 3:
        end.send_binary(as_bytes(text));
        break;
      case 4:
        end.send_ping(std::string_view(text).substr(0, 125));
        break;
      case 5:
        if (whole) end.send_fragment(Opcode::Text, text, false);
        break;
      case 6:
        if (!whole && end.protocol().state() == State::Open) {
          end.send_fragment(Opcode::Text, text, true);
          texts[who] += 1;
        }
        break;
      default:
        end.close(1000, "bye");
        break;
    }
  }
  for (int i = 0; i < 4; ++i) {
    for (int who = 0; who < 2; ++who) {
      const OwnedBytes sent = owned(ends[who].sent().subspan(given[who]));
      given[who] += sent.size();
      ends[1 - who].receive(pieces_of(sent, seed));
    }
  }
  for (int who = 0; who < 2; ++who) {
    std::size_t read = 0;
    for (const std::string& line : ends[1 - who].events()) {
      require(!line.starts_with("event failed"));
      read += line.starts_with("event text") ? 1 : 0;
    }
    // What comes behind a close is discarded. 75, 76: closing ends a text that had not ended.
    const bool open = ends[1 - who].protocol().state() == State::Open;
    const std::size_t cut = ends[who].protocol().has_ping() ? 0 : 1;
    require(read <= texts[who] + cut && (!open || read >= texts[who]));
  }
}

void try_bytes(const Setup& setup, Role role, Bytes input) {
  const WebSocketLimits limits{.max_message_bytes = 5000, .max_held_bytes = 20'000};
  Peer whole(role, setup, limits);
  Peer split(role, setup, limits);
  whole.receive(input);
  split.receive(pieces_of(input, static_cast<unsigned>(input.size())));
  whole.end_of_input();
  split.end_of_input();
  require(whole.events() == split.events());
  require(owned(whole.sent()) == owned(split.sent()));
  require(whole.protocol().state() == split.protocol().state());
}

}  // namespace
}  // namespace hybi::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  using namespace hybi::ws;
  if (size < 2) return 0;
  const Setup setup = setup_of(data[0]);
  const Bytes input(reinterpret_cast<const std::byte*>(data) + 2,
                    std::min<std::size_t>(size - 2, 4096));
  if (data[1] % 3 == 0) {
    converse(setup, input);
  } else {
    try_bytes(setup, data[1] % 3 == 1 ? Role::Server : Role::Client, input);
  }
  return 0;
}
