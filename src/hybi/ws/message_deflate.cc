// permessage-deflate and deflate-frame, see message_deflate.h.
#include <hybi/ws/frame.h>
#include <hybi/ws/message_deflate.h>

#include <algorithm>

namespace hybi::ws {

MessageDeflate::MessageDeflate(DeflatePool& pool, const Compression& ours, DeflateParams::Kind kind,
                               DeflateParams::Side sends, DeflateParams::Side receives)
    : pool_(pool),
      threshold_(ours.threshold),
      sends_(sends),
      receives_(receives),
      mem_level_(static_cast<std::uint8_t>(ours.mem_level)),
      per_frame_(kind == DeflateParams::Kind::Frame) {}

MessageDeflate::~MessageDeflate() = default;

std::uint8_t MessageDeflate::rsv_bits() const {
  return kRsv1;
}

Result<void> MessageDeflate::decode(Bytes piece, bool first, bool last, OutBuffer& message,
                                    std::size_t max_bytes) {
  if (receives_.no_context) return decode_alone(piece, first, last, message, max_bytes);
  if (!inflater_) inflater_ = std::make_unique<Inflater>(receives_.window_bits);
  return inflater_->add(piece, last, message, max_bytes);
}

// Between two messages no inflater is held. One that a failed message leaves goes with us.
Result<void> MessageDeflate::decode_alone(Bytes piece, bool first, bool last, OutBuffer& message,
                                          std::size_t max_bytes) {
  if (first && last) return pool_.inflate(piece, message, max_bytes);
  if (!inflater_) inflater_ = pool_.take_inflater();
  HYBI_TRY(inflater_->add(piece, last, message, max_bytes));
  if (last) pool_.give_inflater(std::move(inflater_));
  return {};
}

std::uint8_t MessageDeflate::encode(Bytes message, OutBuffer& coded) {
  if (message.size() < threshold_) return 0;
  if (sends_.no_context) {
    const std::size_t before = coded.size();
    pool_.deflate(message, shared_form(message.size()), coded);
    if (coded.size() - before < message.size()) return kRsv1;
    coded.truncate(before);
    return 0;
  }
  if (!deflater_) {
    deflater_ = std::make_unique<Deflater>(sends_.window_bits, mem_level_);
  } else if (forget_) {
    deflater_->reset();
  }
  forget_ = false;
  // Also what does not get smaller: later messages may refer to it.
  deflater_->add(message, coded);
  return kRsv1;
}

DeflateForm MessageDeflate::shared_form(std::size_t message_bytes) const {
  if (message_bytes < threshold_) return {};
  return {.window_bits = sends_.window_bits, .final_block = sends_.no_context && !per_frame_};
}

}  // namespace hybi::ws
