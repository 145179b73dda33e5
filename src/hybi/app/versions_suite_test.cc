// The older versions inside an application: policy, challenge, addresses in answers. Over every
// transport; the wire formats themselves are in ws/versions_test.cc and the transcripts.
#include <hybi/app/test_server.h>
#include <hybi/app/test_socket.h>

namespace hybi::test {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kKey3 = "^n:ds[4U";
constexpr std::string_view kAnswer = "8jKS'y:G*Co,Wxa-";

std::string hixie76(std::string_view target = "/", std::string_view more = {},
                    std::string_view key2 = "12998 5 Y3 1  .P00") {
  std::string text = "GET ";
  text.append(target).append(
      " HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: Example.com:80\r\n"
      "Origin: http://example.com\r\nSec-WebSocket-Key1: 4 @1  46546xW%0l 1 5\r\n"
      "Sec-WebSocket-Key2: ");
  return text.append(key2).append("\r\n").append(more).append("\r\n");
}

std::string hixie75(std::string_view target = "/") {
  std::string text = "GET ";
  return text.append(target).append(
      " HTTP/1.1\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\nHost: a\r\n\r\n");
}

WebSocketHandlers everything(std::shared_ptr<Notes> notes = nullptr) {
  WebSocketHandlers handlers;
  handlers.versions = Versions::all();
  handlers.origins = OriginPolicy::any();
  handlers.on_message = [](WebSocket& ws, const Message& m) { ws.send(m); };
  if (notes) {
    handlers.on_open = [notes](WebSocket& ws) {
      notes->add("open " + std::to_string(ws.version()));
    };
    handlers.on_close = [notes](WebSocket&, const CloseInfo& info) {
      notes->add("close " + std::to_string(info.code));
    };
  }
  return handlers;
}

class VersionsSuite : public EveryTransport {};

TEST_P(VersionsSuite, TheHeadOfTheAnswerDoesNotWaitForTheChallenge) {
  const auto notes = std::make_shared<Notes>();
  auto server = start([&](auto& site) { site.ws("/", everything(notes)); });
  auto client = server->connect();
  client->write(hixie76());
  ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
  EXPECT_EQ(client->take(),
            "HTTP/1.1 101 WebSocket Protocol Handshake\r\nUpgrade: WebSocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Origin: http://example.com\r\n"
            "Sec-WebSocket-Location: ws://example.com/\r\n\r\n");
  EXPECT_EQ(notes->size(), 0u);  // not open before the challenge is there
  for (char c : kKey3) client->write(std::string_view(&c, 1));
  ASSERT_TRUE(client->read_until(16));
  EXPECT_EQ(client->take(), kAnswer);
  client->write(std::string_view("\0Hello\xFF", 7));
  ASSERT_TRUE(client->read_until(7));
  EXPECT_EQ(client->take(), std::string("\0Hello\xFF", 7));
  EXPECT_EQ(notes->text(), "open 76");
  client->write(std::string_view("\xFF\0", 2));
  ASSERT_TRUE(client->read_to_end());
  EXPECT_EQ(client->take(), std::string("\xFF\0", 2));
  client->end();
  EXPECT_TRUE(server->run_until([&] { return notes->text() == "open 76|close 1005"; }));
}

TEST_P(VersionsSuite, TheChallengeMayComeInAnySplitAndBeAnnounced) {
  auto server = start([](auto& site) { site.ws("/", everything()); });
  for (std::string_view more : {"", "Content-Length: 8\r\n"}) {
    const std::string text = hixie76("/", more) + std::string(kKey3) + std::string("\0a\xFF", 3);
    for (std::size_t cut = text.size() - 11; cut <= text.size(); ++cut) {
      auto client = server->connect();
      client->write(text.substr(0, cut));
      ASSERT_TRUE(client->read_until(holds("\r\n\r\n"))) << cut;
      client->write(text.substr(cut));
      ASSERT_TRUE(client->read_until(holds(std::string(kAnswer) + std::string("\0a\xFF", 3))))
          << cut;
    }
  }
}

// Proxies rewrite the names of fields; the answer is spelled as ever.
TEST_P(VersionsSuite, FieldNamesOfTheRequestMayBeInAnyCase) {
  auto server = start([](auto& site) { site.ws("/", everything()); });
  std::string request = hixie76();
  for (std::size_t at = request.find("\r\n"); at != std::string::npos;
       at = request.find("\r\n", at + 2)) {
    for (std::size_t i = at + 2; i < request.size() && request[i] != ':'; ++i) {
      request[i] = to_lower(request[i]);
    }
  }
  ASSERT_NE(request.find("\r\nsec-websocket-key1: "), std::string::npos);
  auto client = server->connect();
  client->write(request + std::string(kKey3));
  ASSERT_TRUE(client->read_until(holds(std::string(kAnswer))));
  EXPECT_NE(client->take().find("\r\nSec-WebSocket-Origin: http://example.com\r\n"),
            std::string::npos);
}

TEST_P(VersionsSuite, BadKeysAreAnswered400AndTheConnectionEnds) {
  auto server = start([](auto& site) { site.ws("/", everything()); });
  for (std::string_view key2 : {"1299853100", "12998 5 Y3 1  .P01", "9999999999999 ", "a b",
                                "99999999999999999999 1", ""}) {
    auto client = server->connect();
    client->write(hixie76("/", "", key2) + std::string(kKey3));
    ASSERT_TRUE(client->read_to_end()) << key2;
    const auto all = take_replies(client->take());
    ASSERT_EQ(all.size(), 1u) << key2;  // the eight bytes are not a request
    EXPECT_EQ(all[0].status, 400u) << key2;
    EXPECT_EQ(all[0].field("connection"), "close");
  }
}

TEST_P(VersionsSuite, ARouteServesWhatItSaysAndTellsTheOthers) {
  auto server = start([](auto& site) {
    site.ws("/usual", {});
    site.ws("/new", {.versions = {Version::V13}});
    WebSocketHandlers old = everything();
    old.versions = {Version::Hixie75, Version::Hixie76};
    site.ws("/old", std::move(old));
    site.ws("/all", everything());
  });
  const auto numbered = [](std::string_view target, std::string_view number) {
    std::string text = upgrade(target);
    text.replace(text.find("Version: 13"), 11, "Version: " + std::string(number));
    return text;
  };
  struct Row {
    std::string request;
    unsigned status;
    std::string_view list;
  };
  for (const Row& row :
       {Row{numbered("/usual", "8"), 101, ""}, Row{numbered("/usual", "7"), 101, ""},
        Row{numbered("/usual", "6"), 426, "13, 8, 7"}, Row{numbered("/new", "8"), 426, "13"},
        Row{numbered("/new", "13"), 101, ""}, Row{numbered("/all", "4"), 101, ""},
        Row{numbered("/all", "9"), 426, "13, 8, 7, 6, 5, 4"},
        Row{hixie75("/usual"), 426, "13, 8, 7"}, Row{hixie75("/all"), 101, ""},
        Row{hixie76("/usual"), 426, "13, 8, 7"}, Row{hixie76("/old"), 101, ""},
        Row{numbered("/old", "13"), 426, ""}}) {
    auto client = server->connect();
    client->write(row.request);
    ASSERT_TRUE(client->read_until(holds("\r\n\r\n"))) << row.request;
    const auto all = take_replies(client->take(), false);
    const std::string head = all.empty() ? client->received() : all[0].head;
    if (row.status == 101) {
      EXPECT_TRUE(all.empty() || all[0].status == 101) << row.request;
      continue;
    }
    ASSERT_EQ(all.size(), 1u) << row.request;
    EXPECT_EQ(all[0].status, row.status) << row.request;
    EXPECT_EQ(all[0].field("sec-websocket-version"), row.list) << row.request;
  }
}

TEST_P(VersionsSuite, AnOriginListGuardsEveryVersion) {
  auto server = start([](auto& site) {
    WebSocketHandlers handlers = everything();
    handlers.origins = OriginPolicy::only({"http://example.com"});
    site.ws("/", std::move(handlers));
  });
  const auto status = [&](std::string request) {
    auto client = server->connect();
    client->write(request);
    EXPECT_TRUE(client->read_until(holds("\r\n\r\n")));
    return client->received().substr(9, 3);
  };
  const auto numbered = [](std::string_view number, std::string_view fields) {
    std::string text = upgrade("/", fields);
    text.replace(text.find("Version: 13"), 11, "Version: " + std::string(number));
    return text;
  };
  std::string foreign = hixie76();
  foreign.replace(foreign.find("http://example.com"), 18, "http://evil.example");
  EXPECT_EQ(status(hixie76()), "101");
  EXPECT_EQ(status(foreign), "403");
  EXPECT_EQ(status(numbered("8", "Sec-WebSocket-Origin: http://example.com\r\n")), "101");
  EXPECT_EQ(status(numbered("8", "Sec-WebSocket-Origin: http://evil.example\r\n")), "403");
  EXPECT_EQ(status(numbered("8", "Origin: http://example.com\r\n")), "101");
  EXPECT_EQ(status(numbered("8",
                            "Origin: http://example.com\r\n"
                            "Sec-WebSocket-Origin: http://evil.example\r\n")),
            "403");
  // In 13 the old name means nothing.
  EXPECT_EQ(status(numbered("13",
                            "Origin: http://example.com\r\n"
                            "Sec-WebSocket-Origin: http://evil.example\r\n")),
            "101");
}

TEST_P(VersionsSuite, BinaryInHixieIsAnErrorOfTheSender) {
  const auto notes = std::make_shared<Notes>();
  auto server = start([&](auto& site) {
    WebSocketHandlers handlers = everything();
    handlers.on_open = [notes](WebSocket& ws) {
      const std::byte data[] = {std::byte{0}, std::byte{1}};
      notes->add(ws.send_binary(data) == SendResult::NoBinary ? "no binary" : "sent");
      notes->add(std::string(info(ws.ping().error().code).name));
      ws.subscribe("all");
    };
    site.ws("/", handlers);
    handlers.legacy.base64_binary = true;
    site.ws("/base64", handlers);
  });
  for (std::string_view target : {"/", "/base64"}) {
    auto client = server->connect();
    client->write(hixie75(target));
    ASSERT_TRUE(client->read_until(holds("\r\n\r\n")));
    server->publish("all", "text");
    const std::string text("\0text\xFF", 6);
    ASSERT_TRUE(client->read_until(holds(text)));
    EXPECT_EQ(client->received().find(std::string("\0AAE=\xFF", 6)) != std::string::npos,
              target == "/base64");
  }
  EXPECT_EQ(notes->text(), "no binary|NoPing|sent|NoPing");
}

HYBI_EVERY_TRANSPORT(VersionsSuite);

TEST(VersionsTime, AChallengeThatDoesNotComeEndsTheConnectionUntold) {
  const auto notes = std::make_shared<Notes>();
  auto server = start_in_memory([&](auto& site) { site.ws("/", everything(notes)); },
                                {.http = {.head_timeout = 2s}});
  auto client = server->connect();
  client->write(hixie76() + std::string(kKey3.substr(0, 7)));
  server->advance(1900ms);
  EXPECT_FALSE(client->closed());
  server->advance(200ms);
  EXPECT_TRUE(client->closed());
  auto leaver = server->connect();
  leaver->write(hixie76());
  leaver->end();
  server->settle();
  EXPECT_TRUE(leaver->closed());
  EXPECT_EQ(notes->size(), 0u);
  EXPECT_EQ(server->connections(), 0u);
}

TEST(VersionsTime, WithoutPingTheIdleTimeoutDoesTheWork) {
  const auto notes = std::make_shared<Notes>();
  WebSocketHandlers handlers = everything(notes);
  handlers.limits.ping_interval = 1s;
  handlers.limits.pong_timeout = 1s;
  handlers.limits.idle_timeout = 10s;
  auto server = start_in_memory([&](auto& site) { site.ws("/", handlers); });
  auto client = server->connect();
  client->write(hixie75());
  server->advance(9s);
  EXPECT_EQ(notes->text(), "open 75");
  server->advance(2s);
  EXPECT_TRUE(client->closed());
  ASSERT_TRUE(client->read_to_end());
  EXPECT_TRUE(client->received().ends_with(
      "\r\n\r\n"));  // nothing behind the head: 75 has no ping, no close
  client->end();
  server->settle();
  EXPECT_EQ(notes->size(), 2u);
}

std::string location(const ServerOptions& options, std::string_view more) {
  auto server = start_in_memory([](auto& site) { site.ws("/x", everything()); }, options);
  auto client = server->connect();
  client->write(hixie76("/x?y=1", more));
  EXPECT_TRUE(client->read_until(holds("\r\n\r\n")));
  const std::string& text = client->received();
  const std::size_t at = text.find("Location: ");
  return at == std::string::npos ? text : text.substr(at + 10, text.find('\r', at) - at - 10);
}

TEST(VersionsLocation, RepeatsTheUrlThatTheClientUsed) {
  EXPECT_EQ(location({}, ""), "ws://example.com/x?y=1");
  EXPECT_EQ(location({.behind_tls = true}, ""), "wss://example.com:80/x?y=1");
  // Nobody is believed who is not listed.
  EXPECT_EQ(location({}, "X-Forwarded-Proto: https\r\n"), "ws://example.com/x?y=1");
}

TEST(VersionsLocation, ATrustedProxySaysWhetherTheClientSpeaksTls) {
  struct Row {
    const char* trusted;
    const char* fields;
    const char* scheme;
  };
  for (const Row& row :
       {Row{"127.0.0.1", "X-Forwarded-Proto: https\r\n", "wss"},
        Row{"127.0.0.0/8", "X-Forwarded-Proto: https, http\r\n", "ws"},
        Row{"127.0.0.0/8",
            "Forwarded: for=1.2.3.4;proto=https;by=_x, For=127.0.0.2; Proto=\"http\"\r\n", "wss"},
        Row{"127.0.0.0/8", "Forwarded: for=1.2.3.4\r\nX-Forwarded-Proto: wss\r\n", "wss"},
        Row{"127.0.0.0/8", "", "ws"}, Row{"10.0.0.0/8", "X-Forwarded-Proto: https\r\n", "ws"}}) {
    Server server({.trusted_proxies = {row.trusted}});
    server.ws("/", everything()).listen("127.0.0.1:0");
    ASSERT_TRUE(server.start());
    SocketClient client(server.port());
    ASSERT_TRUE(client.write(hixie76("/", row.fields)));
    ASSERT_TRUE(client.read_until("\r\n\r\n"));
    EXPECT_NE(client.received.find("Location: " + std::string(row.scheme) + "://example.com"),
              std::string::npos)
        << row.fields << client.received;
  }
}

TEST(VersionsHandlers, OldVersionsNeedAnOriginListOrItsWaiver) {
  const auto verdict = [](Versions versions, OriginPolicy origins) {
    WebSocketHandlers handlers;
    handlers.versions = versions;
    handlers.origins = std::move(origins);
    return check(handlers).error().code;
  };
  EXPECT_EQ(verdict(Versions::all(), {}), Errc::BadVersions);
  EXPECT_EQ(verdict({Version::V13, Version::V6}, {}), Errc::BadVersions);
  EXPECT_EQ(verdict({}, {}), Errc::BadVersions);
  EXPECT_EQ(verdict(Versions::safe(), {}), Errc::Ok);
  EXPECT_EQ(verdict(Versions::all(), OriginPolicy::only({"http://a"})), Errc::Ok);
  EXPECT_EQ(verdict(Versions::all(), OriginPolicy::any()), Errc::Ok);

  Server server;
  server.ws("/", {.versions = Versions::all()}).listen("127.0.0.1:0");
  EXPECT_EQ(server.start().error().code, Errc::BadVersions);
  Server proxied({.trusted_proxies = {"10.0.0.0/40"}});
  proxied.listen("127.0.0.1:0");
  EXPECT_EQ(proxied.start().error().code, Errc::BadTrustedProxy);
}

}  // namespace
}  // namespace hybi::test
