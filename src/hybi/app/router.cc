// The tree of routes, see router.h.
#include <hybi/app/router.h>
#include <hybi/http/target.h>

namespace hybi {

using conn::RoutePattern;
using http::Method;

struct Router::Node {
  static constexpr std::size_t kAny = http::kMethodCount;
  static constexpr std::size_t kWebSocket = http::kMethodCount + 1;

  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> param;
  std::unique_ptr<Node> rest;
  std::array<std::unique_ptr<Route>, http::kMethodCount + 2> routes;
  bool has_routes = false;

  const Route* at(std::size_t slot) const { return routes[slot].get(); }
  const Route* at(Method method) const { return at(static_cast<std::size_t>(method)); }
};

Router::Router() : root_(std::make_unique<Node>()) {}
Router::~Router() = default;

Result<void> Router::add(Method method, std::string_view pattern, Handler handler) {
  return place(pattern, static_cast<std::size_t>(method), std::move(handler));
}

Result<void> Router::add_any(std::string_view pattern, Handler handler) {
  return place(pattern, Node::kAny, std::move(handler));
}

Result<void> Router::add_websocket(std::string_view pattern, Handler handler) {
  return place(pattern, Node::kWebSocket, std::move(handler));
}

Result<void> Router::place(std::string_view text, std::size_t slot, Handler handler) {
  Result<RoutePattern> pattern = RoutePattern::parse(text);
  if (!pattern) return pattern.error();
  Node* node = root_.get();
  for (const RoutePattern::Segment& segment : pattern->segments) {
    std::unique_ptr<Node>* next = nullptr;
    switch (segment.kind) {
      case RoutePattern::Segment::Kind::Literal:
        next = &node->literals[segment.text];
        break;
      case RoutePattern::Segment::Kind::Param:
        next = &node->param;
        break;
      case RoutePattern::Segment::Kind::Rest:
        next = &node->rest;
        break;
    }
    if (!*next) *next = std::make_unique<Node>();
    node = next->get();
  }
  node->has_routes = true;
  node->routes[slot] = std::make_unique<Route>(Route{std::move(*pattern), std::move(handler)});
  return {};
}

const Router::Node* Router::walk(const Node& node, std::string_view path) {
  if (path.empty()) return node.has_routes ? &node : nullptr;
  std::string_view rest = path;
  const std::string_view segment = conn::take_segment(rest);
  if (!node.literals.empty()) {
    auto next = node.literals.find(segment);
    if (next == node.literals.end() && segment.find('%') != std::string_view::npos) {
      const auto decoded = http::decode_segment(segment);
      if (decoded) next = node.literals.find(*decoded);
    }
    if (next != node.literals.end()) {
      if (const Node* const found = walk(*next->second, rest)) return found;
    }
  }
  if (node.param && !segment.empty()) {
    if (const Node* const found = walk(*node.param, rest)) return found;
  }
  return node.rest && path.size() > 1 ? node.rest.get() : nullptr;
}

namespace {

std::string allowed_methods(const std::array<bool, http::kMethodCount>& methods) {
  std::string allow;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (!methods[i]) continue;
    if (!allow.empty()) allow += ", ";
    allow += http::name_of(static_cast<Method>(i));
  }
  return allow;
}

}  // namespace

Router::Found Router::find(Method method, bool websocket, std::string_view path) const {
  Found found;
  const Node* const node = walk(*root_, path);
  if (node == nullptr) return found;
  found.path_known = true;
  if (websocket) found.route = node->at(Node::kWebSocket);
  if (found.route == nullptr) found.route = node->at(method);
  if (found.route == nullptr && method == Method::Head) found.route = node->at(Method::Get);
  if (found.route == nullptr) found.route = node->at(Node::kAny);
  if (found.route != nullptr) return found;

  const bool has_websocket = node->at(Node::kWebSocket) != nullptr;
  found.websocket_only = has_websocket && (method == Method::Get || method == Method::Head);
  std::array<bool, http::kMethodCount> methods{};
  for (std::size_t i = 0; i < methods.size(); ++i) methods[i] = node->at(i) != nullptr;
  const auto set = [&](Method which) -> bool& { return methods[static_cast<std::size_t>(which)]; };
  set(Method::Get) = set(Method::Get) || has_websocket;
  set(Method::Head) = set(Method::Head) || node->at(Method::Get) != nullptr;
  set(Method::Options) = true;
  found.allow = allowed_methods(methods);
  return found;
}

}  // namespace hybi
