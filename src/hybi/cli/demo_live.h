// /live: what the server does right now, as JSON. A GET gets it once, a WebSocket every second.
#pragma once

#include <hybi/cli/demo.h>

namespace hybi::cli {

// Adds the route and the ticker. Requires: before start().
// Lifetime: `server` outlives its handlers by itself.
void add_live(Server& server, const DemoOptions& options,
              const std::shared_ptr<Visitors>& visitors);

}  // namespace hybi::cli
