// Payload received where the message is collected: the events are those of bytes from elsewhere,
// and a place is worth no more than what has come.
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/protocol.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

constexpr std::size_t kKib = 1024;

// An owner as conn/ is one: puts bytes into places, or not, in pieces of the sizes `next_size`
// gives.
class Receiver {
 public:
  explicit Receiver(Version version = Version::V13, const WebSocketLimits& limits = {},
                    Role role = Role::Server)
      : limits_(limits), protocol_(role, limits_, entropy_, version) {}

  void receive(Bytes input, const std::function<std::size_t()>& next_size,
               const std::function<bool()>& elsewhere) {
    while (!input.empty()) {
      const std::size_t size = std::min(input.size(), next_size());
      OwnedBytes own = owned(input.first(size));
      MutableBytes in(own);
      const MutableBytes place = protocol_.place_for_payload();
      if (!place.empty()) {
        EXPECT_TRUE(protocol_.wants_place());
        if (!elsewhere()) {
          in = place.first(std::min(place.size(), size));
          std::copy_n(input.begin(), in.size(), in.begin());
          in_place += in.size();
        }
      }
      input = input.subspan(in.size());
      take(in);
    }
  }

  Log log;
  std::vector<OwnedBytes> messages;
  std::size_t in_place = 0;
  Protocol& protocol() { return protocol_; }

 private:
  void take(MutableBytes in) {
    for (;;) {
      const Event event = protocol_.next(in, out_);
      using Kind = Event::Kind;
      if (event.kind == Kind::NeedMore) break;
      if (event.kind == Kind::Text || event.kind == Kind::Binary) {
        log.push_back(event.kind == Kind::Text ? "text" : "binary");
        messages.push_back(owned(event.payload));
      } else if (event.kind == Kind::Ping) {
        log.push_back("ping " + std::string(as_text(event.payload)));
      } else if (event.kind == Kind::Failed) {
        log.push_back("failed " + std::string(info(event.errc).name));
      } else {
        log.push_back("other");
      }
    }
    EXPECT_TRUE(in.empty());
  }

  WebSocketLimits limits_;
  CountingEntropy entropy_;
  Protocol protocol_;
  OutBuffer out_;
};

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  std::mt19937 random(seed);
  for (char& c : text) c = static_cast<char>(' ' + random() % 90);
  return text;
}

void append(OwnedBytes& to, const OwnedBytes& more) {
  to.insert(to.end(), more.begin(), more.end());
}

const auto kNever = [] { return false; };
const auto kAlways = [] { return true; };

TEST(WsPlace, EventsDoNotDependOnWhereTheBytesLay) {
  OwnedBytes input;
  for (const std::size_t size : {300 * kKib, 20 * kKib, std::size_t{5}, 700 * kKib + 1}) {
    append(input, frame(Role::Client, Opcode::Binary, pattern(size, 1)));
    append(input, frame(Role::Client, Opcode::Text, pattern(size + 3, 2), false));
    append(input, frame(Role::Client, Opcode::Ping, "between"));
    append(input, frame(Role::Client, Opcode::Continuation, "", false));
    append(input, frame(Role::Client, Opcode::Continuation, pattern(size / 2, 3)));
    append(input, frame(Role::Client, Opcode::Text, "small"));
  }
  const WebSocketLimits limits{.max_message_bytes = 4 << 20};
  Receiver expected(Version::V13, limits);
  expected.receive(
      input, [&] { return input.size(); }, kAlways);
  ASSERT_EQ(expected.messages.size(), 12u);
  EXPECT_EQ(expected.in_place, 0u);
  std::mt19937 random(4);
  for (const std::size_t most : {1'000U, 70'000U, 300'000U, 2'000'000U}) {
    Receiver always(Version::V13, limits), sometimes(Version::V13, limits);
    const auto size = [&] { return 1 + random() % most; };
    always.receive(input, size, kNever);
    sometimes.receive(input, size, [&] { return random() % 2 == 0; });
    for (const Receiver* receiver : {&always, &sometimes}) {
      EXPECT_EQ(receiver->log, expected.log) << most;
      EXPECT_TRUE(receiver->messages == expected.messages) << most;
      EXPECT_GT(receiver->in_place, 0u) << most;
    }
    EXPECT_GT(always.in_place, sometimes.in_place);
  }
}

// Every version whose messages have a length: unmasked, masked as a whole, masked payload.
TEST(WsPlace, EveryVersionTakesBytesInPlace) {
  const std::string data = pattern(500 * kKib, 5);
  for (const Version version : {Version::Hybi01, Version::Hybi02, Version::V4, Version::V5,
                                Version::V6, Version::V7, Version::V8, Version::V13}) {
    CountingEntropy entropy;
    const WebSocketLimits limits;
    Protocol client(Role::Client, limits, entropy, version);
    Receiver server(version);
    if (version == Version::V4) {
      client.set_connection_key(Sha1{});
      server.protocol().set_connection_key(Sha1{});
    }
    OutBuffer out;
    ASSERT_TRUE(client.send_text(data, out));
    ASSERT_TRUE(client.send_text("after", out));
    server.receive(
        out.view(), [] { return 90 * kKib; }, kNever);
    EXPECT_EQ(server.log, (Log{"text", "text"})) << static_cast<int>(version);
    ASSERT_EQ(server.messages.size(), 2u);
    EXPECT_TRUE(as_text(server.messages[0]) == data) << static_cast<int>(version);
    EXPECT_GT(server.in_place, 300 * kKib) << static_cast<int>(version);
  }
}

TEST(WsPlace, AClientReceivesUnmaskedBytesInPlace) {
  const std::string data = pattern(500 * kKib, 6);
  Receiver client(Version::V13, {}, Role::Client);
  client.receive(
      frame(Role::Server, Opcode::Binary, data), [] { return 90 * kKib; }, kNever);
  EXPECT_EQ(client.log, Log{"binary"});
  EXPECT_TRUE(as_text(client.messages.at(0)) == data);
  EXPECT_GT(client.in_place, 300 * kKib);
}

// RFC 6455 8.1: the first wrong byte is found with the piece it came in.
TEST(WsPlace, BadTextFailsAtItsPiece) {
  std::string text = pattern(400 * kKib, 7);
  for (const std::size_t at :
       {std::size_t{10}, 64 * kKib, 128 * kKib - 1, 300'001UL, 400 * kKib - 1}) {
    std::string bad = text;
    bad[at] = '\xFF';
    const OwnedBytes input = frame(Role::Client, Opcode::Text, bad);
    Receiver receiver;
    const std::size_t header = input.size() - bad.size();
    receiver.receive(
        Bytes(input).first(header + at), [] { return 100 * kKib; }, kNever);
    EXPECT_TRUE(receiver.log.empty());
    receiver.receive(
        Bytes(input).subspan(header + at, 1), [] { return 1; }, kNever);
    EXPECT_EQ(receiver.log, Log{"failed WsInvalidText"}) << at;
    EXPECT_TRUE(receiver.protocol().place_for_payload().empty());
    EXPECT_FALSE(receiver.protocol().wants_place());
  }
}

// An announced length costs its sender nothing, so it is worth nothing.
TEST(WsPlace, RoomFollowsWhatHasCome) {
  const WebSocketLimits limits{.max_message_bytes = std::size_t{1} << 40,
                               .max_held_bytes = std::size_t{1} << 40};
  const OwnedBytes whole = frame(Role::Client, Opcode::Binary, pattern(3 << 20, 8));
  OwnedBytes input = owned(Bytes(whole).first(14));
  store_be(input.data() + 2, std::uint64_t{1} << 40);
  Receiver receiver(Version::V13, limits);
  receiver.receive(
      input, [] { return 14; }, kNever);
  EXPECT_TRUE(receiver.protocol().wants_place());
  EXPECT_TRUE(receiver.protocol().place_for_payload().empty());
  std::size_t came = 0;
  for (const std::size_t size : {1UL, 1'000UL, 30'000UL, 34'535UL, 100'000UL, 1'000'000UL}) {
    receiver.receive(
        Bytes(whole).subspan(14 + came, size), [&] { return size; }, kAlways);
    came += size;
    const MutableBytes place = receiver.protocol().place_for_payload();
    EXPECT_LE(place.size(), std::size_t{1} << 20);
    EXPECT_EQ(place.empty(), came < 64 * kKib) << came;
  }
}

TEST(WsPlace, ThereIsNoneButInsideALargeFrameOfAMessage) {
  Receiver receiver;
  const auto give = [&](Bytes bytes) {
    receiver.receive(
        bytes, [] { return 1 << 20; }, kNever);
    return receiver.protocol().wants_place();
  };
  EXPECT_FALSE(receiver.protocol().wants_place());
  const OwnedBytes large = frame(Role::Client, Opcode::Binary, pattern(110 * kKib, 9));
  EXPECT_FALSE(give(Bytes(large).first(13))) << "in the header";
  EXPECT_TRUE(give(Bytes(large).subspan(13, 70 * kKib)));
  EXPECT_FALSE(receiver.protocol().place_for_payload().empty());
  EXPECT_FALSE(give(Bytes(large).subspan(13 + 70 * kKib, 20 * kKib))) << "the rest is small";
  EXPECT_FALSE(give(Bytes(large).subspan(13 + 90 * kKib)));
  EXPECT_EQ(receiver.log, Log{"binary"});
  const OwnedBytes ping = frame(Role::Client, Opcode::Ping, "half");
  EXPECT_FALSE(give(Bytes(ping).first(8)));
  EXPECT_TRUE(receiver.protocol().place_for_payload().empty());
}

}  // namespace
}  // namespace hybi::ws
