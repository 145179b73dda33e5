// Requests of HTTP/1.1, without I/O: strict, incremental, zero-copy. RFC 9112.
//
// Pull: the session calls next() until NeedMore. A head must lie in one piece: while it is
// incomplete nothing is taken from `in` and the caller offers the same bytes again with more behind
// them; the parser remembers how far it read, so a head that comes byte by byte costs linear time.
// Bodies are passed on as they come. The events and errors are the same for every split: what is
// wrong with a line is said when its end has come, or when the limit has.
#pragma once

#include <hybi/bytes.h>
#include <hybi/http/chunk_line.h>
#include <hybi/http/field_line.h>
#include <hybi/http/head.h>
#include <hybi/limits.h>
#include <hybi/result.h>

#include <string>

namespace hybi::http {

struct ParseEvent {
  enum class Kind : std::uint8_t {
    NeedMore,  // `in` is empty, or holds the start of a head or of a trailer field that is to be
               // offered again
    Head,      // head() is filled; its views point into `in` as it was
    Body,      // `body` is the next piece, after removal of the chunked coding
    End,       // the request is complete; next() starts on the following one
    Failed,    // refuse with the error's status and close; the parser takes nothing more
  };
  Kind kind = Kind::NeedMore;
  Bytes body;
  Errc errc = Errc::Ok;
};

class RequestParser {
 public:
  // Lifetime: `limits` outlives the parser.
  explicit RequestParser(const HttpLimits& limits) : limits_(&limits) {}

  // `in` is advanced past the bytes used. Every request gives Head Body* End.
  // One empty line in front of a request is passed over (RFC 9112 2.2).
  ParseEvent next(Bytes& in);

  // Of the last Head event. Lifetime of its views: the bytes of `in` then, or see Head::rebase.
  Head& head() { return head_; }
  const Head& head() const { return head_; }

  // The trailer fields of the last chunked body as they were sent, line by line with their CRLF;
  // empty for nearly all requests. Lifetime: until the next Head.
  std::string_view trailer_lines() const { return trailer_; }

  // A smaller or larger body limit for the current request (a route's own). Call after Head, before
  // the following next(): there the announced length is checked.
  void set_max_body_bytes(std::size_t limit) { max_body_bytes_ = limit; }
  std::size_t max_body_bytes() const { return max_body_bytes_; }

  // The bytes behind the head are not a body, whatever the head says: the request ends here, and
  // `in` is left alone. Call after Head, before the following next().
  void leave_body();

  // No byte of a next request has been seen.
  bool between_requests() const { return state_ == State::Head && scanned_ == 0; }
  bool failed() const { return state_ == State::Failed; }

 private:
  enum class State : std::uint8_t {
    Head,         // request line and fields
    HeadRead,     // the head was given out, its body has not begun
    CountedBody,  // body of a known length
    ChunkLine,
    ChunkData,
    ChunkCr,  // the line end behind a chunk's data
    ChunkLf,
    Trailer,
    Complete,  // only End is left to say
    Failed,
  };

  // What the fields of this head have said so far.
  struct Seen {
    bool host = false, transfer_encoding = false, upgrade = false;
    bool connection_upgrade = false, connection_close = false, connection_keep_alive = false;
    bool expect_continue = false;
    std::uint32_t host_at = 0, host_bytes = 0;
  };

  ParseEvent next_head(Bytes& in);
  ParseEvent finish_head(Bytes& in, std::size_t head_bytes);
  ParseEvent incomplete_line(const char* line, const char* end, bool limit_reached, Errc errc,
                             Errc limit_errc);
  Errc add_field(const char* base, const FieldLine& line);
  Errc read_host(const char* base, const FieldLine& line);
  Errc read_content_length(std::string_view value);
  Errc read_transfer_encoding(std::string_view value);
  void read_connection(std::string_view value);
  Errc read_expect(std::string_view value);

  Errc begin_body();
  ParseEvent next_piece(Bytes& in, State after);
  ParseEvent next_chunk(Bytes& in);
  ParseEvent next_trailer(Bytes& in);
  ParseEvent fail(Errc errc);

  const HttpLimits* limits_;
  std::size_t max_body_bytes_ = 0;
  std::uint64_t left_ = 0;       // of the counted body or of the current chunk
  std::uint64_t announced_ = 0;  // chunk sizes of this body so far
  hybi::http::ChunkLine chunk_line_;
  std::uint32_t line_at_ = 0;  // of the line that is not complete, from the start of `in`
  std::uint32_t scanned_ = 0;  // bytes of `in` known to hold no line end behind line_at_
  std::uint32_t trailer_count_ = 0;
  Errc errc_ = Errc::Ok;
  State state_ = State::Head;
  bool empty_line_taken_ = false;
  Seen seen_;
  Head head_;
  std::string trailer_;
};

}  // namespace hybi::http
