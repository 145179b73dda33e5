// The table of request methods.
#include <hybi/http/method.h>

namespace hybi::http {
namespace {

constexpr std::string_view kNames[kMethodCount] = {"GET",    "HEAD",    "POST",    "PUT",  "PATCH",
                                                   "DELETE", "OPTIONS", "CONNECT", "TRACE"};

}  // namespace

std::string_view name_of(Method method) {
  return kNames[static_cast<std::size_t>(method)];
}

bool parse_method(std::string_view text, Method& method) {
  // The most frequent ones stand first in the table, so the loop ends early.
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    if (text == kNames[i]) {
      method = static_cast<Method>(i);
      return true;
    }
  }
  return false;
}

}  // namespace hybi::http
