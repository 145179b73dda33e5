// Streams of zlib and brotli.
#include <hybi/base/ascii.h>
#include <hybi/http/content_coding.h>
#include <hybi/http/field_value.h>

#include <algorithm>
#include <new>

#include <brotli/encode.h>
#define ZLIB_CONST  // input is read only
#include <zlib.h>

namespace hybi::http {
namespace {

constexpr int kWindowBits = 15;
constexpr int kGzip = 16;  // added to the window bits: zlib writes and reads RFC 1952
// A window of 256 KiB: what browsers read anyway, without megabytes for each response.
constexpr std::uint32_t kBrotliWindowBits = 18;
constexpr std::uint32_t kBrotliLevel = 4;  // about the time of gzip's 6, and smaller
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr std::size_t kRoom = 16 * 1024;

Bytef* bytes_of(std::byte* at) {
  return reinterpret_cast<Bytef*>(at);
}

}  // namespace

std::string_view name_of(ContentCoding coding) {
  switch (coding) {
    case ContentCoding::Gzip:
      return "gzip";
    case ContentCoding::Deflate:
      return "deflate";
    case ContentCoding::Brotli:
      return "br";
    case ContentCoding::Identity:
      break;
  }
  return "identity";
}

Result<ContentCoding> request_coding(std::string_view content_encoding) {
  ContentCoding coding = ContentCoding::Identity;
  std::string_view element;
  for (ListReader list(content_encoding); list.next(element);) {
    if (equals_ignoring_case(element, "identity")) continue;
    if (coding != ContentCoding::Identity) return Errc::HttpUnsupportedContentCoding;
    if (equals_ignoring_case(element, "gzip") || equals_ignoring_case(element, "x-gzip")) {
      coding = ContentCoding::Gzip;
    } else if (equals_ignoring_case(element, "deflate")) {
      coding = ContentCoding::Deflate;
    } else {
      return Errc::HttpUnsupportedContentCoding;
    }
  }
  return coding;
}

void Encoder::EndDeflate::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

void Encoder::EndBrotli::operator()(BrotliEncoderStateStruct* state) const {
  BrotliEncoderDestroyInstance(state);
}

Encoder::Encoder(ContentCoding coding, int level) {
  if (coding == ContentCoding::Brotli) {
    brotli_.reset(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr));
    if (!brotli_) throw std::bad_alloc();
    const auto quality = level < 0 ? kBrotliLevel : static_cast<std::uint32_t>(level);
    BrotliEncoderSetParameter(brotli_.get(), BROTLI_PARAM_QUALITY, quality);
    BrotliEncoderSetParameter(brotli_.get(), BROTLI_PARAM_LGWIN, kBrotliWindowBits);
    return;
  }
  auto stream = std::make_unique<z_stream_s>();
  const int bits = coding == ContentCoding::Gzip ? kWindowBits + kGzip : kWindowBits;
  if (deflateInit2(stream.get(), level, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  deflate_.reset(stream.release());
}

void Encoder::add(Bytes data, OutBuffer& out, bool flush) {
  if (brotli_) {
    brotli(data, out, flush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_PROCESS);
    return;
  }
  while (data.size() > kMostAtOnce) {
    deflate(data.first(kMostAtOnce), out, Z_NO_FLUSH);
    data = data.subspan(kMostAtOnce);
  }
  deflate(data, out, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
}

void Encoder::finish(OutBuffer& out) {
  if (brotli_) {
    brotli({}, out, BROTLI_OPERATION_FINISH);
  } else {
    deflate({}, out, Z_FINISH);
  }
}

void Encoder::deflate(Bytes data, OutBuffer& out, int flush) {
  deflate_->next_in = reinterpret_cast<const Bytef*>(data.data());
  deflate_->avail_in = static_cast<uInt>(data.size());
  const std::size_t room = std::clamp<std::size_t>(data.size() / 2, 512, kRoom);
  do {
    deflate_->next_out = bytes_of(out.grow(room));
    deflate_->avail_out = static_cast<uInt>(room);
    // Only a stream in a wrong state fails, or a flush of nothing: no harm.
    ::deflate(deflate_.get(), flush);
    out.truncate(out.size() - deflate_->avail_out);
  } while (deflate_->avail_out == 0);
}

void Encoder::brotli(Bytes data, OutBuffer& out, int operation) {
  const auto* next = reinterpret_cast<const std::uint8_t*>(data.data());
  std::size_t left = data.size();
  do {
    std::size_t no_room = 0;
    if (!BrotliEncoderCompressStream(brotli_.get(), static_cast<BrotliEncoderOperation>(operation),
                                     &left, &next, &no_room, nullptr, nullptr)) {
      throw std::bad_alloc();  // the only way to fail for calls in the right order
    }
    std::size_t ready = 0;  // all there is
    const std::uint8_t* const coded = BrotliEncoderTakeOutput(brotli_.get(), &ready);
    out.append(Bytes(reinterpret_cast<const std::byte*>(coded), ready));
  } while (left > 0 || BrotliEncoderHasMoreOutput(brotli_.get()));
}

void Decoder::EndInflate::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

Decoder::Decoder(ContentCoding coding, std::size_t max_bytes)
    : left_(max_bytes), members_(coding == ContentCoding::Gzip) {
  auto stream = std::make_unique<z_stream_s>();
  if (inflateInit2(stream.get(), members_ ? kWindowBits + kGzip : kWindowBits) != Z_OK) {
    throw std::bad_alloc();
  }
  inflate_.reset(stream.release());
}

Errc Decoder::fail(Errc errc) {
  errc_ = errc;
  return errc;
}

Result<bool> Decoder::next(Bytes& in, OutBuffer& out, std::size_t room) {
  if (errc_ != Errc::Ok) return errc_;
  for (;;) {
    if (ended_ && in.empty()) return false;
    if (ended_) {
      // Another member, or what is no member and fails as one.
      if (!members_) return fail(Errc::HttpBadContentCoding);
      inflateReset(inflate_.get());
      ended_ = false;
    }
    if (room == 0) return true;
    // One byte more than the limit allows tells whether the limit is passed.
    const std::size_t allowed = left_ < kRoom ? left_ + 1 : kRoom;
    const std::size_t wanted = std::min({room, allowed, kRoom});
    const Bytes piece = in.first(std::min(in.size(), kMostAtOnce));
    inflate_->next_in = reinterpret_cast<const Bytef*>(piece.data());
    inflate_->avail_in = static_cast<uInt>(piece.size());
    inflate_->next_out = bytes_of(out.grow(wanted));
    inflate_->avail_out = static_cast<uInt>(wanted);
    const int status = ::inflate(inflate_.get(), Z_NO_FLUSH);
    const std::size_t made = wanted - inflate_->avail_out;
    out.truncate(out.size() - inflate_->avail_out);
    in = in.subspan(piece.size() - inflate_->avail_in);
    if (made > left_) {
      out.truncate(out.size() - (made - left_));
      return fail(Errc::HttpDecodedBodyTooLarge);
    }
    left_ -= made;
    room -= made;
    if (status == Z_MEM_ERROR) throw std::bad_alloc();
    if (status == Z_STREAM_END) {
      ended_ = true;
      // Z_BUF_ERROR: nothing to read and nothing left to write.
    } else if (status == Z_BUF_ERROR || (status == Z_OK && in.empty() && made < wanted)) {
      return false;
    } else if (status != Z_OK) {
      return fail(Errc::HttpBadContentCoding);
    }
  }
}

Result<void> Decoder::add(Bytes in, OutBuffer& out) {
  for (;;) {
    const Result<bool> more = next(in, out, static_cast<std::size_t>(-1));
    if (!more) return more.error();
    if (!more.value() && in.empty()) return {};
  }
}

Result<void> Decoder::finish() {
  if (errc_ != Errc::Ok) return errc_;
  if (!ended_) return fail(Errc::HttpBadContentCoding);
  return {};
}

}  // namespace hybi::http
