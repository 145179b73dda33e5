// Chat rooms where everyone sees who is there and what they say; of `hybi demo` and `hybi serve`.
// One JSON object a message:
//
//   client  {"type":"join","name":"Ada"}    {"type":"say","text":"hello"}
//   server  {"type":"welcome","id":..,"name":..,"room":..,"people":[{"id":..,"name":..}]}
//           {"type":"joined","id":..,"name":..}   {"type":"left","id":..,"name":..}
//           {"type":"said","id":..,"name":..,"text":..}   {"type":"error","text":..}
//           {"type":"rooms","at":N,"rooms":[{"name":..,"people":..}]}   of two, the larger N is
//           newer
//
// People of one room sit on different loops, so who is here is shared, behind a mutex. The list and
// the news cannot disagree for long: a newcomer subscribes before the list is taken, news about one
// person comes from one thread and so in order, and taking the same news twice changes nothing.
#pragma once

#include <hybi/cli/chat_rooms.h>
#include <hybi/server.h>
#include <hybi/websocket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hybi::cli {

inline constexpr std::size_t kMaxRoomName = 32;  // letters, digits, "-", "_"
inline constexpr std::size_t kMaxName = 24;      // characters
inline constexpr std::size_t kMaxText = 2000;    // characters
inline constexpr std::size_t kMaxPeople = 500;   // in one room
inline constexpr std::size_t kMaxRooms = 200;
inline constexpr std::size_t kListedRooms = 12;  // in {"type":"rooms"}, the fullest ones
inline constexpr std::size_t kMaxChatMessageBytes = 16 * 1024;  // kMaxText characters, escaped

inline constexpr std::string_view kDefaultRoom = "lobby";

// Whether a room may be called that.
bool is_room_name(std::string_view name);

// Where a connection sits; the WebSocket's user data. No name: has not joined yet.
struct Seat {
  std::string room;
  std::string name;
};

// Lifetime: `server` outlives it.
class Chat {
 public:
  Chat(Server& server, Rooms::Limits limits) : server_(server), rooms_(limits) {}

  // Requires: the WebSocket's user data is a Seat in a room with a good name.
  void on_open(WebSocket& ws);
  void on_message(WebSocket& ws, const Message& message);
  void on_close(WebSocket& ws);

 private:
  void join(WebSocket& ws, const std::string& name);
  void say(WebSocket& ws, const std::string& text);
  void publish_news(const char* type, const Seat& seat, PersonId id);
  std::string rooms_message() const;

  Server& server_;
  Rooms rooms_;
};

// Handlers that keep `chat`; accept with Seat{room, ""}.
WebSocketHandlers chat_handlers(const std::shared_ptr<Chat>& chat);

}  // namespace hybi::cli
