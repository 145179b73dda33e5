// See forwarded.h.
#include <hybi/base/ascii.h>
#include <hybi/conn/forwarded.h>
#include <hybi/conn/loop_context.h>

#include <string_view>

namespace hybi::conn {
namespace {

// The first element of a list, where the client's own proxy has written.
std::string_view first_of(std::string_view list, char separator) {
  return trim_ows(list.substr(0, list.find(separator)));
}

// The value of `proto` in the first element of Forwarded; empty if it says none.
std::string_view forwarded_proto(std::string_view forwarded) {
  std::string_view element = first_of(forwarded, ',');
  while (!element.empty()) {
    const std::string_view pair = first_of(element, ';');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos &&
        equals_ignoring_case(trim_ows(pair.substr(0, equals)), "proto")) {
      std::string_view value = trim_ows(pair.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
        value = value.substr(1, value.size() - 2);
      }
      return value;
    }
    const std::size_t end = element.find(';');
    element = end == std::string_view::npos ? std::string_view() : element.substr(end + 1);
  }
  return {};
}

}  // namespace

bool client_speaks_tls(Connection& connection, const http::Head& head) {
  const ServerShare& share = connection.context().share();
  if (share.trusted_proxies.has(connection.peer())) {
    std::string_view proto = forwarded_proto(head.find("forwarded"));
    if (proto.empty()) proto = first_of(head.find("x-forwarded-proto"), ',');
    if (!proto.empty()) {
      return equals_ignoring_case(proto, "https") || equals_ignoring_case(proto, "wss");
    }
  }
  return share.behind_tls;
}

}  // namespace hybi::conn
