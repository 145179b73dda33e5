// Invariant: pairs are parts of the field and in its order, none is found that a plain reading
// would not find; a Set-Cookie is refused or one field's value in which nothing but the given
// attributes stands, and what it sets reads back as it was.
//
// Input: lines: a Cookie field, then name, value, path and domain of a Set-Cookie; the last
// character of the first line chooses the flags.
#include <hybi/base/ascii.h>
#include <hybi/http/chars.h>
#include <hybi/http/cookie.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace hybi;
using namespace hybi::http;

void require(bool holds) {
  if (!holds) std::abort();
}

void read(std::string_view field) {
  const char* at = field.data();
  CookieReader::Pair pair;
  std::size_t count = 0;
  for (CookieReader reader(field); reader.next(pair); ++count) {
    require(pair.name.data() >= at && pair.name.data() + pair.name.size() < pair.value.data());
    at = pair.value.data() + pair.value.size();
    require(at <= field.data() + field.size());
    require(pair.name.find_first_of("=;") == std::string_view::npos);
    require(pair.value.find(';') == std::string_view::npos);
    require(trim_ows(pair.name) == pair.name && trim_ows(pair.value) == pair.value);
    // RFC 6265 5.4: the first of a name counts.
    const std::string_view first = find_cookie(field, pair.name);
    require(first.data() != nullptr && first.data() <= pair.value.data());
  }
  require(count <= static_cast<std::size_t>(std::count(field.begin(), field.end(), '=')));
  require(find_cookie(field, "no such;name").data() == nullptr);
}

void build(const std::array<std::string, 5>& lines, unsigned flags) {
  const SetCookie cookie{
      .name = lines[1],
      .value = lines[2],
      .path = lines[3],
      .domain = lines[4],
      .max_age = (flags & 1) != 0 ? std::optional(std::chrono::seconds(flags)) : std::nullopt,
      .secure = (flags & 2) != 0,
      .http_only = (flags & 4) != 0,
      .same_site = static_cast<SameSite>(flags / 8 % 4)};
  const Result<std::string> built = cookie.build();
  if (!built) {
    require(built.error().code == Errc::BadField);
    return;
  }
  require(is_field_value(*built) && built->find_first_of("\r\n") == std::string::npos);
  const std::size_t attributes = static_cast<std::size_t>(
      !cookie.path.empty() + !cookie.domain.empty() + cookie.max_age.has_value() + cookie.secure +
      cookie.http_only + (cookie.same_site != SameSite::Unset));
  require(static_cast<std::size_t>(std::count(built->begin(), built->end(), ';')) == attributes);
  if (cookie.name.starts_with("__Host-")) {
    require(cookie.secure && cookie.domain.empty() && cookie.path == "/");
  }
  if (cookie.name.starts_with("__Secure-")) require(cookie.secure);
  const std::string sent = built->substr(0, built->find(';'));
  require(find_cookie("a=b; " + sent + "; c=d", cookie.name) ==
          (cookie.name == "a" ? "b" : std::string_view(cookie.value)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2048) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string, 5> lines;
  for (std::string& line : lines) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  read(lines[0]);
  build(lines, lines[0].empty() ? 0 : static_cast<unsigned char>(lines[0].back()));
  return 0;
}
