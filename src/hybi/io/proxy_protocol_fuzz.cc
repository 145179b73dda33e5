// Invariant: accepts, or fails with a documented error; the same for any split; asks for no more
// than the limit.
#include <hybi/io/proxy_protocol.h>

#include <cstdlib>
#include <vector>

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hybi;
  constexpr std::size_t kLimit = 300;
  if (size > 400) return 0;
  const Bytes wire(reinterpret_cast<const std::byte*>(data), size);
  const auto whole = io::decode_proxy_header(wire, kLimit);
  if (!whole) require(info(whole.error().code).name.starts_with("Proxy"));
  if (size >= kLimit) require(!whole || whole.value().used > 0);
  for (std::size_t count = 0; count <= size; ++count) {
    const std::vector<std::byte> start(wire.begin(), wire.begin() + static_cast<long>(count));
    const auto part = io::decode_proxy_header(start, kLimit);
    if (part && part.value().used == 0) continue;
    require(part.has_value() == whole.has_value());
    if (!part) {
      require(part.error() == whole.error());
      return 0;
    }
    require(part.value().used == whole.value().used && part.value().used <= count);
    require(part.value().source == whole.value().source);
    require(part.value().destination == whole.value().destination);
    require(!(part.value().local && part.value().has_addresses()));
    return 0;
  }
  require(whole.has_value() && whole.value().used == 0);
  return 0;
}
