// To all WebSockets of a route, and visiting every one: each loop goes through its connections.
// Memory is freed only in the end of a turn, so what the visitor ends stays until then.
#include <hybi/app/channel_hub.h>
#include <hybi/conn/loop_context.h>

namespace hybi {
namespace {

template <class F>
void for_each_open(conn::LoopContext& context, F&& fn) {
  context.for_each_connection([&](conn::Connection& connection) {
    if (connection.ended()) return;
    conn::WsSession* const session = connection.session().as_websocket();
    if (session != nullptr && session->protocol().state() == ws::State::Open) fn(*session);
  });
}

}  // namespace

void LoopChannels::send_to_route(std::string_view route, const conn::PublishedMessage& message,
                                 const std::function<bool(WebSocket&)>& to,
                                 const conn::WsSession* except) {
  conn::Publishing publication(route, message, port_.context()->deflate_pool());
  for_each_open(*port_.context(), [&](conn::WsSession& session) {
    if (&session == except || session.pattern() == nullptr || session.pattern()->text != route) {
      return;
    }
    bool wanted = true;
    if (to) session.dispatch([&](WebSocket& ws) { wanted = to(ws); });
    if (wanted) session.deliver(publication);
  });
}

void LoopChannels::visit(const std::function<void(WebSocket&)>& visitor) {
  for_each_open(*port_.context(), [&](conn::WsSession& session) { session.dispatch(visitor); });
}

void LoopChannels::broadcast(std::string_view route, const Message& message,
                             const conn::WsSession& except) {
  hub_.broadcast(route, message, {}, &except, this);
}

void ChannelHub::broadcast(std::string_view route, const Message& message,
                           std::function<bool(WebSocket&)> to, const conn::WsSession* except,
                           LoopChannels* here) {
  if (here == nullptr) here = this_loop();
  const conn::PublishedMessage shared(message);
  if (here != nullptr) here->send_to_route(route, shared, to, except);
  for (const Member& loop : loops_) {
    if (loop.channels == here) continue;
    loop.port->post_message(
        [channels = loop.channels, shared, to, name = std::string(route)](conn::LoopContext&) {
          channels->send_to_route(name, shared, to, nullptr);
        },
        shared.frame->frame.size());
  }
}

void ChannelHub::visit(std::function<void(WebSocket&)> visitor) {
  LoopChannels* const here = this_loop();
  if (here != nullptr) here->visit(visitor);
  for (const Member& loop : loops_) {
    if (loop.channels == here) continue;
    loop.port->post(
        [channels = loop.channels, visitor](conn::LoopContext&) { channels->visit(visitor); });
  }
}

}  // namespace hybi
