// The closing handshake and failing the connection, both roles. RFC 6455 5.5.1, 7.
#include <hybi/testing/ws_peer.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

Role other(Role role) {
  return role == Role::Server ? Role::Client : Role::Server;
}

class WsClose : public ::testing::TestWithParam<Role> {
 protected:
  Role role() const { return GetParam(); }
  bool is_server() const { return role() == Role::Server; }
  OwnedBytes from_peer(Opcode opcode, std::string_view payload) const {
    return frame(other(role()), opcode, payload);
  }
  OwnedBytes close_frame(unsigned code, std::string_view reason = {}) const {
    const char high = static_cast<char>(code >> 8), low = static_cast<char>(code & 255);
    return from_peer(Opcode::Close, std::string{high, low} + std::string(reason));
  }
  // The server ends the TCP connection first; the client waits for it. RFC 6455 7.1.1
  Log with_end(Log log) const {
    if (is_server()) log.push_back("half-close");
    return log;
  }
};

INSTANTIATE_TEST_SUITE_P(Role, WsClose, ::testing::Values(Role::Server, Role::Client),
                         [](const auto& role) {
                           return role.param == Role::Server ? "Server" : "Client";
                         });

TEST_P(WsClose, EchoesTheCodeOfThePeer) {
  for (unsigned code : {1000U, 1001U, 1002U, 1003U, 1007U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    for_each_split(close_frame(code, "why"), [&](const Pieces& pieces) {
      WsPeer peer(role());
      peer.receive(pieces);
      const std::string number = std::to_string(code);
      EXPECT_EQ(peer.log(),
                with_end({"event close " + number + " \"why\"", "out close " + number}));
      EXPECT_EQ(peer.protocol().state(), State::CloseReceived);
      EXPECT_TRUE(peer.protocol().clean());
      EXPECT_EQ(peer.protocol().received_code(), code);
      EXPECT_EQ(peer.protocol().received_reason(), "why");
      EXPECT_EQ(peer.protocol().eof_due(), is_server());
    });
  }
}

TEST_P(WsClose, AnswersAnEmptyCloseWithAnEmptyOne) {
  WsPeer peer(role());
  peer.receive(from_peer(Opcode::Close, ""));
  EXPECT_EQ(peer.log(), with_end({"event close 1005", "out close"}));
}

TEST_P(WsClose, FailsCodesThatMustNotBeOnTheWireWith1002) {
  for (unsigned code :
       {0U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    WsPeer peer(role());
    peer.receive(close_frame(code));
    EXPECT_EQ(peer.log(), with_end({"event failed WsBadCloseCode",
                                    "out close 1002 \"close code must not appear on the wire\""}));
    EXPECT_EQ(peer.protocol().received_code(), 1006);
    EXPECT_FALSE(peer.protocol().clean());
  }
}

TEST_P(WsClose, FailsABodyOfOneByteWith1002) {
  for_each_split(from_peer(Opcode::Close, "x"), [&](const Pieces& pieces) {
    WsPeer peer(role());
    peer.receive(pieces);
    EXPECT_EQ(peer.log(), with_end({"event failed WsBadClosePayload",
                                    "out close 1002 \"close frame payload of 1 byte\""}));
  });
}

TEST_P(WsClose, FailsAReasonThatIsNotUtf8With1007) {
  for (std::string_view reason : {"\xFF", "ok\xC3", "\xED\xA0\x80"}) {
    WsPeer peer(role());
    peer.receive(close_frame(1000, reason));
    EXPECT_EQ(peer.log(), with_end({"event failed WsInvalidCloseReason",
                                    "out close 1007 \"close reason is not valid UTF-8\""}));
  }
}

TEST_P(WsClose, TakesTheLongestReason) {
  WsPeer peer(role());
  peer.receive(close_frame(1000, std::string(123, 'r')));
  EXPECT_EQ(peer.protocol().received_reason(), std::string(123, 'r'));
}

TEST_P(WsClose, DiscardsWhatComesAfterTheClose) {
  OwnedBytes input = close_frame(1000);
  for (const OwnedBytes& more : {from_peer(Opcode::Text, "late"), from_peer(Opcode::Ping, "late"),
                                 close_frame(1001), bytes("ff ff ff ff ff")}) {
    input.insert(input.end(), more.begin(), more.end());
  }
  for_each_split(input, [&](const Pieces& pieces) {
    WsPeer peer(role());
    peer.receive(pieces);
    EXPECT_EQ(peer.log(), with_end({"event close 1000", "out close 1000"}));
  });
}

TEST_P(WsClose, DiscardsWhatComesAfterAFailure) {
  OwnedBytes input = from_peer(static_cast<Opcode>(3), "");
  const OwnedBytes more = close_frame(1000);
  input.insert(input.end(), more.begin(), more.end());
  for_each_split(input, [&](const Pieces& pieces) {
    WsPeer peer(role());
    peer.receive(pieces);
    EXPECT_EQ(peer.log(),
              with_end({"event failed WsReservedOpcode", "out close 1002 \"reserved opcode\""}));
    EXPECT_EQ(peer.protocol().state(), State::Closed);
  });
}

TEST_P(WsClose, ACloseInsideAFragmentedMessageDropsTheMessage) {
  WsPeer peer(role());
  peer.receive(frame(other(role()), Opcode::Text, "half", false));
  peer.receive(close_frame(1001, "gone"));
  EXPECT_EQ(peer.log(), with_end({"event close 1001 \"gone\"", "out close 1001"}));
  EXPECT_FALSE(peer.protocol().collecting());
}

TEST_P(WsClose, AfterOurCloseDataIsDeliveredUntilThePeersClose) {
  WsPeer peer(role());
  peer.close(1001, "bye");
  EXPECT_TRUE(peer.protocol().close_expected());
  EXPECT_FALSE(peer.protocol().eof_due());
  peer.receive(from_peer(Opcode::Text, "on its way"));
  peer.receive(from_peer(Opcode::Ping, "p"));
  peer.receive(close_frame(1001));
  peer.receive(from_peer(Opcode::Text, "late"));
  EXPECT_EQ(peer.log(), with_end({"out close 1001 \"bye\"", "event text \"on its way\"",
                                  "event ping \"p\"", "out pong \"p\"", "event close 1001"}));
  EXPECT_EQ(peer.protocol().state(), State::Closed);
  EXPECT_TRUE(peer.protocol().clean());
}

TEST_P(WsClose, ClosesThatCrossEndBothSides) {
  WsPeer server(Role::Server), client(Role::Client);
  server.close(1001);
  client.close(1000);
  const OwnedBytes to_client = owned(server.sent()), to_server = owned(client.sent());
  client.receive(to_client);
  server.receive(to_server);
  EXPECT_EQ(server.log(), (Log{"out close 1001", "event close 1000", "half-close"}));
  EXPECT_EQ(client.log(), (Log{"out close 1000", "event close 1001"}));
  EXPECT_TRUE(server.protocol().clean());
  EXPECT_TRUE(client.protocol().clean());
}

TEST_P(WsClose, NothingIsSentAfterOurClose) {
  WsPeer peer(role());
  peer.send_fragment(Opcode::Text, "a", false);
  peer.close(1000);
  peer.send_text("x");
  peer.send_binary({});
  peer.send_fragment(Opcode::Text, "b", true);
  peer.send_ping("");
  peer.send_pong("");
  peer.close(1000);
  Log expected{"out first of text \"a\"", "out close 1000"};
  expected.insert(expected.end(), 6, "refused BadState");
  EXPECT_EQ(peer.log(), expected);
  EXPECT_FALSE(peer.protocol().can_send_message());
}

TEST_P(WsClose, RefusesCodesAndReasonsThatCannotBeSent) {
  WsPeer peer(role());
  for (CloseCode code : {0, 999, 1004, 1006, 1015, 2999, 5000}) peer.close(code);
  peer.close(1000, std::string(124, 'r'));
  peer.close(1000, "\xFF");
  peer.close(kNoStatusReceived, "needs a code");
  Log expected(7, "refused BadCloseCode");
  expected.insert(expected.end(), 3, "refused BadCloseReason");
  EXPECT_EQ(peer.log(), expected);
  EXPECT_EQ(peer.protocol().state(), State::Open);
}

TEST_P(WsClose, SendsTheLongestReasonAndTheEmptyBody) {
  WsPeer peer(role());
  peer.close(4999, std::string(123, 'r'));
  EXPECT_EQ(peer.log(), Log{"out close 4999 123 bytes"});
  WsPeer second(role());
  second.close(kNoStatusReceived);
  EXPECT_EQ(second.log(), Log{"out close"});
}

TEST_P(WsClose, FailSendsTheErrorsCodeAndTextOnce) {
  WsPeer peer(role());
  peer.fail(Errc::WsHandlerFailed);
  peer.fail(Errc::WsIdle);
  peer.receive(close_frame(1000));
  EXPECT_EQ(peer.log(), with_end({"out close 1011 \"the application failed\""}));
  EXPECT_EQ(peer.protocol().state(), State::Closed);
  EXPECT_EQ(peer.protocol().received_code(), 1006);
}

TEST_P(WsClose, FailSendsNothingWhenTheCodeIsLocalOrOursWentOut) {
  WsPeer silent(role());
  silent.fail(Errc::WsPeerSilent);
  EXPECT_EQ(silent.log(), with_end({}));
  EXPECT_EQ(silent.protocol().state(), State::Closed);

  WsPeer closing(role());
  closing.close(1000);
  closing.receive(from_peer(static_cast<Opcode>(3), ""));
  EXPECT_EQ(closing.log(), with_end({"out close 1000", "event failed WsReservedOpcode"}));
}

TEST_P(WsClose, EveryFailureOfAWebSocketWritesAFrameThePeerTakes) {
#define HYBI_ERRC(name, close, http, text, spec)            \
  if ((close) != 0 && (close) != kAbnormalClosure) {        \
    WsPeer peer(role());                                    \
    peer.fail(Errc::name);                                  \
    WsPeer receiver(other(role()));                         \
    receiver.receive(peer.sent());                          \
    EXPECT_EQ(receiver.protocol().received_code(), close);  \
    EXPECT_EQ(receiver.protocol().received_reason(), text); \
  }
#include <hybi/errc.def>
#undef HYBI_ERRC
}

TEST_P(WsClose, EndOfInputIsCleanOnlyAfterBothCloses) {
  WsPeer peer(role());
  peer.receive(close_frame(1001, "gone"));
  peer.end_of_input();
  EXPECT_EQ(peer.log().back(), "event close 1001 \"gone\"");
  EXPECT_EQ(peer.protocol().state(), State::Closed);

  WsPeer open(role());
  open.end_of_input();
  EXPECT_EQ(open.events(), Log{"event failed WsAbnormalClosure"});
  EXPECT_EQ(open.protocol().received_code(), 1006);
  EXPECT_TRUE(open.sent().empty());

  WsPeer inside(role());
  inside.receive(frame(other(role()), Opcode::Text, "half", false));
  inside.end_of_input();
  EXPECT_EQ(inside.events(), Log{"event failed WsAbnormalClosure"});

  WsPeer unanswered(role());
  unanswered.close(1000);
  unanswered.end_of_input();
  EXPECT_EQ(unanswered.events(), Log{"event failed WsAbnormalClosure"});
  unanswered.send_text("x");
  EXPECT_EQ(unanswered.log().back(), "refused BadState");
}

}  // namespace
}  // namespace hybi::ws
