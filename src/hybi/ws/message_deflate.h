// permessage-deflate and deflate-frame on one connection. RFC 7692 6, 7.
//
// What was agreed decides what is kept: a side without context takeover has nothing here and uses
// the loop's pool, the other one a window of its own, made when it is first needed.
#pragma once

#include <hybi/compression.h>
#include <hybi/ws/deflate.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/extension.h>

#include <memory>

namespace hybi::ws {

class MessageDeflate final : public Extension {
 public:
  // `sends`, `receives`: what was agreed for our compressor and for the peer's.
  // Lifetime: `pool` outlives the object. Requires: not DeflateParams::Kind::Stream.
  MessageDeflate(DeflatePool& pool, const Compression& ours, DeflateParams::Kind kind,
                 DeflateParams::Side sends, DeflateParams::Side receives);
  ~MessageDeflate() override;

  std::string_view name() const override {
    return per_frame_ ? "deflate-frame" : "permessage-deflate";
  }
  std::uint8_t rsv_bits() const override;
  bool per_frame() const override { return per_frame_; }
  Result<void> decode(Bytes piece, bool first, bool last, OutBuffer& message,
                      std::size_t max_bytes) override;
  std::uint8_t encode(Bytes message, OutBuffer& coded) override;
  DeflateForm shared_form(std::size_t message_bytes) const override;
  void sent_shared() override { forget_ = true; }

 private:
  Result<void> decode_alone(Bytes piece, bool first, bool last, OutBuffer& message,
                            std::size_t max_bytes);

  DeflatePool& pool_;
  std::unique_ptr<Inflater> inflater_;  // the peer's window, or lent for the message that comes
  std::unique_ptr<Deflater> deflater_;  // our window
  std::size_t threshold_;
  DeflateParams::Side sends_, receives_;
  std::uint8_t mem_level_;
  bool per_frame_;
  bool forget_ = false;  // the peer has seen bytes that our window has not
};

}  // namespace hybi::ws
