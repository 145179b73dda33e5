// Every version, both roles: one end talks to the other in memory, whatever they agreed on.
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/deflate_params.h>
#include <hybi/ws/protocol.h>

#include <gtest/gtest.h>

#include <string>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

enum class Deflate : std::uint8_t { None, Shared, Dedicated, Frame, Stream };

struct Wire {
  Version version;
  Deflate deflate;
};

// Which of them the version knows.
std::vector<Wire> all_setups() {
  std::vector<Wire> setups;
  for (std::size_t i = 0; i < kVersionCount; ++i) {
    const Version version = version_at(i);
    setups.push_back({version, Deflate::None});
    if (version == Version::V13) {
      setups.push_back({version, Deflate::Shared});
      setups.push_back({version, Deflate::Dedicated});
    }
    if (version >= Version::V8) setups.push_back({version, Deflate::Frame});
    if (version >= Version::V4 && version <= Version::V8) {
      setups.push_back({version, Deflate::Stream});
    }
  }
  return setups;
}

std::string name_of(const Wire& setup) {
  constexpr const char* kNames[] = {"", "Shared", "Dedicated", "Frame", "Stream"};
  return "V" + std::to_string(number_of(setup.version)) + kNames[int(setup.deflate)];
}

// Two ends after a handshake.
class Pair {
 public:
  explicit Pair(const Wire& setup)
      : client(Role::Client, kLimits, setup.version), server(Role::Server, kLimits, setup.version) {
    if (setup.version == Version::V4) {
      const Sha1 key = connection_key("dGhlIHNhbXBsZSBub25jZQ==", "H+cNj5elaybfGIQv1esl2w==");
      client.protocol().set_connection_key(key);
      server.protocol().set_connection_key(key);
    }
    if (setup.deflate == Deflate::None) return;
    Compression compression =
        setup.deflate == Deflate::Dedicated ? Compression::dedicated() : Compression::shared();
    compression.threshold = 0;
    compression.deflate_stream = setup.deflate == Deflate::Stream;
    constexpr std::string_view kOffers[] = {"", "permessage-deflate; client_max_window_bits",
                                            "permessage-deflate; client_max_window_bits",
                                            "deflate-frame", "deflate-stream"};
    std::vector<ExtensionOffer> offers;
    EXPECT_TRUE(parse_extensions(kOffers[int(setup.deflate)], offers));
    const auto chosen = choose_deflate(compression, setup.version, offers);
    EXPECT_TRUE(chosen);
    client.use_deflate(compression, chosen->params);
    server.use_deflate(compression, chosen->params);
  }

  // Gives each what the other has sent, in pieces of `chop` bytes, until nobody says more.
  void run(std::size_t chop) {
    while (client_given_ < client.sent().size() || server_given_ < server.sent().size()) {
      give(client, client_given_, server, chop);
      give(server, server_given_, client, chop);
    }
  }

  WsPeer client, server;

 private:
  static constexpr WebSocketLimits kLimits{};

  static void give(WsPeer& from, std::size_t& given, WsPeer& to, std::size_t chop) {
    const OwnedBytes sent = owned(from.sent().subspan(given));
    given += sent.size();
    for (std::size_t at = 0; at < sent.size(); at += chop) {
      to.receive(Bytes(sent).subspan(at, std::min(chop, sent.size() - at)));
    }
  }

  std::size_t client_given_ = 0, server_given_ = 0;
};

class WsVersions : public ::testing::TestWithParam<Wire> {};

TEST_P(WsVersions, MessagesOfEverySizeArriveBothWays) {
  const bool binary = traits(GetParam().version).framing == Framing::Frames;
  for (std::size_t chop : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, kNoLimit}) {
    Pair pair(GetParam());
    Log expected;
    for (std::size_t size : {0, 1, 2, 60, 125, 126, 127, 300, 65'535, 65'536, 70'000}) {
      if (chop == 1 && size > 1000) continue;
      std::string text;
      for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * i % 17);
      expected.push_back("event text " + show_text(text));
      pair.client.send_text(text);
      pair.server.send_text(text);
      if (!binary) continue;
      expected.push_back("event binary " + show_binary(as_bytes(text)));
      pair.client.send_binary(as_bytes(text));
      pair.server.send_binary(as_bytes(text));
    }
    pair.run(chop);
    EXPECT_EQ(pair.server.events(), expected);
    EXPECT_EQ(pair.client.events(), expected);
  }
}

TEST_P(WsVersions, FragmentsBecomeOneMessage) {
  Pair pair(GetParam());
  for (WsPeer* peer : {&pair.client, &pair.server}) {
    peer->send_fragment(Opcode::Text, "one ", false);
    peer->send_fragment(Opcode::Text, "", false);
    peer->send_fragment(Opcode::Text, "two", true);
    peer->send_text("three");
  }
  pair.run(1);
  const Log expected{"event text \"one two\"", "event text \"three\""};
  EXPECT_EQ(pair.server.events(), expected);
  EXPECT_EQ(pair.client.events(), expected);
}

TEST_P(WsVersions, PingsAreAnsweredWhereThereAreAny) {
  Pair pair(GetParam());
  EXPECT_EQ(pair.client.protocol().has_ping(),
            traits(GetParam().version).framing == Framing::Frames);
  pair.client.send_fragment(Opcode::Text, "a", false);
  pair.client.send_ping("there?");
  pair.client.send_fragment(Opcode::Text, "b", true);
  pair.server.send_ping("you?");
  pair.server.send_pong("by the way");
  if (!pair.client.protocol().has_ping()) {
    EXPECT_EQ(pair.client.log()[1], "refused NoPing");
    return;
  }
  pair.run(3);
  EXPECT_EQ(pair.server.events(),
            (Log{"event ping \"there?\"", "event text \"ab\"", "event pong \"you?\""}));
  EXPECT_EQ(pair.client.events(),
            (Log{"event ping \"you?\"", "event pong \"by the way\"", "event pong \"there?\""}));
}

// Who closes first, and with what, is one of four: each ends clean on both sides.
TEST_P(WsVersions, ClosingIsCleanWhoeverBegins) {
  const CloseForm form = traits(GetParam().version).close_form;
  for (const bool by_server : {false, true}) {
    Pair pair(GetParam());
    WsPeer& first = by_server ? pair.server : pair.client;
    WsPeer& second = by_server ? pair.client : pair.server;
    first.close(1001, "so long");
    pair.run(1);
    if (form == CloseForm::EndOfStream) {  // 75: there is nothing but the end of TCP
      EXPECT_TRUE(first.protocol().eof_due());
      second.end_of_input();
      EXPECT_TRUE(second.protocol().eof_due());
    }
    first.end_of_input();
    if (form != CloseForm::EndOfStream) second.end_of_input();
    EXPECT_TRUE(first.protocol().clean());
    EXPECT_TRUE(second.protocol().clean());
    EXPECT_TRUE(pair.server.protocol().eof_due());  // RFC 6455 7.1.1: the server ends TCP first
    const bool has_code = form == CloseForm::CodeAndReason;
    EXPECT_EQ(second.protocol().received_code(), has_code ? 1001 : 1005);
    EXPECT_EQ(second.protocol().received_reason(), has_code ? "so long" : "");
  }
}

TEST_P(WsVersions, AnEndWithoutACloseIs1006ExceptIn75) {
  for (const bool amid : {false, true}) {
    Pair pair(GetParam());
    if (amid) pair.client.send_fragment(Opcode::Text, "half", false);
    pair.run(kNoLimit);
    pair.server.end_of_input();
    const bool clean = GetParam().version == Version::Hixie75 && !amid;
    EXPECT_EQ(pair.server.protocol().clean(), clean);
    EXPECT_EQ(pair.server.protocol().received_code(), clean ? 1005 : 1006);
  }
}

TEST_P(WsVersions, TextThatIsNotUtf8IsMendedOrFails) {
  Pair pair(GetParam());
  // Fragments are not checked on the way out.
  pair.client.send_fragment(Opcode::Text, "a\xC3(\xE2\x82", false);
  pair.client.send_fragment(Opcode::Text, "\xF0\x9F\x98\x80\xBF", true);
  pair.client.send_text("next");
  pair.run(2);
  if (traits(GetParam().version).bad_text == BadText::Fail) {
    EXPECT_EQ(pair.server.events(), Log{"event failed WsInvalidText"});
    return;
  }
  constexpr std::string_view kMended = "a\xEF\xBF\xBD(\xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBD";
  EXPECT_EQ(pair.server.events(), (Log{"event text " + show_text(kMended), "event text \"next\""}));
}

TEST_P(WsVersions, AMessageAboveTheLimitFails) {
  const Wire& setup = GetParam();
  WsPeer small(Role::Server, {.max_message_bytes = 1000}, setup.version);
  Pair pair(setup);
  if (setup.deflate != Deflate::None) return;  // compression has tests of its own
  if (setup.version == Version::V4) {
    small.protocol().set_connection_key(
        connection_key("dGhlIHNhbXBsZSBub25jZQ==", "H+cNj5elaybfGIQv1esl2w=="));
  }
  pair.client.send_text(std::string(1000, 'x'));
  pair.client.send_text(std::string(1001, 'x'));
  small.receive(byte_by_byte(pair.client.sent()));
  EXPECT_EQ(small.events(), (Log{"event text 1000 bytes", "event failed WsMessageTooBig"}));
  EXPECT_TRUE(small.protocol().eof_due());
}

// What one publication sends to many is what send_text would have sent to each, or reads the same.
TEST_P(WsVersions, ASharedMessageReadsLikeOneOfItsOwn) {
  Pair pair(GetParam());
  DeflatePool pool;
  Log expected;
  for (std::size_t size : {0, 5, 126, 3000}) {
    const std::string text(size, 'x');
    OutBuffer frame, out;
    const Encoding encoding = pair.server.protocol().encoding(size, true);
    ASSERT_TRUE(encode_server_message(encoding, &pool, Opcode::Text, as_bytes(text), frame));
    const bool written = pair.server.protocol().send_shared(frame.view(), encoding, out);
    EXPECT_EQ(written, GetParam().deflate == Deflate::Stream);
    pair.client.receive(written ? out.view() : frame.view());
    pair.server.send_text(text);  // the windows must not disagree after it
    pair.run(kNoLimit);
    expected.insert(expected.end(), 2, "event text " + show_text(text));
  }
  EXPECT_EQ(pair.client.events(), expected);
}

INSTANTIATE_TEST_SUITE_P(Each, WsVersions, ::testing::ValuesIn(all_setups()),
                         [](const auto& one) { return name_of(one.param); });

TEST(WsVersionSets, SafeIs13And8And7) {
  for (std::size_t i = 0; i < kVersionCount; ++i) {
    const Version version = version_at(i);
    const int number = number_of(version);
    EXPECT_TRUE(Versions::all().has(version));
    EXPECT_EQ(Versions::safe().has(version), number == 13 || number == 8 || number == 7);
    EXPECT_EQ(Versions{version}.has_unsafe(), !is_safe(version));
  }
  EXPECT_TRUE(Versions().empty());
  EXPECT_FALSE(Versions::safe().has_unsafe());
}

TEST(WsHixie, BinaryIsRefusedOrSentAsBase64) {
  for (Version version : {Version::Hixie75, Version::Hixie76}) {
    WsPeer strict(Role::Server, {}, version);
    strict.send_binary(bytes("0001ff"));
    strict.send_fragment(Opcode::Binary, "x", true);
    EXPECT_EQ(strict.log(), (Log{"refused NoBinary", "refused NoBinary"}));
    WsPeer lenient(Role::Server, {}, version, {.base64_binary = true});
    lenient.send_binary(bytes("0001ff"));
    EXPECT_EQ(lenient.sent().size(), 6U);
    EXPECT_EQ(as_text(lenient.sent().subspan(1, 4)), "AAH/");
  }
}

TEST(WsHixie, TextCannotEndItsFrameEarly) {
  WsPeer server(Role::Server, {}, Version::Hixie76);
  server.send_fragment(Opcode::Text, "a\xFF\x00", false);
  server.close(1000);
  EXPECT_EQ(owned(server.sent()), bytes("00 61 efbfbd ff ff00"));
}

}  // namespace
}  // namespace hybi::ws
