// A message encoded once for many connections: what a publication puts into each subscriber's
// outbox. Immutable and counted, so it may cross loops.
#pragma once

#include <hybi/base/out_buffer.h>
#include <hybi/websocket.h>
#include <hybi/ws/protocol.h>

#include <memory>

namespace hybi::conn {

struct SharedMessage {
  OutBuffer frame;             // as it goes into the stream, or a payload alone
  ws::Encoding encoding = {};  // of the frame
};

using SharedMessageRef = std::shared_ptr<const SharedMessage>;

// Returns: null if that encoding has no binary messages. `pool` may be null if nothing is
// compressed.
inline SharedMessageRef share(const Message& message, const ws::Encoding& encoding = {},
                              ws::DeflatePool* pool = nullptr) {
  auto shared = std::make_shared<SharedMessage>();
  shared->encoding = encoding;
  shared->frame.reserve(message.data.size() + 10);
  const ws::Opcode opcode = message.is_text ? ws::Opcode::Text : ws::Opcode::Binary;
  if (!ws::encode_server_message(encoding, pool, opcode, message.data, shared->frame)) {
    return nullptr;
  }
  return shared;
}

}  // namespace hybi::conn
