// Messages <-> DEFLATE: the two inflaters are twins, everything legal is read, nothing grows beyond
// its limit.
#include <hybi/limits.h>
#include <hybi/testing/split.h>
#include <hybi/ws/deflate.h>

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

// Text with repetitions near and far, so that every distance a window allows comes up.
std::string sample(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    if (!text.empty() && random() % 2 == 0) {
      const std::size_t length = 3 + random() % 40;
      const std::size_t back = 1 + random() % text.size();
      text += text.substr(text.size() - back, length);
    } else {
      text += static_cast<char>('a' + random() % 26);
    }
  }
  text.resize(size);
  return text;
}

struct Inflated {
  std::string text;
  Errc errc = Errc::Ok;
  friend bool operator==(const Inflated&, const Inflated&) = default;
};

Inflated at_once(DeflatePool& pool, Bytes coded, std::size_t max_bytes = kNoLimit) {
  OutBuffer message;
  const Errc errc = pool.inflate(coded, message, max_bytes).error().code;
  return {errc == Errc::Ok ? std::string(as_text(message.view())) : "", errc};
}

Inflated in_pieces(const Pieces& pieces, int window_bits = 15, std::size_t max_bytes = kNoLimit) {
  Inflater inflater(window_bits);
  OutBuffer message;
  Errc errc = Errc::Ok;
  for (std::size_t i = 0; i < pieces.size() && errc == Errc::Ok; ++i) {
    errc = inflater.add(pieces[i], i + 1 == pieces.size(), message, max_bytes).error().code;
    EXPECT_LE(message.size(), max_bytes);
  }
  return {errc == Errc::Ok ? std::string(as_text(message.view())) : "", errc};
}

OwnedBytes deflated(DeflatePool& pool, std::string_view text, DeflateForm form) {
  OutBuffer coded;
  pool.deflate(as_bytes(text), form, coded);
  return owned(coded.view());
}

TEST(WsDeflate, EverySizeAndWindowComesBack) {
  DeflatePool pool;
  for (std::uint8_t bits = 8; bits <= 15; ++bits) {
    for (const bool final_block : {false, true}) {
      for (std::size_t size :
           {0, 1, 2, 3, 30, 200, 256, 257, 300, 511, 513, 4000, 40'000, 300'000}) {
        const std::string text = sample(size, bits);
        const OwnedBytes coded = deflated(pool, text, {bits, final_block});
        const Inflated expected{text, Errc::Ok};
        EXPECT_EQ(at_once(pool, coded), expected) << int(bits) << " " << size;
        EXPECT_EQ(in_pieces({coded}), expected) << int(bits) << " " << size;
      }
    }
  }
}

// An 8-bit window must do: read one byte at a time, so that nothing but the window is looked at.
TEST(WsDeflate, AWindowOf8BitsIsEnoughForWhatIsWrittenForOne) {
  DeflatePool pool;
  for (std::uint8_t bits : {8, 9, 10, 12}) {
    const std::string text = sample(20'000, bits);
    for (const bool final_block : {false, true}) {
      const OwnedBytes coded = deflated(pool, text, {bits, final_block});
      EXPECT_EQ(in_pieces(byte_by_byte(coded), bits), (Inflated{text, Errc::Ok})) << int(bits);
    }
    Deflater deflater(bits, 5);
    Inflater inflater(bits);
    for (int i = 0; i < 20; ++i) {
      OutBuffer coded, message;
      deflater.add(as_bytes(text), coded);
      ASSERT_TRUE(inflater.add(coded.view(), true, message, kNoLimit));
      ASSERT_EQ(as_text(message.view()), text);
    }
  }
}

TEST(WsDeflate, AKeptWindowMakesTheSecondMessageSmaller) {
  Deflater deflater(12, 5);
  Inflater inflater(12);
  const std::string text = sample(600, 1);
  std::size_t sizes[3];
  for (std::size_t& size : sizes) {
    OutBuffer coded, message;
    deflater.add(as_bytes(text), coded);
    size = coded.size();
    ASSERT_TRUE(inflater.add(coded.view(), true, message, kNoLimit));
    EXPECT_EQ(as_text(message.view()), text);
    if (&size == &sizes[1]) deflater.reset();  // the peer need not know
  }
  EXPECT_LT(sizes[1], sizes[0] / 4);
  EXPECT_EQ(sizes[2], sizes[0]);
}

TEST(WsDeflate, EmptyMessagesAreOneZeroByteEachTime) {
  Deflater deflater(15, 8);
  DeflatePool pool;
  for (int i = 0; i < 3; ++i) {
    OutBuffer coded;
    deflater.add({}, coded);
    EXPECT_EQ(owned(coded.view()), bytes("00"));
  }
  EXPECT_EQ(at_once(pool, bytes("00")), (Inflated{"", Errc::Ok}));
}

// RFC 7692 7.2.3 and the facts: every legal way to write "Hello".
TEST(WsDeflate, AnyLegalDeflateIsRead) {
  DeflatePool pool;
  for (std::string_view hex : {
           "f248cdc9c90700",                       // one fixed block
           "000500faff48656c6c6f00",               // stored
           "f348cdc9c9070000",                     // BFINAL
           "f248050000 00ffffcac9c90700",          // two blocks, a flush between
           "010500faff48656c6c6f 00",              // stored and final
           "000000ffff 000000ffff f248cdc9c90700"  // empty blocks first
       }) {
    const OwnedBytes coded = bytes(hex);
    const Inflated expected{"Hello", Errc::Ok};
    EXPECT_EQ(at_once(pool, coded), expected) << hex;
    for_each_split(coded,
                   [&](const Pieces& pieces) { EXPECT_EQ(in_pieces(pieces), expected) << hex; });
  }
}

TEST(WsDeflate, AFinalBlockWithinAMessageIsNotItsEnd) {
  DeflatePool pool;
  OwnedBytes coded = deflated(pool, sample(300, 1), {15, true});
  coded.pop_back();  // the header byte: another series of blocks begins right here
  const OwnedBytes second = deflated(pool, sample(200, 2), {15, true});
  coded.insert(coded.end(), second.begin(), second.end());
  const Inflated expected{sample(300, 1) + sample(200, 2), Errc::Ok};
  EXPECT_EQ(at_once(pool, coded), expected);
  for_each_split(coded, [&](const Pieces& pieces) { EXPECT_EQ(in_pieces(pieces), expected); });
}

TEST(WsDeflate, GarbageFailsInBothWaysAlike) {
  DeflatePool pool;
  std::mt19937 random(7);
  const OwnedBytes good = deflated(pool, sample(400, 3), {15, false});
  int failed = 0;
  for (int i = 0; i < 3000; ++i) {
    OwnedBytes coded = good;
    coded.resize(1 + random() % coded.size());
    for (unsigned flips = random() % 3; flips > 0; --flips) {
      coded[random() % coded.size()] ^= std::byte(1 << random() % 8);
    }
    const Inflated one = at_once(pool, coded, 100'000);
    EXPECT_EQ(one, in_pieces({coded}, 15, 100'000));
    EXPECT_EQ(one, in_pieces(byte_by_byte(coded), 15, 100'000));
    failed += one.errc == Errc::WsExtensionData ? 1 : 0;
  }
  EXPECT_GT(failed, 2000);
}

TEST(WsDeflate, NothingGrowsBeyondTheLimit) {
  DeflatePool pool;
  const std::string zeros(10 << 20, '\0');
  const OwnedBytes bomb = deflated(pool, zeros, {15, false});
  ASSERT_LT(bomb.size(), 20'000U);
  for (std::size_t limit : {1U, 1000U, 65536U, (10U << 20) - 1}) {
    EXPECT_EQ(at_once(pool, bomb, limit).errc, Errc::WsMessageTooBig) << limit;
    EXPECT_EQ(in_pieces({bomb}, 15, limit).errc, Errc::WsMessageTooBig) << limit;
  }
  EXPECT_EQ(at_once(pool, bomb, zeros.size()).errc, Errc::Ok);
  EXPECT_EQ(in_pieces({bomb}, 15, zeros.size()).errc, Errc::Ok);

  OutBuffer message;  // what was there before counts, too
  message.append(std::string_view("before"));
  const OwnedBytes hello = bytes("f248cdc9c90700");
  EXPECT_EQ(pool.inflate(hello, message, 10).error().code, Errc::WsMessageTooBig);
  EXPECT_EQ(message.size(), 10U);  // what fitted
  message.truncate(6);
  EXPECT_TRUE(pool.inflate(hello, message, 11).has_value());
  EXPECT_EQ(as_text(message.view()), "beforeHello");
}

TEST(WsDeflate, AnInflaterThatFailedCanBeUsedAgain) {
  DeflatePool pool;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(at_once(pool, bytes("07")).errc, Errc::WsExtensionData);
    EXPECT_EQ(at_once(pool, bytes("f248cdc9c90700")).text, "Hello");
  }
}

}  // namespace
}  // namespace hybi::ws
