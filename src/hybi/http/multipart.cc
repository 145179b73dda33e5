// Finding delimiters, whatever the pieces are.
//
// A boundary holds no CR, so a delimiter can begin only at a CR and a failed match never hides
// another one: the bytes that were taken for a delimiter's start are equal to it, and are given out
// from delimiter_ itself. Nothing of the content is kept.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/field_value.h>
#include <hybi/http/multipart.h>

#include <algorithm>

namespace hybi::http {
namespace {

using Kind = MultipartEvent::Kind;

// RFC 2046 5.1.1: bchars.
constexpr CharSet kBoundaryChars("'()+_,-./:=? ");

}  // namespace

Result<std::string> multipart_boundary(std::string_view content_type) {
  ParameterReader reader(content_type);
  if (!equals_ignoring_case(reader.name(), "multipart/form-data")) {
    return Errc::HttpUnsupportedMediaType;
  }
  std::optional<std::string> boundary;
  Parameter parameter;
  while (reader.next(parameter)) {
    if (!equals_ignoring_case(parameter.name, "boundary")) continue;
    if (boundary || parameter.value.data() == nullptr) return Errc::HttpBadBoundary;
    Result<std::string> text = unquote(parameter.value);
    if (!text) return Errc::HttpBadBoundary;
    boundary = std::move(text).value();
  }
  // RFC 2046 5.1.1: 1 to 70 characters, the last one no space.
  if (!reader.ok() || !boundary || boundary->empty() || boundary->size() > 70 ||
      boundary->back() == ' ') {
    return Errc::HttpBadBoundary;
  }
  for (char c : *boundary) {
    if (!kBoundaryChars.has(c)) return Errc::HttpBadBoundary;
  }
  return *std::move(boundary);
}

MultipartParser::MultipartParser(std::string_view boundary, const MultipartLimits& limits)
    : limits_(&limits) {
  delimiter_.reserve(4 + boundary.size());
  delimiter_.append("\r\n--").append(boundary);
}

MultipartEvent MultipartParser::fail(Errc errc) {
  errc_ = errc;
  state_ = State::Failed;
  return {Kind::Failed, {}, errc};
}

MultipartEvent MultipartParser::next(Bytes& in) {
  if (state_ == State::Failed) return {Kind::Failed, {}, errc_};
  if (owed_at_ < owed_end_) return give_owed();
  while (!in.empty()) {
    // The limit is a position, so what is said does not depend on the pieces.
    const std::size_t left = limits_->max_total_bytes - total_;
    if (left == 0) return fail(Errc::HttpFormTooLarge);
    Bytes allowed = in.first(std::min(left, in.size()));
    const std::size_t offered = allowed.size();
    const MultipartEvent event = step(allowed);
    const std::size_t used = offered - allowed.size();
    total_ += used;
    in = in.subspan(used);
    if (event.kind != Kind::NeedMore) return event;
  }
  return {};
}

MultipartEvent MultipartParser::finish() {
  switch (state_) {
    case State::LastDelimiter:
    case State::Epilogue:
      return {Kind::End, {}, Errc::Ok};
    case State::Failed:
      return {Kind::Failed, {}, errc_};
    default:
      return fail(Errc::HttpBadMultipart);
  }
}

// Takes something from `in`. Returns: NeedMore also where the next step is to follow.
MultipartEvent MultipartParser::step(Bytes& in) {
  const char c = as_text(in).front();
  switch (state_) {
    case State::Preamble:
    case State::Content:
      return next_content(in);
    case State::Head:
      return next_head(in);
    case State::Delimiter:
      if (c == '-') {
        // "--" follows the boundary at once: RFC 2046 5.1.1 close-delimiter.
        if (padded_) return fail(Errc::HttpBadMultipart);
        state_ = State::LastHyphen;
      } else if (c == '\r') {
        state_ = State::DelimiterLf;
      } else if (c == ' ' || c == '\t') {
        padded_ = true;
        return pass_over(in, 1);
      } else {
        // A longer line would be a delimiter to one reader and content to another.
        return fail(Errc::HttpBadMultipart);
      }
      break;
    case State::DelimiterLf:
      if (c != '\n') return fail(Errc::HttpBadMultipart);
      in = in.subspan(1);
      return begin_head();
    case State::LastHyphen:
      if (c != '-') return fail(Errc::HttpBadMultipart);
      state_ = State::LastDelimiter;
      break;
    case State::LastDelimiter:
      if (c == ' ' || c == '\t') return pass_over(in, 1);
      if (c != '\r') return fail(Errc::HttpBadMultipart);
      state_ = State::LastLf;
      break;
    case State::LastLf:
      if (c != '\n') return fail(Errc::HttpBadMultipart);
      state_ = State::Epilogue;
      break;
    case State::Epilogue:
      return pass_over(in, in.size());
    case State::Failed:
      return {Kind::Failed, {}, errc_};
  }
  in = in.subspan(1);
  return {};
}

MultipartEvent MultipartParser::pass_over(Bytes& in, std::size_t count) {
  if (count > limits_->max_ignored_bytes - ignored_) return fail(Errc::HttpMultipartPadding);
  ignored_ += count;
  in = in.subspan(count);
  return {};
}

MultipartEvent MultipartParser::begin_head() {
  if (parts_ == limits_->max_parts) return fail(Errc::HttpTooManyParts);
  ++parts_;
  head_.clear();
  line_at_ = 0;
  state_ = State::Head;
  return {};
}

MultipartEvent MultipartParser::next_head(Bytes& in) {
  const std::string_view text = as_text(in);
  const std::size_t line_end = text.find('\n');
  const std::size_t count = line_end == std::string_view::npos ? text.size() : line_end + 1;
  if (count > limits_->max_part_head_bytes - head_.size()) {
    return fail(Errc::HttpPartHeadTooLarge);
  }
  head_.append(text.substr(0, count));
  in = in.subspan(count);
  if (line_end == std::string_view::npos) return {};

  const std::string_view line = std::string_view(head_).substr(line_at_);
  if (!line.ends_with("\r\n")) return fail(Errc::HttpBadPartHead);
  if (line.size() > 2) {
    line_at_ = head_.size();
    return {};
  }
  Result<PartHead> head = parse_part_head(std::string_view(head_).substr(0, line_at_), *limits_);
  if (!head) return fail(head.error().code);
  part_ = std::move(head).value();
  content_bytes_ = 0;
  // RFC 2046 5.1.1: the empty line may be that of the delimiter, if there is no content at all.
  matched_ = imagined_ = 2;
  state_ = State::Content;
  return {Kind::PartBegin, {}, Errc::Ok};
}

// Goes on with a delimiter that began in an earlier piece. Returns: whether it is settled. If it
// was none after all, matched_ is 0 and what was held back of it is owed.
bool MultipartParser::resume_match(Bytes& in) {
  const std::string_view rest = std::string_view(delimiter_).substr(matched_);
  const std::string_view text = as_text(in).substr(0, rest.size());
  const auto differs = std::mismatch(text.begin(), text.end(), rest.begin()).first;
  const auto same = static_cast<std::size_t>(differs - text.begin());
  matched_ += same;
  in = in.subspan(same);
  if (matched_ == delimiter_.size()) return true;
  if (same == text.size()) return false;
  owed_at_ = imagined_;
  owed_end_ = matched_;
  matched_ = imagined_ = 0;
  return true;
}

// Returns: where the first delimiter, or the start of one that `text` ends in, begins; else the
// size. matched_ tells how much of it there is.
std::size_t MultipartParser::find_delimiter(std::string_view text) {
  const std::string_view delimiter = delimiter_;
  for (std::size_t at = 0; at < text.size(); ++at) {
    // A search for each CR of many in a row would cost more than looking at it.
    if (text[at] != '\r') at = text.find('\r', at);
    if (at == std::string_view::npos) break;
    const std::size_t left = text.size() - at;
    if (left >= delimiter.size()) {
      // The last character is the one that what only looks like a delimiter seldom has.
      if (text[at + delimiter.size() - 1] != delimiter.back()) continue;
    }
    const std::string_view found = text.substr(at, delimiter.size());
    if (delimiter.starts_with(found)) {
      matched_ = found.size();
      return at;
    }
  }
  return text.size();
}

MultipartEvent MultipartParser::next_content(Bytes& in) {
  const bool is_preamble = state_ == State::Preamble;
  if (matched_ > 0) {
    if (!resume_match(in)) return {};
    if (matched_ == delimiter_.size()) return delimiter_found();
    if (owed_at_ == owed_end_) return {};
    if (!is_preamble) return give_owed();
    Bytes passed = as_bytes(delimiter_).subspan(owed_at_, owed_end_ - owed_at_);
    owed_at_ = owed_end_;
    return pass_over(passed, passed.size());
  }
  const std::size_t count = find_delimiter(as_text(in));
  if (count == 0) {
    in = in.subspan(matched_);
    return matched_ == delimiter_.size() ? delimiter_found() : MultipartEvent{};
  }
  matched_ = 0;  // it is found again, at the front
  if (is_preamble) return pass_over(in, count);
  const MultipartEvent event = give_content(in.first(count));
  in = in.subspan(event.data.size());
  return event;
}

// Gives `data` as far as the limit of the part allows.
MultipartEvent MultipartParser::give_content(Bytes data) {
  const bool is_file = part_.is_file();
  const std::size_t limit = is_file ? limits_->max_file_bytes : limits_->max_field_bytes;
  const std::size_t count = std::min(data.size(), limit - content_bytes_);
  if (count == 0) {
    return fail(is_file ? Errc::HttpFormFileTooLarge : Errc::HttpFormFieldTooLarge);
  }
  content_bytes_ += count;
  return {Kind::Data, data.first(count), Errc::Ok};
}

MultipartEvent MultipartParser::give_owed() {
  const MultipartEvent event =
      give_content(as_bytes(delimiter_).subspan(owed_at_, owed_end_ - owed_at_));
  owed_at_ += event.data.size();
  return event;
}

MultipartEvent MultipartParser::delimiter_found() {
  const bool ends_part = state_ == State::Content;
  state_ = State::Delimiter;
  matched_ = imagined_ = 0;
  padded_ = false;
  if (!ends_part) return {};
  return {Kind::PartEnd, {}, Errc::Ok};
}

}  // namespace hybi::http
