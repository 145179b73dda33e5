// Invariant: parse_json takes exactly what nlohmann takes, less NUL, what is too deep or has a name
// twice, with the same value; what it refuses has a place within the text and short words of UTF-8.
#include <hybi/base/utf8.h>
#include <hybi/json.h>
#include <hybi/limits.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

using namespace hybi;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_error(const JsonError& error, std::string_view text) {
  const auto lines = 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  require(error.line >= 1 && error.line <= lines, "a line of the text");
  require(error.column >= 1 && error.column <= text.size() + 1, "a column of the text");
  require(!error.what.empty() && error.what.size() <= 200, "short words");
  require(is_utf8(error.describe()), "words in UTF-8");
  require(error.code == Errc::HttpBadJson || error.code == Errc::HttpJsonTooDeep, "a known error");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(Bytes(reinterpret_cast<const std::byte*>(data), size));
  const auto strict = parse_json(text, {.max_depth = 32});
  if (!strict) check_error(strict.error(), text);
  const auto loose = parse_json(text, {.max_depth = kNoLimit, .allow_duplicate_keys = true});
  if (!loose) check_error(loose.error(), text);
  if (strict) {
    require(loose && *loose == *strict, "the limits only refuse");
    const auto again = parse_json(strict->dump());
    require(again && again->dump() == strict->dump(), "what was read can be written and read");
  }
  if (!loose && loose.error().code == Errc::HttpJsonTooDeep) return 0;  // theirs has no bound
  if (text.find('\0') != text.npos) {  // theirs takes it for the end
    require(!loose, "no NUL");
    return 0;
  }
  const auto theirs = nlohmann::json::parse(text, nullptr, false);
  require(theirs.is_discarded() == !loose, "as nlohmann decides");
  if (loose) require(theirs.dump() == loose->dump(), "as nlohmann reads");
  return 0;
}
