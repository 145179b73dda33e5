#include <hybi/http/parser.h>
#include <hybi/testing/ws_peer.h>
#include <hybi/ws/handshake.h>
#include <hybi/ws/handshake_client.h>

#include <gtest/gtest.h>

namespace hybi::ws {
namespace {

const ClientKeys kKeys{.key = "dGhlIHNhbXBsZSBub25jZQ==", .key1 = {}, .key2 = {}};

const ClientRequest kRequest{
    .host = "example.com", .subprotocols = {"chat", "other"}, .extensions = {{"x", {{"p", "1"}}}}};

std::string answer(std::string_view more = {},
                   std::string_view accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(accept) + "\r\n" + std::string(more) + "\r\n";
}

Errc verdict(const std::string& text, const ClientRequest& request = kRequest) {
  ResponseHead head;
  Bytes in = as_bytes(text);
  const Result<bool> read = parse_response_head(in, 16 * 1024, head);
  if (!read) return read.error().code;
  EXPECT_TRUE(*read);
  return check_answer(head, request, kKeys).error().code;
}

TEST(WsClientHandshake, OurServerTakesOurRequest) {
  hybi::testing::CountingEntropy entropy;
  const ClientKeys keys = make_keys(Version::V13, entropy);
  ClientRequest request = kRequest;
  request.target = "/live?room=1";
  request.origin = "http://example.com";
  request.fields = {{"Cookie", "a=b"}};
  OutBuffer out;
  ASSERT_TRUE(write_request(request, keys, out));

  const HttpLimits limits;
  http::RequestParser parser(limits);
  Bytes in = out.view();
  ASSERT_EQ(parser.next(in).kind, http::ParseEvent::Kind::Head);
  EXPECT_EQ(parser.head().target(), "/live?room=1");
  EXPECT_EQ(parser.head().find("cookie"), "a=b");
  const Result<Offer> offer = check_request(parser.head(), Versions::safe());
  ASSERT_TRUE(offer);
  EXPECT_EQ(offer->key, keys.key);
  EXPECT_EQ(offer->subprotocols, request.subprotocols);
  EXPECT_EQ(offer->extensions, request.extensions);

  OutBuffer back;
  ASSERT_TRUE(write_answer(*offer, {.subprotocol = "other", .extensions = "x"}, back));
  back.append("\r\nfirst frame");
  Bytes answered = back.view();
  ResponseHead head;
  ASSERT_TRUE(parse_response_head(answered, 16 * 1024, head).value());
  EXPECT_EQ(as_text(answered), "first frame");
  const Result<Answer> result = check_answer(head, request, keys);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->subprotocol, "other");
  EXPECT_EQ(format_extensions(result->extensions), "x");
}

TEST(WsClientHandshake, RequestsThatWouldBeMalformedAreNotWritten) {
  const auto refused = [](auto change) {
    ClientRequest request = kRequest;
    change(request);
    OutBuffer out;
    const Errc errc = write_request(request, kKeys, out).error().code;
    EXPECT_TRUE(out.empty());
    return errc;
  };
  EXPECT_EQ(refused([](auto& r) { r.host = "a\r\nb"; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.host = ""; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.target = "/a b"; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.target = "a"; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.target = "/a\r\nX: y"; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.fields = {{"a b", "c"}}; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.fields = {{"a", "c\n"}}; }), Errc::BadField);
  EXPECT_EQ(refused([](auto& r) { r.subprotocols = {"a", "a"}; }), Errc::BadSubprotocol);
  EXPECT_EQ(refused([](auto& r) { r.subprotocols = {"a b"}; }), Errc::BadSubprotocol);
}

TEST(WsClientHandshake, AnswersThatAreRight) {
  EXPECT_EQ(verdict(answer()), Errc::Ok);
  EXPECT_EQ(verdict(answer("Sec-WebSocket-Protocol: other\r\n")), Errc::Ok);
  EXPECT_EQ(verdict(answer("Sec-WebSocket-Extensions: x; q\r\n")), Errc::Ok);
  EXPECT_EQ(verdict("HTTP/1.1 101\r\nUPGRADE: WebSocket\r\nconnection: keep-alive, upgrade\r\n"
                    "sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"),
            Errc::Ok);
}

TEST(WsClientHandshake, AnswersThatAreWrong) {
  const std::string accept = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
  const std::string upgrade = "Upgrade: websocket\r\n", connection = "Connection: Upgrade\r\n";
  for (const std::string& text :
       {std::string("HTTP/1.1 200 OK\r\n") + upgrade + connection + accept + "\r\n",
        std::string("HTTP/1.0 101 Switching\r\n") + upgrade + connection + accept + "\r\n",
        std::string("HTTP/1.1 1010\r\n") + upgrade + connection + accept + "\r\n",
        std::string("ICY 101 Hello there\r\n") + upgrade + connection + accept + "\r\n",
        std::string("\r\n\r\n"),
        "HTTP/1.1 101 X\r\n" + connection + accept + "\r\n",
        "HTTP/1.1 101 X\r\nUpgrade: foo\r\n" + connection + accept + "\r\n",
        "HTTP/1.1 101 X\r\n" + upgrade + accept + "\r\n",
        "HTTP/1.1 101 X\r\nConnection: close\r\n" + upgrade + accept + "\r\n",
        "HTTP/1.1 101 X\r\n" + upgrade + connection + "\r\n",
        answer({}, "HSmrc0sMlYUkAGmm5OPpG2HaGWk="),
        answer({}, "S3PPLMBITXAQ9KYGZZHZRBK+XOO="),
        answer(accept),
        answer("Sec-WebSocket-Protocol: unknown\r\n"),
        answer("Sec-WebSocket-Protocol: CHAT\r\n"),
        answer("Sec-WebSocket-Protocol: chat, other\r\n"),
        answer("Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n"),
        answer("Sec-WebSocket-Protocol:\r\n"),
        answer("Sec-WebSocket-Extensions: y\r\n"),
        answer("Sec-WebSocket-Extensions: x, y\r\n"),
        answer("Sec-WebSocket-Extensions: x;\r\n")}) {
    EXPECT_EQ(verdict(text), Errc::WsHandshakeAccept) << text;
  }
  EXPECT_EQ(verdict(answer("Bad Name: x\r\n")), Errc::HttpBadFieldName);
  EXPECT_EQ(verdict(answer("Fold: x\r\n y\r\n")), Errc::HttpObsFold);
  EXPECT_EQ(verdict(answer("Name: a\rb\r\n")), Errc::HttpBareCr);
}

TEST(WsClientHandshake, AHeadIsReadWhenItIsComplete) {
  const std::string text = answer();
  for (std::size_t size = 0; size < text.size(); ++size) {
    ResponseHead head;
    Bytes in = as_bytes(text).first(size);
    const Result<bool> read = parse_response_head(in, 16 * 1024, head);
    ASSERT_TRUE(read);
    EXPECT_FALSE(*read);
    EXPECT_EQ(in.size(), size);
  }
}

TEST(WsClientHandshake, AnEndlessHeadIsRefused) {
  ResponseHead head;
  const std::string text = "HTTP/1.1 101 X\r\n" + std::string(2000, 'a');
  Bytes in = as_bytes(text);
  EXPECT_EQ(parse_response_head(in, 1000, head).error().code, Errc::HttpHeadTooLarge);
}

}  // namespace
}  // namespace hybi::ws
