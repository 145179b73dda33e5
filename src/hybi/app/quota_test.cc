// Quotas of messages, bytes and connections: with a clock moved by hand, and over several loops.
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>
#include <hybi/quota.h>

#include <atomic>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

class Quotas : public ::testing::TestWithParam<bool> {
 protected:
  // A site whose messages are noted; "user NAME" is an event of its own. Time is the loop's.
  void start(QuotaOptions options, WebSocketLimits limits = {}) {
    options.clock = [this] { return loop_->now(); };
    quota_ = std::make_shared<Quota>(std::move(options));
    server_ = start_in_memory(
        [&](MemorySite& site) {
          site.ws("/", {.on_message =
                            [this](WebSocket& ws, const Message& m) {
                              notes_.add(std::string(m.text()));
                              const std::string_view text = m.text();
                              if (text.starts_with("user ")) ws.set_user(text.substr(5));
                              if (text.starts_with("ten") && !ws.charge(9)) notes_.add("no ten");
                            },
                        .on_close =
                            [this](WebSocket&, const CloseInfo& close) {
                              notes_.add("closed " + std::string(info(close.cause).name));
                            },
                        .on_refused =
                            [this](WebSocket&, const Message& m, std::chrono::milliseconds wait) {
                              notes_.add("refused " + std::string(m.text()) + " for " +
                                         std::to_string(wait.count()));
                            },
                        .limits = limits,
                        .quota = quota_});
        },
        {}, GetParam());
    loop_ = &server_->site().loop();
  }

  // Null: refused; `status_` tells how.
  std::unique_ptr<testing::MemoryPeer> open() {
    auto peer = server_->connect_peer();
    peer->write(upgrade("/"));
    server_->settle();
    std::string text = peer->take_received();
    status_ = take_reply(text)->status;
    return status_ == 101 ? std::move(peer) : nullptr;
  }
  void send(testing::MemoryPeer& peer, std::initializer_list<std::string_view> texts) {
    std::string bytes;
    for (const std::string_view text : texts) bytes += text_frame(text);
    peer.write(bytes);
    server_->settle();
  }
  // What was noted since the last time, joined with "|".
  std::string notes() {
    const std::vector<std::string> all = notes_.all();
    std::string text;
    for (std::size_t i = shown_; i < all.size(); ++i) text += (i > shown_ ? "|" : "") + all[i];
    shown_ = all.size();
    return text;
  }

  std::shared_ptr<Quota> quota_;
  Notes notes_;
  unsigned status_ = 0;
  std::unique_ptr<MemoryServer> server_;

 private:
  std::size_t shown_ = 0;
  io::Loop* loop_ = nullptr;
};

TEST_P(Quotas, DelayRestsReadingUntilTheRateIsKept) {
  start({.connection = {.messages = {.count = 10, .burst = 3}}});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1", "2", "3", "4", "5", "6", "7"});
  EXPECT_EQ(notes(), "1|2|3") << "the burst";
  server_->advance(250ms);
  EXPECT_EQ(notes(), "4|5");
  send(*peer, {"8"});
  EXPECT_EQ(notes(), "") << "what comes while reading rests waits as well";
  server_->advance(1s);
  EXPECT_EQ(notes(), "6|7|8");
  server_->advance(10s);
  send(*peer, {"a", "b", "c", "d"});
  EXPECT_EQ(notes(), "a|b|c") << "no more than the burst after a rest";
  EXPECT_GT(server_->site().counters().over_quota.get(), 0u);
}

TEST_P(Quotas, DelayOfBytesLetsALargeMessageThroughAndRestsFor) {
  start({.connection = {.bytes = {.count = 1000, .burst = 100}}});
  auto peer = open();
  ASSERT_TRUE(peer);
  const std::string large(600, 'x');
  send(*peer, {large, "2"});
  EXPECT_EQ(notes(), large);
  server_->advance(450ms);
  EXPECT_EQ(notes(), "");
  server_->advance(150ms);
  EXPECT_EQ(notes(), "2");
}

TEST_P(Quotas, RestingIsNoSilenceOfThePeer) {
  start({.connection = {.messages = {.count = 1, .interval = 60s}}},
        {.ping_interval = 2s, .pong_timeout = 2s, .idle_timeout = 10s});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1", "2", "3"});
  server_->advance(59s);
  EXPECT_EQ(notes(), "1");
  EXPECT_FALSE(peer->server_ended());
  server_->advance(2s);
  EXPECT_EQ(notes(), "2");
}

// It may have been silent by right for longer than a dead one would be: now it has to be asked.
TEST_P(Quotas, AfterARestThePeerHasItsTimeToAnswer) {
  start({.connection = {.messages = {.count = 1, .interval = 60s}}},
        {.ping_interval = 2s, .pong_timeout = 2s});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1"});
  server_->advance(61s);
  EXPECT_FALSE(peer->server_closed());
  EXPECT_EQ(show_frames(peer->take_received()), "");
  server_->advance(1500ms);
  EXPECT_EQ(show_frames(peer->take_received()), "ping ");
  server_->advance(1s);
  EXPECT_FALSE(peer->server_closed()) << "the answer may take two seconds";
  server_->advance(1s);
  EXPECT_TRUE(peer->server_closed());
}

TEST_P(Quotas, ClosingGoesOnWhileReadingRests) {
  start({.connection = {.messages = {.count = 1, .interval = 60s}}});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1", "2"});
  peer->take_received();
  server_->stop(5s);
  server_->settle();
  EXPECT_EQ(show_frames(peer->take_received()), "close 1001");
  peer->write(close_frame(1001));
  peer->end();
  server_->settle();
  EXPECT_EQ(server_->connections(), 0u);
}

TEST_P(Quotas, RefuseTellsTheRouteAndAfterHowLong) {
  start({.connection = {.messages = {.count = 10, .burst = 2}, .bytes = {.count = 1000}},
         .action = QuotaAction::Refuse});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1", "2", "3"});
  EXPECT_EQ(notes(), "1|2|refused 3 for 100");
  server_->advance(100ms);
  send(*peer, {"4", "5"});
  EXPECT_EQ(notes(), "4|refused 5 for 100") << "what was refused cost nothing";
  server_->advance(1s);
  const std::string large(1001, 'x');
  send(*peer, {large});
  EXPECT_EQ(notes(), "refused " + large + " for 1") << "never, but that is when there were as many";
  EXPECT_FALSE(peer->server_ended());
}

TEST_P(Quotas, CloseFailsTheConnectionWith1008) {  // RFC 6455 7.4.1
  start({.connection = {.messages = {.count = 2}}, .action = QuotaAction::Close});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"1", "2", "3", "4"});
  EXPECT_EQ(notes(), "1|2");
  EXPECT_EQ(show_frames(peer->take_received()), "close 1008");
  peer->end();
  server_->settle();
  EXPECT_EQ(notes(), "closed QuotaRate");
}

TEST_P(Quotas, ConnectionsOfOneAddressCountTogether) {
  start({.address = {.messages = {.count = 3}}, .action = QuotaAction::Refuse});
  auto one = open();
  auto two = open();
  ASSERT_TRUE(one && two);
  send(*one, {"1", "2"});
  send(*two, {"3", "4"});
  EXPECT_EQ(notes(), "1|2|3|refused 4 for 334");
}

TEST_P(Quotas, ConnectionsOfOneUserCountTogether) {
  start({.user = {.messages = {.count = 2}}, .action = QuotaAction::Refuse});
  auto one = open();
  auto two = open();
  auto other = open();
  ASSERT_TRUE(one && two && other);
  send(*other, {"1", "2", "3", "user bob"});
  EXPECT_EQ(notes(), "1|2|3|user bob") << "nobody in particular has no rate of a user";
  send(*one, {"user ann", "a1"});
  send(*two, {"user ann", "a2", "a3"});
  send(*other, {"b1"});
  EXPECT_EQ(notes(), "user ann|a1|user ann|a2|refused a3 for 500|b1");
}

TEST_P(Quotas, AUserHasSoManyConnections) {
  start({.max_connections_per_user = 2});
  auto one = open();
  auto two = open();
  auto three = open();
  ASSERT_TRUE(one && two && three);
  for (auto* peer : {&one, &two}) send(**peer, {"user ann"});
  send(*two, {"user ann"});  // again: it is
  send(*three, {"user bob", "user ann", "x"});
  EXPECT_EQ(notes(), "user ann|user ann|user ann|user bob|user ann");
  EXPECT_EQ(show_frames(three->take_received()), "close 1008");
  one->reset();
  server_->settle();
  auto four = open();
  ASSERT_TRUE(four);
  send(*four, {"user ann"});
  EXPECT_FALSE(four->server_ended()) << "the place of the first one is free again";
}

TEST_P(Quotas, ConnectionsAreCapped) {
  start({.max_connections = 3, .max_connections_per_address = 2});
  auto one = open();
  auto two = open();
  ASSERT_TRUE(one && two);
  EXPECT_FALSE(open());
  EXPECT_EQ(status_, 429u);  // RFC 6585 4
  EXPECT_EQ(quota_->connections(), 2u);
  two->reset();
  server_->settle();
  EXPECT_EQ(quota_->connections(), 1u);
  two = open();
  EXPECT_TRUE(two);
}

TEST_P(Quotas, ARouteIsCapped) {
  start({.max_connections = 1});
  auto one = open();
  ASSERT_TRUE(one);
  EXPECT_FALSE(open());
  EXPECT_EQ(status_, 503u);
  EXPECT_EQ(server_->site().counters().refused_requests.get(), 1u);
}

TEST_P(Quotas, AProtocolCountsWhatIsInsideAMessage) {
  start({.connection = {.messages = {.count = 12}}, .action = QuotaAction::Refuse});
  auto peer = open();
  ASSERT_TRUE(peer);
  send(*peer, {"ten", "ten", "x", "x"});
  EXPECT_EQ(notes(), "ten|ten|no ten|x|refused x for 84");
}

TEST(QuotaOfARoute, ALimitOfZeroIsNoLimitButAMistake) {
  for (const QuotaOptions& bad :
       {QuotaOptions{.connection = {.messages = {.count = 0}}},
        QuotaOptions{.user = {.bytes = {.count = 0}}}, QuotaOptions{.max_connections = 0},
        QuotaOptions{.max_connections_per_address = 0}, QuotaOptions{.max_keys = 0}}) {
    Server server;
    server.ws("/", {.quota = std::make_shared<Quota>(bad)});
    const Result<void> started = server.listen("127.0.0.1:0").start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, Errc::BadLimit);
  }
}

INSTANTIATE_TEST_SUITE_P(Memory, Quotas, ::testing::Bool());

class QuotasOverLoops : public EveryBackend {};
HYBI_EVERY_BACKEND(QuotasOverLoops);

TEST_P(QuotasOverLoops, EachTokenIsTakenOnce) {
  const auto quota = std::make_shared<Quota>(
      QuotaOptions{.address = {.messages = {.count = 1, .interval = 24h, .burst = 100}},
                   .action = QuotaAction::Refuse});
  Server server(options(2));
  server.ws("/", {.on_message = [](WebSocket& ws, Message) { ws.send("yes"); },
                  .on_refused = [](WebSocket& ws, const Message&,
                                   std::chrono::milliseconds) { ws.send("no"); },
                  .quota = quota});
  ASSERT_TRUE(server.listen("127.0.0.1:0").start());
  std::vector<WsClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(WsClient::open(server.port(), "/"));
  for (int i = 0; i < 30; ++i) {
    for (WsClient& client : clients) ASSERT_TRUE(client.send("x"));
  }
  int yes = 0, no = 0;
  for (WsClient& client : clients) {
    for (int i = 0; i < 30; ++i) ++(client.next() == "text yes" ? yes : no);
  }
  EXPECT_EQ(yes, 100);
  EXPECT_EQ(no, 80);
  EXPECT_EQ(server.stats().over_quota, 80u);
  EXPECT_EQ(quota->connections(), 6u);
  clients.clear();
  EXPECT_TRUE(eventually([&] { return quota->connections() == 0; }));
}

}  // namespace
}  // namespace hybi::test
