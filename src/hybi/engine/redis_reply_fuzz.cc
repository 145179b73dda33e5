// Invariant: whatever a Redis server sends, the link hands out replies or fails with RedisReplied,
// the same for any split; what is read of a reply as a session is one or none, within its bytes.
#include <hybi/engine/redis_session_store.h>
#include <hybi/engine/test_redis_link.h>

#include <algorithm>
#include <cstdint>

namespace {

using namespace hybi;
using namespace hybi::engine;

void require(bool holds) {
  if (!holds) std::abort();
}

constexpr std::size_t kLimit = 64 * 1024;

void read_session(std::string_view text) {
  test::ToldLink link(kLimit);
  link.send(text);
  if (!link.link().on_ready(true, false)) return;
  for (auto reply = link.link().next_reply(); reply && *reply; reply = link.link().next_reply()) {
    const auto session = session_in(**reply);
    if (!session) continue;
    std::size_t bytes = 0;
    for (const auto& [name, value] : session->values) bytes += name.size() + value.size();
    require(bytes <= text.size());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 512) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string whole = test::ToldLink(kLimit).read(text);
  test::ToldLink cut(kLimit);
  std::string told;
  for (const char c : text) {
    told += cut.read(std::string_view(&c, 1));
    if (told.ends_with("RedisReplied")) break;
  }
  require(told == whole);
  if (!text.empty()) read_session(text);
  return 0;
}
