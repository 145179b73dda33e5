#include <hybi/cli/chat.h>
#include <hybi/cli/demo_chat.h>
#include <hybi/cli/demo_pages.h>

#include <memory>
#include <string>

namespace hybi::cli {

void add_chat(Server& server, const DemoOptions& options,
              const std::shared_ptr<Visitors>& visitors) {
  const auto handlers = std::make_shared<WebSocketHandlers>(
      chat_handlers(std::make_shared<Chat>(server, Rooms::Limits{kMaxRooms, kMaxPeople})));
  handlers->limits.max_message_bytes = kMaxChatMessageBytes;
  prepare(*handlers, options, visitors, "/chat");

  const auto enter = [handlers](Request& request, Response& response, const std::string& room) {
    const bool known = is_room_name(room);
    if (auto upgrade = request.websocket()) {
      if (!known) return std::move(*upgrade).reject(404, "no room can be called that\n");
      std::move(*upgrade).accept(handlers, Seat{room, {}});
      return;
    }
    send_page(request, response, known ? "chat.html" : "404.html", known ? 200 : 404);
  };
  server.get("/chat", [enter](Request& request, Response& response) {
    enter(request, response, std::string(kDefaultRoom));
  });
  server.get("/chat/:room", [enter](Request& request, Response& response) {
    enter(request, response, request.param("room"));
  });
}

}  // namespace hybi::cli
