// Sizes, durations and near misses of names, as they stand in hybi.toml.
//
//   "64 KiB" "16MiB" "512B" "10MB" (decimal)       "30s" "500ms" "1h30m" "7d"
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hybi::cli {

// Returns: bytes; empty if it is no size or does not fit. A number alone is bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
// Returns: milliseconds; empty if it is no duration or does not fit. A unit is mandatory, larger
// ones come first.
std::optional<std::uint64_t> parse_duration(std::string_view text);

// The shortest form that reads back as the same number: "64 KiB", "90s".
std::string format_size(std::uint64_t bytes);
std::string format_duration(std::uint64_t milliseconds);

// How many insertions, deletions, changes and swaps of neighbours lead from `a` to `b`.
// Cost: a.size() * b.size(). Lengths above 64 are not compared: the longer length is returned.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate that `name` was probably meant to be; empty if none is near.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace hybi::cli
