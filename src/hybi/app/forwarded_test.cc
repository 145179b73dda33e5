// Who the client is behind proxies: Request::client, scheme and client_host. RFC 7239
#include <hybi/app/test_server.h>
#include <hybi/conn/forwarded.h>
#include <hybi/conn/loop_context.h>
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

namespace hybi::test {
namespace {

// "address scheme host" as told with these trusted proxies, this peer and these fields.
std::string told(std::string_view fields, std::string_view peer = "10.0.0.1",
                 bool behind_tls = false) {
  conn::ServerShare share;
  share.behind_tls = behind_tls;
  for (const char* network : {"10.0.0.0/8", "fd00::/8"}) {
    EXPECT_TRUE(share.trusted_proxies.add(network));
  }
  const std::string text = get("/", fields);
  http::RequestParser parser(share.http);
  Bytes in = as_bytes(text);
  EXPECT_EQ(parser.next(in).kind, http::ParseEvent::Kind::Head) << text;
  const conn::Client client = conn::client_of(share, io::parse_ip(peer), parser.head());
  const std::string address = io::ip_to_string(client.address);
  return (address.empty() ? "?" : address) + (client.https ? " https " : " http ") + client.host;
}

TEST(ForwardedClient, NobodyIsBelievedWhoIsNotListed) {
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\n"
                 "X-Forwarded-Host: evil.org\r\n",
                 "192.0.2.9"),
            "192.0.2.9 http ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4;proto=https;host=evil.org\r\n", "192.0.2.9", true),
            "192.0.2.9 https ");
}

TEST(ForwardedClient, TheRightmostAddressThatIsNotTrustedCounts) {
  EXPECT_EQ(told(""), "10.0.0.1 http ");
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: 6.6.6.6, 1.2.3.4, 10.0.0.2, fd00::3\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 1.2.3.4:5678\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: 10.0.0.3, 10.0.0.2\r\n"), "10.0.0.3 http ");
  EXPECT_EQ(told("Forwarded: for=6.6.6.6, for=\"[2001:db8::1]:99\", for=10.0.0.2\r\n"),
            "2001:db8::1 http ");
  EXPECT_EQ(told("Forwarded: for=6.6.6.6\r\nForwarded: for=1.2.3.4\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: ::ffff:1.2.3.4\r\n"), "1.2.3.4 http ");
}

TEST(ForwardedClient, WhatCannotBeToldIsNotGuessed) {
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4, unknown\r\n"), "? http ");
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4, nonsense, 10.0.0.2\r\n"), "? http ");
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4,\r\n"), "? http ");
  EXPECT_EQ(told("X-Forwarded-For: \r\n"), "? http ");
  EXPECT_EQ(told("Forwarded: for=_hidden\r\n"), "? http ");
  EXPECT_EQ(told("Forwarded: proto=https\r\n"), "? https ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4;proto=https, for=\"unclosed\r\n"), "? http ");
}

// A client may send the kind of field that the proxy does not know and lets through.
TEST(ForwardedClient, TwoKindsThatDisagreeAreNotBelieved) {
  EXPECT_EQ(told("Forwarded: for=127.0.0.1\r\nX-Forwarded-For: 1.2.3.4\r\n"), "? http ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 127.0.0.1\r\n"), "? http ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n"), "1.2.3.4 http ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4;proto=https\r\nX-Forwarded-Proto: http\r\n"),
            "1.2.3.4 http ");
  EXPECT_EQ(told("Forwarded: for=1.2.3.4;host=a\r\nX-Forwarded-Host: b\r\n"), "1.2.3.4 http ");
}

TEST(ForwardedClient, SchemeAndHostComeFromTheProxyThatSawTheClient) {
  EXPECT_EQ(told("Forwarded: for=6.6.6.6;proto=http;host=x, for=1.2.3.4;proto=HTTPS;"
                 "host=\"a.example:8443\", for=10.0.0.2;proto=http;host=inner\r\n"),
            "1.2.3.4 https a.example:8443");
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4, 10.0.0.2\r\nX-Forwarded-Proto: https, http\r\n"
                 "X-Forwarded-Host: a.example, inner\r\n"),
            "1.2.3.4 https a.example");
  EXPECT_EQ(told("X-Forwarded-For: 6.6.6.6, 1.2.3.4\r\nX-Forwarded-Proto: https, http\r\n"),
            "1.2.3.4 http ");
  EXPECT_EQ(told("X-Forwarded-For: 1.2.3.4, 10.0.0.2\r\nX-Forwarded-Proto: wss\r\n"),
            "1.2.3.4 https ")
      << "replaced, not appended to";
  EXPECT_EQ(told("X-Forwarded-Proto: gopher\r\n", "10.0.0.1", true), "10.0.0.1 https ");
  EXPECT_EQ(told("X-Forwarded-Host: a b\r\n"), "10.0.0.1 http ");
  EXPECT_EQ(told("X-Forwarded-Host: user@a\r\n"), "10.0.0.1 http ");
}

class ForwardedRequests : public EveryTransport {};
HYBI_EVERY_TRANSPORT(ForwardedRequests);

TEST_P(ForwardedRequests, HandlersAndWebSocketsAreTold) {
  const auto show = [](const RequestInfo& request) {
    return io::ip_to_string(request.client()) + " " + std::string(request.scheme()) + " " +
           request.client_host();
  };
  auto server = start(
      [&](auto& site) {
        site.get("/", [show](Request& req, Response& res) { res.text(show(req)); });
        site.ws("/ws", {.on_open = [show](WebSocket& ws) { ws.send(show(ws.request())); }});
      },
      {.trusted_proxies = {"127.0.0.1"}});
  const std::string fields =
      "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: a.example\r\n";
  const std::string wanted = in_memory() ? "192.0.2.1 http " : "1.2.3.4 https a.example";
  auto client = server->connect();
  client->write(get("/", fields));
  ASSERT_TRUE(client->read_until(replies(1)));
  EXPECT_EQ(take_replies(client->take(), false).at(0).body.substr(0, wanted.size()), wanted);
  auto socket = open_websocket(*server, "/ws", fields);
  ASSERT_NE(socket, nullptr);
  ASSERT_TRUE(socket->read_until(frame_count(1)));
  EXPECT_EQ(frames(socket->received()).at(0).payload.substr(0, wanted.size()), wanted);
}

}  // namespace
}  // namespace hybi::test
