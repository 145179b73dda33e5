#include <hybi/cli/chat.h>
#include <hybi/cli/guest.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <optional>

namespace hybi::cli {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

constexpr std::string_view kRoomsChannel = "chat";
constexpr std::string_view kRoomPrefix = "chat/";
constexpr std::size_t kMaxId = 64;       // bytes
constexpr std::size_t kClientsEach = 4;  // of one person
constexpr std::chrono::seconds kLookAround{1};

// The room of a channel; nothing if it is no room's.
std::optional<std::string> room_of(std::string_view channel) {
  if (!channel.starts_with(kRoomPrefix)) return std::nullopt;
  channel.remove_prefix(kRoomPrefix.size());
  if (!is_room_name(channel)) return std::nullopt;
  return std::string(channel);
}

const std::string* string_in(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() ? at->get_ptr<const std::string*>() : nullptr;
}

// Whether `user` may say that: nobody speaks in another's name.
bool is_said_by(const ChannelUser& user, const json& data) {
  if (!data.is_object() || data.size() != 4) return false;
  const std::string* const id = string_in(data, "id");
  const std::string* const name = string_in(data, "name");
  const std::string* const text = string_in(data, "text");
  const auto at = data.find("at");
  if (id == nullptr || name == nullptr || text == nullptr || at == data.end()) return false;
  return !id->empty() && id->size() <= kMaxId && *name == user.id && at->is_number_unsigned() &&
         text->find_first_not_of(" \t\r\n") != std::string::npos &&
         count_characters(*text) <= kMaxText;
}

}  // namespace

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRoomName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
         });
}

std::shared_ptr<Chat> Chat::create(Server& server, Rooms::Limits limits,
                                   std::shared_ptr<Names> names) {
  std::shared_ptr<Chat> chat(new Chat(server, limits, std::move(names)));
  server.every(kLookAround, [weak = std::weak_ptr(chat)] {
    if (const auto self = weak.lock()) self->look_around();
  });
  return chat;
}

// The hooks know `this`: they are asked for connections only, whose handlers keep the chat.
Chat::Chat(Server& server, Rooms::Limits limits, std::shared_ptr<Names> names)
    : server_(server),
      limits_(limits),
      names_(std::move(names)),
      rooms_(limits),
      clients_(server,
               {.authenticate =
                    [this](WebSocket& ws, const std::string& token) {
                      return guest_of(*names_, ws, token);
                    },
                .may_subscribe =
                    [this](const ChannelUser& user, std::string_view channel) {
                      return may_subscribe(user, channel);
                    },
                .may_ask =
                    [this](const ChannelUser& user, std::string_view channel) {
                      return channel == kRoomsChannel || has_seat(user, channel);
                    },
                .may_publish =
                    [this](const ChannelUser& user, std::string_view channel, const json& data) {
                      // Histories share one memory: nobody writes where nobody is.
                      return has_seat(user, channel) && is_said_by(user, data);
                    },
                // Of members as well.
                .max_history = std::max(kKeptMessages, limits.people * kClientsEach)}) {
  // Who is too slow is told what it has not got, and asks for it.
  const SlowQueue slow{.policy = SlowPolicy::Drop};
  server.channel("chat/*", {.history = {.size = kKeptMessages, .ttl = 24h},
                            .slow = slow,
                            .presence = true,
                            .presence_events = true});
  server.channel(kRoomsChannel, {.history = {.retain = true}, .slow = slow});
}

WebSocketHandlers Chat::handlers(WebSocketHandlers base) {
  base.on_close = [self = shared_from_this()](WebSocket& ws, const CloseInfo&) {
    give_back_name(*self->names_, self->clients_, ws);
  };
  return clients_.handlers(std::move(base));
}

bool Chat::has_seat(const ChannelUser& user, std::string_view channel) const {
  const auto room = room_of(channel);
  return room && !user.id.empty() && rooms_.has_seat(*room, user.id);
}

bool Chat::may_subscribe(const ChannelUser& user, std::string_view channel) {
  if (channel == kRoomsChannel) return true;
  const auto room = room_of(channel);
  return room && !user.id.empty() && rooms_.admit(*room, user.id);
}

// Corrects the seats by who is there, and tells everybody if the rooms have changed.
void Chat::look_around() {
  const auto left = std::make_shared<std::atomic<std::size_t>>(1);
  const auto one_less = [weak = weak_from_this(), left] {
    if (--*left != 0) return;
    if (const auto self = weak.lock()) {
      self->server_.post([weak] {
        if (const auto there = weak.lock()) there->publish_rooms();
      });
    }
  };
  const std::size_t most = limits_.people * kClientsEach;
  for (const std::string& room : rooms_.names()) {
    ++*left;
    server_.members(
        std::string(kRoomPrefix) + room, most,
        [weak = weak_from_this(), room, most, one_less](Result<std::vector<Member>> members) {
          const auto self = weak.lock();
          if (self && members) {
            std::vector<std::string> people;
            for (const Member& member : *members) people.push_back(member.user);
            self->rooms_.correct(room, people, members->size() < most);
          }
          one_less();
        });
  }
  one_less();
}

void Chat::publish_rooms() {
  std::vector<RoomSize> fullest = rooms_.fullest(kListedRooms);
  if (fullest == published_) return;
  json list = json::array();
  for (const RoomSize& room : fullest) {
    list.push_back({{"name", room.name}, {"people", room.people}});
  }
  published_ = std::move(fullest);
  const std::string text = json{{"rooms", std::move(list)}}.dump();
  server_.publish(kRoomsChannel, Message{as_bytes(std::string_view(text)), true}, {.json = true});
}

}  // namespace hybi::cli
