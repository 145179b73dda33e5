// How messages of object mode are written: JSON in text messages, or MessagePack in binary ones for
// clients that have chosen the subprotocol hybi.msgpack.
#pragma once

#include <hybi/json.h>
#include <hybi/object.h>
#include <hybi/websocket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hybi::detail {

inline constexpr std::string_view kMessagePackProtocol = "hybi.msgpack";

enum class ObjectWire : std::uint8_t { Json, MessagePack };

ObjectWire wire_of(const WebSocket& ws);

// "" if there is none that is a string.
std::string string_member(const nlohmann::json& object, const char* name);

// One message, ready to be sent.
struct ObjectBytes {
  ObjectWire wire = ObjectWire::Json;
  std::string bytes = {};

  Message message() const { return {as_bytes(std::string_view(bytes)), wire == ObjectWire::Json}; }
};

// A message with these members.
ObjectBytes write_object(ObjectWire wire, const nlohmann::json& members);
// `id` is JSON, "" for none. What is not UTF-8 in strings is replaced.
ObjectBytes write_event(ObjectWire wire, std::string_view event, std::string_view id,
                        const nlohmann::json& data);
ObjectBytes write_answer(ObjectWire wire, std::string_view id, const ObjectResult& result);
// An event "error" about `event`, "" if it is about none.
ObjectBytes write_error(ObjectWire wire, const ObjectError& error, std::string_view event);

}  // namespace hybi::detail
