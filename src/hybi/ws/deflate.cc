// Messages <-> DEFLATE, see deflate.h. zlib where a window is kept or pieces come, libdeflate where
// a whole message stands by itself.
#include <hybi/ws/deflate.h>

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <new>

namespace hybi::ws {
namespace {

// What the sender left out, and a final empty block: a message is whole if a series of blocks ends
// exactly here.
constexpr std::array<std::uint8_t, 9> kMessageEnd{0x00, 0x00, 0xFF, 0xFF, 0x01,
                                                  0x00, 0x00, 0xFF, 0xFF};
constexpr std::size_t kSyncTail = 4;  // 00 00 FF FF

constexpr int kLevel = 6;      // of zlib
constexpr int kFastLevel = 1;  // of libdeflate: about the same sizes on small messages
constexpr std::size_t kStep = 16 * 1024;
constexpr std::size_t kFreeInflaters = 64;
constexpr int kMaxBits = 15;

// zlib takes no raw window of 8 bits, and with 9 it never looks back further than 512 - 262 bytes:
// that fits into a window of 256.
int bits_for_zlib(int window_bits) {
  return std::max(window_bits, 9);
}

unsigned char* zlib_in(Bytes bytes) {
  return const_cast<unsigned char*>(reinterpret_cast<const unsigned char*>(bytes.data()));
}

unsigned char* zlib_out(std::byte* bytes) {
  return reinterpret_cast<unsigned char*>(bytes);
}

Bytes message_end() {
  return std::as_bytes(std::span(kMessageEnd));
}

}  // namespace

void EndInflate::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

void EndDeflate::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

// --- Inflater

Inflater::Inflater(int window_bits) {
  auto stream = std::make_unique<z_stream_s>();
  if (inflateInit2(stream.get(), -bits_for_zlib(window_bits)) != Z_OK) throw std::bad_alloc();
  stream_.reset(stream.release());
}

void Inflater::reset() {
  inflateReset(stream_.get());
  ended_ = false;
}

Result<void> Inflater::add(Bytes piece, bool last, OutBuffer& message, std::size_t max_bytes) {
  HYBI_TRY(inflate_all(piece, message, max_bytes));
  if (!last) return {};
  HYBI_TRY(inflate_all(message_end(), message, max_bytes));
  if (!ended_) return Errc::WsExtensionData;
  return {};
}

Result<void> Inflater::inflate_all(Bytes piece, OutBuffer& message, std::size_t max_bytes) {
  z_stream_s& stream = *stream_;
  stream.next_in = zlib_in(piece);
  stream.avail_in = 0;
  std::size_t left = piece.size();
  for (;;) {
    if (stream.avail_in == 0 && left > 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1U << 30));
      left -= stream.avail_in;
    }
    if (ended_) {
      if (stream.avail_in == 0) return {};
      // RFC 7692 7.2.3.4: behind a final block another series begins, in the same window
      inflateResetKeep(&stream);
      ended_ = false;
    }
    // One byte more than may be, so that exceeding the limit is seen.
    const std::size_t before = message.size();
    const std::size_t room = max_bytes - before;
    const std::size_t step = std::clamp<std::size_t>(std::size_t{stream.avail_in} * 4, 512, kStep);
    const std::size_t space = room < step ? room + 1 : step;
    stream.next_out = zlib_out(message.grow(space));
    stream.avail_out = static_cast<uInt>(space);
    const int result = inflate(&stream, Z_SYNC_FLUSH);
    message.truncate(before + space - stream.avail_out);
    if (message.size() > max_bytes) {
      message.truncate(max_bytes);
      return Errc::WsMessageTooBig;
    }
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_STREAM_END) {
      ended_ = true;
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      return Errc::WsExtensionData;
    } else if (stream.avail_in == 0 && left == 0 && stream.avail_out > 0) {
      return {};
    }
  }
}

// --- Deflater

Deflater::Deflater(int window_bits, int mem_level) {
  auto stream = std::make_unique<z_stream_s>();
  if (deflateInit2(stream.get(), kLevel, Z_DEFLATED, -bits_for_zlib(window_bits), mem_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  stream_.reset(stream.release());
}

void Deflater::reset() {
  deflateReset(stream_.get());
}

void Deflater::add(Bytes message, OutBuffer& coded) {
  z_stream_s& stream = *stream_;
  const std::size_t before = coded.size();
  stream.next_in = zlib_in(message);
  std::size_t left = message.size();
  stream.avail_in = 0;
  do {
    if (stream.avail_in == 0) {
      stream.avail_in = static_cast<uInt>(std::min<std::size_t>(left, 1U << 30));
      left -= stream.avail_in;
    }
    const std::size_t space = std::clamp<std::size_t>(stream.avail_in / 2, 512, kStep);
    const std::size_t at = coded.size();
    stream.next_out = zlib_out(coded.grow(space));
    stream.avail_out = static_cast<uInt>(space);
    (void)::deflate(&stream, left == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH);
    coded.truncate(at + space - stream.avail_out);
  } while (stream.avail_out == 0 || stream.avail_in > 0 || left > 0);
  // RFC 7692 7.2.1: the tail is not sent. A flush right behind another writes nothing: then the
  // message is empty, and its one byte is the header of the block whose tail is left out (7.2.3.6).
  if (coded.size() - before >= kSyncTail + 1) {
    coded.truncate(coded.size() - kSyncTail);
  } else {
    coded.truncate(before);
    *coded.grow(1) = std::byte{0x00};
  }
}

// --- DeflatePool

DeflatePool::DeflatePool() = default;
DeflatePool::~DeflatePool() = default;

void DeflatePool::FreeCompressor::operator()(libdeflate_compressor* compressor) const {
  libdeflate_free_compressor(compressor);
}

void DeflatePool::FreeDecompressor::operator()(libdeflate_decompressor* decompressor) const {
  libdeflate_free_decompressor(decompressor);
}

void DeflatePool::deflate(Bytes message, DeflateForm form, OutBuffer& coded) {
  // libdeflate looks back as far as the message goes, and ends it with a final block.
  const bool fits =
      message.size() <= std::size_t{1} << form.window_bits || form.window_bits == kMaxBits;
  if (form.final_block && fits) {
    if (!compressor_) compressor_.reset(libdeflate_alloc_compressor(kFastLevel));
    if (!compressor_) throw std::bad_alloc();
    const std::size_t bound = libdeflate_deflate_compress_bound(compressor_.get(), message.size());
    const std::size_t before = coded.size();
    std::byte* const to = coded.grow(bound + 1);
    const std::size_t size =
        libdeflate_deflate_compress(compressor_.get(), message.data(), message.size(), to, bound);
    to[size] = std::byte{0x00};  // RFC 7692 7.2.3.4: the header of the block whose tail is left out
    coded.truncate(before + size + 1);
    return;
  }
  std::unique_ptr<Deflater>& deflater = deflaters_[form.window_bits];
  if (!deflater) {
    deflater = std::make_unique<Deflater>(form.window_bits, std::min<int>(form.window_bits - 7, 8));
  } else {
    deflater->reset();
  }
  deflater->add(message, coded);
}

Result<void> DeflatePool::inflate(Bytes coded, OutBuffer& message, std::size_t max_bytes) {
  if (inflate_at_once(coded, message, max_bytes)) return {};
  std::unique_ptr<Inflater> inflater = take_inflater();
  const Result<void> result = inflater->add(coded, true, message, max_bytes);
  give_inflater(std::move(inflater));
  return result;
}

bool DeflatePool::inflate_at_once(Bytes coded, OutBuffer& message, std::size_t max_bytes) {
  if (!decompressor_) decompressor_.reset(libdeflate_alloc_decompressor());
  if (!decompressor_) throw std::bad_alloc();
  coded_.clear();
  coded_.append(coded);
  coded_.append(message_end());
  const std::size_t before = message.size();
  const std::size_t room = max_bytes - before;
  // Each try that was too small is four times smaller than the next: a third of the work is lost at
  // most.
  for (std::size_t space = std::max<std::size_t>(coded.size() * 4, 1024);; space *= 4) {
    space = std::min(space, room);
    std::byte* const to = message.grow(space);
    std::size_t used = 0;
    std::size_t made = 0;
    const libdeflate_result result = libdeflate_deflate_decompress_ex(
        decompressor_.get(), coded_.view().data(), coded_.size(), to, space, &used, &made);
    message.truncate(before);
    if (result == LIBDEFLATE_SUCCESS) {
      if (used != coded_.size()) return false;  // a final block within: the rest may look back
      (void)message.grow(made);
      return true;
    }
    // What is cut short may look too large here: zlib has the last word on what is wrong.
    if (result != LIBDEFLATE_INSUFFICIENT_SPACE || space == room) return false;
  }
}

std::unique_ptr<Inflater> DeflatePool::take_inflater() {
  if (inflaters_.empty()) return std::make_unique<Inflater>(kMaxBits);
  std::unique_ptr<Inflater> inflater = std::move(inflaters_.back());
  inflaters_.pop_back();
  return inflater;
}

void DeflatePool::give_inflater(std::unique_ptr<Inflater> inflater) {
  if (inflaters_.size() >= kFreeInflaters) return;
  inflater->reset();
  inflaters_.push_back(std::move(inflater));
}

}  // namespace hybi::ws
