// What was written down through Routes, in order, as plain values; site.h makes trees of it.
#pragma once

#include <hybi/app/route_tree.h>
#include <hybi/conn/route_pattern.h>
#include <hybi/error.h>
#include <hybi/router.h>

#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class RouteList {
 public:
  struct Entry {
    RouteSlot slot{};
    conn::RoutePattern pattern;
    Handler handler;
    RouteOptions options;
  };
  // Middleware and error routes are for all paths below a prefix.
  struct Layer {
    conn::RoutePattern prefix;  // no segments: every path
    Middleware run;
  };
  struct ErrorRoute {
    conn::RoutePattern prefix;
    unsigned status = kAnyError;
    ErrorHandler run;
  };
  struct Host;

  void add(RouteSlot slot, std::string_view pattern, RouteOptions options, Handler handler);
  void add_layer(std::string_view prefix, Middleware middleware);
  void add_error(unsigned status, ErrorHandler handler);
  // Takes what `list` holds, each behind `prefix`.
  void add_mount(std::string_view prefix, RouteList list);
  void add_host(std::string_view name, RouteList list);
  void note(Result<void> result);  // a mistake for Server::start to report: the first one counts

  Error mistake() const { return mistake_; }
  std::size_t size() const;  // of everything that was written down
  std::vector<RouteInfo> describe() const;

  std::vector<Entry> entries;
  std::vector<Layer> layers;
  std::vector<ErrorRoute> errors;
  std::vector<Host> hosts;

 private:
  // A pattern for a prefix: a slash at its end says nothing.
  conn::RoutePattern prefix_of(std::string_view text);

  Error mistake_;
};

struct RouteList::Host {
  std::string name;  // in lower case: "example.com" or "*.example.com"
  RouteList list;
};

}  // namespace hybi
