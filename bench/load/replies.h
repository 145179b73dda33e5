// The server's side of one connection of the JSON rows: frames in, complete messages counted, and
// enough of them compared with what was sent.
//
// The first message of each connection and one in 61 of the others are compared as a whole, all of
// them where the server compresses with context (each needs those before it). Of the rest the
// frame is checked: complete, text, unmasked, marked compressed exactly when it should be.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "load/cycle.h"
#include "load/deflate.h"

namespace bench {

class ReplyReader {
 public:
  // `index` varies which messages are compared. `shared` inflates where no context is kept.
  ReplyReader(const Cycle& cycle, Deflate deflate, std::size_t index,
              std::shared_ptr<Inflater> shared);

  // Returns how many messages became complete; adds the lengths of their payloads as sent to
  // `payload_bytes`. Anything wrong ends the program.
  std::size_t read(std::string_view bytes, std::uint64_t& payload_bytes);

 private:
  bool take_header(std::string_view& bytes);  // true when it is complete
  void begin_frame();
  void end_message();

  const Cycle& cycle_;
  Deflate deflate_;
  std::size_t index_;
  std::shared_ptr<Inflater> inflater_;
  std::array<unsigned char, 10> header_{};
  std::size_t header_bytes_ = 0;  // of it so far
  bool in_payload_ = false;       // the header is complete
  bool in_message_ = false;       // the last frame was not the message's last
  std::size_t payload_left_ = 0;
  std::size_t message_bytes_ = 0;
  bool kept_wanted_ = false;
  std::string kept_;  // the message so far, if it is to be compared
  std::uint64_t received_ = 0;
};

}  // namespace bench
