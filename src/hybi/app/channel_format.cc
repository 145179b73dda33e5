// See channel_format.h.
#include <hybi/app/channel_format.h>
#include <hybi/base/digest.h>
#include <hybi/base/utf8.h>

namespace hybi {
namespace {

using nlohmann::json;

// What is not UTF-8 is replaced: a text message may not hold it.
std::string json_string(std::string_view text) {
  return json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
}
std::string valid_text(std::string_view text) {
  return is_utf8(text) ? std::string(text) : json::parse(json_string(text)).get<std::string>();
}

void write_data(Publication::Form form, bool is_text, Bytes data, OutBuffer& out) {
  if (!is_text) {
    out.append(std::string_view("{\"base64\":\""));
    out.append(std::string_view(base64_encode(data)));
    out.append(std::string_view("\"}"));
  } else if (form == Publication::Form::Json) {
    out.append(data);  // it was JSON when it was published
  } else {
    out.append(std::string_view(json_string(as_text(data))));
  }
}

json data_json(Publication::Form form, std::string_view data, bool message_pack) {
  switch (form) {
    case Publication::Form::Json:
      return json::parse(data, nullptr, false);
    case Publication::Form::Text:
      return valid_text(data);
    case Publication::Form::Binary:
      break;
  }
  if (!message_pack) return {{"base64", base64_encode(as_bytes(data))}};
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(data.data());
  return json::binary({bytes, bytes + data.size()});
}

// Of a stream that begins anew.
json new_epoch_data(Position position) {
  return {{"epoch", position.epoch},
          {"offset", position.offset},
          {"publications", json::array()},
          {"recovered", false}};
}

void write_packed(const json& object, OutBuffer& out) {
  std::string bytes;
  json::to_msgpack(object, bytes);
  out.append(std::string_view(bytes));
}

void write_head(std::string_view channel, OutBuffer& out) {
  out.append(std::string_view("{\"channel\":"));
  out.append(std::string_view(json_string(channel)));
}

}  // namespace

void JsonChannelFormat::write(std::string_view channel, const conn::PublishedMessage& message,
                              OutBuffer& out) const {
  using Kind = conn::PublishedAs::Kind;
  const conn::PublishedAs* const as = message.as.get();
  const Kind kind = as != nullptr ? as->kind : Kind::Message;
  write_head(channel, out);
  if (kind != Kind::Message) {
    out.append(kind == Kind::Join ? std::string_view(",\"event\":\"join\"")
                                  : std::string_view(",\"event\":\"leave\""));
  }
  out.append(std::string_view(",\"data\":"));
  write_data(as != nullptr ? as->form : Publication::Form::Text, message.is_text, message.payload(),
             out);
  if (as != nullptr && as->position.offset != 0) {
    out.append(std::string_view(",\"offset\":"));
    out.append(std::string_view(std::to_string(as->position.offset)));
  }
  if (as != nullptr && !as->publisher.empty()) {
    out.append(std::string_view(",\"publisher\":"));
    out.append(std::string_view(json_string(as->publisher)));
  }
  out.append(std::string_view("}"));
}

void JsonChannelFormat::write_gap(std::string_view channel, std::uint64_t missed,
                                  OutBuffer& out) const {
  write_head(channel, out);
  out.append(std::string_view(",\"event\":\"gap\",\"data\":{\"missed\":"));
  out.append(std::string_view(std::to_string(missed)));
  out.append(std::string_view("}}"));
}

void JsonChannelFormat::write_new_epoch(std::string_view channel, Position position,
                                        OutBuffer& out) const {
  write_head(channel, out);
  out.append(std::string_view(",\"event\":\"subscribed\",\"data\":"));
  out.append(std::string_view(new_epoch_data(position).dump()));
  out.append(std::string_view("}"));
}

void MessagePackChannelFormat::write(std::string_view channel,
                                     const conn::PublishedMessage& message, OutBuffer& out) const {
  using Kind = conn::PublishedAs::Kind;
  const conn::PublishedAs* const as = message.as.get();
  json object = {{"channel", valid_text(channel)}};
  if (as != nullptr && as->kind != Kind::Message) {
    object["event"] = as->kind == Kind::Join ? "join" : "leave";
  }
  const auto form = !message.is_text ? Publication::Form::Binary
                    : as != nullptr  ? as->form
                                     : Publication::Form::Text;
  object["data"] = data_json(form, as_text(message.payload()), true);
  if (as != nullptr && as->position.offset != 0) object["offset"] = as->position.offset;
  if (as != nullptr && !as->publisher.empty()) object["publisher"] = valid_text(as->publisher);
  write_packed(object, out);
}

void MessagePackChannelFormat::write_gap(std::string_view channel, std::uint64_t missed,
                                         OutBuffer& out) const {
  write_packed({{"channel", valid_text(channel)}, {"event", "gap"}, {"data", {{"missed", missed}}}},
               out);
}

void MessagePackChannelFormat::write_new_epoch(std::string_view channel, Position position,
                                               OutBuffer& out) const {
  write_packed({{"channel", valid_text(channel)},
                {"event", "subscribed"},
                {"data", new_epoch_data(position)}},
               out);
}

json publication_json(const Publication& publication, bool message_pack) {
  json one = {{"data", data_json(publication.form, *publication.data, message_pack)}};
  if (publication.offset != 0) one["offset"] = publication.offset;
  if (!publication.publisher.empty()) one["publisher"] = publication.publisher;
  return one;
}

json member_json(const Member& member) {
  json one = {{"client", member.client}};
  if (!member.user.empty()) one["user"] = member.user;
  if (!member.info.empty()) one["info"] = json::parse(member.info, nullptr, false);
  return one;
}

}  // namespace hybi
