// Reading Range and writing Content-Range.
#include <hybi/base/ascii.h>
#include <hybi/http/date.h>
#include <hybi/http/field_value.h>
#include <hybi/http/range.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace hybi::http {
namespace {

using Kind = RangeAnswer::Kind;
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

// 1*DIGIT; what does not fit is as large as can be, since no representation reaches there.
bool read_number(std::string_view text, std::uint64_t& number) {
  number = 0;
  for (char c : text) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    number = number > (kMax - digit) / 10 ? kMax : number * 10 + digit;
  }
  return !text.empty();
}

// RFC 9110 14.1.1: int-range or suffix-range.
// Returns: false if it is malformed. No range: it is well-formed, but holds no byte.
bool read_spec(std::string_view spec, std::uint64_t size, std::optional<ByteRange>& range) {
  range.reset();
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return false;
  std::uint64_t first = 0, last = kMax;
  if (dash == 0) {
    if (!read_number(spec.substr(1), last)) return false;
    if (last > 0 && size > 0) range = {size - std::min(last, size), size - 1};
    return true;
  }
  if (!read_number(spec.substr(0, dash), first)) return false;
  const std::string_view end = spec.substr(dash + 1);
  if (!end.empty() && !read_number(end, last)) return false;
  if (last < first) return false;
  if (first < size) range = {first, std::min(last, size - 1)};
  return true;
}

bool overlap(ByteRange a, ByteRange b) {
  return a.first <= b.last && b.first <= a.last;
}

bool near(ByteRange a, ByteRange b) {
  const ByteRange& low = a.first <= b.first ? a : b;
  const ByteRange& high = a.first <= b.first ? b : a;
  return high.first <= low.last || high.first - low.last - 1 < kRangeGap;
}

// Joins ranges that are near one another; each takes the earliest place of those it was made of.
void coalesce(std::vector<ByteRange>& ranges) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    for (std::size_t j = i + 1; j < ranges.size();) {
      if (!near(ranges[i], ranges[j])) {
        ++j;
        continue;
      }
      ranges[i].first = std::min(ranges[i].first, ranges[j].first);
      ranges[i].last = std::max(ranges[i].last, ranges[j].last);
      ranges.erase(ranges.begin() + static_cast<std::ptrdiff_t>(j));
      j = i + 1;  // the larger range may be near one that was not
    }
  }
}

std::size_t overlapping_pairs(const std::vector<ByteRange>& ranges) {
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) pairs += overlap(ranges[i], ranges[j]) ? 1 : 0;
  }
  return pairs;
}

}  // namespace

RangeAnswer read_range(std::string_view value, std::uint64_t size, std::size_t max_ranges) {
  constexpr std::string_view kUnit = "bytes=";
  // RFC 9110 14.1: names of range units are case-insensitive; unknown ones are ignored.
  if (!equals_ignoring_case(value.substr(0, kUnit.size()), kUnit)) return {};
  std::vector<ByteRange> ranges;
  std::size_t count = 0;
  std::string_view spec;
  for (ListReader list(value.substr(kUnit.size())); list.next(spec);) {
    std::optional<ByteRange> range;
    if (++count > max_ranges || !read_spec(spec, size, range)) return {};
    if (range) ranges.push_back(*range);
  }
  // RFC 9110 14.1.2: of nothing, any suffix is all there is, which no Content-Range can say. Other
  // ranges of nothing are treated alike: clients that resume a download see that it is complete.
  if (count == 0 || size == 0) return {};
  if (ranges.empty()) return {Kind::NotSatisfiable, {}};
  if (overlapping_pairs(ranges) > 1) return {};
  const std::size_t asked = ranges.size();
  coalesce(ranges);
  std::uint64_t sum = 0;
  for (const ByteRange& range : ranges) sum += range.size() + (asked > 1 ? kRangeGap : 0);
  if (asked > 1 && sum >= size) return {};
  return {Kind::Partial, std::move(ranges)};
}

bool if_range_holds(std::string_view if_range, const Validators& current, std::int64_t now) {
  if (if_range.data() == nullptr) return true;
  if_range = trim_ows(if_range);
  if (const auto tag = parse_entity_tag(if_range)) {
    const auto ours = parse_entity_tag(current.entity_tag);
    return ours && strong_equal(*tag, *ours);  // RFC 9110 13.1.5
  }
  const auto date = parse_date(if_range, now);
  return date && current.last_modified && *date == *current.last_modified && *date < now;
}

std::string content_range(ByteRange range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

std::string content_range_not_satisfiable(std::uint64_t size) {
  return "bytes */" + std::to_string(size);
}

ByteRangesBody::ByteRangesBody(std::string_view boundary, std::string_view part_type,
                               std::vector<ByteRange> ranges, std::uint64_t size)
    : boundary_(boundary), part_type_(part_type), ranges_(std::move(ranges)), size_(size) {}

std::string ByteRangesBody::content_type() const {
  return "multipart/byteranges; boundary=" + boundary_;
}

std::string ByteRangesBody::part_head(std::size_t index) const {
  std::string head = index == 0 ? "--" : "\r\n--";
  head.append(boundary_).append("\r\n");
  if (!part_type_.empty()) head.append("Content-Type: ").append(part_type_).append("\r\n");
  head.append("Content-Range: ").append(content_range(ranges_[index], size_));
  return head.append("\r\n\r\n");
}

std::string ByteRangesBody::end() const {
  return "\r\n--" + boundary_ + "--\r\n";
}

std::uint64_t ByteRangesBody::content_length() const {
  std::uint64_t length = end().size();
  for (std::size_t i = 0; i < ranges_.size(); ++i) {
    length += part_head(i).size() + ranges_[i].size();
  }
  return length;
}

}  // namespace hybi::http
