// What the handlers of one Objects share: the table of events, and who waits for an answer.
//
// Waiting are our questions to clients and the answers that handlers owe. Both have a number and a
// deadline. Deadlines are counted in ticks of the one timer, which runs while something waits.
// Connections without either have no entry here. Thread: any, except as noted.
#pragma once

#include <hybi/app/object_wire.h>
#include <hybi/object.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace hybi::detail {

// An answer that a handler owes.
struct ObjectPending {
  ~ObjectPending();
  // Returns: whether this was the first answer and the connection is there. Without an id only an
  // error is told.
  bool answer(const ObjectResult& result);
  // There will be none.
  void give_up(const ObjectError& why);

  std::shared_ptr<ObjectsState> state;
  WebSocketHandle ws;
  ObjectWire wire = ObjectWire::Json;
  std::string id;  // as JSON; "" if no answer is wanted
  std::string event;
  std::uint64_t number = 0;  // in the table
  std::atomic<bool> answered = false;
};

class ObjectsState : public std::enable_shared_from_this<ObjectsState> {
 public:
  using Done = std::function<void(ObjectSocket&, ObjectResult)>;
  struct Handler {
    ObjectHandler run;
    bool takes_reply = false;
  };

  ObjectsState(ObjectTimer timer, ObjectOptions given)
      : options(std::move(given)), timer_(std::move(timer)) {}

  // Before any connection is open:
  const ObjectOptions options;
  std::map<std::string, Handler, std::less<>> handlers;
  std::function<void(ObjectSocket&)> on_open;
  std::function<void(ObjectSocket&, const CloseInfo&)> on_close;

  // Thread: the connection's loop's.
  void opened(WebSocket& ws);
  void received(WebSocket& ws, const Message& message);
  void refused(WebSocket& ws, const Message& message, std::chrono::milliseconds wait);
  void closed(WebSocket& ws, const CloseInfo& close);

  Result<void> ask(WebSocket& ws, std::string_view event, const nlohmann::json& data,
                   std::chrono::milliseconds deadline, Done done);
  // Returns: false if nobody waits, because the connection has ended for instance.
  bool forget(std::uint64_t number);

 private:
  using Tick = std::uint64_t;
  struct Question {
    WebSocketHandle ws;
    Done done;
  };
  struct Waiting {
    std::uint64_t connection = 0;
    Tick due = 0;  // 0: no more
    std::variant<Question, std::weak_ptr<ObjectPending>> what;
  };
  struct Connection {
    std::set<std::uint64_t> numbers;
    std::size_t questions = 0;
  };

  std::optional<nlohmann::json> read(WebSocket& ws, const Message& message);
  void received_one(WebSocket& ws, const nlohmann::json& message);
  void refuse_one(WebSocket& ws, const nlohmann::json& message, std::chrono::milliseconds wait);
  void refuse(WebSocket& ws, std::string_view event, std::string_view id, ObjectError error);
  void bad_message(WebSocket& ws, std::string_view id, ObjectError error, std::uint16_t close_code);
  void run_handler(WebSocket& ws, std::string_view event, std::string id,
                   const nlohmann::json& data);
  void take_answer(WebSocket& ws, const nlohmann::json& message);
  std::shared_ptr<ObjectPending> owe(WebSocket& ws, const std::string& id, std::string_view event);

  // Returns: false if the connection has too many of this kind.
  bool enter(std::uint64_t number, std::uint64_t connection, std::chrono::milliseconds deadline,
             std::variant<Question, std::weak_ptr<ObjectPending>> what);
  std::optional<Waiting> take(std::uint64_t number);
  std::optional<Waiting> take_question(std::uint64_t number, std::uint64_t connection);
  Waiting erase(std::unordered_map<std::uint64_t, Waiting>::iterator at);  // under the mutex
  void arm();
  void tick();
  // Runs user code and tells the hook what it threw. Returns: false if it threw.
  template <class F>
  bool guarded(F run) {
    const Error failed{Errc::WsHandlerFailed, 0};
    try {
      run();
      return true;
    } catch (const std::exception& exception) {
      if (options.on_error) options.on_error(failed, exception.what());
    } catch (...) {
      if (options.on_error) options.on_error(failed, "an exception of an unknown type");
    }
    return false;
  }

  const ObjectTimer timer_;
  std::atomic<std::uint64_t> last_number_ = 0;
  std::mutex mutex_;
  std::unordered_map<std::uint64_t, Waiting> waiting_;         // by number
  std::unordered_map<std::uint64_t, Connection> connections_;  // by WebSocket::id
  std::set<std::pair<Tick, std::uint64_t>> due_;
  Tick now_ = 0;
  bool armed_ = false;
};

}  // namespace hybi::detail
