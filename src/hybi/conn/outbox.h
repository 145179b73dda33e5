// What one connection still has to send, in order: bytes of its own, shared messages, ranges of
// files.
//
// A connection leases an outbox from its loop's pool when it has something to say and gives it back
// when all has left, so an idle connection holds no buffer. Small shared messages are copied behind
// the own bytes (one contiguous write), large ones are referenced.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/conn/shared_message.h>
#include <hybi/file.h>
#include <hybi/io/stream.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace hybi::conn {

class Outbox {
 public:
  // The end of the own bytes. Appending is sending.
  OutBuffer& own() { return own_; }
  void append_shared(const SharedMessageRef& message);
  void append_file(std::shared_ptr<const OpenFile> file, std::uint64_t offset, std::uint64_t count);

  std::uint64_t unsent() const { return own_.size() - own_sent_ + other_unsent_; }
  bool empty() const { return unsent() == 0; }

  struct Attempt {
    io::WriteResult result;
    std::uint64_t offered = 0;
  };
  static constexpr std::size_t kPiecesPerWrite = 64;
  struct Front {
    std::size_t pieces = 0;
    std::uint64_t bytes = 0;
  };
  // What is at the front, up to the next file. Requires: room for kPiecesPerWrite in `out`.
  Front gather(std::span<Bytes> out) const;

  // One write of what is at the front. Requires: !empty().
  Attempt write_to(io::Stream& stream);
  // `count` bytes at the front have left.
  void consume(std::uint64_t count);
  void clear();

  std::size_t capacity() const { return own_.capacity(); }
  void give_memory_back() { own_.reset(); }

 private:
  // Something that is not in own_; it comes after the first `own_before` bytes of own_.
  struct Piece {
    std::size_t own_before;
    SharedMessageRef message;  // null: a file
    std::shared_ptr<const OpenFile> file;
    std::uint64_t offset = 0;  // bytes of the message that have left, or position in the file
    std::uint64_t left = 0;
  };

  Attempt write_file(io::Stream& stream, Piece& piece);
  void drop_front_piece();
  void compact();

  OutBuffer own_;
  std::size_t own_sent_ = 0;
  std::uint64_t other_unsent_ = 0;
  std::vector<Piece> pieces_;
  std::size_t first_piece_ = 0;  // before it: done
};

// Outboxes of one loop that nobody uses now.
class OutboxPool {
 public:
  std::unique_ptr<Outbox> take();
  void give(std::unique_ptr<Outbox> box);  // Requires: empty.

 private:
  std::vector<std::unique_ptr<Outbox>> free_;
};

}  // namespace hybi::conn
