// Clients of the channel protocol (docs/topics/channel-protocol.md): hybi.js, or any other that
// speaks it. Implemented in app/.
//
//   hybi::ChannelClients clients(server, {
//       .authenticate = [](hybi::WebSocket&, const std::string& token) { return user_of(token); },
//       .may_subscribe = [](const hybi::ChannelUser& user, std::string_view channel) { ... }});
//   clients.objects().on("sum", ...);  // the application's own calls, see object.h
//   server.ws("/live", clients.handlers());
//
// Everything is set before the server starts. Hooks run on the thread of the connection's loop and
// must not block; what is not allowed by one is refused.
#pragma once

#include <hybi/channel.h>
#include <hybi/object.h>
#include <hybi/outcome.h>
#include <hybi/server.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace hybi {

// Who a client is. It may be connected several times.
struct ChannelUser {
  std::string id = {};    // "" nobody in particular
  std::string info = {};  // JSON, for the others in its channels; "" none
};

struct ChannelClientOptions {
  // By the token of hybi:connect; session and cookies are in ws.request(). Empty: everybody may
  // connect, as nobody in particular, and need not say hybi:connect.
  std::function<Outcome<ChannelUser, ObjectError>(WebSocket& ws, const std::string& token)>
      authenticate = {};
  // Somebody has connected and was told so. The place for ChannelClients::subscribe.
  std::function<void(WebSocket& ws, const ChannelUser& user)> on_connected = {};
  // Empty: nobody may. A pattern reaches every channel that it matches, so it has a hook of its
  // own; it is not asked about names.
  std::function<bool(const ChannelUser&, std::string_view channel)> may_subscribe = {};
  std::function<bool(const ChannelUser&, std::string_view pattern)> may_subscribe_matching = {};
  // For its history and who is there. Empty: who may subscribe may.
  std::function<bool(const ChannelUser&, std::string_view channel)> may_ask = {};
  std::function<bool(const ChannelUser&, std::string_view channel, const nlohmann::json& data)>
      may_publish = {};

  std::size_t max_history = 1000;  // publications in one answer; of members as well
  ObjectOptions objects = {};
};

class ChannelClients {
 public:
  // Requires: the server lives as long as its connections.
  explicit ChannelClients(Server& server, ChannelClientOptions options);
  ~ChannelClients();

  // For handlers of the application's own events.
  Objects& objects();
  // Who speaks; null before hybi:connect, or for a WebSocket of another route. Lifetime: until the
  // callback returns. Thread: the connection's loop's.
  const ChannelUser* user(WebSocket& ws) const;

  // Subscribes a client without being asked, with the `history` latest publications, or ends a
  // subscription; the client is told by an event. WebSocket::subscribe does not tell it.
  // Returns: false if it is (not) subscribed already, has not connected, or the name is none.
  // Thread: the connection's loop's.
  bool subscribe(WebSocket& ws, std::string_view channel, std::size_t history = 0);
  bool unsubscribe(WebSocket& ws, std::string_view channel);

  // For Server::ws or Upgrade::accept; see Objects::handlers.
  WebSocketHandlers handlers(WebSocketHandlers base = {}) const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

// Publishing over HTTP, for applications that are not this one:
//   server.post("/api/publish", hybi::publish_handler(server, {.key = secret}));
//   POST {"channel": "room/42", "data": ..., "key": "idempotency key"}  Authorization: Bearer
//   SECRET
// Answers {} or {"epoch", "offset", "duplicate"}; 401 without the key, 400 with what is wrong.
struct PublishHandlerOptions {
  std::string key = {};  // of 16 bytes or more; with a shorter one everything is refused
};
// Requires: the server lives as long as its connections.
Handler publish_handler(Server& server, PublishHandlerOptions options);

// Serves hybi.js, the client for browsers and Node: server.get("/hybi.js", hybi::client_script()).
Handler client_script();

}  // namespace hybi
