// The channel protocol as its page says: docs/topics/channel-protocol.md is read and its
// conversation is held with a server, in JSON and in MessagePack. Then what is not on the page.
#include <hybi/app/object_wire.h>
#include <hybi/app/test_socket.h>
#include <hybi/channel_clients.h>
#include <hybi/quota.h>

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <numeric>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::size_t kMostAtOnce = 5;

// A client in one of the two ways of writing.
class Client {
 public:
  Client(std::uint16_t port, bool packed)
      : packed_(packed),
        socket_(WsClient::open(
            port, "/live",
            WsClientOptions{.subprotocols = {packed ? "hybi.msgpack" : "hybi.json"}})) {}

  bool open() const { return socket_.open(); }
  WsClient& socket() { return socket_; }
  void send(const json& message) {
    if (!packed_) return void(socket_.send(message.dump()));
    const std::vector<std::uint8_t> bytes = json::to_msgpack(message);
    socket_.send_binary(std::as_bytes(std::span(bytes)));
  }
  json next() {
    const std::string event = socket_.next();
    const std::string_view kind = packed_ ? "binary " : "text ";
    if (!event.starts_with(kind)) return event;
    const std::string payload = event.substr(kind.size());
    return packed_ ? json::from_msgpack(payload, true, false)
                   : json::parse(payload, nullptr, false);
  }
  json ask(const json& message) {
    send(message);
    return next();
  }

 private:
  bool packed_;
  WsClient socket_;
};

class ChannelProtocol : public ::testing::TestWithParam<bool> {
 protected:
  // `quota` and `limits` of the route.
  void start(std::shared_ptr<Quota> quota = nullptr, WebSocketLimits limits = {}) {
    server_ = std::make_unique<Server>(ServerOptions{.threads = 2});
    server_->channel("room/**",
                     {.history = {.size = 100}, .presence = true, .presence_events = true});
    ChannelClients clients(
        *server_,
        {.authenticate = [](WebSocket&,
                            const std::string& token) -> Outcome<ChannelUser, ObjectError> {
           if (token == "nobody") return ObjectError{"bad_token", "not known here"};
           return ChannelUser{.id = token, .info = json({{"name", token}}).dump()};
         },
         .on_connected =
             [this](WebSocket& ws, const ChannelUser& user) {
               if (on_connected_) on_connected_(ws, user);
             },
         .may_subscribe = [](const ChannelUser&,
                             std::string_view name) { return !name.starts_with("secret/"); },
         .may_subscribe_matching = [](const ChannelUser&,
                                      std::string_view pattern) { return pattern == "plain/*"; },
         .may_ask = [](const ChannelUser& user,
                       std::string_view name) { return user.id == "ann" || name != "room/quiet"; },
         .may_publish = [](const ChannelUser&, std::string_view, const json&) { return true; },
         .max_history = kMostAtOnce});
    clients.objects().on("sum", [](ObjectSocket&, const std::vector<int>& numbers) {
      return std::accumulate(numbers.begin(), numbers.end(), 0);
    });
    clients.objects().on("out", [this](ObjectSocket& socket, const std::string& name) {
      return clients_->unsubscribe(socket.socket(), name);
    });
    clients_ = std::make_unique<ChannelClients>(clients);
    server_->ws("/live", clients.handlers({.limits = limits, .quota = std::move(quota)}));
    ASSERT_TRUE(server_->listen("127.0.0.1:0").start());
  }
  Client connect(bool packed = GetParam()) { return Client(server_->port(), packed); }
  Client connect_as(const std::string& token, bool packed = GetParam()) {
    Client client = connect(packed);
    EXPECT_TRUE(client.open());
    const json answer =
        client.ask({{"event", "hybi:connect"}, {"id", 1}, {"data", {{"token", token}}}});
    EXPECT_TRUE(answer.is_object() && answer.contains("data")) << answer;
    return client;
  }

  std::unique_ptr<Server> server_;
  std::unique_ptr<ChannelClients> clients_;
  std::function<void(WebSocket&, const ChannelUser&)> on_connected_;
};

// What the page says of an epoch or of a client's id stands for whatever it is this time.
class Names {
 public:
  bool same(const json& said, const json& got) {
    if (said.type() != got.type() && !(said.is_number() && got.is_number())) return false;
    if (said.is_array()) {
      if (said.size() != got.size()) return false;
      for (std::size_t i = 0; i < said.size(); ++i) {
        if (!same(said[i], got[i])) return false;
      }
      return true;
    }
    if (!said.is_object()) return said == got;
    if (said.size() != got.size()) return false;
    for (const auto& [name, value] : said.items()) {
      if (!got.contains(name)) return false;
      const json& other = got[name];
      if (stands_for_another(name, value)) {
        if (names_.try_emplace(value.dump(), other).first->second != other) return false;
      } else if (!same(value, other)) {
        return false;
      }
    }
    return true;
  }
  json put_in(json said) const {
    for (auto& [name, value] : said.items()) {
      if (value.is_structured()) value = put_in(value);
      if (!said.is_object() || !stands_for_another(name, value)) continue;
      if (const auto known = names_.find(value.dump()); known != names_.end()) {
        value = known->second;
      }
    }
    return said;
  }

 private:
  static bool stands_for_another(std::string_view name, const json& value) {
    return !value.is_structured() && (name == "epoch" || name == "client" || name == "publisher");
  }
  std::map<std::string, json> names_;
};

TEST_P(ChannelProtocol, SpeaksAsItsPageSays) {
  start();
  std::map<char, Client> clients;
  clients.emplace('A', connect());
  clients.emplace('B', connect());
  Names names;
  std::ifstream page(std::string(HYBI_SOURCE_DIR) + "/docs/topics/channel-protocol.md");
  ASSERT_TRUE(page);
  bool inside = false;
  std::size_t count = 0;
  std::string line, question;
  std::map<char, std::vector<json>> all_got;  // that no line has told of yet
  while (std::getline(page, line)) {
    if (line == "```conversation") {
      inside = true;
    } else if (line == "```") {
      inside = false;
    } else if (inside && line.size() > 3) {
      Client& client = clients.at(line[0]);
      std::vector<json>& got = all_got[line[0]];
      const json said = json::parse(line.substr(3));
      if (line[1] == '>') {
        ASSERT_TRUE(got.empty()) << got.front() << " after " << question;
        question = line;
        client.send(names.put_in(said));
        continue;
      }
      ++count;
      // An answer and a publication may come in either order.
      const auto matches = [&](const json& one) { return names.same(said, one); };
      auto found = std::find_if(got.begin(), got.end(), matches);
      while (found == got.end() && got.size() < 2) {
        got.push_back(client.next());
        found = matches(got.back()) ? got.end() - 1 : got.end();
      }
      ASSERT_NE(found, got.end()) << line << " is not " << json(got) << " after " << question;
      got.erase(found);
    }
  }
  EXPECT_GE(count, 25u);
}

TEST_P(ChannelProtocol, EachHearsAPublicationInItsOwnWay) {
  start();
  Client other = connect_as("ann", !GetParam());
  Client own = connect_as("bob");
  for (Client* client : {&other, &own}) {
    const json answer =
        client->ask({{"event", "hybi:subscribe"}, {"id", 2}, {"data", {{"channel", "plain/1"}}}});
    EXPECT_EQ(answer, json({{"id", 2}, {"data", {{"publications", json::array()}}}}));
  }
  server_->publish("plain/1", "a text");
  for (Client* client : {&other, &own}) {
    EXPECT_EQ(client->next(), json({{"channel", "plain/1"}, {"data", "a text"}}));
  }
  server_->publish("plain/1", Message{as_bytes(std::string_view("\1\2\xff")), false});
  const json in_json = {{"channel", "plain/1"}, {"data", {{"base64", "AQL/"}}}};
  const json packed = {{"channel", "plain/1"}, {"data", json::binary({1, 2, 255})}};
  EXPECT_EQ(own.next(), GetParam() ? packed : in_json);
  EXPECT_EQ(other.next(), GetParam() ? in_json : packed);
}

TEST_P(ChannelProtocol, WhatIsNoMessageIsAnsweredAndTheConnectionStays) {
  start();
  Client client = connect_as("ann");
  const auto code = [](const json& answer) { return answer["data"].value("code", ""); };
  client.socket().send("{");
  EXPECT_EQ(code(client.next()), GetParam() ? "text" : "bad_json");
  client.socket().send_binary(as_bytes(std::string_view("\x81\xa1")));
  EXPECT_EQ(code(client.next()), GetParam() ? "bad_msgpack" : "binary");
  if (GetParam()) {
    for (const std::string_view bad : {
             std::string_view("\x81\xa1\xff\x01"),      // a name that is not UTF-8
             std::string_view("\x81\x01\x01"),          // a name that is no string
             std::string_view("\xdf\xff\xff\xff\xff"),  // four thousand million members
             std::string_view("\xc6\xff\xff\xff\xff"),  // bytes that do not come
             std::string_view("\xc1"),                  // never used
             std::string_view("\xd4\x01\x01"),          // an extension
             std::string_view("\x80\x80"),              // two values
             std::string_view(""),
         }) {
      client.socket().send_binary(as_bytes(bad));
      EXPECT_EQ(code(client.next()), "bad_msgpack");
    }
    client.socket().send_binary(as_bytes(std::string(100'000, '\x91')));
    EXPECT_EQ(code(client.next()), "bad_msgpack") << "arrays in arrays";
  }
  client.send(7);
  EXPECT_EQ(code(client.next()), "not_an_object");
  EXPECT_EQ(client.ask({{"event", "sum"}, {"id", "x"}, {"data", {4, 5}}}),
            json({{"id", "x"}, {"data", 9}}));
}

TEST_P(ChannelProtocol, TheApplicationSubscribesItsClientsAndEndsThat) {
  on_connected_ = [this](WebSocket& ws, const ChannelUser& user) {
    EXPECT_TRUE(clients_->subscribe(ws, "room/" + user.id, 10));
    EXPECT_FALSE(clients_->subscribe(ws, "room/" + user.id)) << "it is already";
    EXPECT_FALSE(clients_->subscribe(ws, "room/*")) << "no name";
  };
  start();
  server_->publish("room/ann", "before");
  Client client = connect_as("ann");
  json told = client.next();
  EXPECT_GT(told["data"]["epoch"], 0);
  told["data"].erase("epoch");
  EXPECT_EQ(
      told,
      json({{"channel", "room/ann"},
            {"event", "subscribed"},
            {"data", {{"offset", 1}, {"publications", {{{"data", "before"}, {"offset", 1}}}}}}}));
  EXPECT_EQ(client.next()["event"], "join");
  server_->publish("room/ann", "after");
  EXPECT_EQ(client.next(), json({{"channel", "room/ann"}, {"data", "after"}, {"offset", 2}}));
  client.send({{"event", "out"}, {"id", 2}, {"data", "room/ann"}});
  const json ended = client.next();
  EXPECT_EQ(ended["event"], "unsubscribed");
  EXPECT_EQ(ended["data"]["code"], "unsubscribed");
  EXPECT_EQ(client.next(), json({{"id", 2}, {"data", true}}));
  server_->publish("room/ann", "to nobody");
  client.send({{"event", "out"}, {"id", 3}, {"data", "room/ann"}});
  EXPECT_EQ(client.next(), json({{"id", 3}, {"data", false}}));
}

TEST_P(ChannelProtocol, AKeyPublishesOnceAlsoWhereNothingIsKept) {
  start();
  Client client = connect_as("ann");
  client.ask({{"event", "hybi:subscribe"}, {"id", 2}, {"data", {{"channel", "plain/1"}}}});
  const json publish = {{"event", "hybi:publish"},
                        {"id", 3},
                        {"data", {{"channel", "plain/1"}, {"data", "once"}, {"key", "k"}}}};
  client.send(publish);
  EXPECT_EQ(client.next()["data"], "once");
  EXPECT_EQ(client.next(), json({{"id", 3}, {"data", json::object()}}));
  EXPECT_EQ(client.ask(publish), json({{"id", 3}, {"data", {{"duplicate", true}}}}));
}

TEST_P(ChannelProtocol, AnErrorIsToldAlsoWithoutAnId) {
  start();
  Client client = connect_as("ann");
  const json told = client.ask({{"event", "hybi:subscribe"}, {"data", {{"channel", "secret/1"}}}});
  EXPECT_EQ(told["event"], "error");
  EXPECT_EQ(told["data"]["code"], "forbidden");
  EXPECT_EQ(told["data"]["event"], "hybi:subscribe");
}

TEST_P(ChannelProtocol, WhereNothingIsKeptTheHistoryIsEmpty) {
  start();
  Client client = connect_as("ann");
  json question = {{"event", "hybi:history"}, {"id", 2}, {"data", {{"channel", "plain/1"}}}};
  EXPECT_EQ(client.ask(question)["data"],
            json({{"publications", json::array()}, {"complete", true}}));
  question["data"]["since"] = {{"epoch", 1}, {"offset", 1}};
  EXPECT_EQ(client.ask(question)["data"]["complete"], false);
}

TEST_P(ChannelProtocol, WhoMaySubscribeNeedNotBeAllowedToAsk) {
  start();
  for (const std::string name : {"ann", "bob"}) {
    Client client = connect_as(name);
    for (const char* const event : {"hybi:history", "hybi:presence"}) {
      const json answer =
          client.ask({{"event", event}, {"id", 2}, {"data", {{"channel", "room/quiet"}}}});
      EXPECT_EQ(answer.contains("error"), name == "bob") << answer;
    }
  }
}

// As long as the page of channels says: its pings are not answered.
TEST_P(ChannelProtocol, WhoIsGoneWithoutAWordHasLeft) {
  start(nullptr, {.ping_interval = 300ms, .pong_timeout = 2s});
  Client watching = connect_as("ann");
  watching.send({{"event", "hybi:subscribe"}, {"id", 2}, {"data", {{"channel", "room/1"}}}});
  EXPECT_EQ(watching.next()["id"], 2);
  EXPECT_EQ(watching.next()["event"], "join");
  Client silent = connect_as("bob");
  silent.send({{"event", "hybi:subscribe"}, {"id", 2}, {"data", {{"channel", "room/1"}}}});
  EXPECT_EQ(watching.next()["data"]["user"], "bob");
  json told = watching.next();
  while (told.is_string() && told.get<std::string>().starts_with("ping")) told = watching.next();
  EXPECT_EQ(told["event"], "leave");
  EXPECT_EQ(told["data"]["user"], "bob");
}

TEST_P(ChannelProtocol, MoreThanIsToldAtOnceIsNotRecovered) {
  start();
  Client client = connect_as("ann");
  const json at = client.ask(
      {{"event", "hybi:subscribe"}, {"id", 2}, {"data", {{"channel", "room/1"}}}})["data"];
  EXPECT_EQ(client.next()["event"], "join");
  client.ask({{"event", "hybi:unsubscribe"}, {"id", 3}, {"data", {{"channel", "room/1"}}}});
  for (int i = 1; i <= 8; ++i) server_->publish("room/1", std::to_string(i));
  const auto since = [&](int offset) {
    return client.ask({{"event", "hybi:subscribe"},
                       {"id", 4},
                       {"data",
                        {{"channel", "room/1"},
                         {"since", {{"epoch", at["epoch"]}, {"offset", offset}}}}}})["data"];
  };
  json answer = since(3);
  EXPECT_EQ(answer["recovered"], true);
  EXPECT_EQ(answer["publications"].size(), kMostAtOnce);
  answer = since(2);
  EXPECT_EQ(answer["recovered"], false);
  ASSERT_EQ(answer["publications"].size(), kMostAtOnce);
  EXPECT_EQ(answer["publications"][0]["offset"], 4) << "the latest, up to the end";
  EXPECT_EQ(answer["offset"], 8);
}

TEST_P(ChannelProtocol, ABadTokenClosesTheConnection) {
  start();
  Client client = connect();
  const json answer =
      client.ask({{"event", "hybi:connect"}, {"id", 1}, {"data", {{"token", "nobody"}}}});
  EXPECT_EQ(answer["error"]["code"], "bad_token");
  EXPECT_EQ(client.next(), "close 4401 bad_token");
}

TEST_P(ChannelProtocol, WhatTheQuotaRefusesIsTooFast) {
  start(std::make_shared<Quota>(
      QuotaOptions{.connection = {.messages = {.count = 1, .interval = 1h, .burst = 4}},
                   .action = QuotaAction::Refuse}));
  Client client = connect_as("ann");
  const auto sum = [](int id) { return json{{"event", "sum"}, {"id", id}, {"data", {1}}}; };
  EXPECT_EQ(client.ask(sum(2)), json({{"id", 2}, {"data", 1}}));
  client.send({sum(3), sum(4), sum(5)});
  for (int id = 3; id <= 5; ++id) {
    const json answer = client.next();
    EXPECT_EQ(answer["id"], id);
    EXPECT_EQ(answer["error"]["code"], "too_fast") << "a batch is three messages";
  }
  EXPECT_EQ(client.ask(sum(6)), json({{"id", 6}, {"data", 1}}));
  const json answer = client.ask(sum(7));
  EXPECT_EQ(answer["error"]["code"], "too_fast");
  EXPECT_GT(answer["error"]["retry_ms"], 3'000'000);
  const json told = client.ask({{"event", "sum"}, {"data", {1}}});
  EXPECT_EQ(told["event"], "error") << "who names no id is told by an event";
  EXPECT_EQ(told["data"]["event"], "sum");
}

TEST_P(ChannelProtocol, AUserHasSoManyConnections) {
  start(std::make_shared<Quota>(QuotaOptions{.max_connections_per_user = 1}));
  Client ann = connect_as("ann");
  Client bob = connect_as("bob");
  Client again = connect();
  EXPECT_EQ(again.ask({{"event", "hybi:connect"}, {"id", 1}, {"data", {{"token", "ann"}}}}),
            "close 1008 this user has more connections than the quota allows");
}

TEST_P(ChannelProtocol, AConnectionHasSoManySubscriptions) {
  start(nullptr, {.max_subscriptions = 2});
  Client client = connect_as("ann");
  const auto subscribe = [&](const std::string& channel) {
    const json answer = client.ask(
        {{"event", "hybi:subscribe"}, {"id", channel}, {"data", {{"channel", channel}}}});
    return answer.contains("error") ? answer["error"].value("code", "") : "ok";
  };
  EXPECT_EQ(subscribe("plain/1"), "ok");
  EXPECT_EQ(subscribe("plain/2"), "ok");
  EXPECT_EQ(subscribe("plain/3"), "too_many_channels");
  EXPECT_EQ(subscribe("plain/2"), "ok") << "it is subscribed already";
}

INSTANTIATE_TEST_SUITE_P(In, ChannelProtocol, ::testing::Bool(), [](const auto& instance) {
  return std::string(instance.param ? "MessagePack" : "Json");
});

}  // namespace
}  // namespace hybi::test
