// The error table, see errc.def.
#include <hybi/error.h>

#include <system_error>

namespace hybi {
namespace {

constexpr ErrorInfo kTable[] = {
#define HYBI_ERRC(name, close, http, text, spec) {#name, close, http, text, spec},
#include <hybi/errc.def>
#undef HYBI_ERRC
};

constexpr bool texts_fit_a_close_frame() {
  for (const ErrorInfo& entry : kTable) {
    if (entry.text.size() > 123) return false;  // RFC 6455 5.5: 125 bytes less the code
  }
  return true;
}
static_assert(texts_fit_a_close_frame());

}  // namespace

const ErrorInfo& info(Errc code) {
  return kTable[static_cast<std::size_t>(code)];
}

std::string describe(Error error) {
  const ErrorInfo& entry = info(error.code);
  std::string line(entry.text);
  if (!entry.spec.empty()) line.append(" (").append(entry.spec).append(")");
  if (error.os != 0) line.append(": ").append(std::generic_category().message(error.os));
  return line;
}

}  // namespace hybi
