// How publications are written for clients of the channel protocol, in JSON and in MessagePack.
// docs/topics/channel-protocol.md, "What the server says by itself".
#pragma once

#include <hybi/conn/publication.h>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace hybi {

class JsonChannelFormat final : public conn::PublicationFormat {
 public:
  bool is_text() const override { return true; }
  void write(std::string_view channel, const conn::PublishedMessage& message,
             OutBuffer& out) const override;
  void write_gap(std::string_view channel, std::uint64_t missed, OutBuffer& out) const override;
  void write_new_epoch(std::string_view channel, Position position, OutBuffer& out) const override;
};

class MessagePackChannelFormat final : public conn::PublicationFormat {
 public:
  bool is_text() const override { return false; }
  void write(std::string_view channel, const conn::PublishedMessage& message,
             OutBuffer& out) const override;
  void write_gap(std::string_view channel, std::uint64_t missed, OutBuffer& out) const override;
  void write_new_epoch(std::string_view channel, Position position, OutBuffer& out) const override;
};

// As it stands in answers: {"data": ..., "offset": ..., "publisher": ...}. Bytes are nlohmann's
// binary in MessagePack, {"base64": ...} in JSON.
nlohmann::json publication_json(const Publication& publication, bool message_pack);
// {"client": ..., "user": ..., "info": ...}
nlohmann::json member_json(const Member& member);

}  // namespace hybi
