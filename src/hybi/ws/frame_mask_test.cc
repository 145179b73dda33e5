// Masking of whole frames, with the numbers of the facts (hybi-04 4.3, hybi-05 4.3).
#include <hybi/testing/split.h>
#include <hybi/ws/frame_mask.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

constexpr FrameNonce kNonce{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
const Sha1 kConnectionKey = connection_key("dGhlIHNhbXBsZSBub25jZQ==", "H+cNj5elaybfGIQv1esl2w==");

OwnedBytes masked(Version version, OwnedBytes frame) {
  apply_frame_key(frame_key(version, kNonce, kConnectionKey), 0, frame);
  frame.insert(frame.begin(), kNonce.begin(), kNonce.end());
  return frame;
}

OwnedBytes unmasked(FrameUnmasker& unmasker, const Pieces& pieces) {
  OwnedBytes plain;
  for (OwnedBytes piece : pieces) {
    for (MutableBytes in(piece); !in.empty();) {
      const MutableBytes part = unmasker.take(in);
      plain.insert(plain.end(), part.begin(), part.end());
    }
  }
  return plain;
}

TEST(WsFrameMask, KeysOfVersion4AreThoseOfTheFacts) {
  EXPECT_EQ(owned(kConnectionKey), bytes("6322a2adc02bc433e3896d34410b74bb7739f960"));
  EXPECT_EQ(owned(frame_key(Version::V4, kNonce, kConnectionKey)),
            bytes("30601a506fd237113bd6874711b790f74d806837"));
}

TEST(WsFrameMask, FramesAreMaskedFromTheFirstByteOfTheHeader) {
  EXPECT_EQ(masked(Version::V4, bytes("840548656c6c6f")), bytes("37fa213db465523503be58"));
  EXPECT_EQ(masked(Version::V5, bytes("840548656c6c6f")), bytes("37fa213db3ff69585b964e"));
  EXPECT_EQ(masked(Version::V6, bytes("810503e8627965")), bytes("37fa213db6ff22d5558344"));
}

// Frames with every form of length, one behind the other, come out as they went in.
TEST(WsFrameMask, EverySplitUnmasksToTheSameFrames) {
  for (Version version : {Version::V4, Version::V5, Version::V6}) {
    OwnedBytes frames, wire;
    const auto add = [&](OwnedBytes frame, std::size_t payload) {
      frame.resize(frame.size() + payload, std::byte{'x'});
      const OwnedBytes on_wire = masked(version, frame);
      frames.insert(frames.end(), frame.begin(), frame.end());
      wire.insert(wire.end(), on_wire.begin(), on_wire.end());
    };
    add(bytes("8400"), 0);
    add(bytes("8405"), 5);
    add(bytes("857e007e"), 126);
    add(bytes("8200"), 0);
    add(bytes("857f0000000000000100"), 256);
    for_each_split(wire, [&](const Pieces& pieces) {
      FrameUnmasker unmasker(version, kConnectionKey, false);
      EXPECT_EQ(unmasked(unmasker, pieces), frames);
      EXPECT_FALSE(unmasker.in_frame());
    });
  }
}

TEST(WsFrameMask, ALengthWithoutEndIsPassedOnForTheDecoderToRefuse) {
  OwnedBytes wire = masked(Version::V5, bytes("84ffffffffffffffffff78"));
  FrameUnmasker unmasker(Version::V5, {}, false);
  EXPECT_EQ(unmasked(unmasker, {wire}), bytes("84ffffffffffffffffff78"));
}

TEST(WsFrameMask, ClientsOfLibwebsocketsAreUnderstoodByOption) {
  OwnedBytes frame = bytes("840548656c6c6f");
  apply_frame_key(kConnectionKey, 0, frame);
  frame.insert(frame.begin(), kNonce.begin(), kNonce.end());
  for_each_split(frame, [&](const Pieces& pieces) {
    FrameUnmasker strict(Version::V4, kConnectionKey, false);
    EXPECT_NE(unmasked(strict, pieces), bytes("840548656c6c6f"));
    FrameUnmasker lenient(Version::V4, kConnectionKey, true);
    EXPECT_EQ(unmasked(lenient, pieces), bytes("840548656c6c6f"));
  });
  // A client that masks as the draft says is read as before.
  FrameUnmasker lenient(Version::V4, kConnectionKey, true);
  EXPECT_EQ(unmasked(lenient, {bytes("37fa213db465523503be58")}), bytes("840548656c6c6f"));
}

TEST(WsFrameMask, TheKeyIsTheSameFromAnyPlace) {
  const FrameKey key = frame_key(Version::V4, kNonce, kConnectionKey);
  for (std::size_t at = 0; at < 60; ++at) {
    for (std::size_t size = 0; size < 60; ++size) {
      OwnedBytes data(size, std::byte{0});
      apply_frame_key(key, at, data);
      for (std::size_t i = 0; i < size; ++i) ASSERT_EQ(data[i], key[(at + i) % 20]);
    }
  }
}

}  // namespace
}  // namespace hybi::ws
