// Invariant: whatever bytes come, reading them as MessagePack ends with a value that is no deeper
// than the limit, holds text in UTF-8 only, and is read the same from what it is written as; or
// with an error that says what is wrong.
#include <hybi/base/utf8.h>
#include <hybi/json.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace hybi;
using nlohmann::json;

constexpr std::size_t kMaxDepth = 8;

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const json& value, std::size_t depth) {
  if (value.is_string()) require(is_utf8(value.get_ref<const std::string&>()));
  if (!value.is_structured()) return;
  require(depth < kMaxDepth);
  for (const auto& [name, one] : value.items()) {
    require(is_utf8(name));
    check(one, depth + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const JsonOptions options{.max_depth = kMaxDepth};
  const auto value = parse_message_pack(std::as_bytes(std::span(data, size)), options);
  if (!value) {
    require(!value.error().what.empty() && is_utf8(value.error().what));
    return 0;
  }
  check(*value, 0);
  // A NaN is never the same as itself: compared as written.
  const std::vector<std::uint8_t> written = json::to_msgpack(*value);
  const auto again = parse_message_pack(std::as_bytes(std::span(written)), options);
  require(again && json::to_msgpack(*again) == written);
  return 0;
}
