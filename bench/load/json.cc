// Generated records, see json.h.
#include "load/json.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "load/net.h"

namespace bench {
namespace {

constexpr std::array<std::string_view, 12> kSymbols = {
    "AAPL", "AMZN", "BAYN", "DBKD", "GOOG", "IBMX", "META", "MSFT", "NFLX", "SAPG", "SIEG", "TSLA"};
constexpr std::array<std::string_view, 4> kVenues = {"XETR", "XLON", "XNAS", "XNYS"};
constexpr std::string_view kTail = "],\"note\":\"";
constexpr std::string_view kEnd = "\"}";

// SplitMix64: the same numbers with every compiler and standard library.
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15U + 1) {}

  std::uint64_t below(std::uint64_t limit) {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % limit;
  }

 private:
  std::uint64_t state_;
};

template <class... Values>
std::string formatted(const char* format, Values... values) {
  char text[256];
  const int n = std::snprintf(text, sizeof text, format, values...);
  return std::string(text, static_cast<std::size_t>(n));
}

std::string record(Numbers& numbers, unsigned long long id, unsigned milliseconds) {
  const std::string_view symbol = kSymbols[numbers.below(kSymbols.size())];
  const std::string_view venue = kVenues[numbers.below(kVenues.size())];
  const unsigned price = 1000 + static_cast<unsigned>(numbers.below(50000));
  const unsigned size = 1 + static_cast<unsigned>(numbers.below(2000));
  return formatted(
      "{\"id\":%llu,\"symbol\":\"%s\",\"side\":\"%s\",\"price\":%u.%02u,\"size\":%u,"
      "\"venue\":\"%s\",\"time\":\"09:%02u:%02u.%03u\"}",
      id, symbol.data(), numbers.below(2) == 0 ? "buy" : "sell", price / 100, price % 100, size,
      venue.data(), milliseconds / 60000 % 60, milliseconds / 1000 % 60, milliseconds % 1000);
}

}  // namespace

std::string make_json(std::size_t bytes, unsigned number) {
  Numbers numbers(number);
  unsigned long long id = 7'300'000'000ULL + number * 1000ULL + numbers.below(100);
  unsigned milliseconds = number * 700;
  std::string json =
      formatted("{\"type\":\"trades\",\"sequence\":%u,\"trades\":[", 481'000 + number);
  for (bool first = true;; first = false) {
    milliseconds += static_cast<unsigned>(numbers.below(40));
    const std::string next = (first ? "" : ",") + record(numbers, ++id, milliseconds);
    if (json.size() + next.size() + kTail.size() + kEnd.size() > bytes) break;
    json += next;
  }
  json += kTail;
  if (json.size() + kEnd.size() > bytes) fail("no JSON is that short");
  // Less than one record is missing: letters.
  while (json.size() + kEnd.size() < bytes) json += static_cast<char>('a' + numbers.below(26));
  return json.append(kEnd);
}

}  // namespace bench
