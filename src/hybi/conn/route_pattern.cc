// Parsing patterns and reading parameters, see route_pattern.h.
#include <hybi/conn/route_pattern.h>
#include <hybi/http/target.h>

namespace hybi::conn {

std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

Result<RoutePattern> RoutePattern::parse(std::string_view text) {
  if (text.empty() || text.front() != '/') return Errc::BadPattern;
  RoutePattern pattern{std::string(text), {}};
  std::string_view rest = text;
  while (!rest.empty()) {
    if (!pattern.segments.empty() && pattern.segments.back().kind == Segment::Kind::Rest) {
      return Errc::BadPattern;
    }
    std::string_view piece = take_segment(rest);
    Segment segment;
    if (!piece.empty() && (piece.front() == ':' || piece.front() == '*')) {
      segment.kind = piece.front() == ':' ? Segment::Kind::Param : Segment::Kind::Rest;
      piece.remove_prefix(1);
      if (piece.empty()) return Errc::BadPattern;
      for (const Segment& earlier : pattern.segments) {
        if (earlier.kind != Segment::Kind::Literal && earlier.text == piece)
          return Errc::BadPattern;
      }
    }
    segment.text = piece;
    pattern.segments.push_back(std::move(segment));
  }
  return pattern;
}

std::string RoutePattern::param(std::string_view path, std::string_view name) const {
  for (const Segment& segment : segments) {
    if (path.empty()) break;
    if (segment.kind == Segment::Kind::Rest) {
      if (segment.text != name) break;
      return http::decode_segment(path.substr(1)).value_or("");
    }
    const std::string_view value = take_segment(path);
    if (segment.kind == Segment::Kind::Param && segment.text == name) {
      return http::decode_segment(value).value_or("");
    }
  }
  return {};
}

}  // namespace hybi::conn
