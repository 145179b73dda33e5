// Dates as HTTP writes them: "Sun, 06 Nov 1994 08:49:37 GMT". RFC 9110 5.6.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hybi::http {

inline constexpr std::size_t kDateBytes = 29;

// Years outside 0..9999 are written as the nearest of the two.
void format_date(std::int64_t unix_seconds, std::span<char, kDateBytes> out);
std::string format_date(std::int64_t unix_seconds);

// All three forms that a recipient must know: IMF-fixdate, RFC 850 (two-digit years: those more
// than 50 years ahead of `now` are in the past) and asctime. Empty if it is none of them or no real
// date.
std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now);

}  // namespace hybi::http
