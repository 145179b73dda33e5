// See channel_format.h.
#include <hybi/app/channel_format.h>
#include <hybi/base/digest.h>

namespace hybi {
namespace {

using nlohmann::json;

// What is not UTF-8 is replaced: a text message may not hold it.
std::string json_string(std::string_view text) {
  return json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
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
  const json data = {{"epoch", position.epoch},
                     {"offset", position.offset},
                     {"publications", json::array()},
                     {"recovered", false}};
  out.append(std::string_view(",\"event\":\"subscribed\",\"data\":"));
  out.append(std::string_view(data.dump()));
  out.append(std::string_view("}"));
}

json publication_json(const Publication& publication) {
  json one;
  switch (publication.form) {
    case Publication::Form::Json:
      one["data"] = json::parse(*publication.data, nullptr, false);
      break;
    case Publication::Form::Text:
      one["data"] = *publication.data;
      break;
    case Publication::Form::Binary:
      one["data"] = {{"base64", base64_encode(as_bytes(std::string_view(*publication.data)))}};
      break;
  }
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
