#include <hybi/cli/guest.h>

#include <nlohmann/json.hpp>

#include <algorithm>

namespace hybi::cli {
namespace {

using nlohmann::json;

// The string member `key`; "" if there is none.
std::string text_of(const json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

ObjectError refuse(const char* why) {
  return {"bad_token", why};
}

}  // namespace

std::size_t count_characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

Outcome<ChannelUser, ObjectError> guest_of(Names& names, const WebSocket& ws,
                                           const std::string& token) {
  if (token.empty()) return ChannelUser{};
  const json said = json::parse(token, nullptr, false);
  if (!said.is_object()) return refuse("a token is a JSON object");
  const std::string name(trimmed(text_of(said, "name")));
  if (name.empty() || has_control_character(name)) return refuse("a name, please");
  if (count_characters(name) > kMaxName) return refuse("that name is too long");
  std::string secret = text_of(said, "id");
  if (secret.size() > kMaxSecret) return refuse("that id is too long");
  // Without one nobody can come back as this one. No id has a control character in front by chance.
  secret = secret.empty() ? "\x01" + std::to_string(ws.id()) : " " + secret;
  std::string own = names.take(name, secret, Names::Clock::now());
  if (own.empty()) return refuse("too many have that name");
  return ChannelUser{.id = std::move(own)};
}

void give_back_name(Names& names, const ChannelClients& clients, WebSocket& ws) {
  const ChannelUser* const user = clients.user(ws);
  if (user != nullptr && !user->id.empty()) names.give_back(user->id, Names::Clock::now());
}

}  // namespace hybi::cli
