// The server's side of the channel protocol: one state for the connections of a route. Its life is
// in channel_clients.cc, what it answers in channel_questions.cc. See channel_clients.h.
#pragma once

#include <hybi/app/object_wire.h>
#include <hybi/app/presence.h>
#include <hybi/channel_clients.h>
#include <hybi/conn/publication.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class ChannelClients::State : public std::enable_shared_from_this<State> {
 public:
  using Done = std::function<void(ObjectResult)>;
  using Joined = std::function<void(WebSocket&, const ObjectResult&)>;

  State(Server& of, ChannelClientOptions given);

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
  bool put_in(WebSocket& ws, std::string_view channel, std::size_t history);
  bool take_out(WebSocket& ws, std::string_view channel);

  Server& server;
  const ChannelClientOptions options;
  Objects objects;
  std::shared_ptr<Presence> presence;
  const std::vector<std::shared_ptr<const conn::PublicationFormat>> formats;  // JSON, MessagePack

 private:
  struct Wanted;  // what a question says about a channel
  using Answer = void (State::*)(WebSocket&, const std::shared_ptr<Client>&, const nlohmann::json&,
                                 Done);
  void on(const char* event, Answer answer);

  void connect(WebSocket& ws, const nlohmann::json& data, Done done);
  void subscribe(WebSocket& ws, const std::shared_ptr<Client>& client, const nlohmann::json& data,
                 Done done);
  void subscribe_to(WebSocket& ws, const std::shared_ptr<Client>& client,
                    const nlohmann::json& data, std::string channel, Joined done);
  void unsubscribe(WebSocket& ws, const std::shared_ptr<Client>& client, const nlohmann::json& data,
                   Done done);
  void publish(WebSocket& ws, const std::shared_ptr<Client>& client, const nlohmann::json& data,
               Done done);
  void history(WebSocket& ws, const std::shared_ptr<Client>& client, const nlohmann::json& data,
               Done done);
  void members(WebSocket& ws, const std::shared_ptr<Client>& client, const nlohmann::json& data,
               Done done);
  bool may_subscribe(const ChannelUser& user, const Wanted& wanted) const;
  bool may_ask(const ChannelUser& user, const std::string& channel) const;
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

}  // namespace hybi
