// Finds the handler of a request: one walk down a tree of path segments, without allocation.
//
// A literal segment beats `:param`, that beats `*rest`; if the better one leads nowhere the next is
// tried, and every node is tried at most once. Filled before the server starts, read by all loops
// afterwards.
#pragma once

#include <hybi/conn/route_pattern.h>
#include <hybi/http/method.h>
#include <hybi/router.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

struct Route {
  conn::RoutePattern pattern;
  Handler handler;
  RouteOptions options;
};

// What a route answers: a method, every other method, or requests that ask for a WebSocket.
enum class RouteSlot : std::uint8_t {};
inline constexpr auto kAnyMethod = RouteSlot(http::kMethodCount);
inline constexpr auto kWebSocket = RouteSlot(http::kMethodCount + 1);
constexpr RouteSlot slot_of(http::Method method) {
  return RouteSlot(static_cast<std::uint8_t>(method));
}
std::string_view name_of(RouteSlot slot);  // "GET", "*", "WS"

class RouteTree {
 public:
  // A later route for the same slot and place replaces the earlier one.
  void add(RouteSlot slot, conn::RoutePattern pattern, Handler handler, RouteOptions options = {});

  struct Found {
    const Route* route = nullptr;
    bool path_known = false;      // there are routes here, for other methods perhaps
    bool websocket_only = false;  // a GET would find a WebSocket route only
    std::string allow;            // "GET, HEAD, OPTIONS"; filled when path_known and no route
  };
  // `path` is percent-encoded and starts with "/". Requests for a WebSocket find those routes
  // before the GET route.
  Found find(http::Method method, bool websocket, std::string_view path) const;

 private:
  struct Edge {
    std::string text;
    std::uint32_t node = 0;
  };
  struct Entry {
    RouteSlot slot{};
    std::unique_ptr<Route> route;
  };
  struct Node {
    std::vector<Edge> literals;  // sorted by text
    std::uint32_t param = 0;     // 0: none; the root is nobody's child
    std::uint32_t rest = 0;
    std::vector<Entry> routes;

    const Route* at(RouteSlot slot) const;
    std::uint32_t literal(std::string_view text) const;
  };

  std::uint32_t child(std::uint32_t of, const conn::RoutePattern::Segment& segment);
  const Node* walk(const Node& node, std::string_view path) const;

  std::vector<Node> nodes_{1};
};

}  // namespace hybi
