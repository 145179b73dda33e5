// Framing of hixie-75 and hixie-76, see sentinel.h.
#include <hybi/base/utf8.h>
#include <hybi/ws/sentinel.h>

#include <algorithm>

namespace hybi::ws {
namespace {

constexpr std::uint8_t kLengthFrame = 0x80;  // the type that carries binary messages, by option
constexpr std::uint8_t kCloseFrame = 0xFF;
constexpr std::uint8_t kMostGroups = 9;  // 63 bits

// Bytes before the next FF, or all of them.
std::size_t bytes_before_end(Bytes in) {
  const void* const end = std::memchr(in.data(), 0xFF, in.size());
  return end == nullptr ? in.size()
                        : static_cast<std::size_t>(static_cast<const std::byte*>(end) - in.data());
}

Errc too_big(const WebSocketLimits& limits) {
  return limits.max_frame_bytes < limits.max_message_bytes ? Errc::WsFrameTooBig
                                                           : Errc::WsMessageTooBig;
}

}  // namespace

SentinelDecoder::Item SentinelDecoder::next(MutableBytes& in, const WebSocketLimits& limits) {
  if (given_) {
    message_.reset();
    given_ = false;
  }
  const std::size_t limit = std::min(limits.max_frame_bytes, limits.max_message_bytes);
  while (!in.empty()) {
    Item item;
    switch (stage_) {
      case Stage::Type:
        type_ = std::to_integer<std::uint8_t>(in[0]);
        in = in.subspan(1);
        count_ = groups_ = 0;
        stage_ = type_ >= 0x80 ? Stage::Length : type_ == 0 ? Stage::Text : Stage::Skipped;
        break;
      case Stage::Text:
        item = take_text(in, limit);
        break;
      case Stage::Skipped:
        item = take_skipped(in, limit);
        break;
      case Stage::Length:
        item = take_length(in, limits);
        break;
      case Stage::Counted:
        item = take_counted(in);
        break;
    }
    if (item.kind == Item::Kind::Failed && item.errc == Errc::WsMessageTooBig) {
      item.errc = too_big(limits);
    }
    if (item.kind != Item::Kind::NeedMore) return item;
  }
  return {};
}

// The message that ends with `last`: still in the input, or collected.
Bytes SentinelDecoder::whole(Bytes last) {
  if (message_.empty()) return last;
  message_.append(last);
  given_ = true;
  return message_.view();
}

SentinelDecoder::Item SentinelDecoder::take_text(MutableBytes& in, std::size_t limit) {
  const std::size_t size = bytes_before_end(in);
  const MutableBytes piece = in.first(size);
  if (size > limit - message_.size()) return {Item::Kind::Failed, {}, Errc::WsMessageTooBig};
  if (size == in.size()) {
    message_.append(piece);
    in = {};
    return {};
  }
  in = in.subspan(size + 1);
  stage_ = Stage::Type;
  Bytes text = whole(piece);
  if (!is_utf8(text)) {
    OutBuffer replaced;
    append_as_utf8(text, replaced);
    message_ = std::move(replaced);
    given_ = true;
    text = message_.view();
  }
  return {Item::Kind::Text, text, Errc::Ok};
}

SentinelDecoder::Item SentinelDecoder::take_skipped(MutableBytes& in, std::size_t limit) {
  const std::size_t size = bytes_before_end(in);
  count_ += size;
  if (count_ > limit) return {Item::Kind::Failed, {}, Errc::WsMessageTooBig};
  const bool ended = size < in.size();
  in = in.subspan(size + (ended ? 1 : 0));
  if (ended) stage_ = Stage::Type;
  return {};
}

SentinelDecoder::Item SentinelDecoder::take_length(MutableBytes& in,
                                                   const WebSocketLimits& limits) {
  const auto group = std::to_integer<std::uint8_t>(in[0]);
  in = in.subspan(1);
  // Leading groups of zero are legal, but not without end.
  if (++groups_ > kMostGroups) return {Item::Kind::Failed, {}, Errc::WsBadLength};
  count_ = count_ << 7 | (group & 0x7F);
  if (group >= 0x80) return {};
  if (type_ == kCloseFrame && count_ == 0 && close_mark_) {
    stage_ = Stage::Type;
    return {Item::Kind::Close, {}, Errc::Ok};
  }
  if (count_ > std::min(limits.max_frame_bytes, limits.max_message_bytes)) {
    return {Item::Kind::Failed, {}, Errc::WsMessageTooBig};
  }
  stage_ = Stage::Counted;
  return count_ == 0 ? take_counted(in) : Item{};
}

SentinelDecoder::Item SentinelDecoder::take_counted(MutableBytes& in) {
  const MutableBytes piece =
      in.first(static_cast<std::size_t>(std::min<std::uint64_t>(count_, in.size())));
  in = in.subspan(piece.size());
  count_ -= piece.size();
  const bool wanted = type_ == kLengthFrame && length_frames_;
  if (count_ > 0) {
    if (wanted) message_.append(piece);
    return {};
  }
  stage_ = Stage::Type;
  if (!wanted) return {};
  return {Item::Kind::Binary, whole(piece), Errc::Ok};
}

void append_sentinel_text(std::string_view text, OutBuffer& out) {
  for (std::size_t end; (end = text.find('\xFF')) != std::string_view::npos;) {
    out.append(text.substr(0, end));
    out.append("\xEF\xBF\xBD");
    text.remove_prefix(end + 1);
  }
  out.append(text);
}

void append_close_mark(OutBuffer& out) {
  out.append(std::string_view("\xFF\0", 2));
}

}  // namespace hybi::ws
