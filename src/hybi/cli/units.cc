#include <hybi/cli/units.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <vector>

namespace hybi::cli {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t kKibi = 1024;
constexpr std::array kSizes{Unit{"gib", kKibi* kKibi* kKibi},
                            Unit{"mib", kKibi* kKibi},
                            Unit{"kib", kKibi},
                            Unit{"gb", 1'000'000'000},
                            Unit{"mb", 1'000'000},
                            Unit{"kb", 1'000},
                            Unit{"b", 1},
                            Unit{"", 1}};
constexpr std::array kDurations{Unit{"d", 86'400'000}, Unit{"h", 3'600'000}, Unit{"m", 60'000},
                                Unit{"s", 1'000}, Unit{"ms", 1}};
constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

// Takes digits from the front.
std::optional<std::uint64_t> take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_ignoring_case(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (text.size() > 1 && text.front() == ' ') text.remove_prefix(1);
  for (const Unit& unit : kSizes) {
    if (!same_ignoring_case(text, unit.name)) continue;
    if (*number > kMost / unit.factor) return std::nullopt;
    return *number * unit.factor;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> parse_duration(std::string_view text) {
  std::uint64_t sum = 0;
  auto allowed = kDurations.begin();  // units get smaller
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    const std::size_t letters = std::min(text.find_first_of("0123456789"), text.size());
    const std::string_view name = text.substr(0, letters);
    const auto unit = std::find_if(allowed, kDurations.end(),
                                   [&](const Unit& candidate) { return candidate.name == name; });
    if (unit == kDurations.end()) return std::nullopt;
    if (*number > (kMost - sum) / unit->factor) return std::nullopt;
    sum += *number * unit->factor;
    allowed = unit + 1;
    text.remove_prefix(letters);
  }
  return sum;
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array kNames{Unit{" GiB", kKibi * kKibi * kKibi}, Unit{" MiB", kKibi * kKibi},
                              Unit{" KiB", kKibi}};
  for (const Unit& unit : kNames) {
    if (bytes != 0 && bytes % unit.factor == 0) {
      return std::to_string(bytes / unit.factor) + std::string(unit.name);
    }
  }
  return std::to_string(bytes) + " B";
}

std::string format_duration(std::uint64_t milliseconds) {
  if (milliseconds == 0) return "0s";
  for (const Unit& unit : kDurations) {
    if (milliseconds % unit.factor == 0) {
      return std::to_string(milliseconds / unit.factor) + std::string(unit.name);
    }
  }
  return {};  // unreachable: everything is a multiple of one millisecond
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  constexpr std::size_t kLongest = 64;
  if (a.size() > kLongest || b.size() > kLongest) return std::max(a.size(), b.size());
  // Three rows of the usual table: two back for swaps.
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({change, last[j] + 1, row[j - 1] + 1});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates) {
  // A third of the name may be wrong; of a short name, one letter.
  std::size_t best = std::max<std::size_t>(name.size() / 3, 1) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance >= best || distance >= candidate.size()) continue;
    best = distance;
    found = candidate;
  }
  return found;
}

}  // namespace hybi::cli
