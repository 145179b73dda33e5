// The demo's echoes and plain answers: /echo, /api/echo, /api/later, /health, /plaintext.
#pragma once

#include <hybi/cli/demo.h>

namespace hybi::cli {

// Requires: before start().
void add_api(Server& server, const DemoOptions& options, const std::shared_ptr<Visitors>& visitors);

}  // namespace hybi::cli
