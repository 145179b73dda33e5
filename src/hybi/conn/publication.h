// A publication: one message for many connections, encoded once for each way in which a subscriber
// needs it. RFC 7692 does not ask for a compressor of one's own where no context is kept.
//
// The usual way, a frame of 7, 8 and 13, is encoded where the message is published and crosses
// loops; the others are made on each loop when its first subscriber asks.
#pragma once

#include <hybi/conn/shared_message.h>

#include <utility>
#include <vector>

namespace hybi::conn {

// What crosses loops.
struct PublishedMessage {
  SharedMessageRef frame;  // with Encoding{}
  bool is_text = false;
  bool compress = true;

  explicit PublishedMessage(const Message& message)
      : frame(share(message)), is_text(message.is_text), compress(message.compress) {}

  Bytes payload() const {
    const Bytes all = frame->frame.view();
    return all.subspan(ws::header_bytes(all[1]));
  }
};

// One loop's part of it. Thread: the loop's.
class Publication {
 public:
  Publication(const PublishedMessage& message, ws::DeflatePool& pool)
      : message_(message), payload_(message.payload()), pool_(pool) {}

  std::size_t payload_bytes() const { return payload_.size(); }
  bool compress() const { return message_.compress; }

  // Returns: null if that encoding has no binary messages.
  const SharedMessageRef& as(const ws::Encoding& encoding) {
    if (encoding == ws::Encoding{}) return message_.frame;
    for (const auto& [made, shared] : made_) {
      if (made == encoding) return shared;
    }
    const Message message{payload_, message_.is_text};
    return made_.emplace_back(encoding, share(message, encoding, &pool_)).second;
  }

 private:
  const PublishedMessage& message_;
  Bytes payload_;
  ws::DeflatePool& pool_;
  std::vector<std::pair<ws::Encoding, SharedMessageRef>> made_;
};

}  // namespace hybi::conn
