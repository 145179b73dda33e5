// The opening handshake, server side; tests/transcripts/ws/handshake.md has the usual cases.
#include <hybi/http/parser.h>
#include <hybi/ws/handshake.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

// A request that is right, of which a test changes one thing.
struct Request {
  std::string method = "GET";
  std::string http = "HTTP/1.1";
  std::string upgrade = "Upgrade: websocket\r\n";
  std::string connection = "Connection: Upgrade\r\n";
  std::string key = "Sec-WebSocket-Key: " + std::string(kKey) + "\r\n";
  std::string version = "Sec-WebSocket-Version: 13\r\n";
  std::string more{};

  std::string text() const {
    return method + " /chat " + http + "\r\nHost: example.com\r\n" + upgrade + connection + key +
           version + more + "\r\n";
  }
};

constexpr Versions kOnly13{Version::V13};

Result<Offer> check(const std::string& text, Versions versions = kOnly13) {
  static const HttpLimits limits{.max_head_bytes = 1 << 20, .max_field_count = 10'000};
  http::RequestParser parser(limits);
  Bytes in = as_bytes(text);
  const http::ParseEvent event = parser.next(in);
  EXPECT_EQ(event.kind, http::ParseEvent::Kind::Head) << text;
  return check_request(parser.head(), versions);
}

Errc verdict(const Request& request) {
  return check(request.text()).error().code;
}

TEST(WsHandshake, TakesARequestThatIsRight) {
  const std::string text = Request{}.text();
  const Result<Offer> offer = check(text);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->key, kKey);
  EXPECT_EQ(offer->version, Version::V13);
  EXPECT_TRUE(offer->subprotocols.empty());
  EXPECT_TRUE(offer->extensions.empty());
  EXPECT_EQ(offer->origin.data(), nullptr);
}

TEST(WsHandshake, ReadsWhatTheClientOffers) {
  const std::string text =
      Request{.more =
                  "Origin: http://example.com\r\nSec-WebSocket-Protocol: b, a\r\n"
                  "Sec-WebSocket-Protocol: c\r\nSec-WebSocket-Extensions: x; p=1, y\r\n"
                  "Sec-WebSocket-Extensions: z\r\n"}
          .text();
  const Result<Offer> offer = check(text);
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->origin, "http://example.com");
  EXPECT_EQ(offer->subprotocols, (std::vector<std::string_view>{"b", "a", "c"}));
  EXPECT_EQ(format_extensions(offer->extensions), "x; p=1, y, z");
}

// Each row breaks one rule more than the one below it, so each verdict shows that its rule is asked
// before those below.
TEST(WsHandshake, TheOrderOfErrorsIsFixed) {
  Request request{.method = "POST",
                  .http = "HTTP/1.0",
                  .upgrade = "Upgrade: other\r\n",
                  .key = "Sec-WebSocket-Key: bad\r\n",
                  .version = "Sec-WebSocket-Version: 14\r\n",
                  .more =
                      "Content-Length: 3\r\nOrigin: http://a\r\nOrigin: http://b\r\n"
                      "Sec-WebSocket-Extensions: ;\r\nSec-WebSocket-Protocol: a, a\r\n"};
  EXPECT_EQ(verdict(request), Errc::WsHandshakeMethod);
  request.method = "GET";
  EXPECT_EQ(verdict(request), Errc::WsHandshakeHttpVersion);
  request.http = "HTTP/1.1";
  EXPECT_EQ(verdict(request), Errc::WsHandshakeUpgrade);
  request.upgrade = Request{}.upgrade;
  EXPECT_EQ(verdict(request), Errc::WsHandshakeVersion);
  request.version = Request{}.version;
  EXPECT_EQ(verdict(request), Errc::WsHandshakeKey);
  request.key = Request{}.key;
  EXPECT_EQ(verdict(request), Errc::WsHandshakeProtocol);
  request.more = request.more.substr(0, request.more.find("Sec-WebSocket-Protocol"));
  EXPECT_EQ(verdict(request), Errc::WsHandshakeExtensions);
  request.more = request.more.substr(0, request.more.find("Sec-WebSocket-Extensions"));
  EXPECT_EQ(verdict(request), Errc::WsHandshakeOrigin);
  request.more = request.more.substr(0, request.more.find("Origin"));
  EXPECT_EQ(verdict(request), Errc::WsHandshakeBody);
  request.more.clear();
  EXPECT_EQ(verdict(request), Errc::Ok);
}

TEST(WsHandshake, MethodsOtherThanGetAreRefused) {
  for (std::string_view method : {"POST", "HEAD", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_EQ(verdict({.method = std::string(method)}), Errc::WsHandshakeMethod) << method;
  }
}

TEST(WsHandshake, UpgradeAndConnectionAreListsInAnyCase) {
  for (std::string_view upgrade : {"Upgrade: WEBSOCKET\r\n", "upgrade: h2c, WebSocket\r\n",
                                   "Upgrade: h2c\r\nUpgrade: websocket\r\n"}) {
    EXPECT_EQ(verdict({.upgrade = std::string(upgrade)}), Errc::Ok) << upgrade;
  }
  for (std::string_view connection :
       {"Connection: keep-alive, Upgrade\r\n", "connection: UPGRADE\r\n",
        "Connection: keep-alive\r\nConnection: upgrade\r\n"}) {
    EXPECT_EQ(verdict({.connection = std::string(connection)}), Errc::Ok) << connection;
  }
  for (std::string_view upgrade : {"", "Upgrade: websocket2\r\n", "Upgrade: web socket\r\n",
                                   "Upgrade: \"websocket\"\r\n", "Upgrade: websocket/13\r\n"}) {
    EXPECT_EQ(verdict({.upgrade = std::string(upgrade)}), Errc::WsHandshakeUpgrade) << upgrade;
  }
  for (std::string_view connection : {"", "Connection: close\r\n", "Connection: upgraded\r\n"}) {
    EXPECT_EQ(verdict({.connection = std::string(connection)}), Errc::WsHandshakeUpgrade);
  }
}

TEST(WsHandshake, TheKeyIsTheBase64OfSixteenBytesOnce) {
  for (std::string_view key : {"AAAAAAAAAAAAAAAAAAAAAA==", "////////////////////+w==",
                               "AQIDBAUGBwgJCgsMDQ4PEC=="}) {  // the last has unused bits set
    EXPECT_EQ(verdict({.key = "Sec-WebSocket-Key: " + std::string(key) + "\r\n"}), Errc::Ok) << key;
  }
  for (std::string_view key :
       {"", "AAAA", "AAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAAA=",
        "AAAAAAAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAAA=A", "AAAAAAAAAAAAAAAAAAAAA===",
        "AAAAAAAAAA AAAAAAAAAAA==", "AAAAAAAAAAAAAAAAAAAA_A==", "AAAAAAAAAAAAAAAAAAAAAA==AAAA"}) {
    EXPECT_EQ(verdict({.key = "Sec-WebSocket-Key: " + std::string(key) + "\r\n"}),
              Errc::WsHandshakeKey)
        << key;
  }
  EXPECT_EQ(verdict({.key = ""}), Errc::WsHandshakeKey);
  EXPECT_EQ(verdict({.key = Request{}.key + Request{}.key}), Errc::WsHandshakeKey);
}

TEST(WsHandshake, TheVersionIs13Once) {
  for (std::string_view version :
       {"", "Sec-WebSocket-Version:\r\n", "Sec-WebSocket-Version: 8\r\n",
        "Sec-WebSocket-Version: 013\r\n", "Sec-WebSocket-Version: 13.0\r\n",
        "Sec-WebSocket-Version: 13, 8\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n"}) {
    EXPECT_EQ(verdict({.version = std::string(version)}), Errc::WsHandshakeVersion) << version;
  }
}

TEST(WsHandshake, SubprotocolsAreDifferentTokens) {
  for (std::string_view list :
       {"", ",", "a b", "a/b", "a, a", "a, b, c, a", "\"a\"", "caf\xC3\xA9"}) {
    EXPECT_EQ(verdict({.more = "Sec-WebSocket-Protocol: " + std::string(list) + "\r\n"}),
              Errc::WsHandshakeProtocol)
        << list;
  }
  EXPECT_EQ(verdict({.more = "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"}),
            Errc::WsHandshakeProtocol);
  EXPECT_EQ(verdict({.more = "Sec-WebSocket-Protocol: a, A, ,b\r\n"}), Errc::Ok);
}

TEST(WsHandshake, ListsAsLongAsAHeadAreReadInOnePass) {
  std::string spaces(32'000, ' ');
  EXPECT_EQ(verdict({.more = "Sec-WebSocket-Protocol: b" + spaces + "x\r\n"}),
            Errc::WsHandshakeProtocol);
  std::string many;
  for (int i = 0; i < 50'000; ++i) many += "p" + std::to_string(i) + ",";
  EXPECT_EQ(verdict({.more = "Sec-WebSocket-Protocol: " + many + "\r\n"}), Errc::Ok);
}

TEST(WsHandshake, ABodyIsRefused) {
  EXPECT_EQ(verdict({.more = "Content-Length: 1\r\n"}), Errc::WsHandshakeBody);
  EXPECT_EQ(verdict({.more = "Transfer-Encoding: chunked\r\n"}), Errc::WsHandshakeBody);
  EXPECT_EQ(verdict({.more = "Content-Length: 0\r\n"}), Errc::Ok);
}

TEST(WsHandshake, AcceptOfKnownKeys) {
  const std::pair<std::string_view, std::string_view> known[] = {
      {"dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="},
      {"x3JJHMbDL1EzLkh9GBhXDw==", "HSmrc0sMlYUkAGmm5OPpG2HaGWk="}};
  for (const auto& [key, accept] : known) {
    char out[28];
    write_accept(key, out);
    EXPECT_EQ(std::string_view(out, sizeof out), accept);
  }
}

TEST(WsHandshake, AnswersOnlyWithAnOfferedSubprotocol) {
  const std::string text = Request{.more = "Sec-WebSocket-Protocol: chat, other\r\n"}.text();
  const Result<Offer> offer = check(text);
  ASSERT_TRUE(offer);
  OutBuffer out;
  EXPECT_EQ(write_answer(*offer, {.subprotocol = "Chat"}, out).error().code, Errc::BadSubprotocol);
  const AnswerParts split{.subprotocol = "chat", .extensions = "x\r\nSet-Cookie: y"};
  EXPECT_EQ(write_answer(*offer, split, out).error().code, Errc::BadField);
  EXPECT_TRUE(out.empty());
  ASSERT_TRUE(write_answer(*offer, {.subprotocol = "other", .extensions = "x; y=1"}, out));
  EXPECT_EQ(as_text(out.view()),
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: other\r\nSec-WebSocket-Extensions: x; y=1\r\n");
}

TEST(WsHandshake, SameOriginComparesHostAndPort) {
  struct Row {
    std::string_view origin, host;
    bool same;
  };
  for (const Row& row : {Row{"http://example.com", "example.com", true},
                         Row{"https://example.com", "example.com", true},
                         Row{"HTTP://EXAMPLE.com", "example.COM", true},
                         Row{"http://example.com:80", "example.com", true},
                         Row{"http://example.com", "example.com:80", true},
                         Row{"https://example.com", "example.com:443", true},
                         Row{"http://example.com:3400", "example.com:3400", true},
                         Row{"http://[::1]:3400", "[::1]:3400", true},
                         Row{"http://[::1]", "[::1]", true},
                         Row{"http://example.com:81", "example.com", false},
                         Row{"http://example.com", "example.com:81", false},
                         Row{"http://example.com", "example.com:443", false},
                         Row{"http://[::1]", "[::2]", false},
                         Row{"null", "null", false},
                         Row{"", "example.com", false},
                         Row{"example.com", "example.com", false},
                         Row{"http://", "", false},
                         Row{"http://example.com", "", false},
                         Row{"http://example.com/", "example.com", false},
                         Row{"http://evilexample.com", "example.com", false},
                         Row{"http://example.com.evil.org", "example.com", false},
                         Row{"http://example.com@evil.org", "example.com", false},
                         Row{"http://evil.org@example.com", "example.com", false},
                         Row{"http://evil.org/http://example.com", "example.com", false},
                         Row{"http://example.com.", "example.com", false}}) {
    EXPECT_EQ(is_same_origin(row.origin, row.host), row.same) << row.origin << " " << row.host;
  }
}

TEST(WsHandshake, RefusalsCarryTheFieldsTheirStatusAsksFor) {
  const auto fields = [](Errc why) {
    OutBuffer out;
    write_refusal_fields(why, kOnly13, out);
    return std::string(as_text(out.view()));
  };
  EXPECT_EQ(fields(Errc::WsHandshakeVersion),
            "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  EXPECT_EQ(fields(Errc::WsHandshakeUpgrade), "Upgrade: websocket\r\nConnection: Upgrade\r\n");
  EXPECT_EQ(fields(Errc::WsHandshakeMethod), "Allow: GET\r\n");
  EXPECT_EQ(fields(Errc::WsHandshakeKey), "");
}

}  // namespace
}  // namespace hybi::ws
