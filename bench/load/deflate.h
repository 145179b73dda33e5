// permessage-deflate for the generator, over zlib: offer, check of the answer, both directions.
// Shares no code with the library on purpose: a mistake must not cancel itself out.
#pragma once

#include <zlib.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

enum class Deflate {
  Off,
  NoContext,  // each message by itself, both ways
  Context,    // each message may refer to those before it, both ways
};

Deflate parse_deflate(std::string_view name);  // off | no-context | context
std::string_view default_offer(Deflate deflate);

// `answer` is the server's Sec-WebSocket-Extensions. Ends the program unless it is what the row is
// about; returns the window bits the server allows the client.
int check_answer(std::string_view answer, Deflate deflate);

// Compresses messages as one client would: raw DEFLATE, sync flush without its 00 00 FF FF.
class Deflater {
 public:
  Deflater(Deflate deflate, int window_bits);
  ~Deflater();
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  std::string compress(std::string_view message);

 private:
  z_stream stream_{};
  bool keeps_context_;
};

class Inflater {
 public:
  explicit Inflater(Deflate deflate);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  // True if `compressed` is `expected`.
  bool matches(std::string_view compressed, std::string_view expected);

 private:
  z_stream stream_{};
  bool keeps_context_;
  std::string out_;
};

}  // namespace bench
