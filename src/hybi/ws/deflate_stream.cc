// deflate-stream, see deflate_stream.h.
#include <hybi/ws/deflate_stream.h>

#include <zlib.h>

#include <algorithm>
#include <new>

namespace hybi::ws {
namespace {

constexpr int kWindowBits = 15;
constexpr int kLevel = 1;  // masked bytes hardly get smaller
constexpr int kMemLevel = 8;

}  // namespace

DeflateStream::DeflateStream() {
  auto in = std::make_unique<z_stream_s>();
  if (inflateInit2(in.get(), -kWindowBits) != Z_OK) throw std::bad_alloc();
  inflate_.reset(in.release());
  auto out = std::make_unique<z_stream_s>();
  if (deflateInit2(out.get(), kLevel, Z_DEFLATED, -kWindowBits, kMemLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    throw std::bad_alloc();
  }
  deflate_.reset(out.release());
}

Result<MutableBytes> DeflateStream::take(MutableBytes& in) {
  z_stream_s& stream = *inflate_;
  if (failed_) return Errc::WsExtensionData;
  while (!in.empty() || has_more_) {
    if (ended_) {
      inflateReset(&stream);
      ended_ = false;
    }
    const auto offered = static_cast<uInt>(std::min<std::size_t>(in.size(), 1U << 30));
    stream.next_in = reinterpret_cast<unsigned char*>(in.data());
    stream.avail_in = offered;
    stream.next_out = reinterpret_cast<unsigned char*>(plain_.data());
    stream.avail_out = static_cast<uInt>(plain_.size());
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    const std::size_t made = plain_.size() - stream.avail_out;
    in = in.subspan(offered - stream.avail_in);
    // What came before the bad data is good: it is given first, and the error with the next call.
    failed_ = result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR;
    if (failed_ && made == 0) return Errc::WsExtensionData;
    ended_ = result == Z_STREAM_END;
    has_more_ = stream.avail_out == 0 || failed_;
    if (made > 0) return MutableBytes(plain_).first(made);
    if (result == Z_BUF_ERROR) break;
  }
  has_more_ = false;
  return MutableBytes();
}

void DeflateStream::encode(OutBuffer& out, std::size_t from) {
  z_stream_s& stream = *deflate_;
  const MutableBytes plain = out.mutable_view().subspan(from);
  if (plain.empty()) return;
  encoded_.clear();
  std::size_t left = plain.size();
  stream.next_in = reinterpret_cast<unsigned char*>(plain.data());
  stream.avail_in = 0;
  do {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1U << 30));
      left -= stream.avail_in;
    }
    const std::size_t space = std::max<std::size_t>(stream.avail_in, 512);
    const std::size_t at = encoded_.size();
    stream.next_out = reinterpret_cast<unsigned char*>(encoded_.grow(space));
    stream.avail_out = static_cast<uInt>(space);
    (void)::deflate(&stream, left == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    encoded_.truncate(at + space - stream.avail_out);
  } while (stream.avail_out == 0 || stream.avail_in > 0 || left > 0);
  out.truncate(from);
  out.append(encoded_.view());
}

}  // namespace hybi::ws
