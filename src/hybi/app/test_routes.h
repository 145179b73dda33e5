// 500 routes as a larger HTTP API has them, for what asks whether matching depends on their number:
// 25 resources, each with the same 20 routes. Used by the benchmark and by the test of allocations.
#pragma once

#include <hybi/app/route_tree.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi::testing {

struct TestRoute {
  http::Method method;
  std::string pattern;
};

inline constexpr std::string_view kApiResources[] = {
    "accounts",  "articles", "assets",        "branches", "builds",   "campaigns", "contracts",
    "customers", "devices",  "events",        "groups",   "invoices", "issues",    "locations",
    "messages",  "orders",   "organizations", "payments", "products", "projects",  "reports",
    "rooms",     "tasks",    "teams",         "users"};

// The routes of the first `resources` resources, 20 each.
inline std::vector<TestRoute> api_routes(std::size_t resources = std::size(kApiResources)) {
  using enum http::Method;
  constexpr std::pair<http::Method, std::string_view> kOfEach[] = {
      {Get, ""},
      {Post, ""},
      {Get, "/search"},
      {Get, "/:id"},
      {Put, "/:id"},
      {Patch, "/:id"},
      {Delete, "/:id"},
      {Get, "/:id/history"},
      {Get, "/:id/settings"},
      {Patch, "/:id/settings"},
      {Get, "/:id/comments"},
      {Post, "/:id/comments"},
      {Get, "/:id/comments/:comment"},
      {Patch, "/:id/comments/:comment"},
      {Delete, "/:id/comments/:comment"},
      {Get, "/:id/members"},
      {Put, "/:id/members/:member"},
      {Delete, "/:id/members/:member"},
      {Get, "/:id/files/*path"},
      {Put, "/:id/files/*path"},
  };
  std::vector<TestRoute> routes;
  for (std::size_t i = 0; i < resources; ++i) {
    for (const auto& [method, rest] : kOfEach) {
      routes.push_back({method, "/api/v1/" + std::string(kApiResources[i]) + std::string(rest)});
    }
  }
  return routes;
}

inline RouteTree tree_of(const std::vector<TestRoute>& routes) {
  RouteTree tree;
  for (const TestRoute& route : routes) {
    tree.add(slot_of(route.method), conn::RoutePattern::parse(route.pattern).value(), {});
  }
  return tree;
}

}  // namespace hybi::testing
