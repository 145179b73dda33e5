// See forwarded.h.
#include <hybi/base/ascii.h>
#include <hybi/conn/forwarded.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/authority.h>
#include <hybi/http/field_value.h>
#include <hybi/http/forwarded.h>

#include <cstring>
#include <optional>
#include <string_view>

namespace hybi::conn {
namespace {

// What one of the two kinds of fields says.
struct Told {
  std::optional<io::Address> client;  // nothing: it does not say; None: it cannot be told
  std::optional<bool> https;
  std::string host;
};

std::optional<bool> is_https(std::string_view proto) {
  if (equals_ignoring_case(proto, "https") || equals_ignoring_case(proto, "wss")) return true;
  if (equals_ignoring_case(proto, "http") || equals_ignoring_case(proto, "ws")) return false;
  return std::nullopt;
}

std::string host_in(std::string_view host) {
  return !host.empty() && http::is_authority(host) ? std::string(host) : std::string();
}

io::Address address_of(const Result<http::Node>& node) {
  using Kind = http::Node::Kind;
  if (!node || (node->kind != Kind::V4 && node->kind != Kind::V6)) return {};
  io::Address address = io::parse_ip(node->name);
  address.port = node->port.value_or(0);
  return address;
}

Told read_forwarded(const io::Networks& trusted, const http::Head& head) {
  std::string joined;
  const std::string_view value = http::combined_value(head, "forwarded", joined);
  if (value.data() == nullptr) return {};
  Told told;
  const auto elements = http::parse_forwarded(value);
  if (!elements || elements->empty()) {
    told.client = io::Address();
    return told;
  }
  for (std::size_t i = elements->size(); i-- > 0;) {
    const http::ForwardedElement& element = (*elements)[i];
    told.client = address_of(http::parse_node(element.client));
    told.https = is_https(element.proto);
    told.host = host_in(element.host);
    if (!trusted.has(*told.client)) break;
  }
  return told;
}

// The element `hops` from the right, or the leftmost where there are fewer: some proxies append to
// these fields, some replace them.
std::string_view element_at(std::string_view list, std::size_t hops) {
  std::string_view element;
  http::FromTheRight reader(list);
  for (std::size_t i = 0; i <= hops && reader.next(element); ++i) {
  }
  return element;
}

Told read_x_forwarded(const io::Networks& trusted, const http::Head& head) {
  std::string joined;
  Told told;
  std::size_t hops = 0;
  const std::string_view clients = http::combined_value(head, "x-forwarded-for", joined);
  if (clients.data() != nullptr) {
    std::string_view element;
    std::size_t count = 0;
    for (http::FromTheRight list(clients); list.next(element); ++count) {
      told.client = address_of(http::parse_node(element, true));
      hops = count;
      if (!trusted.has(*told.client)) break;
    }
    if (!told.client) told.client = io::Address();
  }
  std::string protos;
  const std::string_view proto = http::combined_value(head, "x-forwarded-proto", protos);
  if (proto.data() != nullptr) {
    told.https = is_https(element_at(proto, hops));
  }
  std::string hosts;
  const std::string_view host = http::combined_value(head, "x-forwarded-host", hosts);
  if (host.data() != nullptr) {
    told.host = host_in(element_at(host, hops));
  }
  return told;
}

bool same_ip(const io::Address& a, const io::Address& b) {
  return a.family == b.family && std::memcmp(a.ip, b.ip, sizeof a.ip) == 0;
}

}  // namespace

Client client_of(const ServerShare& share, const io::Address& peer, const http::Head& head) {
  Client client{.address = peer, .https = share.behind_tls, .host = {}};
  if (!share.trusted_proxies.has(peer)) return client;
  const Told forwarded = read_forwarded(share.trusted_proxies, head);
  const Told before = read_x_forwarded(share.trusted_proxies, head);
  if (forwarded.client && before.client) {
    client.address = same_ip(*forwarded.client, *before.client) ? *forwarded.client : io::Address();
  } else if (forwarded.client || before.client) {
    client.address = forwarded.client ? *forwarded.client : *before.client;
  }
  if (forwarded.https && before.https) {
    client.https = *forwarded.https && *before.https;
  } else if (forwarded.https || before.https) {
    client.https = forwarded.https ? *forwarded.https : *before.https;
  }
  if (forwarded.host.empty() || before.host.empty() ||
      equals_ignoring_case(forwarded.host, before.host)) {
    client.host = forwarded.host.empty() ? before.host : forwarded.host;
  }
  return client;
}

bool client_speaks_tls(Connection& connection, const http::Head& head) {
  return client_of(connection.context().share(), connection.peer(), head).https;
}

}  // namespace hybi::conn

namespace hybi {

io::Address RequestInfo::client() const {
  return conn::client_of(*share_, peer_, *head_).address;
}

std::string_view RequestInfo::scheme() const {
  return conn::client_of(*share_, peer_, *head_).https ? "https" : "http";
}

std::string RequestInfo::client_host() const {
  const std::string told = conn::client_of(*share_, peer_, *head_).host;
  return told.empty() ? std::string(host()) : told;
}

}  // namespace hybi
