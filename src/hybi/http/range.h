// Range requests: which bytes of a representation a request asks for, and how the answer says so.
// RFC 9110 14, 13.1.5, 15.3.7.
//
// For GET only (RFC 9110 14.2). Preconditions come first: see conditional.h.
#pragma once

#include <hybi/http/entity_tag.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::http {

// Of at least one byte.
struct ByteRange {
  std::uint64_t first = 0, last = 0;  // both belong to it
  std::uint64_t size() const { return last - first + 1; }

  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

struct RangeAnswer {
  enum class Kind : std::uint8_t {
    Whole,          // as if there were no Range: 200
    Partial,        // `ranges`: 206, with Content-Range if it is one, else multipart/byteranges
    NotSatisfiable  // 416, with Content-Range: bytes */size
  };
  Kind kind = Kind::Whole;
  std::vector<ByteRange> ranges;  // in the order asked for, none overlaps or adjoins another
};

inline constexpr std::size_t kMaxRanges = 16;
// Ranges with a gap smaller than the head of another part are one. RFC 9110 15.3.7.2
inline constexpr std::uint64_t kRangeGap = 80;

// What the value of a Range field asks of a representation of `size` bytes. Whole if the unit is
// not bytes, the value is malformed, there are more than `max_ranges` ranges, more than two of them
// overlap, or together they are not smaller than the whole: RFC 9110 14.2, 17.15.
RangeAnswer read_range(std::string_view value, std::uint64_t size,
                       std::size_t max_ranges = kMaxRanges);

// Whether Range counts, given the value of If-Range (null data(): absent). `last_modified` must be
// at least one second past to be a strong validator (RFC 9110 8.8.2.2).
bool if_range_holds(std::string_view if_range, const Validators& current, std::int64_t now);

std::string content_range(ByteRange range, std::uint64_t size);  // "bytes 0-9/100"
std::string content_range_not_satisfiable(std::uint64_t size);   // "bytes */100"

// A body of multipart/byteranges: part_head(0), the bytes of range 0, part_head(1), ... end().
class ByteRangesBody {
 public:
  // Requires: a boundary of 1 to 70 token characters that is not in the content (a random one); a
  // content type without control characters, or empty.
  ByteRangesBody(std::string_view boundary, std::string_view part_type,
                 std::vector<ByteRange> ranges, std::uint64_t size);

  std::string content_type() const;  // of the whole
  const std::vector<ByteRange>& ranges() const { return ranges_; }
  std::string part_head(std::size_t index) const;
  std::string end() const;
  std::uint64_t content_length() const;

 private:
  std::string boundary_, part_type_;
  std::vector<ByteRange> ranges_;
  std::uint64_t size_;
};

}  // namespace hybi::http
