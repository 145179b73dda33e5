// Invariant: inflating what was deflated gives it back, with every window, with and without
// context; any other bytes give the same message or the same error at once as in pieces (but see
// stumbles_over_codes), and never more than the limit.
//
// The first byte chooses: a round trip, or bytes that claim to be compressed. The second and third
// choose window, form and where to cut.
#include <hybi/limits.h>
#include <hybi/testing/split.h>
#include <hybi/ws/deflate.h>
#include <hybi/ws/deflate_stream.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

void require(bool condition) {
  if (!condition) std::abort();
}

// Calls `each(piece, last)` with pieces whose sizes follow from `seed`.
template <class Each>
void cut_up(Bytes input, unsigned seed, Each each) {
  do {
    seed = seed * 1103515245 + 12345;
    const std::size_t size = std::min<std::size_t>(input.size(), (seed >> 16) % 40);
    const Bytes piece = input.first(size);
    input = input.subspan(size);
    if (!each(piece, input.empty())) return;
  } while (!input.empty());
}

void round_trip(Bytes message, unsigned choice, unsigned seed) {
  const auto bits = static_cast<std::uint8_t>(8 + choice % 8);
  DeflatePool pool;
  OutBuffer coded, plain;
  pool.deflate(message, {bits, (choice & 8) != 0}, coded);
  require(pool.inflate(coded.view(), plain, message.size()).has_value());
  require(as_text(plain.view()) == as_text(message));

  Deflater deflater(bits, 1 + static_cast<int>(choice >> 4) % 9);
  Inflater inflater(bits);
  for (int i = 0; i < 3; ++i) {
    coded.clear();
    plain.clear();
    deflater.add(message, coded);
    cut_up(coded.view(), seed, [&](Bytes piece, bool last) {
      require(inflater.add(piece, last, plain, message.size()).has_value());
      return true;
    });
    require(as_text(plain.view()) == as_text(message));
    if (i == 1) deflater.reset();
  }

  DeflateStream writer, reader;
  OutBuffer wire;
  wire.append(message);
  writer.encode(wire, 0);
  plain.clear();
  cut_up(wire.view(), seed, [&](Bytes piece, bool) {
    OwnedBytes copy = owned(piece);
    for (MutableBytes in(copy);;) {
      const Result<MutableBytes> part = reader.take(in);
      require(part.has_value());
      if (part->empty()) break;
      plain.append(*part);
    }
    return true;
  });
  require(as_text(plain.view()) == as_text(message));
}

// Whether the first thing that zlib finds wrong is a block's set of codes or the use of one that
// stands for nothing. libdeflate checks these less: it lets repeated lengths run past the end, more
// symbols be declared than there are, the end of the block be missing, and takes the unused bit of
// a set with a single code for that code. All else both have to find.
bool stumbles_over_codes(Bytes coded) {
  OutBuffer all;
  all.append(coded);
  all.append(std::string_view("\0\0\xff\xff\1\0\0\xff\xff", 9));  // RFC 7692 7.2.2, and an end
  std::vector<Bytef> made(1 << 20);
  z_stream stream{};
  require(inflateInit2(&stream, -15) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(all.mutable_view().data());
  stream.avail_in = static_cast<uInt>(all.size());
  int result = Z_OK;
  while (result == Z_OK || (result == Z_STREAM_END && stream.avail_in > 0)) {
    if (result == Z_STREAM_END) inflateResetKeep(&stream);
    stream.next_out = made.data();
    stream.avail_out = static_cast<uInt>(made.size());
    result = inflate(&stream, Z_SYNC_FLUSH);
  }
  const std::string_view why = stream.msg != nullptr ? stream.msg : "";
  inflateEnd(&stream);
  return result == Z_DATA_ERROR && why != "invalid block type" &&
         why != "invalid stored block lengths" && why != "invalid distance too far back";
}

void try_garbage(Bytes coded, unsigned choice, unsigned seed) {
  constexpr std::size_t kLimits[] = {0, 1, 100, 10'000, 1'000'000};
  const std::size_t limit = kLimits[choice % 5];
  DeflatePool pool;
  OutBuffer at_once;
  const Errc first = pool.inflate(coded, at_once, limit).error().code;
  require(first == Errc::Ok || first == Errc::WsExtensionData || first == Errc::WsMessageTooBig);

  Inflater inflater(15);
  OutBuffer pieces;
  Errc second = Errc::Ok;
  cut_up(coded, seed, [&](Bytes piece, bool last) {
    second = inflater.add(piece, last, pieces, limit).error().code;
    require(pieces.size() <= limit);
    return second == Errc::Ok;
  });
  if (first != second) {
    return require(second == Errc::WsExtensionData && stumbles_over_codes(coded));
  }
  require(first != Errc::Ok || as_text(at_once.view()) == as_text(pieces.view()));
}

}  // namespace
}  // namespace hybi::ws

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  if (size < 3) return 0;
  const Bytes input(reinterpret_cast<const std::byte*>(data) + 3, size - 3);
  if ((data[0] & 1) != 0) {
    ws::round_trip(input, data[1], data[2]);
  } else {
    ws::try_garbage(input, data[1], data[2]);
  }
  return 0;
}
