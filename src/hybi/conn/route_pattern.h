// Patterns of routes: "/rooms/:room/files/*path". Parsed once, shared by all requests.
#pragma once

#include <hybi/result.h>

#include <string>
#include <string_view>
#include <vector>

namespace hybi::conn {

struct RoutePattern {
  struct Segment {
    enum class Kind : unsigned char { Literal, Param, Rest };
    Kind kind = Kind::Literal;
    std::string text;  // the literal, or the name
  };

  std::string text;
  std::vector<Segment> segments;

  // Fails: BadPattern.
  static Result<RoutePattern> parse(std::string_view text);

  // The decoded value of `name` in `path`, a path that matched; "" if there is no such name.
  std::string param(std::string_view path, std::string_view name) const;
};

// Takes the next segment from the front of `path` ("/a/b" -> "a", "/b"). Requires: path starts with
// "/".
std::string_view take_segment(std::string_view& path);

}  // namespace hybi::conn
