// Listeners for proxies that speak the PROXY protocol: ListenOptions::proxy_protocol.
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>
#include <hybi/testing/split.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

const std::string kV1 = "PROXY TCP4 192.0.2.43 198.51.100.1 47011 443\r\n";
// Version 2, PROXY, TCP over IPv6: 2001:db8::1 port 4660 to ::1 port 443.
const std::string kV2(
    "\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x24"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"
    "\x12\x34\x01\xbb",
    52);

void peers(auto& site) {
  site.get("/", [](Request& req, Response& res) {
    res.text(io::to_string(req.peer()) + " " + io::to_string(req.client()));
  });
  site.ws("/ws", {.on_open = [](WebSocket& ws) { ws.send(io::to_string(ws.request().peer())); }});
}

class ProxyListener : public ::testing::Test {
 protected:
  void begin(ServerOptions options = {}) {
    server_ = start_in_memory([](auto& site) { peers(site); }, std::move(options));
    server_->site().expect_proxy_header();
  }
  std::string body_of(const std::vector<std::string>& pieces) {
    auto peer = server_->connect_peer();
    for (const std::string& piece : pieces) peer->write(piece);
    server_->settle();
    const auto all = take_replies(peer->take_received(), false);
    return all.empty() ? (peer->was_reset() ? "reset" : "") : all.back().body;
  }
  std::unique_ptr<MemoryServer> server_;
};

TEST_F(ProxyListener, ThePeerIsWhoTheHeaderNamesHoweverItIsCut) {
  begin();
  EXPECT_EQ(body_of({kV1 + get("/")}), "192.0.2.43:47011 192.0.2.43:47011");
  EXPECT_EQ(body_of({kV2 + get("/")}), "[2001:db8::1]:4660 [2001:db8::1]:4660");
  EXPECT_EQ(body_of({kV1, get("/"), get("/")}), "192.0.2.43:47011 192.0.2.43:47011");
  for (const std::string& header : {kV1, kV2}) {
    const std::string wanted = body_of({header + get("/")});
    for (std::size_t cut = 1; cut < header.size(); ++cut) {
      ASSERT_EQ(body_of({header.substr(0, cut), header.substr(cut) + get("/")}), wanted) << cut;
    }
    std::vector<std::string> bytes;
    for (const char c : header + get("/")) bytes.emplace_back(1, c);
    EXPECT_EQ(body_of(bytes), wanted);
  }
}

TEST_F(ProxyListener, WhereTheProxySpeaksForItselfThePeerStays) {
  begin();
  std::string local = kV2;
  local[12] = '\x20';
  const std::string itself = "192.0.2.1:40000 192.0.2.1:40000";
  EXPECT_EQ(body_of({local + get("/")}), itself);
  EXPECT_EQ(body_of({"PROXY UNKNOWN\r\n" + get("/")}), itself);
}

// A header that is missing, wrong or late: a reset and not one byte.
TEST_F(ProxyListener, WhatHasNoGoodHeaderIsReset) {
  begin();
  EXPECT_EQ(body_of({get("/")}), "reset");
  EXPECT_EQ(body_of({"PROXY TCP4 999.0.2.43 198.51.100.1 47011 443\r\n" + get("/")}), "reset");
  EXPECT_EQ(body_of({"PROXY " + std::string(200, 'x')}), "reset");
  EXPECT_EQ(body_of({kV2.substr(0, 14) + std::string("\xff\xff", 2) + get("/")}), "reset");
  EXPECT_EQ(server_->site().counters().refused_requests.get(), 4u);
  auto late = server_->connect_peer();
  late->write(kV1.substr(0, 20));
  server_->settle();
  server_->advance(9900ms);
  EXPECT_FALSE(late->server_closed());
  server_->advance(200ms);
  EXPECT_TRUE(late->was_reset());
  EXPECT_EQ(late->take_received(), "");
}

TEST_F(ProxyListener, OnlyTrustedPeersMayNameOthers) {
  begin({.trusted_proxies = {"10.0.0.0/8"}});  // the peers of this test have no address
  EXPECT_EQ(body_of({kV1 + get("/")}), "reset");
}

TEST_F(ProxyListener, TheEndAndAStopAreTheEnd) {
  begin();
  auto ended = server_->connect_peer();
  ended->write(kV1.substr(0, 5));
  ended->end();
  server_->settle();
  EXPECT_TRUE(ended->server_closed());
  auto waits = server_->connect_peer();
  waits->write(kV1.substr(0, 5));
  server_->settle();
  server_->stop(1s);
  EXPECT_TRUE(waits->server_closed());
}

TEST(ProxyListenerSockets, BesideAnOrdinaryOne) {
  Server server({.trusted_proxies = {"127.0.0.1"}});
  peers(server);
  server.listen({.host = "127.0.0.1", .proxy_protocol = true}).listen("127.0.0.1:0");
  ASSERT_TRUE(server.start());
  SocketClient proxied(server.port());
  // The client is not a trusted proxy: what it says of others is not believed.
  ASSERT_TRUE(proxied.write(kV1 + get("/", "X-Forwarded-For: 6.6.6.6\r\n")));
  EXPECT_TRUE(proxied.read_until("192.0.2.43:47011 192.0.2.43:47011")) << proxied.received;
  ASSERT_TRUE(proxied.write(upgrade("/ws")));
  EXPECT_TRUE(
      proxied.read_until("\x81\x10"
                         "192.0.2.43:47011"))
      << proxied.received;
  const std::string other = server.addresses().at(1);
  SocketClient plain(static_cast<std::uint16_t>(std::stoi(other.substr(other.rfind(':') + 1))));
  ASSERT_TRUE(plain.write(get("/")));
  EXPECT_TRUE(plain.read_until("127.0.0.1:"));
}

}  // namespace
}  // namespace hybi::test
