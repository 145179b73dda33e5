// Requests of HTTP/1.1, without I/O: strict, incremental, zero-copy. RFC 9112.
//
// Pull: the session calls next() until NeedMore. A head must lie in one piece: while it is incomplete
// nothing is taken from `in` and the caller offers the same bytes again with more behind them; the parser
// remembers how far it read, so a head that comes byte by byte costs linear time. Bodies are passed on as
// they come. The events and errors are the same for every split.
#pragma once

#include <hybi/bytes.h>
#include <hybi/http/head.h>
#include <hybi/limits.h>
#include <hybi/result.h>

namespace hybi::http {

struct ParseEvent {
  enum class Kind : std::uint8_t {
    NeedMore,  // `in` is empty, or holds the start of a head that is to be offered again
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
  ParseEvent next(Bytes& in);

  // Of the last Head event. Lifetime of its views: the bytes of `in` then, or see Head::rebase.
  Head& head() { return head_; }
  const Head& head() const { return head_; }

  // The trailer fields of the last chunked body, after End.
  // (kept as text lines; rarely used)

  // A smaller or larger body limit for the current request (a route's own). Call after Head.
  void set_max_body_bytes(std::size_t limit) { max_body_bytes_ = limit; }

  bool between_requests() const;  // no byte of a next request has been seen
  bool failed() const;

 private:
  const HttpLimits* limits_;
  std::size_t max_body_bytes_ = 0;
  Head head_;
  // (private parts: http's business)
};

}  // namespace hybi::http
