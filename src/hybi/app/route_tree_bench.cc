// The cost of finding a route among 20 and among 500: a literal path, parameters, a rest, a path
// that is not there, a method that is not.
#include <hybi/app/test_routes.h>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string_view>

namespace {

using namespace hybi;
using http::Method;

// `expected`: whether there is a route for it. The argument is the number of resources.
void find(benchmark::State& state, Method method, std::string_view path, bool expected) {
  const auto routes = testing::api_routes(static_cast<std::size_t>(state.range(0)));
  const RouteTree tree = testing::tree_of(routes);
  for (auto unused : state) {
    (void)unused;
    const RouteTree::Found found = tree.find(method, false, path);
    if ((found.route != nullptr) != expected) std::abort();
    benchmark::DoNotOptimize(found);
  }
  state.counters["routes"] = static_cast<double>(routes.size());
  state.SetItemsProcessed(state.iterations());
}

constexpr bool kFound = true;
constexpr bool kNotFound = false;

// The first resource is in both trees.
BENCHMARK_CAPTURE(find, literal, Method::Get, "/api/v1/accounts/search", kFound)->Arg(1)->Arg(25);
BENCHMARK_CAPTURE(find, param, Method::Get, "/api/v1/accounts/8123", kFound)->Arg(1)->Arg(25);
BENCHMARK_CAPTURE(find, two_params, Method::Patch, "/api/v1/accounts/8123/comments/17", kFound)
    ->Arg(1)
    ->Arg(25);
BENCHMARK_CAPTURE(find, rest, Method::Get, "/api/v1/accounts/8123/files/src/app/main.cc", kFound)
    ->Arg(1)
    ->Arg(25);
BENCHMARK_CAPTURE(find, miss, Method::Get, "/api/v1/accounts/8123/nowhere", kNotFound)
    ->Arg(1)
    ->Arg(25);
BENCHMARK_CAPTURE(find, other_method, Method::Delete, "/api/v1/accounts", kNotFound)
    ->Arg(1)
    ->Arg(25);

}  // namespace

BENCHMARK_MAIN();
