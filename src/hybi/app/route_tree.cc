// The tree of routes, see route_tree.h.
#include <hybi/app/route_tree.h>
#include <hybi/http/target.h>

#include <algorithm>
#include <array>

namespace hybi {

using conn::RoutePattern;
using http::Method;

std::string_view name_of(RouteSlot slot) {
  if (slot == kAnyMethod) return "*";
  if (slot == kWebSocket) return "WS";
  return http::name_of(static_cast<Method>(slot));
}

const Route* RouteTree::Node::at(RouteSlot slot) const {
  for (const Entry& entry : routes) {
    if (entry.slot == slot) return entry.route.get();
  }
  return nullptr;
}

std::uint32_t RouteTree::Node::literal(std::string_view text) const {
  const auto at = std::lower_bound(literals.begin(), literals.end(), text,
                                   [](const Edge& edge, std::string_view wanted) {
                                     return std::string_view(edge.text) < wanted;
                                   });
  return at != literals.end() && at->text == text ? at->node : 0;
}

std::uint32_t RouteTree::child(std::uint32_t of, const RoutePattern::Segment& segment) {
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  Node& node = nodes_[of];
  switch (segment.kind) {
    case RoutePattern::Segment::Kind::Literal: {
      if (const std::uint32_t there = node.literal(segment.text); there != 0) return there;
      const auto at = std::lower_bound(
          node.literals.begin(), node.literals.end(), segment.text,
          [](const Edge& edge, const std::string& text) { return edge.text < text; });
      node.literals.insert(at, {segment.text, next});
      break;
    }
    case RoutePattern::Segment::Kind::Param:
      if (node.param != 0) return node.param;
      node.param = next;
      break;
    case RoutePattern::Segment::Kind::Rest:
      if (node.rest != 0) return node.rest;
      node.rest = next;
      break;
  }
  nodes_.emplace_back();
  return next;
}

void RouteTree::add(RouteSlot slot, RoutePattern pattern, Handler handler, RouteOptions options) {
  std::uint32_t at = 0;
  for (const RoutePattern::Segment& segment : pattern.segments) at = child(at, segment);
  auto route =
      std::make_unique<Route>(Route{std::move(pattern), std::move(handler), std::move(options)});
  for (Entry& entry : nodes_[at].routes) {
    if (entry.slot != slot) continue;
    entry.route = std::move(route);
    return;
  }
  nodes_[at].routes.push_back({slot, std::move(route)});
}

const RouteTree::Node* RouteTree::walk(const Node& node, std::string_view path) const {
  if (path.empty()) return node.routes.empty() ? nullptr : &node;
  std::string_view rest = path;
  const std::string_view segment = conn::take_segment(rest);
  if (!node.literals.empty()) {
    std::uint32_t next = node.literal(segment);
    if (next == 0 && segment.find('%') != std::string_view::npos) {
      const auto decoded = http::decode_segment(segment);
      if (decoded) next = node.literal(*decoded);
    }
    if (next != 0) {
      if (const Node* const found = walk(nodes_[next], rest)) return found;
    }
  }
  if (node.param != 0 && !segment.empty()) {
    if (const Node* const found = walk(nodes_[node.param], rest)) return found;
  }
  return node.rest != 0 && path.size() > 1 ? &nodes_[node.rest] : nullptr;
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

RouteTree::Found RouteTree::find(Method method, bool websocket, std::string_view path) const {
  Found found;
  const Node* const node = walk(nodes_[0], path);
  if (node == nullptr) return found;
  found.path_known = true;
  if (websocket) found.route = node->at(kWebSocket);
  if (found.route == nullptr) found.route = node->at(slot_of(method));
  if (found.route == nullptr && method == Method::Head)
    found.route = node->at(slot_of(Method::Get));
  if (found.route == nullptr) found.route = node->at(kAnyMethod);
  if (found.route != nullptr) return found;

  const bool has_websocket = node->at(kWebSocket) != nullptr;
  found.websocket_only = has_websocket && (method == Method::Get || method == Method::Head);
  std::array<bool, http::kMethodCount> methods{};
  const auto set = [&](Method which) -> bool& { return methods[static_cast<std::size_t>(which)]; };
  for (std::size_t i = 0; i < methods.size(); ++i) {
    methods[i] = node->at(slot_of(static_cast<Method>(i))) != nullptr;
  }
  set(Method::Get) = set(Method::Get) || has_websocket;
  set(Method::Head) = set(Method::Head) || node->at(slot_of(Method::Get)) != nullptr;
  set(Method::Options) = true;
  found.allow = allowed_methods(methods);
  return found;
}

}  // namespace hybi
