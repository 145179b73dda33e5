#include <hybi/testing/split.h>
#include <hybi/ws/frame.h>

#include <gtest/gtest.h>

#include <random>

namespace hybi::ws {
namespace {

using hybi::testing::bytes;
using hybi::testing::OwnedBytes;

constexpr const VersionTraits& kV13 = traits(Version::V13);

const std::uint64_t kLengths[] = {0,
                                  1,
                                  125,
                                  126,
                                  127,
                                  65535,
                                  65536,
                                  65537,
                                  0xFFFFFFFF,
                                  0x100000000,
                                  (1ULL << 40) + 7,
                                  (1ULL << 63) - 1};

OwnedBytes encoded(const FrameHeader& header) {
  OwnedBytes out(kMaxHeaderBytes);
  out.resize(encode_header(header, kV13, out.data()));
  return out;
}

void expect_round_trip(const FrameHeader& header) {
  const OwnedBytes wire = encoded(header);
  ASSERT_EQ(wire.size(), encoded_header_bytes(header.payload_bytes, header.masked));
  ASSERT_EQ(wire.size(), header_bytes(wire[1]));
  for (std::size_t size = 0; size < wire.size(); ++size) {
    const DecodedHeader part = decode_header(Bytes(wire).first(size), kV13);
    ASSERT_EQ(part.used, 0);
    ASSERT_EQ(part.errc, Errc::Ok);
  }
  const DecodedHeader decoded = decode_header(wire, kV13);
  ASSERT_EQ(decoded.errc, Errc::Ok);
  ASSERT_EQ(decoded.used, wire.size());
  ASSERT_EQ(decoded.header, header);
}

TEST(WsFrame, EveryHeaderSurvivesTheRoundTrip) {
  for (unsigned opcode = 0; opcode < 16; ++opcode) {
    for (bool fin : {false, true}) {
      for (unsigned rsv = 0; rsv < 8; ++rsv) {
        for (bool masked : {false, true}) {
          for (std::uint64_t length : kLengths) {
            FrameHeader header{.payload_bytes = length,
                               .opcode = static_cast<Opcode>(opcode),
                               .rsv = static_cast<std::uint8_t>(rsv << 4),
                               .fin = fin,
                               .masked = masked};
            if (masked) header.mask_key = {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
            expect_round_trip(header);
          }
        }
      }
    }
  }
}

TEST(WsFrame, RandomLengthsSurviveTheRoundTrip) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 10'000; ++i) {
    expect_round_trip(
        {.payload_bytes = (random() >> 1) >> (random() % 63), .opcode = Opcode::Binary});
  }
}

struct Known {
  std::string_view hex;
  FrameHeader header;
};

// RFC 6455 5.7, and the borders of the three forms of the length.
TEST(WsFrame, KnownHeaders) {
  const std::array<std::byte, 4> key{std::byte{0x37}, std::byte{0xfa}, std::byte{0x21},
                                     std::byte{0x3d}};
  const Known known[] = {
      {"8105", {.payload_bytes = 5, .opcode = Opcode::Text}},
      {"818537fa213d",
       {.payload_bytes = 5, .mask_key = key, .opcode = Opcode::Text, .masked = true}},
      {"0103", {.payload_bytes = 3, .opcode = Opcode::Text, .fin = false}},
      {"8002", {.payload_bytes = 2, .opcode = Opcode::Continuation}},
      {"8905", {.payload_bytes = 5, .opcode = Opcode::Ping}},
      {"8a8537fa213d",
       {.payload_bytes = 5, .mask_key = key, .opcode = Opcode::Pong, .masked = true}},
      {"c107", {.payload_bytes = 7, .opcode = Opcode::Text, .rsv = kRsv1}},
      {"8200", {.opcode = Opcode::Binary}},
      {"828000000000", {.opcode = Opcode::Binary, .masked = true}},
      {"827d", {.payload_bytes = 125, .opcode = Opcode::Binary}},
      {"827e007e", {.payload_bytes = 126, .opcode = Opcode::Binary}},
      {"82fe007e37fa213d",
       {.payload_bytes = 126, .mask_key = key, .opcode = Opcode::Binary, .masked = true}},
      {"827effff", {.payload_bytes = 65535, .opcode = Opcode::Binary}},
      {"827f0000000000010000", {.payload_bytes = 65536, .opcode = Opcode::Binary}},
      {"82ff000000000001000037fa213d",
       {.payload_bytes = 65536, .mask_key = key, .opcode = Opcode::Binary, .masked = true}},
      {"827f7fffffffffffffff", {.payload_bytes = (1ULL << 63) - 1, .opcode = Opcode::Binary}},
  };
  for (const Known& one : known) {
    EXPECT_EQ(encoded(one.header), bytes(one.hex)) << one.hex;
    EXPECT_EQ(decode_header(bytes(one.hex), kV13).header, one.header) << one.hex;
  }
}

TEST(WsFrame, LengthsOfAWrongFormAreRefused) {
  for (std::string_view hex :
       {"827e0000", "827e007d", "827f0000000000000000", "827f000000000000007d",
        "827f000000000000007e", "827f000000000000ffff", "827f8000000000000000",
        "827f8000000000000001", "827fffffffffffffffff"}) {
    const DecodedHeader decoded = decode_header(bytes(hex), kV13);
    EXPECT_EQ(decoded.errc, Errc::WsBadLength) << hex;
    EXPECT_EQ(decoded.used, 0) << hex;
  }
}

TEST(WsFrame, AnAllZeroKeyIsAKey) {
  const DecodedHeader decoded = decode_header(bytes("8180 00000000"), kV13);
  EXPECT_TRUE(decoded.header.masked);
  EXPECT_EQ(decoded.used, 6);
}

// Older versions differ in a few traits; the codec follows each one.
TEST(WsFrame, TraitsDecideTheLastFrameBitTheLengthAndTheOpcodes) {
  VersionTraits other = kV13;
  other.last_frame_bit = false;
  other.shortest_length_only = false;
  std::swap(other.opcodes.meaning[1], other.opcodes.meaning[8]);
  std::swap(other.opcodes.bits[1], other.opcodes.bits[8]);

  const DecodedHeader close = decode_header(bytes("01 7e 0005"), other);
  EXPECT_EQ(close.errc, Errc::Ok);
  EXPECT_TRUE(close.header.fin);
  EXPECT_EQ(close.header.opcode, Opcode::Close);
  EXPECT_EQ(close.header.payload_bytes, 5U);
  EXPECT_FALSE(decode_header(bytes("81 00"), other).header.fin);

  OwnedBytes out(kMaxHeaderBytes);
  out.resize(encode_header({.payload_bytes = 5, .opcode = Opcode::Close}, other, out.data()));
  EXPECT_EQ(out, bytes("01 05"));
}

}  // namespace
}  // namespace hybi::ws
