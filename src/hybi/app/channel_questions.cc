// What clients of the channel protocol ask and are answered. See channel_clients_state.h; on the
// wire: docs/topics/channel-protocol.md.
#include <hybi/app/channel_clients_state.h>
#include <hybi/app/channel_format.h>
#include <hybi/app/channel_hub.h>

#include <algorithm>
#include <optional>

namespace hybi {
namespace {

using detail::string_member;
using nlohmann::json;

constexpr std::uint64_t kMaxInteger = (std::uint64_t{1} << 53) - 1;

ObjectError unavailable() {
  return {"unavailable", "the channels do not answer"};
}
ObjectError forbidden() {
  return {"forbidden", "not allowed on this channel"};
}

std::optional<std::uint64_t> integer_in(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  return value <= kMaxInteger ? std::optional(value) : std::nullopt;
}

json publications_json(const std::vector<Publication>& publications, bool message_pack) {
  json list = json::array();
  for (const Publication& one : publications) list.push_back(publication_json(one, message_pack));
  return list;
}

bool speaks_message_pack(const WebSocket& ws) {
  return detail::wire_of(ws) == detail::ObjectWire::MessagePack;
}

// What a subscription is answered.
json answer_of(const Subscribed& now, const WebSocket& ws) {
  json answer = {{"publications", publications_json(now.publications, speaks_message_pack(ws))}};
  if (now.position.epoch != 0) {
    answer["epoch"] = now.position.epoch;
    answer["offset"] = now.position.offset;
  }
  return answer;
}

void tell(WebSocket& ws, std::string_view channel, const char* event, json data) {
  const json members = {{"channel", channel}, {"event", event}, {"data", std::move(data)}};
  ws.send(detail::write_object(detail::wire_of(ws), members).message());
}

}  // namespace

struct ChannelClients::State::Wanted {
  std::string channel;
  bool is_pattern = false;
  std::optional<Position> since = {};
  std::size_t count = 0;

  // `count_name` is the member that says how many. Fails: bad_channel, bad_position, bad_data.
  static Outcome<Wanted, ObjectError> read(const json& data, std::string channel,
                                           const char* count_name, std::size_t max_count);
};

Outcome<ChannelClients::State::Wanted, ObjectError> ChannelClients::State::Wanted::read(
    const json& data, std::string channel, const char* count_name, std::size_t max_count) {
  Wanted wanted{.channel = std::move(channel)};
  if (!is_channel_name(wanted.channel)) {
    wanted.is_pattern = is_channel_pattern(wanted.channel);
    if (!wanted.is_pattern) return ObjectError{"bad_channel", "no name of a channel"};
  }
  if (const auto since = data.find("since"); since != data.end() && !since->is_null()) {
    const auto epoch = since->is_object() ? integer_in(*since, "epoch") : std::nullopt;
    const auto offset = since->is_object() ? integer_in(*since, "offset") : std::nullopt;
    if (!epoch || !offset)
      return ObjectError{"bad_position", "a position has an epoch and an offset"};
    wanted.since = Position{*epoch, *offset};
  }
  if (const auto value = data.find(count_name); value != data.end() && !value->is_null()) {
    const auto number = integer_in(data, count_name);
    if (!number) return ObjectError{"bad_data", std::string(count_name) + " is a number"};
    wanted.count = static_cast<std::size_t>(std::min<std::uint64_t>(*number, max_count));
  }
  return wanted;
}

void ChannelClients::State::subscribe(WebSocket& ws, const std::shared_ptr<Client>& client,
                                      const json& data, Done done) {
  const std::string name = string_member(data, "channel");
  subscribe_to(
      ws, client, data, name,
      [self = shared_from_this(), client, name, done](WebSocket&, const ObjectResult& result) {
        done(result);
        if (result) self->enter(client, name);
      });
}

bool ChannelClients::State::may_subscribe(const ChannelUser& user, const Wanted& wanted) const {
  const auto& may = wanted.is_pattern ? options.may_subscribe_matching : options.may_subscribe;
  return may && may(user, wanted.channel);
}

bool ChannelClients::State::may_ask(const ChannelUser& user, const std::string& channel) const {
  const auto& may = options.may_ask ? options.may_ask : options.may_subscribe;
  return may && may(user, channel);
}

void ChannelClients::State::subscribe_to(WebSocket& ws, const std::shared_ptr<Client>& client,
                                         const json& data, std::string channel, Joined done) {
  auto wanted = Wanted::read(data, std::move(channel), "history", options.max_history);
  if (!wanted) return done(ws, wanted.error());
  if (!may_subscribe(client->user, *wanted)) return done(ws, forbidden());
  // Like a new one: what comes again is in the answer, and what follows it follows.
  ws.unsubscribe(wanted->channel);
  if (ws.subscription_count() >= ws.max_subscriptions()) {
    leave(*client, wanted->channel);
    return done(ws, ObjectError{"too_many_channels", "too many subscriptions on this connection"});
  }
  if (wanted->is_pattern) {
    ws.subscribe_matching(wanted->channel);
    json answer = {{"publications", json::array()}};
    if (wanted->since) answer["recovered"] = false;
    return done(ws, answer);
  }
  SubscribeOptions how{.since = wanted->since,
                       .max_missed = options.max_history,
                       .history = wanted->count,
                       .send_missed = false};
  how.done = [self = shared_from_this(), client, done, asked = wanted->since.has_value(),
              name = wanted->channel](WebSocket& there, const Result<Subscribed>& result) {
    if (!result) {
      self->leave(*client, name);
      return done(there, unavailable());
    }
    json answer = answer_of(*result, there);
    if (asked) answer["recovered"] = result->recovered;
    done(there, answer);
  };
  ws.subscribe(wanted->channel, std::move(how));
}

bool ChannelClients::State::put_in(WebSocket& ws, std::string_view channel, std::size_t history) {
  const auto one = client(ws);
  if (!one || !is_channel_name(channel) || ws.subscribed(channel)) return false;
  SubscribeOptions how{.history = history, .send_missed = false};
  how.done = [self = shared_from_this(), one, name = std::string(channel)](
                 WebSocket& there, const Result<Subscribed>& result) {
    if (!result) return self->server.hub()->report(result.error(), "subscribing to " + name);
    tell(there, name, "subscribed", answer_of(*result, there));
    self->enter(one, name);
  };
  return ws.subscribe(channel, std::move(how));
}

bool ChannelClients::State::take_out(WebSocket& ws, std::string_view channel) {
  const auto one = known(ws);
  if (!one || !ws.unsubscribe(channel)) return false;
  tell(ws, channel, "unsubscribed",
       {{"code", "unsubscribed"}, {"message", "the application has ended the subscription"}});
  leave(*one, std::string(channel));
  return true;
}

void ChannelClients::State::unsubscribe(WebSocket& ws, const std::shared_ptr<Client>& client,
                                        const json& data, Done done) {
  const std::string channel = string_member(data, "channel");
  if (!ws.unsubscribe(channel)) {
    return done(ObjectError{"not_subscribed", "not subscribed to this channel"});
  }
  leave(*client, channel);
  done(json::object());
}

void ChannelClients::State::publish(WebSocket&, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const std::string channel = string_member(data, "channel");
  if (!is_channel_name(channel)) return done(ObjectError{"bad_channel", "no name of a channel"});
  const auto found = data.find("data");
  const json nothing;
  const json& body = found != data.end() ? *found : nothing;
  const auto key = data.find("key");
  if (key != data.end() && !key->is_string()) {
    return done(ObjectError{"bad_data", "a key is a string"});
  }
  if (!options.may_publish || !options.may_publish(client->user, channel, body)) {
    return done(forbidden());
  }
  // A key is the user's own: nobody can use up somebody else's.
  const std::string own_key =
      key != data.end()
          ? json({client->user.id, *key}).dump(-1, ' ', false, json::error_handler_t::replace)
          : std::string();
  const bool is_text = !body.is_binary();
  std::string text;
  if (is_text) {
    text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  } else {
    text.assign(body.get_binary().begin(), body.get_binary().end());
  }
  server.publish(channel, Message{as_bytes(std::string_view(text)), is_text},
                 {.json = is_text,
                  .idempotency_key = own_key,
                  .key = client->id,  // of KeepLatest: each client's latest waits
                  .publisher = client->id,
                  .done = [done](Result<Published> published) {
                    if (!published) return done(unavailable());
                    json answer = json::object();
                    if (published->position.epoch != 0) {
                      answer["epoch"] = published->position.epoch;
                      answer["offset"] = published->position.offset;
                    }
                    if (published->duplicate) answer["duplicate"] = true;
                    done(answer);
                  }});
}

void ChannelClients::State::history(WebSocket& ws, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const auto wanted =
      Wanted::read(data, string_member(data, "channel"), "limit", options.max_history);
  if (!wanted) return done(wanted.error());
  if (wanted->is_pattern) return done(ObjectError{"bad_channel", "a pattern has no history"});
  if (!may_ask(client->user, wanted->channel)) return done(forbidden());
  const ChannelOptions* const rules = server.hub()->rules().find(wanted->channel);
  if (rules == nullptr || !rules->history.any()) {  // an engine would remember that it was asked
    return done(json{{"publications", json::array()}, {"complete", !wanted->since}});
  }
  const std::size_t limit = data.contains("limit") ? wanted->count : options.max_history;
  server.history(wanted->channel, wanted->since, limit,
                 [done, packed = speaks_message_pack(ws)](Result<History> history) {
                   if (!history) return done(unavailable());
                   done(json{{"epoch", history->top.epoch},
                             {"offset", history->top.offset},
                             {"publications", publications_json(history->publications, packed)},
                             {"complete", history->complete}});
                 });
}

void ChannelClients::State::members(WebSocket&, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const std::string channel = string_member(data, "channel");
  if (!is_channel_name(channel)) return done(ObjectError{"bad_channel", "no name of a channel"});
  if (with_presence(channel) == nullptr || !may_ask(client->user, channel)) {
    return done(forbidden());
  }
  if (const auto count = data.find("count"); count != data.end() && *count == true) {
    server.count_members(channel, [done](Result<PresenceCount> counted) {
      if (!counted) return done(unavailable());
      done(json{{"clients", counted->clients}, {"users", counted->users}});
    });
    return;
  }
  server.members(channel, options.max_history, [done](Result<std::vector<Member>> found) {
    if (!found) return done(unavailable());
    json list = json::array();
    for (const Member& one : *found) list.push_back(member_json(one));
    done(json{{"members", std::move(list)}});
  });
}

}  // namespace hybi
