// Which route a path finds: a table, and a naive twin over random routes. See route_tree.h.
#include <hybi/app/route_tree.h>
#include <hybi/http/target.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

namespace hybi {
namespace {

using http::Method;

std::string found_by(const RouteTree& router, std::string_view path, Method method = Method::Get,
                     bool websocket = false) {
  const RouteTree::Found found = router.find(method, websocket, path);
  if (found.route != nullptr) return found.route->pattern.text;
  return found.path_known ? "allow " + found.allow : "nothing";
}

struct Patterns : RouteTree {
  Patterns() = default;
  // GET routes.
  Patterns(std::initializer_list<const char*> patterns) {
    for (const char* pattern : patterns) add(slot_of(Method::Get), pattern);
  }
  void add(RouteSlot slot, std::string_view pattern) {
    auto parsed = conn::RoutePattern::parse(pattern);
    ASSERT_TRUE(parsed) << pattern;
    RouteTree::add(slot, std::move(*parsed), {});
  }
};

TEST(RouteTree, LiteralBeatsParamBeatsRest) {
  const Patterns router({"/a/b", "/a/:x", "/a/*r", "/:x/b", "/*all"});
  EXPECT_EQ(found_by(router, "/a/b"), "/a/b");
  EXPECT_EQ(found_by(router, "/a/c"), "/a/:x");
  EXPECT_EQ(found_by(router, "/a/b/c"), "/a/*r");
  EXPECT_EQ(found_by(router, "/c/b"), "/:x/b");
  EXPECT_EQ(found_by(router, "/c/d"), "/*all");
}

TEST(RouteTree, TriesTheNextBestWhereTheBetterOneLeadsNowhere) {
  const Patterns router({"/a/b/c", "/a/:x/d", "/:x/b/e", "/a/*r"});
  EXPECT_EQ(found_by(router, "/a/b/c"), "/a/b/c");
  EXPECT_EQ(found_by(router, "/a/b/d"), "/a/:x/d");
  EXPECT_EQ(found_by(router, "/a/b/e"), "/a/*r");
  EXPECT_EQ(found_by(router, "/z/b/e"), "/:x/b/e");
  EXPECT_EQ(found_by(router, "/z/b/f"), "nothing");
}

TEST(RouteTree, TheRootIsAPathOfItsOwn) {
  const Patterns router({"/"});
  EXPECT_EQ(found_by(router, "/"), "/");
  EXPECT_EQ(found_by(router, "//"), "nothing");
  EXPECT_EQ(found_by(router, "/a"), "nothing");
  EXPECT_EQ(found_by(RouteTree(), "/"), "nothing");
}

TEST(RouteTree, ATrailingSlashMakesADifferentPath) {
  const Patterns router({"/a", "/b/"});
  EXPECT_EQ(found_by(router, "/a/"), "nothing");
  EXPECT_EQ(found_by(router, "/b"), "nothing");
  EXPECT_EQ(found_by(router, "/b/"), "/b/");
}

TEST(RouteTree, AParamNeedsACharacterAndSoDoesTheRest) {
  const Patterns router({"/a/:x", "/f/*r"});
  EXPECT_EQ(found_by(router, "/a/"), "nothing");
  EXPECT_EQ(found_by(router, "/f"), "nothing");
  EXPECT_EQ(found_by(router, "/f/"), "nothing");
  EXPECT_EQ(found_by(router, "/f//"), "/f/*r");
  EXPECT_EQ(found_by(router, "/f/x/"), "/f/*r");
}

TEST(RouteTree, EmptySegmentsAreSegments) {
  const Patterns router({"/a//b", "/:x/y"});
  EXPECT_EQ(found_by(router, "/a//b"), "/a//b");
  EXPECT_EQ(found_by(router, "/a/b"), "nothing");
  EXPECT_EQ(found_by(router, "//y"), "nothing");
}

TEST(RouteTree, LiteralsAreComparedDecoded) {
  const Patterns router({"/a b", "/caf\xC3\xA9", "/x%20y", "/plain", "/:p"});
  EXPECT_EQ(found_by(router, "/a%20b"), "/a b");
  EXPECT_EQ(found_by(router, "/caf%c3%A9"), "/caf\xC3\xA9");
  EXPECT_EQ(found_by(router, "/x%20y"), "/x%20y");
  EXPECT_EQ(found_by(router, "/%70lain"), "/plain");
  EXPECT_EQ(found_by(router, "/PLAIN"), "/:p");
}

TEST(RouteTree, AnEncodedSlashDoesNotEndASegment) {
  const Patterns router({"/a/b", "/:x"});
  EXPECT_EQ(found_by(router, "/a%2Fb"), "/:x");
}

TEST(RouteTree, RefusesPatternsThatMakeNoSense) {
  for (const char* pattern :
       {"", "a", "*", ":x", "/:", "/*", "/a/*r/b", "/*r/", "/:x/:x", "/:x/*x", "/a/:b/c/:b"}) {
    EXPECT_EQ(conn::RoutePattern::parse(pattern).error().code, Errc::BadPattern) << pattern;
  }
}

TEST(RouteTree, TheLaterRouteOfTheSamePlaceReplacesTheEarlier) {
  Patterns router({"/a/:x", "/a/:y"});
  EXPECT_EQ(found_by(router, "/a/1"), "/a/:y");
}

TEST(RouteTree, ParamsOfDifferentNamesInOnePlaceKeepTheirNames) {
  Patterns router;
  router.add(slot_of(Method::Get), "/u/:id");
  router.add(slot_of(Method::Post), "/u/:name");
  const RouteTree::Found get = router.find(Method::Get, false, "/u/a%20b");
  const RouteTree::Found post = router.find(Method::Post, false, "/u/a%20b");
  EXPECT_EQ(get.route->pattern.param("/u/a%20b", "id"), "a b");
  EXPECT_EQ(get.route->pattern.param("/u/a%20b", "name"), "");
  EXPECT_EQ(post.route->pattern.param("/u/a%20b", "name"), "a b");
}

TEST(RouteTree, ParamsAreReadFromEverySegmentAndTheRest) {
  const Patterns router({"/r/:room/files/*path"});
  const std::string path = "/r/blue/files/a/b%2Fc/";
  const RouteTree::Found found = router.find(Method::Get, false, path);
  ASSERT_NE(found.route, nullptr);
  EXPECT_EQ(found.route->pattern.param(path, "room"), "blue");
  EXPECT_EQ(found.route->pattern.param(path, "path"), "a/b/c/");
  EXPECT_EQ(found.route->pattern.param(path, "files"), "");
}

TEST(RouteTree, HeadIsAnsweredByGetUnlessItHasARouteOfItsOwn) {
  Patterns router({"/get", "/both"});
  router.add(slot_of(Method::Head), "/both");
  router.add(slot_of(Method::Post), "/post");
  EXPECT_EQ(found_by(router, "/get", Method::Head), "/get");
  const RouteTree::Found head = router.find(Method::Head, false, "/both");
  EXPECT_NE(head.route, router.find(Method::Get, false, "/both").route);
  EXPECT_EQ(found_by(router, "/post", Method::Head), "allow POST, OPTIONS");
}

TEST(RouteTree, AnyTakesWhatHasNoRouteOfItsOwn) {
  Patterns router({"/x"});
  router.add(kAnyMethod, "/x");
  const Route* const get = router.find(Method::Get, false, "/x").route;
  const Route* const any = router.find(Method::Delete, false, "/x").route;
  ASSERT_NE(any, nullptr);
  EXPECT_NE(get, any);
  EXPECT_EQ(router.find(Method::Head, false, "/x").route, get);
  EXPECT_EQ(router.find(Method::Options, false, "/x").route, any);
}

TEST(RouteTree, AWebSocketRouteStandsBesideAPageOnOnePath) {
  Patterns router({"/both", "/page"});
  router.add(kWebSocket, "/both");
  router.add(kWebSocket, "/only");
  const Route* const page = router.find(Method::Get, false, "/both").route;
  const Route* const socket = router.find(Method::Get, true, "/both").route;
  ASSERT_NE(page, nullptr);
  ASSERT_NE(socket, nullptr);
  EXPECT_NE(page, socket);
  EXPECT_EQ(found_by(router, "/page", Method::Get, true), "/page");  // its handler may accept
  EXPECT_EQ(found_by(router, "/only", Method::Get, true), "/only");
  EXPECT_TRUE(router.find(Method::Get, false, "/only").websocket_only);
  EXPECT_FALSE(router.find(Method::Post, false, "/only").websocket_only);
  EXPECT_FALSE(router.find(Method::Post, false, "/both").websocket_only);
}

TEST(RouteTree, AllowListsEveryMethodThatWouldBeAnswered) {
  Patterns router({"/x"});
  router.add(slot_of(Method::Put), "/x");
  router.add(kWebSocket, "/only");
  const auto allowed = [&](std::string_view path) {
    const RouteTree::Found found = router.find(Method::Delete, false, path);
    EXPECT_TRUE(found.path_known);
    return found.allow;
  };
  const std::string allow = allowed("/x");
  for (const char* method : {"GET", "HEAD", "PUT", "OPTIONS"}) {
    EXPECT_NE(allow.find(method), std::string::npos) << method << " in " << allow;
  }
  EXPECT_EQ(std::count(allow.begin(), allow.end(), ','), 3);
  EXPECT_EQ(allowed("/only"), "GET, OPTIONS");
}

// --- the naive twin: every pattern against the path, the best by rank of its segments

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at != std::string_view::npos;) {
    const std::size_t next = path.find('/', at + 1);
    pieces.emplace_back(path.substr(at + 1, next - at - 1));
    at = next;
  }
  return pieces;
}

// The ranks of the segments of a pattern that fits: '0' literal, '1' param, '2' rest.
std::optional<std::string> rank(const std::string& pattern, const std::string& path) {
  const std::vector<std::string> wanted = split(pattern), given = split(path);
  std::string ranks;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= given.size()) return std::nullopt;
    if (wanted[i].starts_with('*')) {
      const bool something = i + 1 < given.size() || !given[i].empty();
      return something ? std::optional(ranks + '2') : std::nullopt;
    }
    if (wanted[i].starts_with(':')) {
      if (given[i].empty()) return std::nullopt;
      ranks += '1';
    } else {
      if (http::decode_segment(given[i]) != wanted[i]) return std::nullopt;
      ranks += '0';
    }
  }
  return wanted.size() == given.size() ? std::optional(ranks) : std::nullopt;
}

TEST(RouteTree, AgreesWithANaiveSearchOnRandomRoutes) {
  const char* const kSegments[] = {"a", "b", "ab", "", ":x", ":y", "*r"};
  const char* const kGiven[] = {"a", "b", "ab", "", "%61", "c", "a%62"};
  std::mt19937 random(20260);
  const auto pick = [&](std::size_t count) { return random() % count; };
  for (int round = 0; round < 3000; ++round) {
    Patterns router;
    std::vector<std::string> patterns;
    for (std::size_t i = pick(9); i > 0; --i) {
      std::string pattern;
      for (std::size_t length = 1 + pick(4); length > 0; --length) {
        pattern += std::string("/") + kSegments[pick(std::size(kSegments))];
      }
      if (!conn::RoutePattern::parse(pattern)) continue;
      router.add(slot_of(Method::Get), pattern);
      patterns.push_back(pattern);
    }
    for (int i = 0; i < 20; ++i) {
      std::string path;
      for (std::size_t length = 1 + pick(4); length > 0; --length) {
        path += std::string("/") + kGiven[pick(std::size(kGiven))];
      }
      std::string best, best_rank = "9";
      for (const std::string& pattern : patterns) {
        const auto ranks = rank(pattern, path);
        if (ranks && *ranks <= best_rank) {  // the later of two in one place
          best = pattern;
          best_rank = *ranks;
        }
      }
      ASSERT_EQ(found_by(router, path), best.empty() ? "nothing" : best) << path;
    }
  }
}

}  // namespace
}  // namespace hybi
