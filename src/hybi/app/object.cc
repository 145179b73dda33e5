// Object mode: messages in, handlers, messages out. See object.h; on the wire:
// docs/topics/object-mode.md.
#include <hybi/app/object_state.h>

#include <algorithm>
#include <utility>

namespace hybi {
namespace {

using nlohmann::json;

// A batch that is more than the quota allows is refused whole; nothing tells after how long it
// would be taken.
constexpr std::chrono::milliseconds kRetryBatch{1000};

// The id as JSON, "" for none; empty if it is no id.
std::optional<std::string> id_of(const json& message, std::size_t max_bytes) {
  const auto id = message.find("id");
  if (id == message.end() || id->is_null()) return "";
  if (id->is_number_integer()) return id->dump();
  const auto* const name = id->get_ptr<const std::string*>();
  if (name == nullptr || name->size() > max_bytes) return std::nullopt;
  return id->dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

namespace detail {

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

// The JSON of a message in the connection's way of writing; empty if it is none: that is told.
std::optional<json> ObjectsState::read(WebSocket& ws, const Message& message) {
  const bool packed = wire_of(ws) == ObjectWire::MessagePack;
  if (message.is_text == packed) {
    bad_message(ws, "",
                packed ? ObjectError{"text", "a message is MessagePack in a binary message"}
                       : ObjectError{"binary", "a message is JSON in a text message"},
                1003);
    return std::nullopt;
  }
  const JsonOptions bounds{.max_depth = options.max_depth};
  auto parsed =
      packed ? parse_message_pack(message.data, bounds) : parse_json(message.text(), bounds);
  if (parsed) return std::move(*parsed);
  const ObjectError error = packed ? ObjectError{"bad_msgpack", parsed.error().what}
                                   : ObjectError{"bad_json", parsed.error().describe()};
  bad_message(ws, "", error, 1007);
  return std::nullopt;
}

void ObjectsState::received(WebSocket& ws, const Message& message) {
  const std::optional<json> parsed = read(ws, message);
  if (!parsed) return;
  if (!options.batches || !parsed->is_array()) return received_one(ws, *parsed);
  // The message itself was counted when it came.
  const bool within = parsed->size() < 2 || ws.charge(parsed->size() - 1);
  for (const json& one : *parsed) {
    if (!ws.open()) return;
    within ? received_one(ws, one) : refuse_one(ws, one, kRetryBatch);
  }
}

void ObjectsState::refused(WebSocket& ws, const Message& message, std::chrono::milliseconds wait) {
  const std::optional<json> parsed = read(ws, message);
  if (!parsed) return;
  if (!options.batches || !parsed->is_array()) return refuse_one(ws, *parsed, wait);
  for (const json& one : *parsed) refuse_one(ws, one, wait);
}

void ObjectsState::refuse_one(WebSocket& ws, const json& message, std::chrono::milliseconds wait) {
  if (!message.is_object() || !message.contains("event")) return received_one(ws, message);
  const std::optional<std::string> id = id_of(message, options.max_event_bytes);
  refuse(ws, string_member(message, "event"), id.value_or(""),
         {"too_fast", "more than the quota allows", wait});
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
    ws.send(write_error(wire_of(ws), error, "").message());
  } else {
    ws.send(write_answer(wire_of(ws), id, std::move(error)).message());
  }
}

void ObjectsState::refuse(WebSocket& ws, std::string_view event, std::string_view id,
                          ObjectError error) {
  if (!id.empty()) {
    ws.send(write_answer(wire_of(ws), id, std::move(error)).message());
  } else if (event != "error") {  // two ends that tell each other about errors would never stop
    ws.send(write_error(wire_of(ws), error, event).message());
  }
}

void ObjectsState::run_handler(WebSocket& ws, std::string_view event, std::string id,
                               const json& data) {
  const auto handler = handlers.find(event);
  if (handler == handlers.end()) {
    return refuse(ws, event, id, {"unknown_event", "there is no such event here"});
  }
  ObjectReply reply;
  if (handler->second.takes_reply) {
    reply.pending_ = owe(ws, id, event);
    if (!reply.pending_)
      return refuse(ws, event, id, {"too_many_pending", "too many answers are owed already"});
  }
  ObjectSocket socket(ws, shared_from_this());
  std::optional<ObjectResult> result;
  if (!guarded([&] { result = handler->second.run(socket, data, reply); })) {
    result = ObjectResult(ObjectError{"failed", "the application failed"});
  }
  if (!result) return;  // answers later
  if (reply.pending_) {
    reply.pending_->answer(*result);
  } else if (!*result) {
    refuse(ws, event, id, result->error());
  } else if (!id.empty()) {
    ws.send(write_answer(wire_of(ws), id, *result).message());
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
  return ws_.send(detail::write_event(detail::wire_of(ws_), event, "", data).message());
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
  handle.packed_ = detail::wire_of(ws_) == detail::ObjectWire::MessagePack;
  return handle;
}

SendResult ObjectHandle::emit(std::string_view event, const json& data) const {
  const auto wire = packed_ ? detail::ObjectWire::MessagePack : detail::ObjectWire::Json;
  return ws_.send(detail::write_event(wire, event, "", data).message());
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
  if (!base.on_refused) {
    base.on_refused = [state = state_](WebSocket& ws, const Message& message,
                                       std::chrono::milliseconds wait) {
      state->refused(ws, message, wait);
    };
  }
  base.on_close = [state = state_, first = std::move(base.on_close)](WebSocket& ws,
                                                                     const CloseInfo& close) {
    try {
      if (first) first(ws, close);
    } catch (...) {
      state->closed(ws, close);
      throw;
    }
    state->closed(ws, close);
  };
  return base;
}

}  // namespace hybi
