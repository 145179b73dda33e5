// /chat and /chat/:room: the pages and the rooms of chat.h.
#pragma once

#include <hybi/cli/demo.h>

namespace hybi::cli {

// Requires: before start().
void add_chat(Server& server, const DemoOptions& options,
              const std::shared_ptr<Visitors>& visitors);

}  // namespace hybi::cli
