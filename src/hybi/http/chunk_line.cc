// The state machine over the bytes of a chunk's line.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/chunk_line.h>

namespace hybi::http {

ChunkLine::Outcome ChunkLine::next(Bytes& in) {
  while (!in.empty()) {
    const char c = static_cast<char>(in.front());
    if (state_ == State::Size) {
      const int digit = hex_value(c);
      if (digit < 0) {
        if (digits_ == 0) return Outcome::Failed;  // no sign, no space, no empty size
        state_ = State::SizeRead;                  // `c` is looked at again
        return Outcome::Sized;
      }
      // RFC 9112 7.1: recipients must anticipate large numbers; 16 digits are the most.
      if (++digits_ > 16) return Outcome::Failed;
      size_ = size_ << 4 | static_cast<unsigned>(digit);
      if (size_ >> 63 != 0) return Outcome::Failed;
      in = in.subspan(1);
      continue;
    }
    in = in.subspan(1);
    if (state_ == State::Cr) return c == '\n' ? Outcome::Complete : Outcome::Failed;
    if (!take(c)) return Outcome::Failed;
    if (state_ != State::Cr && extension_bytes_left_-- == 0) return Outcome::Failed;
  }
  return Outcome::NeedMore;
}

// Where an extension, or the size before the first one, has ended.
bool ChunkLine::after_extension(char c) {
  if (c == ';') {
    state_ = State::Semicolon;
  } else if (c == '\r') {
    state_ = State::Cr;
  } else {
    return false;
  }
  return true;
}

// RFC 9112 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS value ] ), value a token or a quoted string.
bool ChunkLine::take(char c) {
  const bool space = c == ' ' || c == '\t';
  switch (state_) {
    case State::SizeRead:
      if (!space) return after_extension(c);
      state_ = State::Space;
      return true;
    case State::Space:  // whitespace is allowed in front of a semicolon only, not before the line
                        // end
      if (space) return true;
      return c == ';' && after_extension(c);
    case State::Semicolon:
      if (space) return true;
      state_ = State::Name;
      return is_token_char(c);
    case State::Name:
      if (is_token_char(c)) return true;
      [[fallthrough]];
    case State::NameRead:
      if (c == '=') {
        state_ = State::Equals;
        return true;
      }
      if (space) {
        state_ = State::NameRead;
        return true;
      }
      return (state_ == State::Name || c == ';') && after_extension(c);
    case State::Equals:
      if (space) return true;
      state_ = c == '"' ? State::Quoted : State::Value;
      return c == '"' || is_token_char(c);
    case State::Value:
      if (is_token_char(c)) return true;
      state_ = State::ValueRead;
      [[fallthrough]];
    case State::ValueRead:
      if (!space) return after_extension(c);
      state_ = State::Space;
      return true;
    case State::Quoted:
      if (c == '"') state_ = State::ValueRead;
      if (c == '\\') state_ = State::Escaped;
      return !is_control(c);
    case State::Escaped:
      state_ = State::Quoted;
      return !is_control(c);
    case State::Size:
    case State::Cr:
      break;  // taken by next()
  }
  return false;
}

}  // namespace hybi::http
