// Messages <-> DEFLATE as permessage-deflate and deflate-frame carry it. RFC 1951, RFC 7692 7.2.
//
// A message on the wire is raw DEFLATE that ends with an empty stored block, less that block's last
// four bytes (00 00 FF FF). Knows nothing of frames and of what was negotiated. Bounded: nothing
// grows beyond the limit it is given, also while inflating.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/bytes.h>
#include <hybi/result.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

struct z_stream_s;
struct libdeflate_compressor;
struct libdeflate_decompressor;

namespace hybi::ws {

// Deletes a z_stream_s and what it holds.
struct EndInflate {
  void operator()(z_stream_s* stream) const;
};
struct EndDeflate {
  void operator()(z_stream_s* stream) const;
};

// Reads messages in pieces. Keeps its window from message to message until reset().
class Inflater {
 public:
  // Distances reach back 2^window_bits bytes at most. Requires: 8 to 15. Throws std::bad_alloc.
  explicit Inflater(int window_bits);

  // Appends what `piece` becomes to `message`; `last`: it is the message's last one.
  // Fails: WsExtensionData if it is not DEFLATE or, with `last`, not whole; WsMessageTooBig before
  // `message` holds more than `max_bytes`. After that only reset() is possible.
  Result<void> add(Bytes piece, bool last, OutBuffer& message, std::size_t max_bytes);
  void reset();

 private:
  Result<void> inflate_all(Bytes piece, OutBuffer& message, std::size_t max_bytes);

  std::unique_ptr<z_stream_s, EndInflate> stream_;
  bool ended_ = false;  // a final block is complete: more bytes begin the next series of blocks
};

// Writes whole messages. Keeps its window from message to message until reset().
class Deflater {
 public:
  // Requires: window_bits 8 to 15, mem_level 1 to 9. Throws std::bad_alloc.
  Deflater(int window_bits, int mem_level);

  void add(Bytes message, OutBuffer& coded);
  void reset();

 private:
  std::unique_ptr<z_stream_s, EndDeflate> stream_;
};

// How a message is compressed by itself: connections with equal forms can be sent the same bytes.
struct DeflateForm {
  std::uint8_t window_bits = 0;  // 0: not compressed
  // The last block may have BFINAL set (RFC 7692 7.2.3.4), which is faster to make. Only for peers
  // that agreed to server_no_context_takeover: others may expect the stream to go on.
  bool final_block = false;

  friend bool operator==(const DeflateForm&, const DeflateForm&) = default;
};

// What the connections of one loop share: everything that is not a window of theirs.
// Lifetime: outlives the connections. Thread: one.
class DeflatePool {
 public:
  DeflatePool();
  ~DeflatePool();
  DeflatePool(const DeflatePool&) = delete;
  DeflatePool& operator=(const DeflatePool&) = delete;

  // Appends `message`, compressed by itself. Requires: form.window_bits is not 0.
  void deflate(Bytes message, DeflateForm form, OutBuffer& coded);
  // A whole message that needs no window of earlier ones. Fails: as Inflater::add.
  Result<void> inflate(Bytes coded, OutBuffer& message, std::size_t max_bytes);

  // For a message without context that comes in pieces. Give it back when the message is over.
  std::unique_ptr<Inflater> take_inflater();
  void give_inflater(std::unique_ptr<Inflater> inflater);

 private:
  struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const;
  };
  struct FreeDecompressor {
    void operator()(libdeflate_decompressor* decompressor) const;
  };
  // Returns: false, with nothing done, if only the slow way can tell.
  bool inflate_at_once(Bytes coded, OutBuffer& message, std::size_t max_bytes);

  std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor_;
  std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor_;
  std::array<std::unique_ptr<Deflater>, 16> deflaters_;  // by window bits
  std::vector<std::unique_ptr<Inflater>> inflaters_;
  OutBuffer coded_;  // a message with its end put back
};

}  // namespace hybi::ws
