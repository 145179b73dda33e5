// Content codings: gzip, deflate (the zlib format) and br, in pieces. RFC 9110 8.4, RFC 1950, 1952,
// 7932.
//
// Encoding is for responses, decoding for request bodies. A decoder never makes more than it was
// allowed, however small the body was: what a bomb costs is bounded while inflating.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>

#include <cstdint>
#include <memory>
#include <string_view>

struct z_stream_s;
struct BrotliEncoderStateStruct;

namespace hybi::http {

enum class ContentCoding : std::uint8_t { Identity, Gzip, Deflate, Brotli };

std::string_view name_of(ContentCoding coding);  // "gzip", as in Content-Encoding

// What a request's Content-Encoding says, over all its lines; Identity if it is absent or empty.
// Fails: HttpUnsupportedContentCoding for what Decoder does not read, and for several codings over
// one another (a bomb inside a bomb).
Result<ContentCoding> request_coding(std::string_view content_encoding);

inline constexpr int kDefaultLevel = -1;  // 6 for gzip and deflate, 4 for br

class Encoder {
 public:
  // Requires: not Identity; a level of 0 to 9 (br: 0 to 11). Throws std::bad_alloc.
  explicit Encoder(ContentCoding coding, int level = kDefaultLevel);

  // Appends what is ready of `data`. `flush`: all of it, so that the client can read so far: for
  // streams; it costs compression. Requires: finish() was not called.
  void add(Bytes data, OutBuffer& out, bool flush = false);
  // Appends the end. Call once.
  void finish(OutBuffer& out);

 private:
  struct EndDeflate {
    void operator()(z_stream_s* stream) const;
  };
  struct EndBrotli {
    void operator()(BrotliEncoderStateStruct* state) const;
  };

  void deflate(Bytes data, OutBuffer& out, int flush);
  void brotli(Bytes data, OutBuffer& out, int operation);

  std::unique_ptr<z_stream_s, EndDeflate> deflate_;
  std::unique_ptr<BrotliEncoderStateStruct, EndBrotli> brotli_;
};

class Decoder {
 public:
  // `max_bytes`: of decoded content, over the whole body. Requires: Gzip or Deflate.
  // Throws std::bad_alloc.
  Decoder(ContentCoding coding, std::size_t max_bytes);

  // Appends up to `room` decoded bytes; `in` is advanced past the bytes used.
  // Returns: true if there may be more for the room there was: call again, even if `in` is empty.
  // Fails: HttpBadContentCoding (also for what stands behind the end); HttpDecodedBodyTooLarge
  // before `max_bytes` are passed. After that, always.
  Result<bool> next(Bytes& in, OutBuffer& out, std::size_t room);
  // All of `in`. Fails: as next.
  Result<void> add(Bytes in, OutBuffer& out);
  // The body has ended. Fails: HttpBadContentCoding if its coding has not.
  Result<void> finish();

 private:
  struct EndInflate {
    void operator()(z_stream_s* stream) const;
  };

  Errc fail(Errc errc);

  std::unique_ptr<z_stream_s, EndInflate> inflate_;
  std::size_t left_;  // of max_bytes
  Errc errc_ = Errc::Ok;
  bool members_ = false;  // RFC 1952 2.2: gzip is a series of members
  bool ended_ = false;    // at the end of a member, or of the zlib stream
};

}  // namespace hybi::http
