// Invariant: what was encoded is decoded to the same; any other bytes are decoded or refused with a
// documented error, the same for any split, and never to more than the limit.
//
// The first byte chooses: a round trip or bytes that claim to be encoded, the coding, the pieces.
#include <hybi/http/content_coding.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace {

using namespace hybi;
using http::ContentCoding;

constexpr std::size_t kMaxBytes = 5000;

void require(bool holds) {
  if (!holds) std::abort();
}

// "ok" and the text, or the error alone: how far a stream went before it failed is not told.
std::string decode(ContentCoding coding, Bytes wire, std::size_t step, std::size_t room) {
  http::Decoder decoder(coding, kMaxBytes);
  OutBuffer out;
  for (std::size_t at = 0; at < wire.size(); at += step) {
    Bytes in = wire.subspan(at, std::min(step, wire.size() - at));
    for (;;) {
      const std::size_t before = out.size();
      const auto more = decoder.next(in, out, room);
      require(out.size() <= kMaxBytes && out.size() - before <= room);
      if (!more) return std::string(info(more.error().code).name);
      if (!more.value()) break;
    }
    require(in.empty());
  }
  const auto finished = decoder.finish();
  if (!finished) return std::string(info(finished.error().code).name);
  return "ok " + std::string(as_text(out.view()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const unsigned choice = data[0];
  const Bytes input(reinterpret_cast<const std::byte*>(data + 1), size - 1);
  const ContentCoding coding = (choice & 1) != 0 ? ContentCoding::Gzip : ContentCoding::Deflate;
  const std::size_t step = 1 + (choice >> 2) % 64;
  if ((choice & 2) == 0) {
    const std::string whole = decode(coding, input, input.size() + 1, kMaxBytes + 1);
    require(decode(coding, input, step, kMaxBytes + 1) == whole);
    require(decode(coding, input, input.size() + 1, step) == whole);
    return 0;
  }
  http::Encoder encoder(coding, static_cast<int>(choice % 10)), brotli(ContentCoding::Brotli, 1);
  OutBuffer wire, other;
  for (std::size_t at = 0; at < input.size(); at += step) {
    const Bytes piece = input.subspan(at, std::min(step, input.size() - at));
    encoder.add(piece, wire, at % 3 == 0);
    brotli.add(piece, other, at % 3 == 0);
  }
  encoder.finish(wire);
  brotli.finish(other);
  require(!other.empty());
  require(decode(coding, wire.view(), step, kMaxBytes + 1) == "ok " + std::string(as_text(input)));
  return 0;
}
