#include <hybi/cli/chat.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hybi::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kRoomsChannel = "chat";

std::string room_channel(const std::string& room) {
  return "chat/" + room;
}

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// The string member `key`, without spaces around it; "" if there is none.
std::string text_of(const Json& message, const char* key) {
  const auto at = message.find(key);
  if (at == message.end() || !at->is_string()) return {};
  const std::string& text = at->get_ref<const std::string&>();
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// A string: the number may be larger than what a script can count exactly.
Json to_json(PersonId id, const std::string& name) {
  return {{"id", std::to_string(id)}, {"name", name}};
}

void fail(WebSocket& ws, std::string_view text) {
  ws.send(Json{{"type", "error"}, {"text", text}}.dump());
}

}  // namespace

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRoomName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

void Chat::on_open(WebSocket& ws) {
  ws.subscribe(kRoomsChannel);
  ws.send(rooms_message());
}

void Chat::on_message(WebSocket& ws, const Message& message) {
  if (!message.is_text) return fail(ws, "text messages only, please");
  const Json json = Json::parse(message.text(), nullptr, false);
  if (!json.is_object()) return fail(ws, "a message is a JSON object");
  const std::string type = text_of(json, "type");
  if (type == "join") {
    join(ws, text_of(json, "name"));
  } else if (type == "say") {
    say(ws, text_of(json, "text"));
  } else {
    fail(ws, "\"type\" is \"join\" or \"say\"");
  }
}

void Chat::on_close(WebSocket& ws) {
  const Seat& seat = *ws.user<Seat>();
  if (seat.name.empty() || !rooms_.leave(seat.room, ws.id())) return;
  publish_news("left", seat, ws.id());
}

void Chat::join(WebSocket& ws, const std::string& name) {
  Seat& seat = *ws.user<Seat>();
  if (!seat.name.empty()) return fail(ws, "you have joined already");
  if (name.empty() || has_control_character(name)) return fail(ws, "a name, please");
  if (count_characters(name) > kMaxName) return fail(ws, "that name is too long");

  ws.subscribe(room_channel(seat.room));  // before the list is taken: see the head of chat.h
  const std::vector<Person> people = rooms_.join(seat.room, ws.id(), name);
  if (people.empty()) {
    ws.unsubscribe(room_channel(seat.room));
    return fail(ws, "this room is full");
  }
  seat.name = people.back().name;

  Json list = Json::array();
  for (const Person& person : people) list.push_back(to_json(person.id, person.name));
  ws.send(Json{{"type", "welcome"},
               {"id", std::to_string(ws.id())},
               {"name", seat.name},
               {"room", seat.room},
               {"people", std::move(list)}}
              .dump());
  publish_news("joined", seat, ws.id());
}

void Chat::say(WebSocket& ws, const std::string& text) {
  const Seat& seat = *ws.user<Seat>();
  if (seat.name.empty()) return fail(ws, "join first");
  if (text.empty()) return;
  if (count_characters(text) > kMaxText) return fail(ws, "that message is too long");
  Json said = to_json(ws.id(), seat.name);
  said["type"] = "said";
  said["text"] = text;
  server_.publish(room_channel(seat.room), said.dump());  // the sender sees it come back
}

void Chat::publish_news(const char* type, const Seat& seat, PersonId id) {
  Json news = to_json(id, seat.name);
  news["type"] = type;
  server_.publish(room_channel(seat.room), news.dump());
  server_.publish(kRoomsChannel, rooms_message());
}

std::string Chat::rooms_message() const {
  const auto [at, rooms] = rooms_.fullest(kListedRooms);
  Json list = Json::array();
  for (const RoomSize& room : rooms) {
    list.push_back({{"name", room.name}, {"people", room.people}});
  }
  return Json{{"type", "rooms"}, {"at", at}, {"rooms", std::move(list)}}.dump();
}

WebSocketHandlers chat_handlers(const std::shared_ptr<Chat>& chat) {
  WebSocketHandlers handlers;
  handlers.on_open = [chat](WebSocket& ws) { chat->on_open(ws); };
  handlers.on_message = [chat](WebSocket& ws, const Message& m) { chat->on_message(ws, m); };
  handlers.on_close = [chat](WebSocket& ws, const CloseInfo&) { chat->on_close(ws); };
  return handlers;
}

}  // namespace hybi::cli
