// `hybi demo`: a small web application on one port that shows what the library does.
//
// demo.cc puts it together and runs it; demo_pages, demo_live, demo_chat and demo_board are its
// parts.
#pragma once

#include <hybi/cli/demo_visitors.h>
#include <hybi/cli/serve_config.h>
#include <hybi/hybi.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace hybi::cli {

struct DemoOptions {
  std::vector<std::string> hosts = {};  // empty: localhost, both families
  std::uint16_t port = 3400;            // 0: the system chooses
  std::string unix_path = {};           // a unix socket beside it
  unsigned threads = default_threads();
  Backend backend = Backend::Auto;
  std::size_t max_message_bytes = 16 * 1024 * 1024;
  std::size_t max_connections = ServerLimits{}.max_connections;
  bool legacy = false;  // every version of the protocol, and any Origin
  Compression compression = Compression::shared();
  std::chrono::milliseconds ping_interval = WebSocketLimits{}.ping_interval;
  std::chrono::milliseconds idle_timeout = std::chrono::hours(24);
  std::chrono::milliseconds shutdown_timeout = std::chrono::seconds(10);
};

// What the handlers of every route have in common: versions, compression, and that `visitors` hear
// of who comes to `path` and who goes. Call last: it wraps on_open and on_close.
void prepare(WebSocketHandlers& handlers, const DemoOptions& options,
             const std::shared_ptr<Visitors>& visitors, const std::string& path);

// Serves until SIGINT or SIGTERM. Prints where on stdout, an error as one line on stderr.
// Returns: what main should return. Requires: no other thread runs (signals are masked first).
int run_demo(const DemoOptions& options);

}  // namespace hybi::cli
