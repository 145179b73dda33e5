// /chat, the page and the WebSocket of chat.h; /chat/:room, the page.
#pragma once

#include <hybi/cli/chat_names.h>
#include <hybi/cli/demo.h>

#include <memory>

namespace hybi::cli {

// Requires: before start().
void add_chat(Server& server, const DemoOptions& options, const std::shared_ptr<Visitors>& visitors,
              const std::shared_ptr<Names>& names);

}  // namespace hybi::cli
