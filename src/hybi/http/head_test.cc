// Looking things up in a head.
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

class HttpHead : public ::testing::Test {
 protected:
  // Parses `wire` and keeps it.
  const Head& parse(std::string wire) {
    wire_ = std::move(wire);
    Bytes in = as_bytes(wire_);
    EXPECT_EQ(parser_.next(in).kind, ParseEvent::Kind::Head);
    return parser_.head();
  }

 private:
  HttpLimits limits_;
  RequestParser parser_{limits_};
  std::string wire_;
};

TEST_F(HttpHead, FieldsAreFoundInAnyCase) {
  const Head& head =
      parse("GET / HTTP/1.1\r\nhOsT: h\r\nAccept: a\r\nACCEPT: b\r\nX-Empty:\r\n\r\n");
  EXPECT_EQ(head.find("Host"), "h");
  EXPECT_EQ(head.find("accept"), "a");
  EXPECT_EQ(head.count("Accept"), 2u);
  EXPECT_EQ(head.count("Host"), 1u);
  EXPECT_EQ(head.count("Hos"), 0u);
  EXPECT_EQ(head.find("x-empty"), "");
  EXPECT_NE(head.find("x-empty").data(), nullptr);
  EXPECT_EQ(head.find("absent").data(), nullptr);
  EXPECT_EQ(head.field_count(), 4u);
  EXPECT_EQ(head.field(2).name, "ACCEPT");
  EXPECT_EQ(head.field(2).value, "b");
}

TEST_F(HttpHead, TokensAreFoundOverAllLines) {
  const Head& head = parse(
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: a, Keep-Alive\r\nOther: c\r\nCONNECTION: ,Upgrade "
      ",\r\n\r\n");
  EXPECT_TRUE(head.has_token("connection", "upgrade"));
  EXPECT_TRUE(head.has_token("Connection", "KEEP-ALIVE"));
  EXPECT_TRUE(head.has_token("Connection", "a"));
  EXPECT_FALSE(head.has_token("Connection", "c"));
  EXPECT_FALSE(head.has_token("Connection", "keep"));
  EXPECT_FALSE(head.has_token("Connection", ""));
  EXPECT_FALSE(head.has_token("Absent", "a"));
}

TEST_F(HttpHead, PartsOfTheTarget) {
  const Head& head = parse("OPTIONS /a%20b?c=d?e HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head.method(), Method::Options);
  EXPECT_EQ(head.method_text(), "OPTIONS");
  EXPECT_EQ(head.target(), "/a%20b?c=d?e");
  EXPECT_EQ(head.path(), "/a%20b");
  EXPECT_EQ(head.query(), "c=d?e");
  EXPECT_EQ(head.authority(), "");
  EXPECT_EQ(head.form(), TargetForm::Origin);
  EXPECT_EQ(head.minor_version(), 0);
  EXPECT_FALSE(head.has_body());
}

TEST_F(HttpHead, NothingOfARequestIsLeftInTheNextHead) {
  const std::string first =
      "POST http://x/p?q HTTP/1.1\r\nHost: h\r\nConnection: upgrade, close\r\nUpgrade: u\r\n"
      "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n!";
  const std::string wire = first + "GET / HTTP/1.0\r\n\r\n";
  const HttpLimits limits;
  RequestParser parser(limits);
  Bytes in = as_bytes(wire);
  EXPECT_EQ(parser.next(in).kind, ParseEvent::Kind::Head);
  EXPECT_TRUE(parser.head().upgrade() && parser.head().expect_continue());
  EXPECT_EQ(parser.next(in).kind, ParseEvent::Kind::Body);
  EXPECT_EQ(parser.next(in).kind, ParseEvent::Kind::End);
  EXPECT_EQ(parser.next(in).kind, ParseEvent::Kind::Head);
  const Head& head = parser.head();
  EXPECT_EQ(head.field_count(), 0u);
  EXPECT_EQ(head.query(), "");
  EXPECT_EQ(head.authority(), "");
  EXPECT_EQ(head.content_length(), 0u);
  EXPECT_FALSE(head.has_content_length() || head.upgrade() || head.expect_continue());
  EXPECT_FALSE(head.keep_alive() || head.chunked());
}

}  // namespace
}  // namespace hybi::http
