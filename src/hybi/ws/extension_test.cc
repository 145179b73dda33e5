#include <hybi/testing/ws_peer.h>
#include <hybi/ws/extension.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

using namespace hybi::testing;

std::vector<ExtensionOffer> parsed(const std::vector<std::string_view>& lines) {
  std::vector<ExtensionOffer> list;
  for (std::string_view line : lines) {
    EXPECT_TRUE(parse_extensions(line, list)) << line;
  }
  return list;
}

TEST(WsExtensions, NamesParametersAndValuesAreRead) {
  EXPECT_EQ(parsed({"foo"}), (std::vector<ExtensionOffer>{{"foo", {}}}));
  EXPECT_EQ(parsed({"foo, bar; baz=2"}),
            (std::vector<ExtensionOffer>{{"foo", {}}, {"bar", {{"baz", "2"}}}}));
  EXPECT_EQ(parsed({"permessage-deflate; client_max_window_bits; server_max_window_bits=10"}),
            (std::vector<ExtensionOffer>{
                {"permessage-deflate",
                 {{"client_max_window_bits", std::nullopt}, {"server_max_window_bits", "10"}}}}));
}

TEST(WsExtensions, RepeatedFieldsAreOneListInOrder) {
  EXPECT_EQ(parsed({"a; x=1", "b, a"}),
            (std::vector<ExtensionOffer>{{"a", {{"x", "1"}}}, {"b", {}}, {"a", {}}}));
}

TEST(WsExtensions, SpaceAndEmptyElementsDoNotCount) {
  EXPECT_EQ(parsed({" \ta ;\t x = 1 ,, b , "}),
            (std::vector<ExtensionOffer>{{"a", {{"x", "1"}}}, {"b", {}}}));
}

TEST(WsExtensions, QuotedValuesAreTokensWithoutTheQuotes) {
  EXPECT_EQ(parsed({R"(a; x="10"; y="1\0"; z)"}),
            (std::vector<ExtensionOffer>{{"a", {{"x", "10"}, {"y", "10"}, {"z", std::nullopt}}}}));
}

TEST(WsExtensions, NamesThatMeanSomethingElsewhereAreJustNames) {
  EXPECT_EQ(parsed({"constructor; __proto__=1"}),
            (std::vector<ExtensionOffer>{{"constructor", {{"__proto__", "1"}}}}));
}

TEST(WsExtensions, MalformedListsAreRefused) {
  for (std::string_view line : {"",
                                " ",
                                ",",
                                ", ,",
                                ";",
                                "a;",
                                "a; ;x",
                                "a;=1",
                                "a; x=",
                                "a; x==1",
                                "a; x=\"",
                                "a; x=\"\"",
                                "a; x=\"1 2\"",
                                "a; x=\" 1\"",
                                "a; x=\"1,2\"",
                                "a; x=\"1\"2",
                                "a; x=\"\\",
                                "a; x=\"1\\",
                                "a b",
                                "a=1",
                                "a; x y",
                                "\"a\"",
                                "a; \"x\"=1",
                                "a/b",
                                "a; x=1/2",
                                "a\x80",
                                "a, b c"}) {
    std::vector<ExtensionOffer> list;
    const Result<void> result = parse_extensions(line, list);
    ASSERT_FALSE(result) << line;
    EXPECT_EQ(result.error().code, Errc::WsHandshakeExtensions);
  }
}

// Every kind of input that made other parsers slow, at a size where a square would be seen.
TEST(WsExtensions, HostileListsAreReadInOnePass) {
  const std::size_t size = 4 << 20;
  std::vector<ExtensionOffer> list;
  EXPECT_FALSE(parse_extensions("a; x=\"" + std::string(size, '\\'), list));
  EXPECT_FALSE(parse_extensions("a" + std::string(size, ' ') + "b", list));
  EXPECT_FALSE(parse_extensions(std::string(size, ','), list));
  std::string many = "a";
  for (std::size_t i = 0; i < size / 4; ++i) many += "; x";
  EXPECT_TRUE(parse_extensions(many, list));
  EXPECT_EQ(list.back().params.size(), size / 4);
}

TEST(WsExtensions, FormatGivesWhatParseReads) {
  const std::vector<ExtensionOffer> list{{"a", {{"x", "1"}, {"y", std::nullopt}}}, {"b", {}}};
  EXPECT_EQ(format_extensions(list), "a; x=1; y, b");
  EXPECT_EQ(parsed({format_extensions(list)}), list);
}

// Swaps upper and lower case with RSV1; adds "!" at the end, so that the size is its own affair.
// Messages that begin with "plain" are sent as they are; "#" cannot be decoded.
class SwapCase final : public Extension {
 public:
  std::string_view name() const override { return "swap-case"; }
  std::uint8_t rsv_bits() const override { return kRsv1; }
  bool per_frame() const override { return false; }

  Result<void> decode(Bytes piece, bool first, bool last, OutBuffer& message,
                      std::size_t max_bytes) override {
    if (first != !inside_) return Errc::Io;  // the protocol told it wrong
    inside_ = !last;
    for (char c : as_text(piece)) {
      if (c == '#') return Errc::WsExtensionData;
      if (message.size() == max_bytes) return Errc::WsMessageTooBig;
      message.append(std::string_view(std::string(1, swapped(c))));
    }
    if (last && message.size() == max_bytes) return Errc::WsMessageTooBig;
    if (last) message.append("!");
    return {};
  }

  std::uint8_t encode(Bytes message, OutBuffer& coded) override {
    if (as_text(message).starts_with("plain")) return 0;
    for (char c : as_text(message)) coded.append(std::string_view(std::string(1, swapped(c))));
    return kRsv1;
  }

  DeflateForm shared_form(std::size_t) const override { return {}; }
  void sent_shared() override {}

 private:
  static char swapped(char c) {
    const char lower = to_lower(c);
    if (lower != c) return lower;
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  bool inside_ = false;
};

WsPeer& with_extension(WsPeer& peer) {
  peer.protocol().set_extension(std::make_unique<SwapCase>());
  return peer;
}

OwnedBytes coded(Opcode opcode, std::string_view payload, bool fin = true) {
  return frame(Role::Client, {.opcode = opcode, .rsv = kRsv1, .fin = fin}, as_bytes(payload));
}

void expect_log(const OwnedBytes& input, const Log& log, const WebSocketLimits& limits = {}) {
  for_each_split(input, [&](const Pieces& pieces) {
    WsPeer server(Role::Server, limits);
    with_extension(server).receive(pieces);
    EXPECT_EQ(server.log(), log);
  });
}

OwnedBytes operator+(OwnedBytes a, const OwnedBytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST(WsExtension, MarkedMessagesAreDecodedAndOthersAreNot) {
  expect_log(coded(Opcode::Text, "Hello") + frame(Role::Client, Opcode::Text, "Hello") +
                 coded(Opcode::Text, ""),
             {"event text \"hELLO!\"", "event text \"Hello\"", "event text \"!\""});
}

TEST(WsExtension, FragmentsOfAMarkedMessageAreDecodedToo) {
  expect_log(coded(Opcode::Text, "He", false) + frame(Role::Client, Opcode::Ping, "p") +
                 frame(Role::Client, Opcode::Continuation, "llo", false) +
                 frame(Role::Client, Opcode::Continuation, ""),
             {"event ping \"p\"", "out pong \"p\"", "event text \"hELLO!\""});
}

TEST(WsExtension, ReservedBitsElsewhereAreStillRefused) {
  const Log refused{"event failed WsReservedBits", "out close 1002 \"reserved bits must be 0\"",
                    "half-close"};
  expect_log(coded(Opcode::Ping, "p"), refused);
  expect_log(coded(Opcode::Text, "a", false) + coded(Opcode::Continuation, "b"), refused);
  expect_log(frame(Role::Client, {.opcode = Opcode::Text, .rsv = kRsv2}, as_bytes("x")), refused);
  expect_log(frame(Role::Client, {.opcode = Opcode::Text, .rsv = kRsv1 | kRsv3}, as_bytes("x")),
             refused);
}

TEST(WsExtension, DataThatDoesNotFitFailsWith1007) {
  expect_log(coded(Opcode::Binary, "ab#cd"),
             {"event failed WsExtensionData",
              "out close 1007 \"data does not fit the negotiated extension\"", "half-close"});
}

TEST(WsExtension, DecodedTextMustBeUtf8) {
  expect_log(
      coded(Opcode::Text, "ab\xFF"),
      {"event failed WsInvalidText", "out close 1007 \"text is not valid UTF-8\"", "half-close"});
}

TEST(WsExtension, TheMessageLimitCountsDecodedBytes) {
  expect_log(coded(Opcode::Text, "abc"), {"event text \"ABC!\""}, {.max_message_bytes = 4});
  expect_log(
      coded(Opcode::Text, "abcd"),
      {"event failed WsMessageTooBig",
       "out close 1009 \"message is larger than the limit max_message_bytes\"", "half-close"},
      {.max_message_bytes = 4});
}

TEST(WsExtension, OutgoingMessagesAreMarkedUnlessItDeclines) {
  WsPeer server(Role::Server);
  with_extension(server).send_text("Hello");
  server.send_text("plain text");
  server.send_fragment(Opcode::Text, "As It Is", true);
  server.send_ping("Me Too");
  EXPECT_EQ(server.log(), (Log{"out rsv 4 text \"hELLO\"", "out text \"plain text\"",
                               "out text \"As It Is\"", "out ping \"Me Too\""}));
}

}  // namespace
}  // namespace hybi::ws
