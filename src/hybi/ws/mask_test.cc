#include <hybi/testing/split.h>
#include <hybi/ws/mask.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace hybi::ws {
namespace {

using Key = std::array<std::byte, 4>;
using hybi::testing::OwnedBytes;

// The twin: RFC 6455 5.3 word by word.
void naive_mask(MutableBytes data, const Key& key, std::size_t phase) {
  for (std::size_t i = 0; i < data.size(); ++i) data[i] ^= key[(i + phase) % 4];
}

OwnedBytes random_bytes(std::size_t size, std::mt19937& random) {
  OwnedBytes data(size);
  for (std::byte& byte : data) byte = std::byte(random() & 255);
  return data;
}

const Key kKey{std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};

TEST(WsMask, EqualsTheTwinForEveryLengthAlignmentAndPhase) {
  std::mt19937 random(7);
  for (std::size_t size = 0; size <= 130; ++size) {
    for (std::size_t shift = 0; shift < 8; ++shift) {
      for (std::size_t phase = 0; phase < 4; ++phase) {
        OwnedBytes expected = random_bytes(size + 8, random);
        OwnedBytes actual = expected;
        OwnedBytes copied(size + 8);
        MaskKey key(kKey);
        key.advance(phase);
        mask_copy(copied.data() + (7 - shift), Bytes(actual).subspan(shift, size), key);
        mask(MutableBytes(actual).subspan(shift, size), key);
        naive_mask(MutableBytes(expected).subspan(shift, size), kKey, phase);
        EXPECT_EQ(actual, expected) << size << " " << shift << " " << phase;
        EXPECT_TRUE(std::equal(copied.begin() + static_cast<long>(7 - shift),
                               copied.begin() + static_cast<long>(7 - shift + size),
                               expected.begin() + static_cast<long>(shift)));
      }
    }
  }
}

// Every way there is on this machine, at every alignment of both sides, in place and copying. The
// bytes around must stay as they are.
TEST(WsMask, EveryWayForLongDataEqualsTheTwin) {
  using Way = void (*)(std::byte*, const std::byte*, std::size_t, std::uint64_t);
  std::vector<Way> ways{detail::mask_large, detail::mask_large_portable};
#if defined(HYBI_MASK_AVX2)
  if (detail::has_avx2()) ways.push_back(detail::mask_large_avx2);
#endif
  std::mt19937 random(11);
  const std::uint64_t key = MaskKey(kKey).word() * 0x100000001ULL;
  for (const Way way : ways) {
    for (const std::size_t size : {0, 32, 64, 96, 128, 160, 224, 256, 288, 384, 1024, 4128}) {
      for (std::size_t shift = 0; shift < 33; ++shift) {
        const OwnedBytes before = random_bytes(size + 64, random);
        OwnedBytes expected = before;
        naive_mask(MutableBytes(expected).subspan(shift, size), kKey, 0);

        OwnedBytes in_place = before;
        way(in_place.data() + shift, in_place.data() + shift, size, key);
        EXPECT_EQ(in_place, expected) << size << " " << shift;

        OwnedBytes copied = random_bytes(size + 64, random);
        OwnedBytes expected_copy = copied;
        const std::size_t to = 40 - shift;
        way(copied.data() + to, before.data() + shift, size, key);
        std::copy_n(expected.begin() + static_cast<long>(shift), size,
                    expected_copy.begin() + static_cast<long>(to));
        EXPECT_EQ(copied, expected_copy) << size << " " << shift;
      }
    }
  }
}

TEST(WsMask, SmallEqualsTheTwinAndTellsWhetherTheResultIsAscii) {
  for (std::size_t size = 0; size < 128; ++size) {
    for (std::size_t at = 0; at <= size; ++at) {
      OwnedBytes expected(size, std::byte{'a'});
      if (at < size) expected[at] = std::byte{0x80};  // at == size: all ASCII
      OwnedBytes actual = expected;
      naive_mask(actual, kKey, 0);
      const std::uint64_t seen = mask_small(actual, MaskKey(kKey));
      EXPECT_EQ(actual, expected);
      EXPECT_EQ((seen & 0x8080808080808080U) != 0, at < size) << size << " " << at;
    }
  }
}

TEST(WsMask, EqualsTheTwinForLongData) {
  std::mt19937 random(8);
  for (std::size_t size : {255U, 256U, 257U, 511U, 1000U, 4096U, 65535U, 65536U, 100'003U}) {
    for (std::size_t shift = 0; shift < 4; ++shift) {
      OwnedBytes expected = random_bytes(size + shift, random);
      OwnedBytes actual = expected;
      OwnedBytes copied(size);
      mask_copy(copied.data(), Bytes(actual).subspan(shift), MaskKey(kKey));
      mask(MutableBytes(actual).subspan(shift), MaskKey(kKey));
      naive_mask(MutableBytes(expected).subspan(shift), kKey, 0);
      EXPECT_EQ(actual, expected) << size << " " << shift;
      EXPECT_TRUE(std::ranges::equal(copied, Bytes(expected).subspan(shift)));
    }
  }
}

TEST(WsMask, PiecesGiveWhatTheWholeGives) {
  std::mt19937 random(9);
  const OwnedBytes data = random_bytes(41, random);
  OwnedBytes whole = data;
  mask(whole, MaskKey(kKey));
  hybi::testing::for_each_split(data, [&](hybi::testing::Pieces pieces) {
    OwnedBytes joined;
    MaskKey key(kKey);
    for (OwnedBytes& piece : pieces) {
      mask(piece, key);
      key.advance(piece.size());
      joined.insert(joined.end(), piece.begin(), piece.end());
    }
    EXPECT_EQ(joined, whole);
  });
}

TEST(WsMask, KeyKeepsItsBytesAndWrapsAfterFour) {
  MaskKey key(kKey);
  EXPECT_EQ(key.bytes(), kKey);
  key.advance(1);
  EXPECT_EQ(key.bytes(), (Key{kKey[1], kKey[2], kKey[3], kKey[0]}));
  key.advance((std::uint64_t{1} << 62) + 3);
  EXPECT_EQ(key.bytes(), kKey);
}

}  // namespace
}  // namespace hybi::ws
