// Content codings. RFC 9110 8.4.
#include <hybi/http/content_coding.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

#include <string>

#include <brotli/decode.h>

namespace hybi::http {
namespace {

using namespace hybi::testing;

constexpr ContentCoding kReadable[] = {ContentCoding::Gzip, ContentCoding::Deflate};

std::string encoded(ContentCoding coding, const Pieces& pieces, int level = kDefaultLevel) {
  Encoder encoder(coding, level);
  OutBuffer out;
  for (const OwnedBytes& piece : pieces) encoder.add(piece, out);
  encoder.finish(out);
  return std::string(as_text(out.view()));
}
std::string encoded(ContentCoding coding, std::string_view text, int level = kDefaultLevel) {
  return encoded(coding, Pieces{owned(as_bytes(text))}, level);
}

// The decoded text, or the name of the error.
std::string decoded(ContentCoding coding, const Pieces& pieces, std::size_t max_bytes = 1 << 20) {
  Decoder decoder(coding, max_bytes);
  OutBuffer out;
  for (const OwnedBytes& piece : pieces) {
    const auto added = decoder.add(piece, out);
    EXPECT_LE(out.size(), max_bytes);
    if (!added) {
      EXPECT_EQ(decoder.finish().error(), added.error());
      return std::string(info(added.error().code).name);
    }
  }
  const auto finished = decoder.finish();
  return std::string(finished ? as_text(out.view()) : info(finished.error().code).name);
}
std::string decoded(ContentCoding coding, std::string_view wire, std::size_t max_bytes = 1 << 20) {
  return decoded(coding, Pieces{owned(as_bytes(wire))}, max_bytes);
}

std::string brotli_decoded(std::string_view wire, std::size_t bytes) {
  std::string text(bytes + 1, '\0');
  std::size_t size = text.size();
  const auto result =
      BrotliDecoderDecompress(wire.size(), reinterpret_cast<const std::uint8_t*>(wire.data()),
                              &size, reinterpret_cast<std::uint8_t*>(text.data()));
  EXPECT_EQ(result, BROTLI_DECODER_RESULT_SUCCESS);
  text.resize(size);
  return text;
}

std::string sample(std::size_t bytes) {
  std::string text;
  for (unsigned i = 0, seed = 1; text.size() < bytes; ++i) {
    seed = seed * 1103515245 + 12345;
    text.append("line ").append(std::to_string(seed >> 20)).append("\n");
  }
  text.resize(bytes);
  return text;
}

TEST(HttpContentCoding, WhatIsEncodedIsDecoded) {
  for (const std::size_t bytes : {0u, 1u, 100u, 70'000u, 300'000u}) {
    const std::string text = sample(bytes);
    for (const ContentCoding coding : kReadable) {
      for (const int level : {kDefaultLevel, 0, 1, 9}) {
        EXPECT_TRUE(decoded(coding, encoded(coding, text, level)) == text) << bytes;
      }
    }
    for (const int level : {kDefaultLevel, 0, 9}) {
      const std::string wire = encoded(ContentCoding::Brotli, text, level);
      EXPECT_TRUE(brotli_decoded(wire, bytes) == text) << bytes;
    }
  }
}

TEST(HttpContentCoding, PiecesGiveTheSameTextForEverySplit) {
  const std::string text = sample(300);
  for (const ContentCoding coding : kReadable) {
    for_each_split(as_bytes(text), [&](const Pieces& pieces) {
      ASSERT_EQ(decoded(coding, encoded(coding, pieces)), text);
    });
    const std::string wire = encoded(coding, text);
    for_each_split(as_bytes(wire),
                   [&](const Pieces& pieces) { ASSERT_EQ(decoded(coding, pieces), text); });
  }
  for_each_split(as_bytes(text), [&](const Pieces& pieces) {
    ASSERT_EQ(brotli_decoded(encoded(ContentCoding::Brotli, pieces), 300), text);
  });
}

TEST(HttpContentCoding, FormatsAreThoseOfTheirNames) {
  EXPECT_TRUE(encoded(ContentCoding::Gzip, "x").starts_with("\x1f\x8b\x08"));
  EXPECT_EQ(encoded(ContentCoding::Deflate, "x")[0], '\x78');  // zlib's, not raw DEFLATE
  EXPECT_EQ(name_of(ContentCoding::Gzip), "gzip");
  EXPECT_EQ(name_of(ContentCoding::Deflate), "deflate");
  EXPECT_EQ(name_of(ContentCoding::Brotli), "br");
  EXPECT_EQ(name_of(ContentCoding::Identity), "identity");
}

TEST(HttpContentCoding, AFlushLetsTheClientReadSoFar) {
  for (const ContentCoding coding : kReadable) {
    Encoder encoder(coding);
    Decoder decoder(coding, 1000);
    OutBuffer wire, text;
    for (const std::string_view event : {"data: 1\n\n", "data: 2\n\n", ""}) {
      wire.clear();
      text.clear();
      encoder.add(as_bytes(event), wire, true);
      ASSERT_TRUE(decoder.add(wire.view(), text).has_value());
      EXPECT_EQ(as_text(text.view()), event);
    }
  }
  Encoder encoder(ContentCoding::Brotli);
  OutBuffer wire;
  encoder.add(as_bytes("data: 1\n\n"), wire, true);
  const auto* next = reinterpret_cast<const std::uint8_t*>(wire.view().data());
  std::size_t left = wire.size();
  std::string text(100, '\0');
  auto* to = reinterpret_cast<std::uint8_t*>(text.data());
  std::size_t room = text.size();
  BrotliDecoderState* state = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  BrotliDecoderDecompressStream(state, &left, &next, &room, &to, nullptr);
  BrotliDecoderDestroyInstance(state);
  EXPECT_EQ(text.substr(0, text.size() - room), "data: 1\n\n");
}

TEST(HttpContentCoding, AZipBombStopsAtItsLimit) {
  const std::string zeros(50'000'000, '\0');
  for (const ContentCoding coding : kReadable) {
    const std::string bomb = encoded(coding, zeros);
    ASSERT_LT(bomb.size(), 100'000u);
    Decoder decoder(coding, 100'000);
    OutBuffer out;
    EXPECT_EQ(decoder.add(as_bytes(bomb), out).error().code, Errc::HttpDecodedBodyTooLarge);
    EXPECT_EQ(out.size(), 100'000u);
    EXPECT_LT(out.capacity(), 1'000'000u);
  }
  EXPECT_EQ(info(Errc::HttpDecodedBodyTooLarge).http_status, 413);
}

TEST(HttpContentCoding, TheLimitIsExactForEverySplit) {
  const std::string text = sample(200);
  for (const ContentCoding coding : kReadable) {
    const std::string wire = encoded(coding, text);
    for_each_split(as_bytes(wire), [&](const Pieces& pieces) {
      ASSERT_EQ(decoded(coding, pieces, 200), text);
      ASSERT_EQ(decoded(coding, pieces, 199), "HttpDecodedBodyTooLarge");
      ASSERT_EQ(decoded(coding, pieces, 0), "HttpDecodedBodyTooLarge");
    });
  }
  EXPECT_EQ(decoded(ContentCoding::Gzip, encoded(ContentCoding::Gzip, ""), 0), "");
}

TEST(HttpContentCoding, RoomIsKeptAndTheRestComesWithTheNextCall) {
  const std::string text = sample(100'000);
  const std::string wire = encoded(ContentCoding::Gzip, text);
  Decoder decoder(ContentCoding::Gzip, 1'000'000);
  std::string all;
  OutBuffer out;
  Bytes in = as_bytes(wire);
  for (;;) {
    out.clear();
    const auto more = decoder.next(in, out, 1000);
    ASSERT_TRUE(more.has_value());
    ASSERT_LE(out.size(), 1000u);
    all.append(as_text(out.view()));
    if (!more.value()) break;
  }
  EXPECT_TRUE(in.empty());
  EXPECT_TRUE(decoder.finish().has_value());
  EXPECT_TRUE(all == text);
}

TEST(HttpContentCoding, WhatIsNotWholeOrHasATailFails) {
  const std::string bad = "HttpBadContentCoding";
  for (const ContentCoding coding : kReadable) {
    const std::string wire = encoded(coding, "hello, hello, hello");
    for (std::size_t size = 0; size < wire.size(); ++size) {
      EXPECT_EQ(decoded(coding, wire.substr(0, size)), bad) << size;
    }
    for (const std::string& tail : {std::string("x"), std::string(1, '\0'), std::string("\x1f")}) {
      for_each_split(as_bytes(wire + tail),
                     [&](const Pieces& pieces) { ASSERT_EQ(decoded(coding, pieces), bad); });
    }
    std::string checksum = wire;
    checksum[wire.size() - (coding == ContentCoding::Gzip ? 6 : 1)] ^= 1;
    EXPECT_EQ(decoded(coding, checksum), bad);
  }
  EXPECT_EQ(decoded(ContentCoding::Gzip, encoded(ContentCoding::Deflate, "x")), bad);
  EXPECT_EQ(decoded(ContentCoding::Deflate, encoded(ContentCoding::Gzip, "x")), bad);
  EXPECT_EQ(decoded(ContentCoding::Gzip, "plain"), bad);
  EXPECT_EQ(info(Errc::HttpBadContentCoding).http_status, 400);
}

TEST(HttpContentCoding, GzipMayHaveSeveralMembers) {
  const std::string wire = encoded(ContentCoding::Gzip, "a") + encoded(ContentCoding::Gzip, "") +
                           encoded(ContentCoding::Gzip, "bc");
  for_each_split(as_bytes(wire), [&](const Pieces& pieces) {
    ASSERT_EQ(decoded(ContentCoding::Gzip, pieces), "abc");
    ASSERT_EQ(decoded(ContentCoding::Gzip, pieces, 2), "HttpDecodedBodyTooLarge");
  });
  const std::string twice =
      encoded(ContentCoding::Deflate, "a") + encoded(ContentCoding::Deflate, "b");
  EXPECT_EQ(decoded(ContentCoding::Deflate, twice), "HttpBadContentCoding");
}

TEST(HttpContentCoding, OneCodingOfRequestsIsTaken) {
  EXPECT_EQ(request_coding({}).value(), ContentCoding::Identity);
  EXPECT_EQ(request_coding("identity").value(), ContentCoding::Identity);
  EXPECT_EQ(request_coding("GZip").value(), ContentCoding::Gzip);
  EXPECT_EQ(request_coding("x-gzip").value(), ContentCoding::Gzip);
  EXPECT_EQ(request_coding("deflate, identity").value(), ContentCoding::Deflate);
  for (const char* value : {"br", "gzip, gzip", "gzip, deflate", "compress", "gzip;q=1"}) {
    EXPECT_EQ(request_coding(value).error().code, Errc::HttpUnsupportedContentCoding) << value;
  }
  EXPECT_EQ(info(Errc::HttpUnsupportedContentCoding).http_status, 415);
}

}  // namespace
}  // namespace hybi::http
