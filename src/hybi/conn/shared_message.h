// A message encoded once for many connections: what a publication puts into each subscriber's
// outbox. Immutable and counted, so it may cross loops.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/websocket.h>
#include <hybi/ws/protocol.h>

#include <memory>

namespace hybi::conn {

struct SharedMessage {
  OutBuffer frame;  // header and payload as a server of version 13 sends them, or a payload alone
};

using SharedMessageRef = std::shared_ptr<const SharedMessage>;

inline SharedMessageRef share(const Message& message) {
  auto shared = std::make_shared<SharedMessage>();
  shared->frame.reserve(message.data.size() + 10);
  ws::encode_server_message(message.is_text ? ws::Opcode::Text : ws::Opcode::Binary, message.data,
                            shared->frame);
  return shared;
}

}  // namespace hybi::conn
