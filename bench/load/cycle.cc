// Messages and their frames, see cycle.h.
#include "load/cycle.h"

#include "load/json.h"
#include "load/wire.h"

namespace bench {

Cycle::Cycle(std::size_t payload_bytes, Deflate deflate, int window_bits) {
  Deflater deflater(deflate, window_bits);
  for (unsigned i = 0; i < kMessages; ++i) {
    payloads_[i] = make_json(payload_bytes, i);
    offsets_[i] = frames_.size();
    frames_ += deflate == Deflate::Off
                   ? client_frame(payloads_[i], true)
                   : compressed_client_frame(deflater.compress(payloads_[i]), true);
  }
  bytes_ = frames_.size();
  frames_ += std::string(frames_);
}

std::size_t Cycle::frame_bytes(std::uint64_t number, std::size_t count) const {
  const std::size_t turns = count / kMessages;
  const std::size_t from = offset_of(number);
  const std::size_t to = offset_of(number + count);
  return turns * bytes_ + (to >= from ? to - from : to + bytes_ - from);
}

std::string_view Cycle::frames_from(std::size_t offset) const {
  return std::string_view(frames_).substr(offset % bytes_);
}

}  // namespace bench
