// zlib and the negotiation, see deflate.h. RFC 7692.
#include "load/deflate.h"

#include <array>
#include <cstdlib>

#include "load/net.h"

namespace bench {
namespace {

constexpr std::string_view kFlushed("\x00\x00\xff\xff", 4);  // RFC 7692 7.2.1: not sent
constexpr int kWindowBits = 15;
constexpr int kMemoryLevel = 8;

Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

// The part of `text` before the first `separator`, without spaces around it; removed from `text`.
std::string_view take(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  std::string_view part = text.substr(0, at);
  text = at == std::string_view::npos ? std::string_view() : text.substr(at + 1);
  while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
  while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
  return part;
}

}  // namespace

Deflate parse_deflate(std::string_view name) {
  if (name == "off") return Deflate::Off;
  if (name == "no-context") return Deflate::NoContext;
  if (name == "context") return Deflate::Context;
  fail("--deflate is off, no-context or context");
}

std::string_view default_offer(Deflate deflate) {
  switch (deflate) {
    case Deflate::NoContext:
      return "permessage-deflate; client_no_context_takeover; server_no_context_takeover; "
             "client_max_window_bits";
    case Deflate::Context:
      return "permessage-deflate; client_max_window_bits";
    case Deflate::Off:
      break;
  }
  return "";
}

int check_answer(std::string_view answer, Deflate deflate) {
  if (deflate == Deflate::Off) {
    if (!answer.empty()) fail("an extension nobody offered: " + std::string(answer));
    return kWindowBits;
  }
  if (answer.empty()) fail("the server declined permessage-deflate");
  const auto refuse = [&] { fail("not this row's compression: " + std::string(answer)); };
  std::string_view rest = answer;
  if (take(rest, ';') != "permessage-deflate") refuse();
  int bits = kWindowBits;
  bool server_forgets = false;
  while (!rest.empty()) {
    std::string_view value = take(rest, ';');
    const std::string_view name = take(value, '=');
    if (name == "server_no_context_takeover") {
      server_forgets = true;
    } else if (name == "client_no_context_takeover") {
      if (deflate == Deflate::Context) refuse();  // the frames prepared below would break it
    } else if (name == "client_max_window_bits") {
      bits = std::atoi(std::string(value).c_str());
    } else if (name != "server_max_window_bits") {
      refuse();
    }
  }
  if (server_forgets != (deflate == Deflate::NoContext)) refuse();
  if (bits < 9 || bits > kWindowBits) refuse();  // zlib has no raw window of 8 bits
  return bits;
}

Deflater::Deflater(Deflate deflate, int window_bits) : keeps_context_(deflate == Deflate::Context) {
  if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -window_bits, kMemoryLevel,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    fail("deflateInit2");
  }
}

Deflater::~Deflater() {
  deflateEnd(&stream_);
}

std::string Deflater::compress(std::string_view message) {
  if (!keeps_context_) deflateReset(&stream_);
  std::string out(deflateBound(&stream_, message.size()) + 16, '\0');
  stream_.next_in = bytes_of(message);
  stream_.avail_in = static_cast<uInt>(message.size());
  stream_.next_out = bytes_of(out);
  stream_.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream_, Z_SYNC_FLUSH) != Z_OK || stream_.avail_out == 0) fail("deflate");
  out.resize(out.size() - stream_.avail_out);
  if (!out.ends_with(kFlushed)) fail("deflate did not flush");
  out.resize(out.size() - kFlushed.size());
  return out;
}

Inflater::Inflater(Deflate deflate) : keeps_context_(deflate == Deflate::Context) {
  if (inflateInit2(&stream_, -kWindowBits) != Z_OK) fail("inflateInit2");
}

Inflater::~Inflater() {
  inflateEnd(&stream_);
}

bool Inflater::matches(std::string_view compressed, std::string_view expected) {
  if (!keeps_context_) inflateReset(&stream_);
  out_.resize(expected.size() + 1);  // one more: a longer message is seen
  stream_.next_out = bytes_of(out_);
  stream_.avail_out = static_cast<uInt>(out_.size());
  for (const std::string_view part : {compressed, kFlushed}) {
    stream_.next_in = bytes_of(part);
    stream_.avail_in = static_cast<uInt>(part.size());
    const int result = inflate(&stream_, Z_SYNC_FLUSH);
    // A final block may end a message (RFC 7692 7.2.3.4); with context nobody here sends one.
    if (result == Z_STREAM_END && !keeps_context_) break;
    if ((result != Z_OK && result != Z_BUF_ERROR) || stream_.avail_in != 0) return false;
  }
  return stream_.avail_out == 1 && out_.starts_with(expected);
}

}  // namespace bench
