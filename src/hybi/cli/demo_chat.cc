#include <hybi/cli/chat.h>
#include <hybi/cli/demo_chat.h>
#include <hybi/cli/demo_pages.h>

#include <memory>
#include <string>

namespace hybi::cli {

void add_chat(Server& server, const DemoOptions& options, const std::shared_ptr<Visitors>& visitors,
              const std::shared_ptr<Names>& names) {
  const auto chat = Chat::create(server, {.rooms = kMaxRooms, .people = kMaxPeople}, names);
  WebSocketHandlers base;
  base.limits.max_message_bytes = kMaxChatMessageBytes;
  const auto handlers = std::make_shared<WebSocketHandlers>(chat->handlers(std::move(base)));
  prepare(*handlers, options, visitors, "/chat");

  server.get("/chat", [handlers](Request& request, Response& response) {
    if (auto upgrade = request.websocket()) {
      std::move(*upgrade).accept(handlers);
      return;
    }
    send_page(request, response, "chat.html");
  });
  server.get("/chat/:room", [](Request& request, Response& response) {
    const bool known = is_room_name(request.param("room"));
    send_page(request, response, known ? "chat.html" : "404.html", known ? 200 : 404);
  });
}

}  // namespace hybi::cli
