// Frames of the JSON rows, see replies.h. RFC 6455 5.2, RFC 7692 6.
#include "load/replies.h"

#include <algorithm>
#include <utility>

#include "load/net.h"

namespace bench {
namespace {

constexpr std::uint64_t kCompareOneIn = 61;  // prime to the cycle: every message has its turn
constexpr unsigned kFin = 0x80;
constexpr unsigned kCompressed = 0x40;
constexpr unsigned kText = 1;

std::size_t header_length(unsigned char second) {
  return second == 127 ? 10 : second == 126 ? 4 : 2;
}

}  // namespace

ReplyReader::ReplyReader(const Cycle& cycle, Deflate deflate, std::size_t index,
                         std::shared_ptr<Inflater> shared)
    : cycle_(cycle), deflate_(deflate), index_(index), inflater_(std::move(shared)) {
  if (deflate == Deflate::Context) inflater_ = std::make_shared<Inflater>(deflate);
}

std::size_t ReplyReader::read(std::string_view bytes, std::uint64_t& payload_bytes) {
  std::size_t complete = 0;
  while (in_payload_ || take_header(bytes)) {
    const std::size_t n = std::min(bytes.size(), payload_left_);
    if (kept_wanted_) kept_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
    payload_left_ -= n;
    if (payload_left_ != 0) break;
    in_payload_ = false;
    if (in_message_) continue;
    payload_bytes += message_bytes_;
    end_message();
    ++complete;
  }
  return complete;
}

bool ReplyReader::take_header(std::string_view& bytes) {
  while (!bytes.empty()) {
    header_[header_bytes_++] = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    if (header_bytes_ < 2 || header_bytes_ < header_length(header_[1])) continue;
    begin_frame();
    return true;
  }
  return false;
}

void ReplyReader::begin_frame() {
  payload_left_ = header_[1];
  if (header_bytes_ > 2) {
    payload_left_ = 0;
    for (std::size_t i = 2; i < header_bytes_; ++i) payload_left_ = payload_left_ << 8 | header_[i];
  }
  // A server may cut its messages into fragments; only the first has opcode and mark.
  const unsigned mark = deflate_ == Deflate::Off ? 0 : kCompressed;
  const unsigned expected = in_message_ ? 0 : mark | kText;
  if ((header_[0] & ~kFin) != expected) fail("a reply's frame is not of the kind it should be");
  if ((header_[1] & 0x80) != 0) fail("a reply is masked");
  if (!in_message_) {
    message_bytes_ = 0;
    kept_.clear();
    kept_wanted_ =
        received_ == 0 || deflate_ == Deflate::Context || (received_ + index_) % kCompareOneIn == 0;
  }
  message_bytes_ += payload_left_;
  in_message_ = (header_[0] & kFin) == 0;
  in_payload_ = true;
  header_bytes_ = 0;
}

void ReplyReader::end_message() {
  const std::string& sent = cycle_.payload(received_++);
  if (deflate_ == Deflate::Off && message_bytes_ != sent.size()) fail("a reply has another length");
  if (!kept_wanted_) return;
  const bool right = deflate_ == Deflate::Off ? kept_ == sent : inflater_->matches(kept_, sent);
  if (!right) fail("a reply is not what was sent");
}

}  // namespace bench
