// Finds the handler of a request: one walk down a tree of path segments, without allocation.
//
// A literal segment beats `:param`, that beats `*rest`; if the better one leads nowhere the next is
// tried. Filled before the server starts, read by all loops afterwards.
#pragma once

#include <hybi/conn/route_pattern.h>
#include <hybi/http/method.h>
#include <hybi/server.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace hybi {

struct Route {
  conn::RoutePattern pattern;
  Handler handler;
};

class Router {
 public:
  Router();
  ~Router();

  // A later route for the same method and place replaces the earlier one. Fails: BadPattern.
  Result<void> add(http::Method method, std::string_view pattern, Handler handler);
  Result<void> add_any(std::string_view pattern, Handler handler);
  // For requests that ask for a WebSocket; they find it before the GET route.
  Result<void> add_websocket(std::string_view pattern, Handler handler);

  struct Found {
    const Route* route = nullptr;
    bool path_known = false;      // there are routes here, for other methods perhaps
    bool websocket_only = false;  // a GET would find a WebSocket route only
    std::string allow;            // "GET, HEAD, OPTIONS"; filled when path_known and no route
  };
  // `path` is percent-encoded and starts with "/".
  Found find(http::Method method, bool websocket, std::string_view path) const;

 private:
  struct Node;
  Result<void> place(std::string_view pattern, std::size_t slot, Handler handler);
  static const Node* walk(const Node& node, std::string_view path);

  std::unique_ptr<Node> root_;
};

}  // namespace hybi
