// What floor 3 asks of floor 4. Implemented in app/, handed down to each loop's context.
#pragma once

#include <hybi/channel.h>
#include <hybi/error.h>
#include <hybi/router.h>
#include <hybi/websocket.h>

#include <functional>
#include <string_view>

namespace hybi::conn {

class HttpSession;
class WsSession;

class Application {
 public:
  // The head of a request is complete: route it, run the middleware, answer or arrange for the
  // answer.
  virtual void on_request(HttpSession& session) = 0;
  // An error is about to be answered. Returns: whether an error route has been run for it (see
  // HttpSession::run_error_route).
  virtual bool on_error_answer(HttpSession& session, const ErrorAnswer& error) = 0;
  // Runs `work` on a thread for what blocks. Returns: false if too much waits there already.
  virtual bool run_blocking(std::function<void()> work) = 0;
  // Null: there are none. Lifetime: outlives every connection.
  virtual const TemplateEngine* templates() const = 0;
  // An error with no caller to return to.
  virtual void on_error(Error error, std::string_view what) = 0;
  // The same for the exception that is being handled. Requires: inside a catch block.
  void on_exception(Errc errc);

 protected:
  ~Application() = default;
};

// The channels as one loop sees them. Thread: the loop's.
class Channels {
 public:
  // Returns: false if it was subscribed. Fails: BadChannel, TooManySubscriptions.
  virtual Result<bool> subscribe(WsSession& session, std::string_view channel,
                                 SubscribeOptions options) = 0;
  virtual Result<bool> subscribe_matching(WsSession& session, std::string_view pattern) = 0;
  virtual bool unsubscribe(WsSession& session, std::string_view name) = 0;
  virtual void unsubscribe_all(WsSession& session) = 0;
  virtual bool subscribed(WsSession& session, std::string_view name) = 0;
  // To every subscriber on every loop but `except` (null: nobody is excepted).
  virtual void publish(std::string_view channel, const Message& message, PublishOptions options,
                       const WsSession* except) = 0;
  // To every WebSocket of the route on every loop but `except`.
  virtual void broadcast(std::string_view route, const Message& message,
                         const WsSession& except) = 0;

 protected:
  ~Channels() = default;
};

}  // namespace hybi::conn
