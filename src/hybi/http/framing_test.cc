// What the fields say about host, body and connection: RFC 9112 3.2, 6, 9; RFC 9110 8.6, 10.1.1.
#include <hybi/testing/http_log.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

using testing::http_log_of_every_split;
using testing::Lines;

std::string refused(Errc errc) {
  return "fail " + std::string(info(errc).name) + " " + std::to_string(info(errc).http_status);
}

// The last line of the log of a POST with these fields; `rest` comes behind the head.
std::string verdict(std::string fields, std::string rest = {}) {
  return http_log_of_every_split("POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n\r\n" + rest)
      .back();
}

// The first line of the log of a GET with these fields.
std::string head_of(std::string fields, std::string version = "HTTP/1.1") {
  return http_log_of_every_split("GET / " + version + "\r\n" + fields + "\r\n").front();
}

TEST(HttpFraming, RequestOfVersion11NeedsOneHost) {
  EXPECT_EQ(head_of(""), refused(Errc::HttpMissingHost));
  EXPECT_EQ(head_of("Hos: h\r\nXost: h\r\nHost2: h\r\n"), refused(Errc::HttpMissingHost));
  EXPECT_EQ(head_of("Host: h\r\nHost: h\r\n"), refused(Errc::HttpRepeatedHost));
  EXPECT_EQ(head_of("Host: h\r\nhOST: i\r\n"), refused(Errc::HttpRepeatedHost));
  EXPECT_EQ(head_of("Host: h\r\nHost: h\r\n", "HTTP/1.0"), refused(Errc::HttpRepeatedHost));
  EXPECT_EQ(head_of("", "HTTP/1.0"), "head GET / HTTP/1.0 host= close");
  // RFC 9112 3.2: also when the target names the host.
  EXPECT_EQ(http_log_of_every_split("GET http://h/ HTTP/1.1\r\n\r\n").front(),
            refused(Errc::HttpMissingHost));
}

TEST(HttpFraming, HostIsHostAndPort) {
  for (const char* host :
       {"h", "example.com", "example.com:80", "h:", "127.0.0.1:8080", "[::1]", "[::1]:80", "a_b",
        "a%20b", "[v1.x:y]", "", "xn--bcher-kva.example", "h.:65535", "~!$&'()*+,;="}) {
    EXPECT_EQ(head_of("HOST: " + std::string(host) + "\r\n"),
              "head GET / HTTP/1.1 host=" + std::string(host) + " keep-alive");
  }
  for (const char* host :
       {"u@h",     "u:p@h", "h/",   "h/x",       "h h",      "h:a",   "h:65536", "h:-1",
        "h:80:80", "[::1",  "::1",  "[::1]x",    "[h]",      "h?",    "h#",      "h\\",
        "\"h\"",   "a%2",   "a%zz", "h\xc3\xa9", "http://h", "h;a b", "<h>"}) {
    EXPECT_EQ(head_of("Host: " + std::string(host) + "\r\n"), refused(Errc::HttpBadHost)) << host;
  }
}

TEST(HttpFraming, ContentLengthIsDigits) {
  EXPECT_EQ(verdict("Content-Length: 0"), "end");
  EXPECT_EQ(verdict("content-length:3", "abc"), "end");
  EXPECT_EQ(verdict("CONTENT-LENGTH: 003 ", "abc"), "end");
  EXPECT_EQ(verdict("Content-Length: 3", "ab"), "waits");
  for (const char* length :
       {"", "+5", "-5", "5 5", "0x5", "5,5", "5, 5", "5;", "a", "5a", "\"5\"", "5.0", "1e1", "5\t5",
        "9223372036854775808", "18446744073709551616", "99999999999999999999999999"}) {
    EXPECT_EQ(verdict("Content-Length: " + std::string(length)), refused(Errc::HttpBadLength))
        << length;
  }
}

TEST(HttpFraming, LargestContentLengthIs2To63Less1) {
  HttpLimits limits;
  limits.max_body_bytes = kNoLimit;
  const Lines log = http_log_of_every_split(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9223372036854775807\r\n\r\n", limits);
  EXPECT_EQ(log.front(), "head POST / HTTP/1.1 host=h length=9223372036854775807 keep-alive");
  EXPECT_EQ(log.back(), "waits");
}

TEST(HttpFraming, RepeatedContentLengthIsRefusedEvenIfEqual) {
  EXPECT_EQ(verdict("Content-Length: 3\r\nContent-Length: 3", "abc"),
            refused(Errc::HttpRepeatedLength));
  EXPECT_EQ(verdict("Content-Length: 3\r\nX: y\r\ncontent-length: 4", "abc"),
            refused(Errc::HttpRepeatedLength));
}

TEST(HttpFraming, BothLengthAndTransferEncodingAreRefused) {
  EXPECT_EQ(verdict("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
            refused(Errc::HttpAmbiguousLength));
  EXPECT_EQ(verdict("Transfer-Encoding: chunked\r\nContent-Length: 3", "0\r\n\r\n"),
            refused(Errc::HttpAmbiguousLength));
}

TEST(HttpFraming, TransferEncodingIsChunkedAndNothingElse) {
  EXPECT_EQ(verdict("Transfer-Encoding: chunked", "0\r\n\r\n"), "end");
  EXPECT_EQ(verdict("transfer-encoding:\tCHUNKED\t", "0\r\n\r\n"), "end");
  for (const char* coding : {"", ",", "chunked,", ",chunked", "chunked, chunked", "chunked, gzip",
                             "chunked;q=1", "chunked ; a", "\"chunked\"", "chunked chunked",
                             "chun ked", ";chunked", "chunked, identity", "chunked\xff"}) {
    EXPECT_EQ(verdict("Transfer-Encoding: " + std::string(coding)),
              refused(Errc::HttpBadTransferEncoding))
        << coding;
  }
  for (const char* coding : {"gzip", "gzip, chunked", "identity", "xchunked", "chunkedx",
                             "deflate;a=\"b,c\", chunked", "x"}) {
    EXPECT_EQ(verdict("Transfer-Encoding: " + std::string(coding)),
              refused(Errc::HttpUnknownTransferEncoding))
        << coding;
  }
  EXPECT_EQ(verdict("Transfer-Encoding: chunked\x0b"), refused(Errc::HttpBadFieldValue));
  // Several lines are one list.
  EXPECT_EQ(verdict("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"),
            refused(Errc::HttpBadTransferEncoding));
  EXPECT_EQ(verdict("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity"),
            refused(Errc::HttpBadTransferEncoding));
}

TEST(HttpFraming, TransferEncodingInVersion10IsRefused) {
  EXPECT_EQ(head_of("Transfer-Encoding: chunked\r\n", "HTTP/1.0"),
            refused(Errc::HttpTransferEncodingIn10));
}

TEST(HttpFraming, ConnectionStaysOpenIn11AndClosesIn10UnlessSaid) {
  // RFC 9112 9.3
  const auto keeps = [](std::string connection, std::string version) {
    const std::string head = head_of(
        "Host: h\r\n" + (connection.empty() ? "" : "Connection: " + connection + "\r\n"), version);
    return head.ends_with(" keep-alive");
  };
  EXPECT_TRUE(keeps("", "HTTP/1.1"));
  EXPECT_TRUE(keeps("keep-alive", "HTTP/1.1"));
  EXPECT_TRUE(keeps("x, \"close\"", "HTTP/1.1"));
  EXPECT_FALSE(keeps("close", "HTTP/1.1"));
  EXPECT_FALSE(keeps("CLOSE", "HTTP/1.1"));
  EXPECT_FALSE(keeps(",, x ,close", "HTTP/1.1"));
  EXPECT_FALSE(keeps("keep-alive, close", "HTTP/1.1"));
  EXPECT_FALSE(keeps("keep-alive\r\nConnection: close", "HTTP/1.1"));
  EXPECT_FALSE(keeps("", "HTTP/1.0"));
  EXPECT_TRUE(keeps("Keep-Alive", "HTTP/1.0"));
  EXPECT_FALSE(keeps("keep-alive, close", "HTTP/1.0"));
}

TEST(HttpFraming, UpgradeNeedsBothFieldsAndVersion11) {
  const auto upgrades = [](std::string fields, std::string version) {
    return head_of("Host: h\r\n" + fields, version).ends_with(" upgrade");
  };
  EXPECT_TRUE(upgrades("Connection: Upgrade\r\nUpgrade: websocket\r\n", "HTTP/1.1"));
  EXPECT_TRUE(upgrades("Upgrade: a\r\nConnection: keep-alive, UPGRADE\r\n", "HTTP/1.1"));
  EXPECT_FALSE(upgrades("Connection: Upgrade\r\n", "HTTP/1.1"));
  EXPECT_FALSE(upgrades("Upgrade: websocket\r\n", "HTTP/1.1"));
  EXPECT_FALSE(upgrades("Connection: upgraded\r\nUpgrade: websocket\r\n", "HTTP/1.1"));
  // RFC 9110 7.8: ignored in HTTP/1.0.
  EXPECT_FALSE(upgrades("Connection: Upgrade\r\nUpgrade: websocket\r\n", "HTTP/1.0"));
}

TEST(HttpFraming, TheOneExpectationIs100Continue) {
  const auto log = [](std::string fields, std::string version = "HTTP/1.1") {
    return head_of("Host: h\r\n" + fields, version);
  };
  EXPECT_TRUE(log("Expect: 100-continue\r\nContent-Length: 1\r\n").ends_with(" expect-continue"));
  EXPECT_TRUE(
      log("Transfer-Encoding: chunked\r\nExpect: 100-CONTINUE\r\n").ends_with(" expect-continue"));
  // RFC 9110 10.1.1: nothing to continue with; nothing to be understood by HTTP/1.0.
  EXPECT_EQ(log("Expect: 100-continue\r\n"), "head GET / HTTP/1.1 host=h keep-alive");
  EXPECT_EQ(log("Expect: 100-continue\r\nContent-Length: 1\r\n", "HTTP/1.0"),
            "head GET / HTTP/1.0 host=h length=1 close");
  for (const char* what : {"", "200-ok", "100-continue, x", "100-continue;a", "100"}) {
    EXPECT_EQ(log("Expect: " + std::string(what) + "\r\n"), refused(Errc::HttpExpectation)) << what;
  }
}

TEST(HttpFraming, FieldNamesAreTokens) {
  for (const char* line : {": x", "a b: x", "a(: x", "a", "a\"b: x", "\xc3\xa9: x", "a\x01: x",
                           "a\x7f: x", "a, b: x", "[a]: x", "a b", "a\t"}) {
    EXPECT_EQ(verdict(line), refused(Errc::HttpBadFieldName)) << line;
  }
  EXPECT_EQ(verdict("!#$%&'*+-.^_`|~09AZaz: x"), "end");
}

TEST(HttpFraming, WhitespaceAroundNamesIsRefused) {
  EXPECT_EQ(verdict("a : x"), refused(Errc::HttpSpaceBeforeColon));
  EXPECT_EQ(verdict("Content-Length\t: 3"), refused(Errc::HttpSpaceBeforeColon));
  EXPECT_EQ(verdict("a: x\r\n b"), refused(Errc::HttpObsFold));
  EXPECT_EQ(verdict("a: x\r\n\tb: c"), refused(Errc::HttpObsFold));
  EXPECT_EQ(verdict("a:\r\n x"), refused(Errc::HttpObsFold));
  EXPECT_EQ(http_log_of_every_split("GET / HTTP/1.1\r\n Host: h\r\n\r\n").front(),
            refused(Errc::HttpObsFold));
}

TEST(HttpFraming, ValuesHaveNoControlCharacters) {
  for (int c = 0; c < 256; ++c) {
    // In front of and behind the borders of the blocks of 16 that the search works in.
    for (std::size_t before : {0, 3, 15, 16, 40}) {
      const char byte = static_cast<char>(c);
      const std::string value = std::string(before, 'a') + byte + std::string(20, 'b');
      const std::string got = verdict("a: " + value);
      if (c == '\r') {
        EXPECT_EQ(got, refused(Errc::HttpBareCr));
      } else if (c == '\n') {
        EXPECT_EQ(got, refused(Errc::HttpBareLf));
      } else if ((c < 0x20 && c != '\t') || c == 0x7f) {
        EXPECT_EQ(got, refused(Errc::HttpBadFieldValue)) << c;
      } else {
        EXPECT_EQ(got, "end") << c;
      }
    }
    if (c == 64) c = 120;  // letters are letters
    if (c == 130) c = 250;
  }
}

TEST(HttpFraming, LinesOfFieldsEndWithCrLf) {
  EXPECT_EQ(verdict("a: x\nb: y"), refused(Errc::HttpBareLf));
  EXPECT_EQ(verdict("a: x\rb: y"), refused(Errc::HttpBareCr));
  EXPECT_EQ(verdict("a: x\r\n\rb: y"), refused(Errc::HttpBareCr));
  EXPECT_EQ(verdict("a: x\r\n\nb: y"), refused(Errc::HttpBareLf));
  EXPECT_EQ(verdict("a: x\r\n\r"), refused(Errc::HttpBareCr));
  EXPECT_EQ(verdict("a\nb: y"), refused(Errc::HttpBareLf));
  EXPECT_EQ(verdict("a\rb: y"), refused(Errc::HttpBareCr));
}

TEST(HttpFraming, ValuesLoseTheWhitespaceAroundThem) {
  const Lines log = http_log_of_every_split(
      "GET / HTTP/1.1\r\nHost:h\r\na: \t x y\t z \t\r\nb:\r\nc:   \r\n\r\n");
  EXPECT_EQ(log, (Lines{"head GET / HTTP/1.1 host=h keep-alive", "field Host: h",
                        "field a: x y\\t z", "field b: ", "field c: ", "end"}));
}

TEST(HttpFraming, NameOf64KiBIsTooLarge) {
  HttpLimits limits;
  limits.max_head_bytes = 200'000;
  const auto log = [&](std::size_t bytes) {
    return testing::http_log(
        {"GET / HTTP/1.1\r\nHost: h\r\n" + std::string(bytes, 'n') + ": v\r\n\r\n"}, limits);
  };
  EXPECT_EQ(log(65'535).back(), "end");
  EXPECT_EQ(log(65'536).back(), refused(Errc::HttpHeadTooLarge));
}

}  // namespace
}  // namespace hybi::http
