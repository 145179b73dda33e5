// Limits are enforced from headers alone, and memory follows what has arrived. RFC 6455 10.4.
#include <hybi/testing/ws_peer.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

OwnedBytes header_only(std::uint64_t payload_bytes, Opcode opcode, bool fin) {
  FrameHeader header{.payload_bytes = payload_bytes, .opcode = opcode, .fin = fin, .masked = true};
  OwnedBytes result(kMaxHeaderBytes);
  result.resize(encode_header(header, traits(Version::V13), result.data()));
  return result;
}

Log refused(std::string_view name, std::string_view text) {
  return {"event failed " + std::string(name), "out close 1009 \"" + std::string(text) + "\"",
          "half-close"};
}
const Log kMessageTooBig =
    refused("WsMessageTooBig", "message is larger than the limit max_message_bytes");
const Log kFrameTooBig = refused("WsFrameTooBig", "frame is larger than the limit max_frame_bytes");
const Log kHeldTooBig =
    refused("WsHeldTooBig", "fragments hold more memory than the limit max_held_bytes");

TEST(WsLimits, AMessageOfTheLimitPassesAndOneByteMoreFailsFromTheHeader) {
  const WebSocketLimits limits{.max_message_bytes = 10};
  WsPeer passes(Role::Server, limits);
  passes.receive(frame(Role::Client, Opcode::Text, "0123456789"));
  EXPECT_EQ(passes.log(), Log{"event text \"0123456789\""});

  for_each_split(header_only(11, Opcode::Text, true), [&](const Pieces& pieces) {
    WsPeer fails(Role::Server, limits);
    fails.receive(pieces);
    EXPECT_EQ(fails.log(), kMessageTooBig);
  });
}

TEST(WsLimits, TheDefaultsAreBounded) {
  for (std::uint64_t size :
       {(1ULL << 20) + 1, 1ULL << 31, 1ULL << 32, 1ULL << 62, (1ULL << 63) - 1}) {
    WsPeer peer(Role::Server);
    peer.receive(header_only(size, Opcode::Binary, true));
    EXPECT_EQ(peer.log(), kMessageTooBig) << size;
  }
}

TEST(WsLimits, FragmentsAreSummedWithoutWrapping) {
  WsPeer peer(Role::Server, {.max_message_bytes = 10});
  peer.receive(frame(Role::Client, Opcode::Text, "0123456", false));
  peer.receive(frame(Role::Client, Opcode::Continuation, "789", false));
  EXPECT_TRUE(peer.log().empty());
  peer.receive(header_only(1, Opcode::Continuation, true));
  EXPECT_EQ(peer.log(), kMessageTooBig);

  // A length that would wrap a 63- or 64-bit sum.
  for (std::uint64_t size : {(1ULL << 63) - 1, (1ULL << 63) - 2}) {
    WsPeer wrapping(Role::Server, {.max_message_bytes = 10});
    wrapping.receive(frame(Role::Client, Opcode::Text, "0123456", false));
    wrapping.receive(header_only(size, Opcode::Continuation, true));
    EXPECT_EQ(wrapping.log(), kMessageTooBig);
  }
}

TEST(WsLimits, AFrameHasALimitOfItsOwn) {
  const WebSocketLimits limits{.max_frame_bytes = 3};
  WsPeer peer(Role::Server, limits);
  peer.receive(frame(Role::Client, Opcode::Text, "abc", false));
  peer.receive(frame(Role::Client, Opcode::Continuation, "def"));
  peer.receive(frame(Role::Client, Opcode::Ping, "control frames are not meant"));
  EXPECT_EQ(peer.events().size(), 2U);
  WsPeer fails(Role::Server, limits);
  fails.receive(header_only(4, Opcode::Text, true));
  EXPECT_EQ(fails.log(), kFrameTooBig);
}

TEST(WsLimits, EmptyFragmentsAreCharged) {
  // 64 per fragment; the bound is twice the message limit where that is more.
  WsPeer peer(Role::Server, {.max_message_bytes = 320, .max_held_bytes = 1});
  peer.receive(frame(Role::Client, Opcode::Text, "", false));
  for (int i = 0; i < 9; ++i) peer.receive(frame(Role::Client, Opcode::Continuation, "", false));
  EXPECT_TRUE(peer.log().empty());
  peer.receive(frame(Role::Client, Opcode::Continuation, "", false));
  EXPECT_EQ(peer.log(), kHeldTooBig);
}

TEST(WsLimits, TheChargeCountsBytesToo) {
  WsPeer peer(Role::Server, {.max_message_bytes = 100, .max_held_bytes = 200});
  peer.receive(frame(Role::Client, Opcode::Text, std::string(50, 'a'), false));  // 114
  peer.receive(header_only(22, Opcode::Continuation, true));                     // 200
  EXPECT_TRUE(peer.log().empty());
  WsPeer fails(Role::Server, {.max_message_bytes = 100, .max_held_bytes = 200});
  fails.receive(frame(Role::Client, Opcode::Text, std::string(50, 'a'), false));
  fails.receive(header_only(23, Opcode::Continuation, true));
  EXPECT_EQ(fails.log(), kHeldTooBig);
}

TEST(WsLimits, FourMebibytesIn65536FragmentsPass) {
  WsPeer peer(Role::Server, {.max_message_bytes = 4 << 20});
  const std::string piece(64, 'x');
  peer.receive(frame(Role::Client, Opcode::Text, piece, false));
  const OwnedBytes middle = frame(Role::Client, Opcode::Continuation, piece, false);
  for (int i = 0; i < 65'534; ++i) peer.receive(middle);
  peer.receive(frame(Role::Client, Opcode::Continuation, piece, true));
  EXPECT_EQ(peer.log(), Log{"event text 4194304 bytes"});
}

TEST(WsLimits, AnEndlessMessageOfEmptyFragmentsEnds) {
  WsPeer peer(Role::Server);
  peer.receive(frame(Role::Client, Opcode::Text, "", false));
  const OwnedBytes middle = frame(Role::Client, Opcode::Continuation, "", false);
  int count = 1;
  while (peer.log().empty() && count < 1'000'000) {
    peer.receive(middle);
    ++count;
  }
  EXPECT_EQ(peer.log(), kHeldTooBig);
  EXPECT_EQ(count, (16 << 20) / 64 + 1);
}

TEST(WsLimits, WithoutLimitsLengthsStillDoNotWrap) {
  const WebSocketLimits none{.max_message_bytes = kNoLimit, .max_held_bytes = kNoLimit};
  WsPeer peer(Role::Server, none);
  // Announced lengths take no memory: neither at once nor after 70,000 bytes.
  peer.receive(header_only((1ULL << 63) - 1, Opcode::Binary, false));
  peer.receive(OwnedBytes(70'000));
  EXPECT_TRUE(peer.log().empty());
  EXPECT_TRUE(peer.protocol().collecting());
}

TEST(WsLimits, AMessageMayFollowAnotherAtTheLimit) {
  WsPeer peer(Role::Server, {.max_message_bytes = 4});
  for (int i = 0; i < 3; ++i) {
    peer.receive(frame(Role::Client, Opcode::Text, "ab", false));
    peer.receive(frame(Role::Client, Opcode::Continuation, "cd"));
  }
  EXPECT_EQ(peer.log(), (Log{"event text \"abcd\"", "event text \"abcd\"", "event text \"abcd\""}));
}

}  // namespace
}  // namespace hybi::ws
