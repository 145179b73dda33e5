// Rules of frames and messages, both roles. Closing is in close_test.cc, limits in limits_test.cc.
#include <hybi/testing/ws_peer.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

std::string close_line(std::string_view errc_text, unsigned code = 1002) {
  return "out close " + std::to_string(code) + " \"" + std::string(errc_text) + "\"";
}

Role other(Role role) {
  return role == Role::Server ? Role::Client : Role::Server;
}

// `peer` writes frames as the other side of the role under test.
class WsProtocol : public ::testing::TestWithParam<Role> {
 protected:
  Role role() const { return GetParam(); }
  OwnedBytes from_peer(Opcode opcode, std::string_view payload, bool fin = true) const {
    return frame(other(role()), opcode, payload, fin);
  }
  // The log of one input, the same for every split.
  void expect(const OwnedBytes& input, const Log& log, const WebSocketLimits& limits = {}) const {
    for_each_split(input, [&](const Pieces& pieces) {
      WsPeer peer(role(), limits);
      peer.receive(pieces);
      EXPECT_EQ(peer.log(), log);
    });
  }
  Log failed(std::string_view name, std::string_view text, unsigned code = 1002) const {
    Log log{"event failed " + std::string(name), close_line(text, code)};
    if (role() == Role::Server) log.push_back("half-close");
    return log;
  }
};

INSTANTIATE_TEST_SUITE_P(Role, WsProtocol, ::testing::Values(Role::Server, Role::Client),
                         [](const auto& role) {
                           return role.param == Role::Server ? "Server" : "Client";
                         });

OwnedBytes operator+(OwnedBytes a, const OwnedBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST_P(WsProtocol, DeliversTextAndBinary) {
  expect(from_peer(Opcode::Text, "Hello") + from_peer(Opcode::Binary, {"\0\1\xff", 3}),
         {"event text \"Hello\"", "event binary 00 01 ff"});
}

TEST_P(WsProtocol, DeliversEmptyMessages) {
  expect(from_peer(Opcode::Text, "") + from_peer(Opcode::Binary, ""),
         {"event text \"\"", "event binary empty"});
}

TEST_P(WsProtocol, DeliversMessagesAtTheBordersOfTheLengthForms) {
  for (std::size_t size : {125U, 126U, 127U, 128U, 65535U, 65536U, 65537U}) {
    const OwnedBytes input = from_peer(Opcode::Text, std::string(size, 'a'));
    for (std::size_t at : {1U, 2U, 3U, 9U, 10U, 14U, 15U, 100U}) {
      WsPeer peer(role());
      peer.receive(cut(input, {at, input.size() - 3}));
      EXPECT_EQ(peer.log(), (Log{"event text " + show_text(std::string(size, 'a'))}));
    }
  }
}

TEST_P(WsProtocol, JoinsFragments) {
  expect(from_peer(Opcode::Text, "Hel", false) + from_peer(Opcode::Continuation, "lo"),
         {"event text \"Hello\""});
  expect(from_peer(Opcode::Binary, "", false) + from_peer(Opcode::Continuation, "", false) +
             from_peer(Opcode::Continuation, ""),
         {"event binary empty"});
}

TEST_P(WsProtocol, AnswersAPingInsideAFragmentedMessageAtOnce) {
  expect(from_peer(Opcode::Text, "a", false) + from_peer(Opcode::Ping, "now") +
             from_peer(Opcode::Continuation, "b"),
         {"event ping \"now\"", "out pong \"now\"", "event text \"ab\""});
}

TEST_P(WsProtocol, AnswersEveryPingInOrder) {  // RFC 6455 5.5.2
  expect(from_peer(Opcode::Ping, "1") + from_peer(Opcode::Ping, "2") +
             from_peer(Opcode::Ping, std::string(125, '3')),
         {"event ping \"1\"", "out pong \"1\"", "event ping \"2\"", "out pong \"2\"",
          "event ping 125 bytes", "out pong 125 bytes"});
}

TEST_P(WsProtocol, TakesPongsThatNobodyAskedFor) {
  expect(from_peer(Opcode::Pong, "x") + from_peer(Opcode::Pong, ""),
         {"event pong \"x\"", "event pong \"\""});
}

TEST_P(WsProtocol, FailsReservedBitsWith1002) {
  for (std::uint8_t rsv : {kRsv1, kRsv2, kRsv3}) {
    for (Opcode opcode : {Opcode::Text, Opcode::Binary, Opcode::Ping, Opcode::Close}) {
      expect(frame(other(role()), {.opcode = opcode, .rsv = rsv}, as_bytes("x")),
             failed("WsReservedBits", "reserved bits must be 0"));
    }
  }
}

TEST_P(WsProtocol, FailsReservedOpcodesWith1002) {
  for (unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    expect(from_peer(static_cast<Opcode>(opcode), "x"),
           failed("WsReservedOpcode", "reserved opcode"));
  }
}

TEST_P(WsProtocol, FailsFramesMaskedAsTheOwnRoleMasksWith1002) {
  const OwnedBytes input = frame(role(), Opcode::Text, "Spam");
  if (role() == Role::Server) {
    expect(input, failed("WsUnmaskedFrame", "frames from a client must be masked"));
  } else {
    expect(input, failed("WsMaskedFrame", "frames from a server must not be masked"));
  }
}

TEST_P(WsProtocol, FailsControlFramesThatAreLongOrFragmentedWith1002) {
  for (Opcode opcode : {Opcode::Ping, Opcode::Pong, Opcode::Close}) {
    expect(from_peer(opcode, std::string(126, 'x')),
           failed("WsControlTooLong", "control frame payload is longer than 125 bytes"));
    expect(from_peer(opcode, "", false),
           failed("WsControlFragmented", "control frames must not be fragmented"));
  }
}

TEST_P(WsProtocol, FailsLengthsThatAreNotMinimalWith1002) {
  const bool masked = role() == Role::Server;
  for (std::string_view hex : {"007e 0005", "007f 0000000000000005", "007f 000000000000ffff",
                               "007f 8000000000000001", "007f ffffffffffffffff"}) {
    OwnedBytes input = bytes(hex);
    input[0] = std::byte{0x82};
    if (masked) {
      input[1] |= std::byte{0x80};
      input = input + bytes("01020304");
    }
    expect(
        input + bytes("0000"),
        failed("WsBadLength", "payload length has its top bit set or is not in the shortest form"));
  }
}

TEST_P(WsProtocol, FailsAContinuationOfNothingWith1002) {
  for (bool fin : {false, true}) {
    expect(from_peer(Opcode::Continuation, "x", fin),
           failed("WsUnexpectedContinuation", "continuation frame without a message to continue"));
  }
  Log log = failed("WsUnexpectedContinuation", "continuation frame without a message to continue");
  log.insert(log.begin(), "event text \"ab\"");
  expect(from_peer(Opcode::Text, "a", false) + from_peer(Opcode::Continuation, "b") +
             from_peer(Opcode::Continuation, "c"),
         log);
}

TEST_P(WsProtocol, FailsANewMessageInsideAFragmentedOneWith1002) {
  for (Opcode opcode : {Opcode::Text, Opcode::Binary}) {
    expect(from_peer(Opcode::Text, "a", false) + from_peer(opcode, "b"),
           failed("WsExpectedContinuation", "new message inside a fragmented message"));
  }
}

struct Utf8Case {
  std::string_view text;
  std::size_t bad_at;  // the first byte that cannot be right; size of the text: it is cut short
};

const Utf8Case kUtf8Cases[] = {
    {"\x80", 0},
    {"ok\xC0\xAF", 2},
    {"\xE0\x80\x80", 1},
    {"\xED\xA0\x80", 1},
    {"\xF4\x90\x80\x80", 1},
    {"\xCE\xBA\xE1\xBD\xB9\xCF\x83\xCE\xBC\xCE\xB5\xF4\x90\x80\x80"
     "edited",
     12},
    {"caf\xC3", 4},
    {"\xF0\x9F\x98", 3},
    {"0123456789012345678901234567890123456789012345678901234567890123456789\xFF", 70},
};

TEST_P(WsProtocol, FailsTextThatIsNotUtf8With1007) {
  const Log log = failed("WsInvalidText", "text is not valid UTF-8", 1007);
  for (const Utf8Case& one : kUtf8Cases) {
    expect(from_peer(Opcode::Text, one.text), log);
    // ... cut into fragments at every place
    for (std::size_t at = 0; at <= one.text.size(); ++at) {
      WsPeer peer(role());
      peer.receive(from_peer(Opcode::Text, one.text.substr(0, at), false) +
                   from_peer(Opcode::Continuation, one.text.substr(at)));
      EXPECT_EQ(peer.log(), log);
    }
  }
}

TEST_P(WsProtocol, FailsAtTheFirstBadByteOfAFrameThatIsNotComplete) {
  for (const Utf8Case& one : kUtf8Cases) {
    if (one.bad_at == one.text.size()) continue;
    for (bool fin : {false, true}) {
      OwnedBytes input = from_peer(Opcode::Text, std::string(one.text) + "more", fin);
      input.resize(input.size() - (one.text.size() - one.bad_at) - 4);  // ends before the bad byte
      WsPeer peer(role());
      peer.receive(input);
      EXPECT_TRUE(peer.log().empty());
      const OwnedBytes whole = from_peer(Opcode::Text, std::string(one.text) + "more", fin);
      peer.receive(OwnedBytes{whole[input.size()]});
      EXPECT_EQ(peer.log(), failed("WsInvalidText", "text is not valid UTF-8", 1007));
    }
  }
}

TEST_P(WsProtocol, TakesACharacterCutByFragmentsAndPieces) {
  expect(from_peer(Opcode::Text, "\xE2", false) + from_peer(Opcode::Continuation, "\x82", false) +
             from_peer(Opcode::Continuation, "\xAC"),
         {"event text \"\xE2\x82\xAC\""});
}

TEST_P(WsProtocol, DoesNotLookAtTheTextOfBinaryMessages) {
  expect(from_peer(Opcode::Binary, "\xFF\xC0", false) + from_peer(Opcode::Continuation, "\x80"),
         {"event binary ff c0 80"});
}

TEST_P(WsProtocol, StartsAfreshAfterAMessageInPieces) {
  const OwnedBytes long_text = from_peer(Opcode::Text, std::string(200'000, 'a'));
  WsPeer peer(role());
  peer.receive(cut(long_text, {70'000, 140'000}));
  EXPECT_FALSE(peer.protocol().collecting());
  peer.receive(cut(long_text, {3}));
  EXPECT_EQ(peer.log().size(), 2U);
}

TEST_P(WsProtocol, CollectingTellsWhetherSomethingIsUnfinished) {
  WsPeer peer(role());
  EXPECT_FALSE(peer.protocol().collecting());
  const OwnedBytes first = from_peer(Opcode::Text, "abc", false);
  for (std::byte byte : first) {
    peer.receive(OwnedBytes{byte});
    EXPECT_TRUE(peer.protocol().collecting());
  }
  peer.receive(from_peer(Opcode::Ping, ""));
  EXPECT_TRUE(peer.protocol().collecting());
  peer.receive(from_peer(Opcode::Continuation, ""));
  EXPECT_FALSE(peer.protocol().collecting());
}

TEST(WsProtocolMasking, EveryKeyIsTakenOffInEveryPiece) {
  for (unsigned key : {0U, 0xFFU, 0x01020304U, 0xFFFFFFFFU}) {
    FrameHeader header{.opcode = Opcode::Binary};
    store_be(header.mask_key.data(), key);
    for_each_split(frame(Role::Client, header, as_bytes("0123456789")), [](const Pieces& pieces) {
      WsPeer server(Role::Server);
      server.receive(pieces);
      EXPECT_EQ(server.log(), Log{"event binary 30 31 32 33 34 35 36 37 38 39"});
    });
  }
}

// ---- sending ----

TEST_P(WsProtocol, WhatOneEndSendsTheOtherReads) {
  WsPeer sender(role());
  sender.send_text("caf\xC3\xA9");
  sender.send_binary(as_bytes("xy"));
  sender.send_fragment(Opcode::Text, "a", false);
  sender.send_ping("p");
  sender.send_fragment(Opcode::Text, "b", false);
  sender.send_fragment(Opcode::Text, "c", true);
  sender.send_pong("");
  sender.close(1000, "bye");
  for_each_split(sender.sent(), [&](const Pieces& pieces) {
    WsPeer receiver(other(role()));
    receiver.receive(pieces);
    EXPECT_EQ(receiver.events(),
              (Log{"event text \"caf\xC3\xA9\"", "event binary 78 79", "event ping \"p\"",
                   "event text \"abc\"", "event pong \"\"", "event close 1000 \"bye\""}));
  });
}

TEST_P(WsProtocol, SendsTheShortestLength) {
  for (std::size_t size : {0U, 125U, 126U, 65535U, 65536U}) {
    WsPeer peer(role());
    peer.send_binary(OwnedBytes(size, std::byte{'a'}));
    EXPECT_EQ(peer.sent().size(), size + encoded_header_bytes(size, role() == Role::Client));
    WsPeer receiver(other(role()));
    receiver.receive(peer.sent());
    EXPECT_EQ(receiver.events().size(), 1U);
  }
}

TEST_P(WsProtocol, SendsNoWholeMessageInsideAFragmentedOne) {
  WsPeer peer(role());
  peer.send_fragment(Opcode::Continuation, "", true);
  peer.send_fragment(Opcode::Binary, "a", false);
  EXPECT_FALSE(peer.protocol().can_send_message());
  peer.send_text("x");
  peer.send_fragment(Opcode::Binary, "b", true);
  EXPECT_TRUE(peer.protocol().can_send_message());
  peer.send_text("x");
  EXPECT_EQ(peer.log(), (Log{"refused BadState", "out first of binary 61", "refused BadState",
                             "out continuation 62", "out text \"x\""}));
}

TEST_P(WsProtocol, RefusesControlPayloadsAbove125Bytes) {
  WsPeer peer(role());
  peer.send_ping(std::string(125, 'x'));
  peer.send_ping(std::string(126, 'x'));
  peer.send_pong(std::string(126, 'x'));
  EXPECT_EQ(peer.log(),
            (Log{"out ping 125 bytes", "refused BadControlPayload", "refused BadControlPayload"}));
}

#if defined(HYBI_CHECKED)
TEST_P(WsProtocol, CheckedBuildsRefuseToSendTextThatIsNotUtf8) {
  WsPeer peer(role());
  peer.send_text("\xFF");
  EXPECT_EQ(peer.log(), Log{"refused BadText"});
}
#endif

// A message collected from pieces, sent back without a copy: header in `out`, payload in its own
// memory.
TEST(WsProtocolSendBack, GivesUpTheMemoryOfACollectedMessageOnce) {
  const WebSocketLimits limits;
  CountingEntropy entropy;
  Protocol server(Role::Server, limits, entropy);
  const OwnedBytes input = frame(Role::Client, Opcode::Binary, std::string(300, 'x'));
  OutBuffer out;
  Event event;
  for (OwnedBytes piece : cut(input, {100})) {
    MutableBytes in(piece);
    event = server.next(in, out);
  }
  ASSERT_EQ(event.kind, Event::Kind::Binary);
  EXPECT_FALSE(server.send_back(Opcode::Binary, event.payload.first(299), out));
  EXPECT_TRUE(out.empty());
  std::optional<OutBuffer> payload = server.send_back(Opcode::Binary, event.payload, out);
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->view().data(), event.payload.data());
  EXPECT_FALSE(server.send_back(Opcode::Binary, event.payload, out));
  out.append(payload->view());
  EXPECT_EQ(as_text(out.view()),
            as_text(frame(Role::Server, Opcode::Binary, std::string(300, 'x'))));
}

TEST(WsProtocolSendBack, DeclinesWhatLiesInTheInputOrNeedsMasking) {
  for (Role role : {Role::Server, Role::Client}) {
    const WebSocketLimits limits;
    CountingEntropy entropy;
    Protocol protocol(role, limits, entropy);
    OwnedBytes whole = frame(other(role), Opcode::Text, "Hello");
    MutableBytes in(whole);
    OutBuffer out;
    EXPECT_FALSE(protocol.send_back(Opcode::Text, protocol.next(in, out).payload, out));
    const OwnedBytes again = frame(other(role), Opcode::Text, "Hello");
    for (OwnedBytes piece : cut(again, {again.size() - 2})) {
      in = piece;
      const Event event = protocol.next(in, out);
      if (event.kind != Event::Kind::Text) continue;
      EXPECT_EQ(protocol.send_back(Opcode::Text, event.payload, out).has_value(),
                role == Role::Server);
    }
  }
}

TEST(WsProtocolMasking, ClientTakesAFreshKeyForEveryFrame) {
  WsPeer client(Role::Client);
  for (int i = 0; i < 3; ++i) client.send_binary(as_bytes("same"));
  const Bytes sent = client.sent();
  EXPECT_NE(as_text(sent.subspan(2, 4)), as_text(sent.subspan(12, 4)));
  EXPECT_NE(as_text(sent.subspan(12, 4)), as_text(sent.subspan(22, 4)));
}

TEST(WsProtocolShared, AServerMessageIsTheSameForAllConnections) {
  for (std::size_t size : {0U, 5U, 126U, 70'000U}) {
    const std::string text(size, 'x');
    OutBuffer shared;
    ASSERT_TRUE(encode_server_message({}, nullptr, Opcode::Text, as_bytes(text), shared));
    WsPeer server(Role::Server);
    server.send_text(text);
    EXPECT_EQ(as_text(shared.view()), as_text(server.sent()));
  }
}

TEST(WsProtocolSize, AnIdleConnectionIsSmall) {
  EXPECT_LE(sizeof(Protocol), 96U);
}

// Frames of RFC 6455 5.7 and the tables of versions 7 to 13, as a server reads and as it writes
// them.
struct Vector {
  std::string_view from_client, from_server, event;
};
const Vector kVectors[] = {
    {"818537fa213d7f9f4d5158", "810548656c6c6f", "event text \"Hello\""},
    {"828337fa213d37fbde", "82030001ff", "event binary 00 01 ff"},
    {"018337fa213d7f9f4d 808237fa213d5b95", "010348656c 80026c6f", "event text \"Hello\""},
    {"898537fa213d7f9f4d5158", "890548656c6c6f", "event ping \"Hello\""},
    {"8a8537fa213d7f9f4d5158", "8a0548656c6c6f", "event pong \"Hello\""},
    {"818037fa213d", "8100", "event text \"\""},
    {"888037fa213d", "8800", "event close 1005"},
    {"888237fa213d3412", "880203e8", "event close 1000"},
    {"888537fa213d3412434452", "880503e8627965", "event close 1000 \"bye\""},
};

TEST(WsVectors, FramesOfVersion13AreReadInBothRoles) {
  for (const Vector& vector : kVectors) {
    for (Role role : {Role::Server, Role::Client}) {
      const auto hex = role == Role::Server ? vector.from_client : vector.from_server;
      for_each_split(bytes(hex), [&](const Pieces& pieces) {
        WsPeer peer(role);
        peer.receive(pieces);
        EXPECT_EQ(peer.events(), Log{std::string(vector.event)}) << hex;
      });
    }
  }
}

TEST(WsVectors, LongFramesOfVersion13AreReadByAServer) {
  const std::pair<std::string_view, std::size_t> starts[] = {
      {"82fd37fa213d569b405c569b405c569b405c", 125},
      {"82fe007e37fa213d569b405c569b405c569b", 126},
      {"82fe007f37fa213d569b405c569b405c569b", 127},
      {"82feffff37fa213d569b405c569b405c569b", 65535},
      {"82ff000000000001000037fa213d569b405c", 65536}};
  for (const auto& [start, size] : starts) {
    const OwnedBytes whole = frame(Role::Client, Opcode::Binary, std::string(size, 'a'));
    EXPECT_EQ(owned(Bytes(whole).first(18)), bytes(start));
    WsPeer server(Role::Server);
    server.receive(whole);
    EXPECT_EQ(server.log(), (Log{"event binary " + std::to_string(size) + " bytes"}));
  }
}

}  // namespace
}  // namespace hybi::ws
