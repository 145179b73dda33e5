// Object mode: messages in, handlers, messages out. See object.h; on the wire:
// docs/topics/object-mode.md.
#include <hybi/app/object_state.h>

#include <algorithm>
#include <utility>

namespace hybi {
namespace {

using nlohmann::json;

// What is not UTF-8 in the application's strings is replaced: a text message may not hold it.
std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

// The id as JSON, "" for none; empty if it is no id.
std::optional<std::string> id_of(const json& message, std::size_t max_bytes) {
  const auto id = message.find("id");
  if (id == message.end() || id->is_null()) return "";
  if (id->is_number_integer()) return text_of(*id);
  const auto* const name = id->get_ptr<const std::string*>();
  if (name == nullptr || name->size() > max_bytes) return std::nullopt;
  return text_of(*id);
}

std::string string_member(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string object_message(std::string_view event, const json& data) {
  return detail::object_message_text(event, "", data);
}

namespace detail {

std::string object_message_text(std::string_view event, std::string_view id, const json& data) {
  std::string text = "{\"event\":" + text_of(std::string(event));
  if (!id.empty()) text.append(",\"id\":").append(id);
  return text + ",\"data\":" + text_of(data) + "}";
}

std::string object_error_text(const ObjectError& error) {
  return "{\"code\":" + text_of(error.code) + ",\"message\":" + text_of(error.message) + "}";
}

std::string object_answer_text(std::string_view id, const ObjectResult& result) {
  std::string text = "{\"id\":";
  text.append(id);
  return text +
         (result ? ",\"data\":" + text_of(*result)
                 : ",\"error\":" + object_error_text(result.error())) +
         "}";
}

ObjectError object_error(Error error) {
  return {std::string(info(error.code).name), std::string(info(error.code).text)};
}

ObjectError bad_data(const JsonError& error) {
  return {"bad_data", error.what};
}

void ObjectsState::opened(WebSocket& ws) {
  if (!on_open) return;
  ObjectSocket socket(ws, shared_from_this());
  on_open(socket);
}

void ObjectsState::received(WebSocket& ws, const Message& message) {
  if (!message.is_text) {
    return bad_message(ws, "", {"binary", "a message is JSON in a text message"}, 1003);
  }
  const auto parsed = parse_json(message.text(), {.max_depth = options.max_depth});
  if (!parsed) return bad_message(ws, "", {"bad_json", parsed.error().describe()}, 1007);
  if (!options.batches || !parsed->is_array()) return received_one(ws, *parsed);
  for (const json& one : *parsed) {
    if (!ws.open()) return;
    received_one(ws, one);
  }
}

void ObjectsState::received_one(WebSocket& ws, const json& message) {
  if (!message.is_object()) {
    return bad_message(ws, "", {"not_an_object", "a message is an object"}, 1007);
  }
  const std::optional<std::string> id = id_of(message, options.max_event_bytes);
  if (!id) {
    return bad_message(ws, "", {"bad_id", "an id is an integer or a short string"}, 1007);
  }
  const auto event = message.find("event");
  if (event == message.end()) {
    if (!id->empty()) return take_answer(ws, message);
    return bad_message(ws, "", {"no_event", "a message has an event, an answer has an id"}, 1007);
  }
  const auto* const name = event->get_ptr<const std::string*>();
  if (name == nullptr || name->empty() || name->size() > options.max_event_bytes) {
    return bad_message(ws, *id, {"bad_event", "the name of an event is a short string"}, 1007);
  }
  const auto data = message.find("data");
  run_handler(ws, *name, *id, data != message.end() ? *data : json());
}

void ObjectsState::bad_message(WebSocket& ws, std::string_view id, ObjectError error,
                               std::uint16_t close_code) {
  if (options.close_on_bad_message) {
    (void)ws.close(close_code, error.code);
  } else if (id.empty()) {
    ws.send("{\"event\":\"error\",\"data\":" + object_error_text(error) + "}");
  } else {
    ws.send(object_answer_text(id, std::move(error)));
  }
}

void ObjectsState::run_handler(WebSocket& ws, std::string_view event, std::string id,
                               const json& data) {
  const auto refuse = [&](ObjectError error) {
    if (!id.empty()) {
      ws.send(object_answer_text(id, std::move(error)));
    } else if (event != "error") {  // two ends that tell each other about errors would never stop
      std::string text = object_error_text(error);
      text.insert(text.size() - 1, ",\"event\":" + text_of(std::string(event)));
      ws.send("{\"event\":\"error\",\"data\":" + text + "}");
    }
  };
  const auto handler = handlers.find(event);
  if (handler == handlers.end()) {
    return refuse({"unknown_event", "there is no such event here"});
  }
  ObjectReply reply;
  if (handler->second.takes_reply) {
    reply.pending_ = owe(ws, id);
    if (!reply.pending_) return refuse({"too_many_pending", "too many answers are owed already"});
  }
  ObjectSocket socket(ws, shared_from_this());
  std::optional<ObjectResult> result;
  if (!guarded([&] { result = handler->second.run(socket, data, reply); })) {
    result = ObjectResult(ObjectError{"failed", "the application failed"});
  }
  if (!result) return;  // answers later
  if (reply.pending_) {
    if (!id.empty()) {
      reply.pending_->answer(*result);
    } else if (!*result) {
      refuse(result->error());
    }
  } else if (!*result) {
    refuse(result->error());
  } else if (!id.empty()) {
    ws.send(object_answer_text(id, *result));
  }
}

void ObjectsState::take_answer(WebSocket& ws, const json& message) {
  const json& id = message["id"];
  if (!id.is_number_unsigned()) return;
  // One that nobody waits for comes too late: no error.
  auto entry = take_question(id.get<std::uint64_t>(), ws.id());
  if (!entry) return;
  ObjectResult result = json();
  if (const auto error = message.find("error"); error != message.end() && !error->is_null()) {
    std::string code = string_member(*error, "code");
    result =
        ObjectError{code.empty() ? "error" : std::move(code), string_member(*error, "message")};
  } else if (const auto data = message.find("data"); data != message.end()) {
    result = *data;
  }
  ObjectSocket socket(ws, shared_from_this());
  guarded([&] { std::get<Question>(entry->what).done(socket, std::move(result)); });
}

}  // namespace detail

SendResult ObjectSocket::emit(std::string_view event, const json& data) {
  return ws_.send(object_message(event, data));
}

void ObjectSocket::publish(std::string_view channel, std::string_view event, const json& data) {
  ws_.publish(channel, object_message(event, data));
}

Result<void> ObjectSocket::request(std::string_view event, const json& data,
                                   std::chrono::milliseconds deadline,
                                   std::function<void(ObjectSocket&, ObjectResult)> done) {
  return state_->ask(ws_, event, data, deadline, std::move(done));
}

ObjectHandle ObjectSocket::handle() {
  ObjectHandle handle;
  handle.ws_ = ws_.handle();
  handle.state_ = state_;
  return handle;
}

SendResult ObjectHandle::emit(std::string_view event, const json& data) const {
  return ws_.send(object_message(event, data));
}

bool ObjectHandle::post(std::function<void(ObjectSocket&)> task) const {
  return ws_.post([task = std::move(task), state = state_](WebSocket& ws) {
    ObjectSocket socket(ws, state);
    task(socket);
  });
}

bool ObjectReply::send(const json& data) const {
  return pending_ && pending_->answer(data);
}

bool ObjectReply::fail(const ObjectError& error) const {
  return pending_ && pending_->answer(error);
}

bool ObjectReply::wanted() const {
  return pending_ && !pending_->id.empty() && !pending_->answered;
}

Objects::Objects(Server& server, ObjectOptions options)
    : Objects(
          [&server](std::chrono::milliseconds delay, std::function<void()> task) {
            // Server::after is for the first loop's thread only.
            server.post([&server, delay, task = std::move(task)] { server.after(delay, task); });
          },
          std::move(options)) {}

Objects::Objects(ObjectTimer timer, ObjectOptions options) {
  options.resolution = std::max(options.resolution, std::chrono::milliseconds(1));
  state_ = std::make_shared<detail::ObjectsState>(std::move(timer), std::move(options));
}

Objects::~Objects() = default;

Objects& Objects::add(std::string_view event, detail::ObjectHandler handler, bool takes_reply) {
  state_->handlers[std::string(event)] = {std::move(handler), takes_reply};
  return *this;
}

Objects& Objects::on_open(std::function<void(ObjectSocket&)> handler) {
  state_->on_open = std::move(handler);
  return *this;
}

Objects& Objects::on_close(std::function<void(ObjectSocket&, const CloseInfo&)> handler) {
  state_->on_close = std::move(handler);
  return *this;
}

WebSocketHandlers Objects::handlers(WebSocketHandlers base) const {
  base.on_open = [state = state_, first = std::move(base.on_open)](WebSocket& ws) {
    if (first) first(ws);
    state->opened(ws);
  };
  base.on_message = [state = state_](WebSocket& ws, const Message& message) {
    state->received(ws, message);
  };
  base.on_close = [state = state_, first = std::move(base.on_close)](WebSocket& ws,
                                                                     const CloseInfo& close) {
    if (first) first(ws, close);
    state->closed(ws, close);
  };
  return base;
}

}  // namespace hybi
