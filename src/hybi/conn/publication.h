// A publication: one message for many connections, encoded once for each way in which a subscriber
// needs it. RFC 7692 does not ask for a compressor of one's own where no context is kept.
//
// The usual way, a frame of 7, 8 and 13, is encoded where the message is published and crosses
// loops; the others are made on each loop when its first subscriber asks.
#pragma once

#include <hybi/channel.h>
#include <hybi/conn/shared_message.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hybi::conn {

// What a publication is beyond its bytes. Only for those who ask: a channel's clients that speak a
// format, and channels that keep a history.
struct PublishedAs {
  enum class Kind : std::uint8_t { Message, Join, Leave };  // of the latter the payload is a Member
  Kind kind = Kind::Message;
  Publication::Form form = Publication::Form::Text;
  Position position = {};      // {}: not kept
  std::string publisher = {};  // a client of the channel protocol
  std::string key = {};        // of SlowPolicy::KeepLatest; "": the channel's name
  std::uint64_t except = 0;    // the WebSocket that is left out; 0: none
};

// What crosses loops.
struct PublishedMessage {
  SharedMessageRef frame;  // with Encoding{}
  bool is_text = false;
  bool compress = true;
  std::shared_ptr<const PublishedAs> as;  // null: a message with nothing to say about it

  explicit PublishedMessage(const Message& message, std::shared_ptr<const PublishedAs> said = {})
      : frame(share(message)),
        is_text(message.is_text),
        compress(message.compress),
        as(std::move(said)) {}

  Bytes payload() const {
    const Bytes all = frame->frame.view();
    return all.subspan(ws::header_bytes(all[1]));
  }
  bool is_kept() const { return as && as->position.offset != 0; }
  // Only those of a format are told who comes and goes.
  bool is_about_members() const { return as && as->kind != PublishedAs::Kind::Message; }
};

// How publications are written for the clients of a protocol of their own; others get the bytes
// that were published. Lifetime: outlives its connections. Thread: any.
class PublicationFormat {
 public:
  virtual ~PublicationFormat() = default;
  virtual bool is_text() const = 0;
  virtual void write(std::string_view channel, const PublishedMessage& message,
                     OutBuffer& out) const = 0;
  // `missed` publications were not sent to this client.
  virtual void write_gap(std::string_view channel, std::uint64_t missed, OutBuffer& out) const = 0;
  // The channel's stream was forgotten; a new one begins after `position`.
  virtual void write_new_epoch(std::string_view channel, Position position,
                               OutBuffer& out) const = 0;
};

// One loop's part of it. Thread: the loop's.
class Publishing {
 public:
  Publishing(std::string_view channel, const PublishedMessage& message, ws::DeflatePool& pool,
             const SlowQueue* slow = nullptr)
      : channel_(channel),
        message_(message),
        payload_(message.payload()),
        pool_(pool),
        slow_(slow) {}

  std::string_view channel() const { return channel_; }
  const PublishedMessage& message() const { return message_; }
  // Null: the route of each subscriber decides what happens if it is slow.
  const SlowQueue* slow() const { return slow_; }
  std::string_view key() const {
    return message_.as && !message_.as->key.empty() ? std::string_view(message_.as->key) : channel_;
  }
  bool compress() const { return message_.compress; }
  // Of the message as that format has it (null: as it is).
  std::size_t payload_bytes(const PublicationFormat* format) {
    return format == nullptr ? payload_.size() : written(*format).size();
  }

  // Returns: null if that encoding has no binary messages.
  const SharedMessageRef& as(const ws::Encoding& encoding,
                             const PublicationFormat* format = nullptr) {
    if (format == nullptr && encoding == ws::Encoding{}) return message_.frame;
    for (const Made& made : made_) {
      if (made.format == format && made.encoding == encoding) return made.shared;
    }
    const Message message = format == nullptr ? Message{payload_, message_.is_text}
                                              : Message{written(*format).view(), format->is_text()};
    return made_.emplace_back(Made{format, encoding, share(message, encoding, &pool_)}).shared;
  }

 private:
  struct Made {
    const PublicationFormat* format;
    ws::Encoding encoding;
    SharedMessageRef shared;
  };

  const OutBuffer& written(const PublicationFormat& format) {
    for (const auto& [known, text] : written_) {
      if (known == &format) return text;
    }
    auto& [known, text] = written_.emplace_back(&format, OutBuffer());
    format.write(channel_, message_, text);
    return text;
  }

  std::string_view channel_;
  const PublishedMessage& message_;
  Bytes payload_;
  ws::DeflatePool& pool_;
  const SlowQueue* slow_;
  std::vector<Made> made_;
  std::vector<std::pair<const PublicationFormat*, OutBuffer>> written_;
};

}  // namespace hybi::conn
