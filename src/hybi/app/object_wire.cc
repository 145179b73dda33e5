// See object_wire.h.
#include <hybi/app/object_wire.h>
#include <hybi/base/utf8.h>

namespace hybi {
namespace detail {
namespace {

using nlohmann::json;

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json error_object(const ObjectError& error) {
  json object = {{"code", error.code}, {"message", error.message}};
  if (error.retry.count() > 0) object["retry_ms"] = error.retry.count();
  return object;
}

// The same as text, in the order in which it is read best. `event` if it is about one.
std::string error_text(const ObjectError& error, std::string_view event = {}) {
  std::string text = "{\"code\":" + text_of(error.code) + ",\"message\":" + text_of(error.message);
  if (error.retry.count() > 0) text += ",\"retry_ms\":" + std::to_string(error.retry.count());
  if (!event.empty()) text += ",\"event\":" + text_of(std::string(event));
  return text + "}";
}

// MessagePack's strings are UTF-8 as well; nlohmann writes any.
void replace_bad_text(json& value) {
  if (value.is_string()) {
    auto& text = value.get_ref<json::string_t&>();
    if (!is_utf8(text)) text = json::parse(text_of(value)).get<std::string>();
  } else if (value.is_structured()) {
    for (json& one : value) replace_bad_text(one);
  }
}

ObjectBytes packed(json object) {
  replace_bad_text(object);
  ObjectBytes out{.wire = ObjectWire::MessagePack};
  json::to_msgpack(object, out.bytes);
  return out;
}

}  // namespace

ObjectWire wire_of(const WebSocket& ws) {
  return ws.subprotocol() == kMessagePackProtocol ? ObjectWire::MessagePack : ObjectWire::Json;
}

std::string string_member(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

ObjectBytes write_object(ObjectWire wire, const json& members) {
  return wire == ObjectWire::MessagePack ? packed(members) : ObjectBytes{wire, text_of(members)};
}

ObjectBytes write_event(ObjectWire wire, std::string_view event, std::string_view id,
                        const json& data) {
  if (wire == ObjectWire::MessagePack) {
    json object = {{"event", std::string(event)}, {"data", data}};
    if (!id.empty()) object["id"] = json::parse(id);
    return packed(std::move(object));
  }
  std::string text = "{\"event\":" + text_of(std::string(event));
  if (!id.empty()) text.append(",\"id\":").append(id);
  return {wire, text + ",\"data\":" + text_of(data) + "}"};
}

ObjectBytes write_answer(ObjectWire wire, std::string_view id, const ObjectResult& result) {
  if (wire == ObjectWire::MessagePack) {
    json object = {{"id", json::parse(id)}};
    if (result) {
      object["data"] = *result;
    } else {
      object["error"] = error_object(result.error());
    }
    return packed(std::move(object));
  }
  std::string text = "{\"id\":";
  text.append(id);
  return {wire, text +
                    (result ? ",\"data\":" + text_of(*result)
                            : ",\"error\":" + error_text(result.error())) +
                    "}"};
}

ObjectBytes write_error(ObjectWire wire, const ObjectError& error, std::string_view event) {
  if (wire == ObjectWire::Json) {
    return {wire, "{\"event\":\"error\",\"data\":" + error_text(error, event) + "}"};
  }
  json data = error_object(error);
  if (!event.empty()) data["event"] = std::string(event);
  return write_event(wire, "error", "", data);
}

}  // namespace detail

std::string object_message(std::string_view event, const nlohmann::json& data) {
  return detail::write_event(detail::ObjectWire::Json, event, "", data).bytes;
}

}  // namespace hybi
