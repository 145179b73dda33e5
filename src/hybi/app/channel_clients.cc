// The server's side of the channel protocol, see channel_clients.h. It is object mode with events
// of its own, whose handlers are here.
#include <hybi/app/channel_format.h>
#include <hybi/app/channel_hub.h>
#include <hybi/app/presence.h>
#include <hybi/base/digest.h>
#include <hybi/base/entropy.h>
#include <hybi/channel_clients.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace hybi {
namespace {

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

// What a question says about a channel.
struct Wanted {
  std::string channel;
  bool is_pattern = false;
  std::optional<Position> since = {};
  std::size_t count = 0;
};

Outcome<Wanted, ObjectError> read_wanted(const json& data, std::string channel, const char* count,
                                         std::size_t max_count) {
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
  if (const auto value = data.find(count); value != data.end() && !value->is_null()) {
    const auto number = integer_in(data, count);
    if (!number) return ObjectError{"bad_data", std::string(count) + " is a number"};
    wanted.count = static_cast<std::size_t>(std::min<std::uint64_t>(*number, max_count));
  }
  return wanted;
}

json publications_json(const std::vector<Publication>& publications) {
  json list = json::array();
  for (const Publication& one : publications) list.push_back(publication_json(one));
  return list;
}

std::string string_in(const json& data, const char* name) {
  const auto found = data.find(name);
  return found != data.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

class ChannelClients::State : public std::enable_shared_from_this<State> {
 public:
  using Done = std::function<void(ObjectResult)>;

  State(Server& of, ChannelClientOptions given)
      : server(of), options(std::move(given)), objects(of, with_batches(options.objects)) {
    std::array<std::byte, 6> random{};
    SystemEntropy().fill(random);
    node = base64url_encode(random);
  }

  void listen();

  struct Client {
    std::string id;
    ChannelUser user;
    std::set<std::string> present;  // channels where others see it
  };
  // Null: it has not said anything yet. Thread: the connection's loop's; so is the client's.
  std::shared_ptr<Client> known(WebSocket& ws);
  // Null: it has to connect first.
  std::shared_ptr<Client> client(WebSocket& ws);
  std::shared_ptr<Client> admit(WebSocket& ws, ChannelUser user);
  void closed(WebSocket& ws);

  Server& server;
  const ChannelClientOptions options;
  Objects objects;
  std::shared_ptr<Presence> presence;
  std::shared_ptr<const JsonChannelFormat> format = std::make_shared<JsonChannelFormat>();

 private:
  static ObjectOptions with_batches(ObjectOptions options) {
    options.batches = true;
    return options;
  }
  using Answer = void (State::*)(WebSocket&, const std::shared_ptr<Client>&, const json&, Done);
  void on(const char* event, Answer answer);

  void connect(WebSocket& ws, const json& data, Done done);
  void subscribe(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data, Done done);
  void subscribe_to(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data,
                    std::string channel, Done done);
  void unsubscribe(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data,
                   Done done);
  void publish(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data, Done done);
  void history(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data, Done done);
  void members(WebSocket& ws, const std::shared_ptr<Client>& client, const json& data, Done done);
  bool may_subscribe(const ChannelUser& user, const Wanted& wanted) const;
  // Not null: the channel has presence.
  const ChannelOptions* with_presence(std::string_view channel) const;
  void enter(const std::shared_ptr<Client>& client, const std::string& channel);
  void leave(Client& client, const std::string& channel);
  Member member(const Client& client) const {
    return {.client = client.id, .user = client.user.id, .info = client.user.info};
  }

  std::string node;
  std::mutex mutex;
  std::map<std::uint64_t, std::shared_ptr<Client>> clients;  // by WebSocket::id
};

std::shared_ptr<ChannelClients::State::Client> ChannelClients::State::known(WebSocket& ws) {
  const std::lock_guard lock(mutex);
  const auto found = clients.find(ws.id());
  return found != clients.end() ? found->second : nullptr;
}

std::shared_ptr<ChannelClients::State::Client> ChannelClients::State::client(WebSocket& ws) {
  auto there = known(ws);
  return there || options.authenticate ? there : admit(ws, {});
}

std::shared_ptr<ChannelClients::State::Client> ChannelClients::State::admit(WebSocket& ws,
                                                                            ChannelUser user) {
  auto one = std::make_shared<Client>();
  one->id = node + "-" + std::to_string(ws.id());
  one->user = std::move(user);
  const std::lock_guard lock(mutex);
  return clients.emplace(ws.id(), std::move(one)).first->second;
}

void ChannelClients::State::closed(WebSocket& ws) {
  std::shared_ptr<Client> gone;
  {
    const std::lock_guard lock(mutex);
    const auto found = clients.find(ws.id());
    if (found == clients.end()) return;
    gone = std::move(found->second);
    clients.erase(found);
  }
  while (!gone->present.empty()) leave(*gone, std::string(*gone->present.begin()));
}

void ChannelClients::State::on(const char* event, Answer answer) {
  objects.on(event, [weak = weak_from_this(), answer](ObjectSocket& socket, const json& data,
                                                      ObjectReply reply) {
    const auto self = weak.lock();
    if (!self) return;
    const Done done = [reply](const ObjectResult& result) {
      result ? reply.send(*result) : reply.fail(result.error());
    };
    const auto client = self->client(socket.socket());
    if (!client) return done(ObjectError{"not_connected", "hybi:connect has to come first"});
    if (!data.is_object()) return done(ObjectError{"bad_data", "the data is an object"});
    (self.get()->*answer)(socket.socket(), client, data, done);
  });
}

void ChannelClients::State::listen() {
  objects.on("hybi:connect",
             [weak = weak_from_this()](ObjectSocket& socket, const json& data, ObjectReply reply) {
               if (const auto self = weak.lock()) {
                 self->connect(socket.socket(), data, [reply](const ObjectResult& result) {
                   result ? reply.send(*result) : reply.fail(result.error());
                 });
               }
             });
  objects.on("hybi:ping", [](ObjectSocket&) { return json::object(); });
  on("hybi:subscribe", &State::subscribe);
  on("hybi:unsubscribe", &State::unsubscribe);
  on("hybi:publish", &State::publish);
  on("hybi:history", &State::history);
  on("hybi:presence", &State::members);
  presence = std::make_shared<Presence>(
      server.hub(),
      [&server = server](std::chrono::milliseconds delay, std::function<void()> task) {
        server.post([&server, delay, task = std::move(task)] { server.after(delay, task); });
      });
}

void ChannelClients::State::connect(WebSocket& ws, const json& data, Done done) {
  if (known(ws)) return done(ObjectError{"bad_data", "hybi:connect comes first and once"});
  if (!data.is_object() && !data.is_null()) {
    return done(ObjectError{"bad_data", "the data is an object"});
  }
  const json& said = data.is_object() ? data : json::object();
  ChannelUser user;
  if (options.authenticate) {
    auto known = options.authenticate(ws, string_in(said, "token"));
    if (!known) {
      done(ObjectError{"bad_token", known.error().message});
      (void)ws.close(4401, "bad_token");
      return;
    }
    user = std::move(*known);
  }
  const auto client = admit(ws, std::move(user));

  struct Connecting {
    json answer;
    std::size_t left = 1;
    Done done;
    void one_less() {
      if (--left == 0) done(answer);
    }
  };
  auto connecting = std::make_shared<Connecting>();
  connecting->answer = {{"client", client->id}, {"channels", json::object()}};
  connecting->done = std::move(done);
  if (const auto channels = said.find("channels");
      channels != said.end() && channels->is_object()) {
    for (const auto& [name, wanted] : channels->items()) {
      ++connecting->left;
      subscribe_to(
          ws, client, wanted.is_object() ? wanted : json::object(), name,
          [connecting, name = name](const ObjectResult& result) {
            connecting->answer["channels"][name] =
                result
                    ? *result
                    : json{{"error",
                            {{"code", result.error().code}, {"message", result.error().message}}}};
            connecting->one_less();
          });
    }
  }
  connecting->one_less();
}

void ChannelClients::State::subscribe(WebSocket& ws, const std::shared_ptr<Client>& client,
                                      const json& data, Done done) {
  subscribe_to(ws, client, data, string_in(data, "channel"), std::move(done));
}

bool ChannelClients::State::may_subscribe(const ChannelUser& user, const Wanted& wanted) const {
  const auto& may = wanted.is_pattern ? options.may_subscribe_matching : options.may_subscribe;
  return may && may(user, wanted.channel);
}

void ChannelClients::State::subscribe_to(WebSocket& ws, const std::shared_ptr<Client>& client,
                                         const json& data, std::string channel, Done done) {
  auto wanted = read_wanted(data, std::move(channel), "history", options.max_history);
  if (!wanted) return done(wanted.error());
  if (!may_subscribe(client->user, *wanted)) return done(forbidden());
  // Like a new one: what comes again is in the answer, and what follows it follows.
  ws.unsubscribe(wanted->channel);
  if (ws.subscription_count() >= ws.max_subscriptions()) {
    leave(*client, wanted->channel);
    return done(ObjectError{"too_many_channels", "too many subscriptions on this connection"});
  }
  if (wanted->is_pattern) {
    ws.subscribe_matching(wanted->channel);
    json answer = {{"publications", json::array()}};
    if (wanted->since) answer["recovered"] = false;
    return done(answer);
  }
  SubscribeOptions how{.since = wanted->since, .history = wanted->count, .send_missed = false};
  how.done = [self = shared_from_this(), client, done, asked = wanted->since.has_value(),
              name = wanted->channel](WebSocket&, const Result<Subscribed>& result) {
    if (!result) return done(unavailable());
    json answer = {{"publications", publications_json(result->publications)}};
    if (result->position.epoch != 0) {
      answer["epoch"] = result->position.epoch;
      answer["offset"] = result->position.offset;
    }
    if (asked) answer["recovered"] = result->recovered;
    done(answer);
    self->enter(client, name);
  };
  ws.subscribe(wanted->channel, std::move(how));
}

const ChannelOptions* ChannelClients::State::with_presence(std::string_view channel) const {
  const ChannelOptions* const found = server.hub()->rules().find(channel);
  return found != nullptr && found->presence ? found : nullptr;
}

void ChannelClients::State::enter(const std::shared_ptr<Client>& client,
                                  const std::string& channel) {
  const ChannelOptions* const how = with_presence(channel);
  if (how != nullptr && client->present.insert(channel).second) {
    presence->join(channel, *how, member(*client));
  }
}

void ChannelClients::State::leave(Client& client, const std::string& channel) {
  if (client.present.erase(channel) == 0) return;
  if (const ChannelOptions* const how = with_presence(channel)) {
    presence->leave(channel, *how, member(client));
  }
}

void ChannelClients::State::unsubscribe(WebSocket& ws, const std::shared_ptr<Client>& client,
                                        const json& data, Done done) {
  const std::string channel = string_in(data, "channel");
  if (!ws.unsubscribe(channel)) {
    return done(ObjectError{"not_subscribed", "not subscribed to this channel"});
  }
  leave(*client, channel);
  done(json::object());
}

void ChannelClients::State::publish(WebSocket&, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const std::string channel = string_in(data, "channel");
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
  const std::string text = body.dump(-1, ' ', false, json::error_handler_t::replace);
  server.publish(channel, Message{as_bytes(std::string_view(text)), true},
                 {.json = true,
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

void ChannelClients::State::history(WebSocket&, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const auto wanted = read_wanted(data, string_in(data, "channel"), "limit", options.max_history);
  if (!wanted) return done(wanted.error());
  if (wanted->is_pattern) return done(ObjectError{"bad_channel", "a pattern has no history"});
  if (!may_subscribe(client->user, *wanted)) return done(forbidden());
  const std::size_t limit = data.contains("limit") ? wanted->count : options.max_history;
  server.history(wanted->channel, wanted->since, limit, [done](Result<History> history) {
    if (!history) return done(unavailable());
    done(json{{"epoch", history->top.epoch},
              {"offset", history->top.offset},
              {"publications", publications_json(history->publications)},
              {"complete", history->complete}});
  });
}

void ChannelClients::State::members(WebSocket&, const std::shared_ptr<Client>& client,
                                    const json& data, Done done) {
  const std::string channel = string_in(data, "channel");
  if (!is_channel_name(channel)) return done(ObjectError{"bad_channel", "no name of a channel"});
  if (with_presence(channel) == nullptr ||
      !may_subscribe(client->user, Wanted{.channel = channel})) {
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

ChannelClients::ChannelClients(Server& server, ChannelClientOptions options)
    : state_(std::make_shared<State>(server, std::move(options))) {
  state_->listen();
}

ChannelClients::~ChannelClients() = default;

Objects& ChannelClients::objects() {
  return state_->objects;
}

const ChannelUser* ChannelClients::user(WebSocket& ws) const {
  const auto client = state_->known(ws);
  return client ? &client->user : nullptr;
}

WebSocketHandlers ChannelClients::handlers(WebSocketHandlers base) const {
  base.publication_format = state_->format;
  base.subprotocols = {"hybi.json"};
  base.on_close = [state = state_, first = std::move(base.on_close)](WebSocket& ws,
                                                                     const CloseInfo& close) {
    if (first) first(ws, close);
    state->closed(ws);
  };
  return state_->objects.handlers(std::move(base));
}

}  // namespace hybi
