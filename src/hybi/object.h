// Object mode: a WebSocket that speaks in JSON objects {event, id, data}, with named handlers and
// answers in both directions. Implemented in app/. On the wire: docs/topics/object-mode.md.
//
//   Objects objects(server);
//   objects.on("say", [](ObjectSocket& ws, const Say& say) { ws.publish("room", "said", say); });
//   objects.on("sum", [](ObjectSocket&, const std::vector<int>& numbers) { return sum(numbers); });
//   server.ws("/chat", objects.handlers());
//
// A handler's signature is its contract: what it takes comes through from_json, what it returns
// goes through to_json as the answer. Handlers are set before the server starts; they run on the
// thread of the connection's loop.
#pragma once

#include <hybi/error.h>
#include <hybi/json.h>
#include <hybi/outcome.h>
#include <hybi/result.h>
#include <hybi/server.h>
#include <hybi/websocket.h>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hybi {

class Objects;
class ObjectReply;
class ObjectSocket;

// An error as it travels: {"code": ..., "message": ..., "retry_ms": ...}.
struct ObjectError {
  std::string code;          // for programs: "unknown_event", "timeout", or the application's own
  std::string message = {};  // for people
  std::chrono::milliseconds retry{0};  // {"retry_ms": ...}: not before; 0 is not told
};

using ObjectResult = Outcome<nlohmann::json, ObjectError>;

struct ObjectOptions {
  std::size_t max_depth = 32;                  // of a message, itself being the first
  std::size_t max_event_bytes = 64;            // of an event's name; also of an id that is a string
  std::size_t max_pending = 64;                // of one connection, waiting for an answer; each way
  std::chrono::milliseconds deadline{30'000};  // for what handlers answer later
  std::chrono::milliseconds resolution{50};    // deadlines are late by up to two of these
  // What is no message of object mode closes the connection: 1003 for the wrong kind, else 1007.
  // Otherwise it is answered by an event "error".
  bool close_on_bad_message = false;
  bool batches = false;  // a message may be an array of objects, taken one after the other
  // Told what handlers threw. Thread: any of the loops.
  std::function<void(Error error, std::string_view what)> on_error = {};
};

// {"event": ..., "data": ...} as JSON text, for Server::publish and WebSocketHandle::send.
std::string object_message(std::string_view event, const nlohmann::json& data);

namespace detail {
class ObjectsState;
struct ObjectPending;
using ObjectHandler = std::function<std::optional<ObjectResult>(
    ObjectSocket&, const nlohmann::json& data, const ObjectReply& reply)>;
}  // namespace detail

// Runs a task once after a delay, on any thread. See Objects::Objects.
using ObjectTimer =
    std::function<void(std::chrono::milliseconds delay, std::function<void()> task)>;

// A connection in object mode. Lifetime: until the callback returns; keep handle().
class ObjectSocket {
 public:
  WebSocket& socket() { return ws_; }

  // What the value given to accept holds. Null if it is of another type.
  template <class T>
  T* user() {
    return ws_.user<T>();
  }

  SendResult emit(std::string_view event, const nlohmann::json& data = nullptr);
  // To every other subscriber of the channel.
  void publish(std::string_view channel, std::string_view event,
               const nlohmann::json& data = nullptr);

  // Asks the client.
  // Calls back: once, on the loop's thread, with the answer's data, its error, or the error
  // "timeout" or "closed"; not if this fails.
  // Fails: Closed; TooManyPending; WsSlowConsumer if the question was dropped; BadState if the
  // Objects have no timer.
  Result<void> request(std::string_view event, const nlohmann::json& data,
                       std::chrono::milliseconds deadline,
                       std::function<void(ObjectSocket&, ObjectResult)> done);

  class ObjectHandle handle();

 private:
  friend class Objects;
  friend class ObjectHandle;
  friend class detail::ObjectsState;
  ObjectSocket(WebSocket& ws, std::shared_ptr<detail::ObjectsState> state)
      : ws_(ws), state_(std::move(state)) {}

  WebSocket& ws_;
  std::shared_ptr<detail::ObjectsState> state_;
};

// A connection from anywhere; see WebSocketHandle. Thread: any.
class ObjectHandle {
 public:
  ObjectHandle() = default;
  SendResult emit(std::string_view event, const nlohmann::json& data = nullptr) const;
  // Runs `task` on the connection's loop's thread, if it still is there.
  bool post(std::function<void(ObjectSocket&)> task) const;

 private:
  friend class ObjectSocket;
  WebSocketHandle ws_;
  std::shared_ptr<detail::ObjectsState> state_;
  bool packed_ = false;  // it speaks MessagePack
};

// The right to answer an event later. Copyable; the first answer counts. When the last copy goes
// without one, the client is told "unanswered", after ObjectOptions::deadline "timeout". For an
// event without an id only an error is told, as an event "error". Thread: any.
class ObjectReply {
 public:
  // Returns: false if it has been answered, or the connection has ended.
  bool send(const nlohmann::json& data) const;
  bool fail(const ObjectError& error) const;
  bool wanted() const;  // the event had an id and is not answered yet

 private:
  friend class detail::ObjectsState;
  std::shared_ptr<detail::ObjectPending> pending_;
};

namespace detail {

// Of a callable that can be called const, because many loops do so at once: not a mutable lambda.
template <class T>
struct ObjectSignature : ObjectSignature<decltype(&T::operator())> {};
template <class R, class C, class... Args>
struct ObjectSignature<R (C::*)(Args...) const> : ObjectSignature<R(Args...)> {};
template <class R, class C, class... Args>
struct ObjectSignature<R (C::*)(Args...) const noexcept> : ObjectSignature<R(Args...)> {};
template <class R, class... Args>
struct ObjectSignature<R (*)(Args...)> : ObjectSignature<R(Args...)> {};
template <class R>
struct ObjectSignature<R(ObjectSocket&)> {
  using Return = R;
  using Data = void;
  static constexpr bool kTakesReply = false;
};
template <class R, class D>
struct ObjectSignature<R(ObjectSocket&, D)> {
  using Return = R;
  using Data = std::remove_cvref_t<D>;
  static constexpr bool kTakesReply = false;
};
template <class R, class D, class Reply>
requires std::is_same_v<std::remove_cvref_t<Reply>, ObjectReply>
struct ObjectSignature<R(ObjectSocket&, D, Reply)> {
  using Return = R;
  using Data = std::remove_cvref_t<D>;
  static constexpr bool kTakesReply = true;
  static_assert(std::is_void_v<R>, "a handler that takes an ObjectReply returns nothing");
};

ObjectError object_error(Error error);
ObjectError bad_data(const JsonError& error);

template <class T>
struct ObjectAnswer {
  static ObjectResult of(T value) { return nlohmann::json(std::move(value)); }
};
template <class T>
struct ObjectAnswer<Result<T>> {
  static ObjectResult of(Result<T> result) {
    if (!result) return object_error(result.error());
    if constexpr (std::is_void_v<T>) {
      return nlohmann::json();
    } else {
      return nlohmann::json(std::move(*result));
    }
  }
};
template <class T>
struct ObjectAnswer<Outcome<T, ObjectError>> {
  static ObjectResult of(Outcome<T, ObjectError> result) {
    if (!result) return std::move(result.error());
    return nlohmann::json(std::move(*result));
  }
};

// Calls `call` and makes an answer of what it returns.
template <class Return, class Call>
std::optional<ObjectResult> object_answer(bool takes_reply, Call call) {
  if constexpr (std::is_void_v<Return>) {
    call();
    if (takes_reply) return std::nullopt;
    return ObjectResult(nlohmann::json());
  } else {
    return ObjectAnswer<std::remove_cvref_t<Return>>::of(call());
  }
}

template <class F>
ObjectHandler object_handler(F function) {
  using Signature = ObjectSignature<F>;
  return [function = std::move(function)](ObjectSocket& ws, const nlohmann::json& data,
                                          const ObjectReply& reply) -> std::optional<ObjectResult> {
    using Return = typename Signature::Return;
    using Data = typename Signature::Data;
    (void)data;
    (void)reply;
    if constexpr (std::is_void_v<Data>) {
      return object_answer<Return>(false, [&] { return function(ws); });
    } else {
      const auto run = [&](const Data& value) {
        return object_answer<Return>(Signature::kTakesReply, [&] {
          if constexpr (Signature::kTakesReply) {
            return function(ws, value, reply);
          } else {
            return function(ws, value);
          }
        });
      };
      if constexpr (std::is_same_v<Data, nlohmann::json>) {
        return run(data);
      } else {
        const Outcome<Data, JsonError> value = json_as<Data>(data);
        if (!value) return ObjectResult(bad_data(value.error()));
        return run(*value);
      }
    }
  };
}

}  // namespace detail

// The handlers of a route in object mode. For the connections of one server.
class Objects {
 public:
  // Deadlines come from the server's clock. Requires: the server lives as long as its connections.
  explicit Objects(Server& server, ObjectOptions options = {});
  // From another clock. With none (an empty function) request() fails, and what handlers answer
  // later has no deadline.
  explicit Objects(ObjectTimer timer, ObjectOptions options = {});
  ~Objects();

  // What happens on an event of that name. `handler` takes (ObjectSocket&), (ObjectSocket&, Data)
  // or (ObjectSocket&, Data, ObjectReply), Data being nlohmann::json or anything with from_json.
  // What it returns is the answer if the event has an id: nothing (null), anything with to_json,
  // Result<T>, or Outcome<T, ObjectError>. Exceptions: the error "failed", and on_error.
  // The last handler of a name counts. Requires: no connection is open yet.
  template <class F>
  Objects& on(std::string_view event, F handler) {
    return add(event, detail::object_handler(std::move(handler)),
               detail::ObjectSignature<F>::kTakesReply);
  }
  Objects& on_open(std::function<void(ObjectSocket&)> handler);
  Objects& on_close(std::function<void(ObjectSocket&, const CloseInfo&)> handler);

  // For Server::ws or Upgrade::accept. `base` keeps its limits, origins and other callbacks; its
  // on_open and on_close run before those given here, its on_message is not used. Clients speak
  // MessagePack if base.subprotocols has "hybi.msgpack" and they ask for it. What the quota refuses
  // is answered with the error "too_fast", if base has no on_refused.
  WebSocketHandlers handlers(WebSocketHandlers base = {}) const;

 private:
  Objects& add(std::string_view event, detail::ObjectHandler handler, bool takes_reply);
  std::shared_ptr<detail::ObjectsState> state_;
};

}  // namespace hybi
