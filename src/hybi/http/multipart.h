// Bodies of multipart/form-data, without I/O: strict, incremental. RFC 7578, RFC 2046 5.1.
//
// Pull: the owner calls next() until NeedMore with each piece of the body, and finish() behind the
// last. Content is passed on as views into the piece; only heads of parts are copied. Lines end in
// CRLF; what stands in front of the first part and behind the last is passed over, within a limit.
// Part heads are read by part_head.h; what a filename may do is limited in filename.h.
#pragma once

#include <hybi/bytes.h>
#include <hybi/http/part_head.h>
#include <hybi/limits.h>
#include <hybi/result.h>

#include <string>
#include <string_view>

namespace hybi::http {

// The boundary that a Content-Type value names.
// Fails: HttpUnsupportedMediaType if it is not multipart/form-data; HttpBadBoundary.
Result<std::string> multipart_boundary(std::string_view content_type);

struct MultipartEvent {
  enum class Kind : std::uint8_t {
    NeedMore,   // `in` is used up
    PartBegin,  // part() is filled
    Data,       // `data` is the next piece of the part's content, never empty
    PartEnd,
    End,     // only from finish()
    Failed,  // refuse with the error's status; the parser takes nothing more
  };
  Kind kind = Kind::NeedMore;
  Bytes data;  // Lifetime: until the next call, and no longer than `in`
  Errc errc = Errc::Ok;
};

class MultipartParser {
 public:
  // Requires: a boundary as multipart_boundary gives it. Lifetime: `limits` outlives the parser.
  MultipartParser(std::string_view boundary, const MultipartLimits& limits);
  MultipartParser(MultipartParser&&) = default;
  MultipartParser& operator=(MultipartParser&&) = default;

  // `in` is advanced past the bytes used. Pattern: (PartBegin Data* PartEnd)* [Failed]
  MultipartEvent next(Bytes& in);
  // The body has ended. Returns: End, or Failed if the last delimiter is missing.
  MultipartEvent finish();

  // Of the last PartBegin. Lifetime: until the next one.
  const PartHead& part() const { return part_; }
  bool failed() const { return state_ == State::Failed; }

 private:
  enum class State : std::uint8_t {
    Preamble,   // in front of the first delimiter
    Delimiter,  // behind one: padding, CRLF or "--"
    DelimiterLf,
    LastHyphen,     // "-" of the second hyphen
    LastDelimiter,  // behind "--": padding and CRLF, or nothing
    LastLf,
    Epilogue,
    Head,
    Content,
    Failed,
  };

  MultipartEvent step(Bytes& in);
  MultipartEvent next_head(Bytes& in);
  MultipartEvent next_content(Bytes& in);
  bool resume_match(Bytes& in);
  std::size_t find_delimiter(std::string_view text);
  MultipartEvent give_content(Bytes data);
  MultipartEvent give_owed();
  MultipartEvent pass_over(Bytes& in, std::size_t count);
  MultipartEvent delimiter_found();
  MultipartEvent begin_head();
  MultipartEvent fail(Errc errc);

  const MultipartLimits* limits_;
  std::string delimiter_;     // CRLF "--" boundary
  std::size_t matched_ = 2;   // bytes of the delimiter seen at the end of what was taken
  std::size_t imagined_ = 2;  // of these, not really there: the CRLF in front of everything
  // Content that looked like a delimiter in an earlier piece, as a part of delimiter_.
  std::size_t owed_at_ = 0, owed_end_ = 0;
  std::size_t total_ = 0, ignored_ = 0, parts_ = 0;
  std::size_t content_bytes_ = 0;
  std::size_t line_at_ = 0;  // of the head's line that is being read
  std::string head_;
  PartHead part_;
  Errc errc_ = Errc::Ok;
  State state_ = State::Preamble;
  bool padded_ = false;  // spaces behind the boundary
};

}  // namespace hybi::http
