// deflate-stream: all bytes behind the two heads as one series of DEFLATE blocks each way, laid
// over frames that are masked already. Drafts hybi-04 to 10, 9.2.1; Firefox 6 offers it.
//
// Inflates a bounded amount at a time, so memory does not follow what the peer claims.
#pragma once

#include <hybi/ws/deflate.h>

#include <array>

namespace hybi::ws {

class DeflateStream {
 public:
  DeflateStream();

  // Inflates from the front of `in` into a buffer of its own.
  // Returns: the next plain bytes; empty if `in` was used up. Lifetime: until the next call.
  // Fails: WsExtensionData.
  Result<MutableBytes> take(MutableBytes& in);
  // Whether take() may have bytes to give although `in` is empty.
  bool has_more() const { return has_more_; }

  // Replaces the bytes of `out` behind the first `from` ones by what they become.
  void encode(OutBuffer& out, std::size_t from);

 private:
  std::unique_ptr<z_stream_s, EndInflate> inflate_;
  std::unique_ptr<z_stream_s, EndDeflate> deflate_;
  std::array<std::byte, 4096> plain_;
  OutBuffer encoded_;
  bool ended_ = false;  // behind a final block another series begins
  bool has_more_ = false;
  bool failed_ = false;
};

}  // namespace hybi::ws
