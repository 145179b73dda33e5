// Chat rooms over the channel protocol (docs/topics/channel-protocol.md); of `hybi demo` and
// `hybi serve`. hybi.js is its client.
//
//   token         {"name": "Ada", "id": "..."}, see guest.h; without one: only looking
//   chat/ROOM     {"id": "unique", "name": "Ada", "text": "hello", "at": milliseconds since 1970},
//                 with a history and presence; the user of a member is its name. Only who is
//                 in a room may speak there
//   chat          {"rooms": [{"name": "lobby", "people": 3}]}, retained: the fullest rooms
//
// `id` is of the one who writes. A message that is written while there is no connection is sent
// later, perhaps to a server that was started anew and knows no idempotency keys: who reads can
// tell from it that a message has come before.
#pragma once

#include <hybi/channel_clients.h>
#include <hybi/cli/chat_names.h>
#include <hybi/cli/chat_rooms.h>
#include <hybi/server.h>
#include <hybi/websocket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace hybi::cli {

inline constexpr std::size_t kMaxRoomName = 32;  // letters, digits, "-", "_"
inline constexpr std::size_t kMaxText = 2000;    // characters
inline constexpr std::size_t kMaxPeople = 500;   // in one room
inline constexpr std::size_t kMaxRooms = 200;
inline constexpr std::size_t kListedRooms = 12;    // the fullest ones
inline constexpr std::size_t kKeptMessages = 200;  // of a room
// hybi.js sends what it has kept in batches of 64 Ki characters, and one that begins below that.
inline constexpr std::size_t kMaxChatMessageBytes = 256 * 1024;

// Whether a room may be called that.
bool is_room_name(std::string_view name);

class Chat : public std::enable_shared_from_this<Chat> {
 public:
  // Before start(). Lifetime: `server` outlives it. `names` may be shared with other pages.
  static std::shared_ptr<Chat> create(Server& server, Rooms::Limits limits,
                                      std::shared_ptr<Names> names);

  // Of a route where the chat is; `base` keeps its limits, origins and so on.
  WebSocketHandlers handlers(WebSocketHandlers base);

 private:
  Chat(Server& server, Rooms::Limits limits, std::shared_ptr<Names> names);

  bool has_seat(const ChannelUser& user, std::string_view channel) const;
  bool may_subscribe(const ChannelUser& user, std::string_view channel);
  void look_around();
  void publish_rooms();

  Server& server_;
  const Rooms::Limits limits_;
  const std::shared_ptr<Names> names_;
  Rooms rooms_;
  std::vector<RoomSize> published_;  // of the first loop
  ChannelClients clients_;
};

}  // namespace hybi::cli
