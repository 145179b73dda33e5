// The line in front of a chunk: its size, and extensions that nobody here knows. RFC
// 9112 7.1, 7.1.1.
//
// Taken byte by byte, since it can be cut anywhere and nothing of it is kept. Called by parser.cc.
#pragma once

#include <hybi/bytes.h>
#include <hybi/error.h>

namespace hybi::http {

class ChunkLine {
 public:
  enum class Outcome : std::uint8_t { NeedMore, Sized, Complete, Failed };

  // Takes bytes from the front of `in`. Answers Sized once, as soon as the size is known and before
  // the rest of the line is looked at, so that a chunk that is too large is refused by its size.
  // Fails: with HttpBadChunk in all cases.
  Outcome next(Bytes& in);

  std::uint64_t size() const { return size_; }  // at most 2^63 - 1
  // What is left of the bytes allowed for extensions.
  std::size_t extension_bytes_left() const { return extension_bytes_left_; }

  // Starts a new line.
  void restart(std::size_t extension_bytes_left) {
    *this = ChunkLine();
    extension_bytes_left_ = extension_bytes_left;
  }

 private:
  enum class State : std::uint8_t {
    Size,
    SizeRead,
    Space,
    Semicolon,
    Name,
    NameRead,
    Equals,
    Value,
    Quoted,
    Escaped,
    ValueRead,
    Cr
  };
  bool take(char c);  // false: not allowed here
  bool after_extension(char c);

  std::uint64_t size_ = 0;
  std::size_t extension_bytes_left_ = 0;
  std::uint8_t digits_ = 0;
  State state_ = State::Size;
};

}  // namespace hybi::http
