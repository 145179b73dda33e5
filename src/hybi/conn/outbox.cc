// Bytes waiting to leave, see outbox.h.
#include <hybi/conn/outbox.h>

#include <algorithm>
#include <array>

namespace hybi::conn {
namespace {

constexpr std::size_t kCopyBelow = 512;           // larger shared messages are referenced
constexpr std::size_t kKeptCapacity = 64 * 1024;  // of a pooled buffer
constexpr std::size_t kKeptBoxes = 4096;

}  // namespace

void Outbox::append_shared(const SharedMessageRef& message) {
  const Bytes frame = message->frame.view();
  if (frame.size() < kCopyBelow) {
    own_.append(frame);
    return;
  }
  pieces_.push_back(
      {.own_before = own_.size(), .message = message, .file = nullptr, .left = frame.size()});
  other_unsent_ += frame.size();
}

void Outbox::append_file(std::shared_ptr<const OpenFile> file, std::uint64_t offset,
                         std::uint64_t count) {
  if (count == 0) return;
  pieces_.push_back({.own_before = own_.size(),
                     .message = nullptr,
                     .file = std::move(file),
                     .offset = offset,
                     .left = count});
  other_unsent_ += count;
}

Outbox::Attempt Outbox::write_to(io::Stream& stream) {
  if (pieces_.empty()) [[likely]] {
    const Bytes rest = own_.view().subspan(own_sent_);
    return {stream.write({&rest, 1}), rest.size()};
  }
  std::array<Bytes, kPiecesPerWrite> gathered;
  const Front front = gather(gathered);
  if (front.pieces == 0) return write_file(stream, pieces_[first_piece_]);
  return {stream.write({gathered.data(), front.pieces}), front.bytes};
}

Outbox::Front Outbox::gather(std::span<Bytes> out) const {
  Front front;
  const auto add = [&](Bytes bytes) {
    if (bytes.empty()) return;
    out[front.pieces++] = bytes;
    front.bytes += bytes.size();
  };
  std::size_t own_at = own_sent_;
  std::size_t piece = first_piece_;
  for (; piece < pieces_.size() && front.pieces + 2 <= kPiecesPerWrite; ++piece) {
    const Piece& next = pieces_[piece];
    add(own_.view().subspan(own_at, next.own_before - own_at));
    own_at = next.own_before;
    if (!next.message) return front;  // the file comes with a write of its own
    add(next.message->frame.view().subspan(next.offset, next.left));
  }
  if (piece == pieces_.size() && front.pieces < kPiecesPerWrite) add(own_.view().subspan(own_at));
  return front;
}

Outbox::Attempt Outbox::write_file(io::Stream& stream, Piece& piece) {
  const std::uint64_t at_once = std::min<std::uint64_t>(piece.left, 4 * 1024 * 1024);
  return {stream.send_file(piece.file->descriptor(), piece.offset, at_once), at_once};
}

void Outbox::consume(std::uint64_t count) {
  while (count > 0 && first_piece_ < pieces_.size()) {
    Piece& piece = pieces_[first_piece_];
    const auto own = std::min<std::uint64_t>(count, piece.own_before - own_sent_);
    own_sent_ += own;
    count -= own;
    if (own_sent_ < piece.own_before) break;
    const std::uint64_t taken = std::min(count, piece.left);
    piece.offset += taken;
    piece.left -= taken;
    other_unsent_ -= taken;
    count -= taken;
    if (piece.left > 0) break;
    drop_front_piece();
  }
  own_sent_ += count;
  if (empty()) {
    clear();
  } else {
    compact();
  }
}

void Outbox::drop_front_piece() {
  Piece& piece = pieces_[first_piece_++];
  piece.message.reset();
  piece.file.reset();
}

// What has left is removed once it is the larger part, so each byte and piece is moved at most
// once.
void Outbox::compact() {
  if (first_piece_ >= kPiecesPerWrite && first_piece_ * 2 >= pieces_.size()) {
    pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_piece_));
    first_piece_ = 0;
  }
  if (own_sent_ < 4096 || own_sent_ / 3 < own_.size() - own_sent_) return;
  const std::size_t rest = own_.size() - own_sent_;
  std::memmove(own_.mutable_view().data(), own_.view().data() + own_sent_, rest);
  own_.truncate(rest);
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_piece_));
  first_piece_ = 0;
  for (Piece& piece : pieces_) piece.own_before -= own_sent_;
  own_sent_ = 0;
}

void Outbox::clear() {
  if (!pieces_.empty()) [[unlikely]] {
    while (first_piece_ < pieces_.size()) drop_front_piece();
    pieces_.clear();
    first_piece_ = 0;
    other_unsent_ = 0;
  }
  own_.clear();
  own_sent_ = 0;
}

std::unique_ptr<Outbox> OutboxPool::take() {
  if (free_.empty()) return std::make_unique<Outbox>();
  std::unique_ptr<Outbox> box = std::move(free_.back());
  free_.pop_back();
  return box;
}

void OutboxPool::give(std::unique_ptr<Outbox> box) {
  if (box->capacity() > kKeptCapacity) box->give_memory_back();
  if (free_.size() < kKeptBoxes) free_.push_back(std::move(box));
}

}  // namespace hybi::conn
