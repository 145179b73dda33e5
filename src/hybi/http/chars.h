// What characters HTTP allows where, and the fast search for those it does not. RFC 9110 5.5, RFC
// 3986.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace hybi::http {

// Control characters except HTAB. RFC 9110 5.5: field values hold HTAB, SP, VCHAR and obs-text.
constexpr bool is_control(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u < 0x20 && u != '\t') || u == 0x7f;
}

// The first control character in [at, end), or end.
inline const char* find_control(const char* at, const char* end) {
#if defined(__SSE2__)
  const __m128i last_control = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(text, last_control), text);
    const __m128i bad =
        _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(text, tab), low), _mm_cmpeq_epi8(text, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bad));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && !is_control(*at)) ++at;
  return at;
}

inline bool is_field_value(std::string_view text) {
  const char* const end = text.data() + text.size();
  return find_control(text.data(), end) == end;
}

// A set of characters as a table.
class CharSet {
 public:
  explicit constexpr CharSet(std::string_view extra) {
    for (char c = '0'; c <= '9'; ++c) add(c);
    for (char c = 'a'; c <= 'z'; ++c) add(c);
    for (char c = 'A'; c <= 'Z'; ++c) add(c);
    for (char c : extra) add(c);
  }
  constexpr bool has(char c) const { return in_[static_cast<unsigned char>(c)]; }

 private:
  constexpr void add(char c) { in_[static_cast<unsigned char>(c)] = true; }
  std::array<bool, 256> in_{};
};

// RFC 3986 2.3, 2.2: unreserved and sub-delims; "%" is looked at apart.
inline constexpr CharSet kHostChars("-._~!$&'()*+,;=");
// RFC 3986 3.3 pchar and "/", and besides them what browsers leave unescaped in a path.
inline constexpr CharSet kPathChars("-._~!$&'()*+,;=:@/[]^{|}");
// RFC 3986 3.4, and besides it what browsers leave unescaped in a query.
inline constexpr CharSet kQueryChars("-._~!$&'()*+,;=:@/?[]^{|}\\`");

}  // namespace hybi::http
