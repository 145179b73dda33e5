// hybi::WebSocketHandle: a WebSocket from any thread.
//
// On the loop's own thread a call acts at once, from elsewhere it becomes a task of the loop.
// Either way the calls of one thread keep their order.
#include <hybi/conn/loop_context.h>
#include <hybi/conn/ws_session.h>

namespace hybi {

static_assert(sizeof(WebSocketHandle) == 16);

namespace {

conn::WsSession* find(conn::LoopContext* context, std::uint32_t slot, std::uint32_t generation) {
  if (context == nullptr) return nullptr;
  conn::Connection* const connection = context->find(slot, generation);
  return connection != nullptr ? connection->session().as_websocket() : nullptr;
}

// `action` as a task of the loop.
template <class F>
auto task_for(const ConnectionRef& ref, F action) {
  return [slot = ref.slot, generation = ref.generation,
          action = std::move(action)](conn::LoopContext& context) mutable {
    if (conn::WsSession* const session = find(&context, slot, generation)) action(*session);
  };
}

// Acts now on the loop's thread, else later. Returns: false if there is no such connection.
template <class F>
bool act(const ConnectionRef& ref, F action) {
  if (!ref.port) return false;
  if (!ref.port->on_loop_thread()) return ref.port->post(task_for(ref, std::move(action)));
  conn::WsSession* const session = find(ref.port->context(), ref.slot, ref.generation);
  if (session != nullptr) action(*session);
  return session != nullptr;
}

}  // namespace

SendResult WebSocketHandle::send(std::string_view text) const {
  return send(Message{as_bytes(text), true});
}

SendResult WebSocketHandle::send_binary(Bytes data) const {
  return send(Message{data, false});
}

SendResult WebSocketHandle::send(const Message& message) const {
  if (!ref_.port) return SendResult::Closed;
  if (ref_.port->on_loop_thread()) {
    conn::WsSession* const session = find(ref_.port->context(), ref_.slot, ref_.generation);
    return session != nullptr ? session->send(message) : SendResult::Closed;
  }
  const bool posted =
      ref_.port->post_message(task_for(ref_,
                                       [data = std::string(message.text()),
                                        is_text = message.is_text](conn::WsSession& session) {
                                         session.send(Message{as_bytes(data), is_text});
                                       }),
                              message.data.size());
  if (posted) return SendResult::Queued;
  return ref_.port->closed() ? SendResult::Closed : SendResult::Dropped;
}

bool WebSocketHandle::close(std::uint16_t code, std::string_view reason) const {
  return act(ref_, [code, reason = std::string(reason)](conn::WsSession& session) {
    (void)session.close(code, reason);
  });
}

bool WebSocketHandle::terminate() const {
  return act(ref_, [](conn::WsSession& session) { session.terminate(); });
}

bool WebSocketHandle::post(std::function<void(WebSocket&)> task) const {
  if (!ref_.port) return false;
  return ref_.port->post(task_for(
      ref_, [task = std::move(task)](conn::WsSession& session) { session.dispatch(task); }));
}

}  // namespace hybi
