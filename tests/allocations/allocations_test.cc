// What must not allocate: finding one of 500 routes, and finding none. A program of its own,
// because it replaces operator new for all that is in it.
#include <hybi/app/test_routes.h>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

namespace {

std::size_t allocations = 0;  // there is one thread

void* counted(std::size_t size) noexcept {
  ++allocations;
  return std::malloc(size == 0 ? 1 : size);
}

void* counted_or_throw(std::size_t size) {
  void* const block = counted(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

void* operator new(std::size_t size) {
  return counted_or_throw(size);
}
void* operator new[](std::size_t size) {
  return counted_or_throw(size);
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return counted(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t) noexcept {
  std::free(block);
}

namespace hybi {
namespace {

// A path that fits the pattern; its values are longer than what a std::string holds in itself.
std::string path_for(const std::string& pattern) {
  std::string path;
  std::string_view rest = pattern;
  while (!rest.empty()) {
    const std::string_view segment = conn::take_segment(rest);
    path += '/';
    if (segment.starts_with(':')) {
      path += "0d7c5d1e-6f0b-4f57-9a51-3f6f1f0c9f8e";
    } else if (segment.starts_with('*')) {
      path += "a/directory/far/below/with/a-file-of-some-name.tar.gz";
    } else {
      path += segment;
    }
  }
  return path;
}

TEST(RouteAllocations, TheCounterSeesWhatAllocates) {
  const std::size_t before = allocations;
  ::operator delete(::operator new(1));  // called so, they are not optimised away
  EXPECT_EQ(allocations - before, 1u);
}

TEST(RouteAllocations, FindingOneOf500RoutesAllocatesNothing) {
  const std::vector<testing::TestRoute> routes = testing::api_routes();
  ASSERT_EQ(routes.size(), 500u);
  const RouteTree tree = testing::tree_of(routes);
  for (const testing::TestRoute& route : routes) {
    const std::string path = path_for(route.pattern);
    const std::size_t before = allocations;
    const RouteTree::Found found = tree.find(route.method, false, path);
    const std::size_t made = allocations - before;
    ASSERT_NE(found.route, nullptr) << path;
    EXPECT_EQ(found.route->pattern.text, route.pattern);
    EXPECT_EQ(made, 0u) << path;
  }
}

TEST(RouteAllocations, FindingNoRouteAllocatesNothing) {
  const RouteTree tree = testing::tree_of(testing::api_routes());
  for (const std::string_view path :
       {"/", "/api/v1/usersandmore/4711-a-long-identifier-of-something",
        "/api/v1/users/4711-a-long-identifier-of-something/nowhere"}) {
    const std::size_t before = allocations;
    const RouteTree::Found found = tree.find(http::Method::Get, false, path);
    EXPECT_EQ(allocations - before, 0u) << path;
    EXPECT_FALSE(found.path_known) << path;
  }
}

}  // namespace
}  // namespace hybi
