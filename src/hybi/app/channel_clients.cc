// Clients of the channel protocol come, are known and go. It is object mode with events of its own;
// see channel_clients_state.h.
#include <hybi/app/channel_clients_state.h>
#include <hybi/app/channel_format.h>
#include <hybi/app/channel_hub.h>
#include <hybi/base/digest.h>
#include <hybi/base/entropy.h>

#include <array>

namespace hybi {
namespace {

using nlohmann::json;

ObjectOptions with_batches(ObjectOptions options) {
  options.batches = true;
  return options;
}

}  // namespace

ChannelClients::State::State(Server& of, ChannelClientOptions given)
    : server(of),
      options(std::move(given)),
      objects(of, with_batches(options.objects)),
      formats{std::make_shared<JsonChannelFormat>(), std::make_shared<MessagePackChannelFormat>()} {
  std::array<std::byte, 6> random{};
  SystemEntropy().fill(random);
  node = base64url_encode(random);
}

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
    auto known = options.authenticate(ws, detail::string_member(said, "token"));
    if (!known) {
      done(ObjectError{"bad_token", known.error().message});
      (void)ws.close(4401, "bad_token");
      return;
    }
    user = std::move(*known);
  }
  if (!ws.set_user(user.id)) return;  // closed: it has too many connections
  const auto client = admit(ws, std::move(user));

  struct Connecting {
    json answer;
    std::size_t left = 1;
    Done done;
    std::vector<std::string> joined = {};
  };
  auto connecting = std::make_shared<Connecting>();
  connecting->answer = {{"client", client->id}, {"channels", json::object()}};
  connecting->done = std::move(done);
  const auto one_less = [self = shared_from_this(), connecting, client](WebSocket& there) {
    if (--connecting->left != 0) return;
    connecting->done(connecting->answer);
    for (const std::string& name : connecting->joined) self->enter(client, name);
    if (self->options.on_connected) self->options.on_connected(there, client->user);
  };
  if (const auto channels = said.find("channels");
      channels != said.end() && channels->is_object()) {
    for (const auto& [name, wanted] : channels->items()) {
      ++connecting->left;
      subscribe_to(
          ws, client, wanted.is_object() ? wanted : json::object(), name,
          [connecting, one_less, name = name](WebSocket& there, const ObjectResult& result) {
            json& answer = connecting->answer["channels"][name];
            if (result) {
              answer = *result;
              connecting->joined.push_back(name);
            } else {
              answer["error"] = {{"code", result.error().code},
                                 {"message", result.error().message}};
            }
            one_less(there);
          });
    }
  }
  one_less(ws);
}

const ChannelOptions* ChannelClients::State::with_presence(std::string_view channel) const {
  const ChannelOptions* const found = server.hub()->rules().find(channel);
  return found != nullptr && found->presence ? found : nullptr;
}

void ChannelClients::State::enter(const std::shared_ptr<Client>& client,
                                  const std::string& channel) {
  const ChannelOptions* const how = is_channel_name(channel) ? with_presence(channel) : nullptr;
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

bool ChannelClients::subscribe(WebSocket& ws, std::string_view channel, std::size_t history) {
  return state_->put_in(ws, channel, history);
}

bool ChannelClients::unsubscribe(WebSocket& ws, std::string_view channel) {
  return state_->take_out(ws, channel);
}

WebSocketHandlers ChannelClients::handlers(WebSocketHandlers base) const {
  base.publication_formats = state_->formats;
  base.subprotocols = {"hybi.json", std::string(detail::kMessagePackProtocol)};
  base.on_close = [state = state_, first = std::move(base.on_close)](WebSocket& ws,
                                                                     const CloseInfo& close) {
    try {
      if (first) first(ws, close);
    } catch (...) {
      state->closed(ws);
      throw;
    }
    state->closed(ws);
  };
  return state_->objects.handlers(std::move(base));
}

}  // namespace hybi
