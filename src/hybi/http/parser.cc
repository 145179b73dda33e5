// The parser's states: head, body by length, chunked body, trailer section.
//
// What each field of a head means for the parser stands in framing.cc.
#include <hybi/base/assert.h>
#include <hybi/http/parser.h>
#include <hybi/http/request_line.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace hybi::http {
namespace {

using Kind = ParseEvent::Kind;

// Room beside the target in the longest request line that is read: method, spaces, version, CRLF.
constexpr std::size_t kRequestLineRest = 64;

const char* text_of(const Bytes& in) {
  return reinterpret_cast<const char*>(in.data());
}

const char* find_line_feed(const char* from, const char* end) {
  return from == end ? nullptr
                     : static_cast<const char*>(
                           std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
}

}  // namespace

ParseEvent RequestParser::next(Bytes& in) {
  switch (state_) {
    case State::Head:
      return next_head(in);
    case State::HeadRead:
      if (const Errc errc = begin_body(); errc != Errc::Ok) return fail(errc);
      return next(in);
    case State::CountedBody:
      return next_piece(in, State::Complete);
    case State::ChunkLine:
    case State::ChunkData:
    case State::ChunkCr:
    case State::ChunkLf:
      return next_chunk(in);
    case State::Trailer:
      return next_trailer(in);
    case State::Complete:
      state_ = State::Head;
      return {Kind::End, {}, Errc::Ok};
    case State::Failed:
      break;
  }
  return {Kind::Failed, {}, errc_};
}

ParseEvent RequestParser::fail(Errc errc) {
  state_ = State::Failed;
  errc_ = errc;
  return {Kind::Failed, {}, errc};
}

// A line that could not be read. If it is whole, `errc` is what is wrong with it; else there may be
// more to come, unless the limit is reached. So the verdict does not depend on where the bytes were
// cut.
ParseEvent RequestParser::incomplete_line(const char* line, const char* end, bool limit_reached,
                                          Errc errc, Errc limit_errc) {
  if (errc != Errc::Ok && find_line_feed(line, end) != nullptr) return fail(errc);
  if (limit_reached) return fail(limit_errc);
  scanned_ = line_at_ + static_cast<std::uint32_t>(end - line);
  return {};
}

ParseEvent RequestParser::next_head(Bytes& in) {
  if (in.empty()) return {};
  HYBI_ASSERT(in.size() >= scanned_);  // the same bytes again, and more
  if (line_at_ == 0 && scanned_ == 0) {
    // RFC 9112 2.2: an empty line in front of a request is ignored; one, not many.
    if (in.front() == std::byte{'\r'} && !empty_line_taken_) {
      if (in.size() == 1) return {};
      if (in[1] != std::byte{'\n'}) return fail(Errc::HttpBareCr);
      in = in.subspan(2);
      empty_line_taken_ = true;
      if (in.empty()) return {};
    }
    // A first byte that no method has (a TLS handshake, for one) is refused without waiting for a
    // line.
    const char first = static_cast<char>(in.front());
    if (first == '\n') return fail(Errc::HttpBareLf);
    if (first == '\r') return fail(Errc::HttpBadRequestLine);
    if (!is_token_char(first)) return fail(Errc::HttpBadMethod);
  }

  const char* const base = text_of(in);
  const std::size_t max_head_bytes =
      std::min<std::size_t>(limits_->max_head_bytes, std::numeric_limits<std::uint32_t>::max());
  const std::size_t target_room = limits_->max_target_bytes;
  const std::size_t max_line_bytes = target_room < max_head_bytes
                                         ? std::min(max_head_bytes, target_room + kRequestLineRest)
                                         : max_head_bytes;
  const char* const end = base + std::min(in.size(), max_head_bytes);
  const char* const request_line_end = base + std::min(in.size(), max_line_bytes);

  if (scanned_ > line_at_) {  // seen before: only the new bytes can end the line
    const char* const line_limit = line_at_ == 0 ? request_line_end : end;
    const bool limit_reached = in.size() >= (line_at_ == 0 ? max_line_bytes : max_head_bytes);
    if (!limit_reached && find_line_feed(base + scanned_, line_limit) == nullptr) {
      scanned_ = static_cast<std::uint32_t>(line_limit - base);
      return {};
    }
  }

  Errc errc = Errc::Ok;
  if (line_at_ == 0) {
    const char* const behind =
        read_request_line(base, request_line_end, target_room, head_.layout(), errc);
    if (behind == nullptr) {
      const bool limit_reached = in.size() >= max_line_bytes;
      Errc limit_errc = errc;
      if (errc == Errc::Ok && limit_reached) {
        // RFC 9112 3: a method longer than any we know is 501, a target longer than we take is 414.
        if (std::memchr(base, ' ', max_line_bytes) == nullptr) {
          limit_errc = Errc::HttpUnknownMethod;
        } else {
          limit_errc =
              max_line_bytes < max_head_bytes ? Errc::HttpTargetTooLong : Errc::HttpHeadTooLarge;
        }
      }
      return incomplete_line(base, request_line_end, limit_reached, errc, limit_errc);
    }
    line_at_ = static_cast<std::uint32_t>(behind - base);
    seen_ = {};
    HeadLayout& layout = head_.layout();
    layout.fields.clear();
    layout.content_length = 0;
    layout.chunked = layout.has_content_length = false;
  }

  const char* line = base + line_at_;
  for (;;) {
    if (line == end) break;
    if (*line == '\r') {  // the empty line
      if (end - line < 2) break;
      if (line[1] == '\n') return finish_head(in, static_cast<std::size_t>(line + 2 - base));
      errc = Errc::HttpBareCr;
      break;
    }
    FieldLine field;
    const char* const behind = read_field_line(line, end, field, errc);
    if (behind == nullptr) break;
    errc = add_field(base, field);
    if (errc != Errc::Ok) break;
    line = behind;
    line_at_ = static_cast<std::uint32_t>(line - base);
  }
  return incomplete_line(line, end, in.size() >= max_head_bytes, errc, Errc::HttpHeadTooLarge);
}

ParseEvent RequestParser::finish_head(Bytes& in, std::size_t head_bytes) {
  HeadLayout& layout = head_.layout();
  // RFC 9112 3.2: needed in HTTP/1.1, whatever the target's form.
  if (layout.minor_version == 1 && !seen_.host) return fail(Errc::HttpMissingHost);
  // RFC 9112 3.2.2: the authority of the target wins over the Host field.
  if (layout.form == TargetForm::Origin || layout.form == TargetForm::Asterisk) {
    layout.authority_at = seen_.host_at;
    layout.authority_bytes = seen_.host_bytes;
  }
  // RFC 9112 9.3: close wins; HTTP/1.0 stays open only if asked to.
  layout.keep_alive =
      !seen_.connection_close && (layout.minor_version == 1 || seen_.connection_keep_alive);
  // RFC 9110 7.8, 10.1.1: in HTTP/1.0 both are ignored.
  layout.upgrade = layout.minor_version == 1 && seen_.upgrade && seen_.connection_upgrade;
  layout.expect_continue = layout.minor_version == 1 && seen_.expect_continue && head_.has_body();
  layout.size = static_cast<std::uint32_t>(head_bytes);
  head_.rebase(text_of(in));

  in = in.subspan(head_bytes);
  line_at_ = scanned_ = 0;
  empty_line_taken_ = false;
  max_body_bytes_ = limits_->max_body_bytes;
  if (!trailer_.empty()) trailer_.clear();
  state_ = State::HeadRead;
  return {Kind::Head, {}, Errc::Ok};
}

// RFC 9112 6.3: how the body ends. What it announces is checked before any of it is given out.
void RequestParser::leave_body() {
  HYBI_ASSERT(state_ == State::HeadRead);
  state_ = State::Complete;
}

Errc RequestParser::begin_body() {
  if (head_.chunked()) {
    announced_ = 0;
    trailer_count_ = 0;
    chunk_line_.restart(limits_->max_chunk_extension_bytes);
    state_ = State::ChunkLine;
    return Errc::Ok;
  }
  if (head_.content_length() > max_body_bytes_) return Errc::HttpBodyTooLarge;
  left_ = head_.content_length();
  state_ = left_ == 0 ? State::Complete : State::CountedBody;
  return Errc::Ok;
}

// Gives out what there is of a counted body or a chunk.
ParseEvent RequestParser::next_piece(Bytes& in, State after) {
  if (in.empty()) return {};
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size()));
  const Bytes piece = in.first(size);
  in = in.subspan(size);
  left_ -= size;
  if (left_ == 0) state_ = after;
  return {Kind::Body, piece, Errc::Ok};
}

ParseEvent RequestParser::next_chunk(Bytes& in) {
  using Outcome = hybi::http::ChunkLine::Outcome;
  for (;;) {
    if (state_ == State::ChunkData) return next_piece(in, State::ChunkCr);
    if (state_ == State::Trailer) return next_trailer(in);
    if (in.empty()) return {};

    if (state_ == State::ChunkLine) {
      switch (chunk_line_.next(in)) {
        case Outcome::NeedMore:
          return {};
        case Outcome::Failed:
          return fail(Errc::HttpBadChunk);
        case Outcome::Sized:
          if (announced_ > max_body_bytes_ || chunk_line_.size() > max_body_bytes_ - announced_) {
            return fail(Errc::HttpBodyTooLarge);
          }
          announced_ += chunk_line_.size();
          left_ = chunk_line_.size();
          break;
        case Outcome::Complete:
          state_ = left_ == 0 ? State::Trailer : State::ChunkData;
          chunk_line_.restart(chunk_line_.extension_bytes_left());
          break;
      }
      continue;
    }

    // RFC 9112 7.1: exactly CRLF behind the data.
    const bool is_cr = state_ == State::ChunkCr;
    if (in.front() != static_cast<std::byte>(is_cr ? '\r' : '\n')) return fail(Errc::HttpBadChunk);
    in = in.subspan(1);
    state_ = is_cr ? State::ChunkLf : State::ChunkLine;
  }
}

}  // namespace hybi::http
