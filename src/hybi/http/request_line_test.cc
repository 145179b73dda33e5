// The request line: RFC 9112 2.2, 2.3, 3.
#include <hybi/http/request_line.h>
#include <hybi/testing/http_log.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

using testing::http_log_of_every_split;
using testing::Lines;

// The log of a request with this first line and nothing wrong behind it.
Lines log_of_line(std::string line) {
  return http_log_of_every_split(line + "\r\nHost: h\r\n\r\n");
}

Lines refused(Errc errc) {
  return {"fail " + std::string(info(errc).name) + " " + std::to_string(info(errc).http_status)};
}

Lines accepted(std::string head) {
  return {"head " + head, "field Host: h", "end"};
}

TEST(HttpRequestLine, AllNineMethodsAreKnown) {
  EXPECT_EQ(log_of_line("GET / HTTP/1.1"), accepted("GET / HTTP/1.1 host=h keep-alive"));
  for (const char* method : {"HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}) {
    EXPECT_EQ(log_of_line(std::string(method) + " /p HTTP/1.1"),
              accepted(std::string(method) + " /p HTTP/1.1 host=h keep-alive"));
  }
  EXPECT_EQ(log_of_line("CONNECT a:1 HTTP/1.1"),
            accepted("CONNECT a:1 HTTP/1.1 path=/ query= host=a:1 keep-alive"));
}

TEST(HttpRequestLine, WellFormedMethodThatIsNotOursIs501) {
  // RFC 9110 9.1: methods are case-sensitive.
  for (const char* method : {"get", "BREW", "GETT", "GE", "M-SEARCH", "!#$%&'*+-.^_`|~09Az"}) {
    EXPECT_EQ(log_of_line(std::string(method) + " / HTTP/1.1"), refused(Errc::HttpUnknownMethod))
        << method;
  }
}

TEST(HttpRequestLine, MethodThatIsNoTokenIs400) {
  for (const char* line :
       {"G(T / HTTP/1.1", "GET\t/ HTTP/1.1", " GET / HTTP/1.1", "\"GET\" / HTTP/1.1",
        "GET\x01 / HTTP/1.1", "G\xc3\x89T / HTTP/1.1", ": a"}) {
    EXPECT_EQ(log_of_line(line), refused(Errc::HttpBadMethod)) << line;
  }
  EXPECT_EQ(http_log_of_every_split(std::string_view("G\0T / HTTP/1.1\r\n\r\n", 18)),
            refused(Errc::HttpBadMethod));
}

TEST(HttpRequestLine, FirstByteOfATlsHandshakeIsRefusedWithoutALine) {
  EXPECT_EQ(http_log_of_every_split("\x16\x03\x01"), refused(Errc::HttpBadMethod));
}

TEST(HttpRequestLine, PartsAreSeparatedByOneSpace) {
  for (const char* line : {"GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET /", "GET", "GET ", "GET / ",
                           "GET / HTTP/1", "GET / HTTP/1.1 x"}) {
    EXPECT_EQ(log_of_line(line), refused(Errc::HttpBadRequestLine)) << line;
  }
  EXPECT_EQ(log_of_line("GET /  HTTP/1.1"), refused(Errc::HttpBadVersion));
  EXPECT_EQ(log_of_line("GET\t/\tHTTP/1.1"), refused(Errc::HttpBadMethod));
  EXPECT_EQ(log_of_line("GET /\tHTTP/1.1"), refused(Errc::HttpBadTarget));
}

TEST(HttpRequestLine, VersionIsSpelledExactly) {
  for (const char* version :
       {"http/1.1", "HTTP/1,1", "HTTP1.1", "HTTP/11.1", "HTTP/1.10", "HTTP/+1.1", "HTTP/a.1",
        "HTTPS/1.1", "HTTP/1.1\t", "HTTP/0.9", "HTTP/0.0", "ICE/1.0"}) {
    EXPECT_EQ(log_of_line(std::string("GET / ") + version), refused(Errc::HttpBadVersion))
        << version;
  }
}

TEST(HttpRequestLine, OtherMajorVersionIs505) {
  for (const char* version : {"HTTP/2.0", "HTTP/3.0", "HTTP/9.9"}) {
    EXPECT_EQ(log_of_line(std::string("GET / ") + version), refused(Errc::HttpUnsupportedVersion));
  }
  // The preface of HTTP/2 names a method nobody has; the version is the better answer.
  EXPECT_EQ(log_of_line("PRI * HTTP/2.0"), refused(Errc::HttpUnsupportedVersion));
}

TEST(HttpRequestLine, HigherMinorVersionCountsAs1) {
  EXPECT_EQ(log_of_line("GET / HTTP/1.2"), accepted("GET / HTTP/1.1 host=h keep-alive"));
  EXPECT_EQ(log_of_line("GET / HTTP/1.9"), accepted("GET / HTTP/1.1 host=h keep-alive"));
  EXPECT_EQ(log_of_line("GET / HTTP/1.0"), accepted("GET / HTTP/1.0 host=h close"));
}

TEST(HttpRequestLine, LineEndsWithCrLf) {
  EXPECT_EQ(http_log_of_every_split("GET / HTTP/1.1\nHost: h\r\n\r\n"), refused(Errc::HttpBareLf));
  EXPECT_EQ(http_log_of_every_split("GET /\nHost: h\r\n\r\n"), refused(Errc::HttpBareLf));
  EXPECT_EQ(http_log_of_every_split("GET\n"), refused(Errc::HttpBareLf));
  EXPECT_EQ(http_log_of_every_split("GET / HTTP/1.1\rHost: h\r\n\r\n"), refused(Errc::HttpBareCr));
  EXPECT_EQ(http_log_of_every_split("GET /\r HTTP/1.1\r\n\r\n"), refused(Errc::HttpBareCr));
  EXPECT_EQ(http_log_of_every_split("GET / HTTP/1.1\r\r\n\r\n"), refused(Errc::HttpBareCr));
}

TEST(HttpRequestLine, OneEmptyLineInFrontIsPassedOver) {
  EXPECT_EQ(http_log_of_every_split("\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            accepted("GET / HTTP/1.1 host=h keep-alive"));
  EXPECT_EQ(http_log_of_every_split("\r\n"), Lines{});
  EXPECT_EQ(http_log_of_every_split("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            refused(Errc::HttpBadRequestLine));
  EXPECT_EQ(http_log_of_every_split("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            refused(Errc::HttpBareLf));
  EXPECT_EQ(http_log_of_every_split("\r\n\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            refused(Errc::HttpBareLf));
  EXPECT_EQ(http_log_of_every_split("\rGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            refused(Errc::HttpBareCr));
}

TEST(HttpRequestLine, TargetHasTheCharactersOfRfc3986AndThoseOfBrowsers) {
  for (const char* target :
       {"/", "//", "/a/b", "/-._~!$&'()*+,;=:@", "/%41%ff%00%2f", "/[a]{b}|c^d", "/?",
        "/?a=b&c=%20", "/?[a]{b}|c^d`e\\f'", "/a?b?c/d", "/:", "/@"}) {
    EXPECT_EQ(log_of_line("GET " + std::string(target) + " HTTP/1.1"),
              accepted("GET " + testing::escaped(target) + " HTTP/1.1 host=h keep-alive"));
  }
}

TEST(HttpRequestLine, OtherCharactersInATargetAreRefused) {
  for (const char* target :
       {"/#",      "/a#b",    "/?#",    "/\"",     "/<",    "/>",        "/\\",        "/`",
        "/?\"",    "/?<",     "/?>",    "/\x7f",   "/\x01", "/\xc3\xa9", "/?\xc3\xa9", "/\x80",
        "/%",      "/%4",     "/%4g",   "/%g4",    "/%%41", "/?%",       "/?%zz",      "/a%",
        "a",       "a/b",     "?a",     "#",       "*",     "*a",        "ftp://a/",   "ws://a/",
        "http:/a", "http//a", "http:a", "mailto:x"}) {
    EXPECT_EQ(log_of_line("GET " + std::string(target) + " HTTP/1.1"), refused(Errc::HttpBadTarget))
        << target;
  }
  EXPECT_EQ(http_log_of_every_split(std::string_view("GET /\0 HTTP/1.1\r\n\r\n", 19)),
            refused(Errc::HttpBadTarget));
}

TEST(HttpRequestLine, AbsoluteFormNamesTheAuthority) {
  // RFC 9112 3.2.2: the Host field is ignored.
  EXPECT_EQ(log_of_line("GET http://a:8080/x?y HTTP/1.1"),
            accepted("GET http://a:8080/x?y HTTP/1.1 path=/x query=y host=a:8080 keep-alive"));
  EXPECT_EQ(log_of_line("GET HTTPS://A HTTP/1.1"),
            accepted("GET HTTPS://A HTTP/1.1 path=/ query= host=A keep-alive"));
  EXPECT_EQ(log_of_line("GET http://a?y HTTP/1.1"),
            accepted("GET http://a?y HTTP/1.1 path=/ query=y host=a keep-alive"));
  EXPECT_EQ(log_of_line("GET http://[::1]:1/ HTTP/1.1"),
            accepted("GET http://[::1]:1/ HTTP/1.1 path=/ query= host=[::1]:1 keep-alive"));
  for (const char* target :
       {"http://", "http:///x", "http://:80/", "http://u@a/", "http://u:p@a/", "http://a:x/",
        "http://a:65536/", "http://[::1/", "http://a%/", "http://a\\/", "http://a#"}) {
    EXPECT_EQ(log_of_line("GET " + std::string(target) + " HTTP/1.1").back(),
              refused(Errc::HttpBadTarget).back())
        << target;
  }
}

TEST(HttpRequestLine, AuthorityFormIsForConnectAndAsteriskFormForOptions) {
  EXPECT_EQ(log_of_line("OPTIONS * HTTP/1.1"),
            accepted("OPTIONS * HTTP/1.1 path=* query= host=h keep-alive"));
  for (const char* line :
       {"GET * HTTP/1.1", "OPTIONS ** HTTP/1.1", "OPTIONS *? HTTP/1.1", "GET a:1 HTTP/1.1",
        "CONNECT / HTTP/1.1", "CONNECT a HTTP/1.1", "CONNECT :1 HTTP/1.1", "CONNECT a: HTTP/1.1",
        "CONNECT * HTTP/1.1", "CONNECT http://a:1 HTTP/1.1", "CONNECT u@a:1 HTTP/1.1",
        "CONNECT a:70000 HTTP/1.1"}) {
    EXPECT_EQ(log_of_line(line), refused(Errc::HttpBadTarget)) << line;
  }
}

TEST(HttpRequestLine, TargetOfTheLimitPassesAndOneMoreIs414) {
  HttpLimits limits;
  limits.max_target_bytes = 20;
  const auto log = [&](std::size_t bytes) {
    return http_log_of_every_split(
        "GET /" + std::string(bytes - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", limits);
  };
  EXPECT_EQ(log(19).size(), 3u);
  EXPECT_EQ(log(20).size(), 3u);
  EXPECT_EQ(log(21), refused(Errc::HttpTargetTooLong));
  // Longer than any request line is read: refused before its end has come.
  EXPECT_EQ(log(200), refused(Errc::HttpTargetTooLong));
  EXPECT_EQ(http_log_of_every_split("GET /" + std::string(200, 'a'), limits),
            refused(Errc::HttpTargetTooLong));
  // What is wrong before the limit is said, what stands behind it is not looked at.
  EXPECT_EQ(http_log_of_every_split("GET /\"" + std::string(200, 'a') + " HTTP/1.1\r\n", limits),
            refused(Errc::HttpBadTarget));
  EXPECT_EQ(http_log_of_every_split("GET /" + std::string(200, 'a') + "\" HTTP/1.1\r\n", limits),
            refused(Errc::HttpTargetTooLong));
  EXPECT_EQ(http_log_of_every_split("GET /" + std::string(19, 'a') + "\" HTTP/1.1\r\n", limits),
            refused(Errc::HttpBadTarget));
}

TEST(HttpRequestLine, EndlessMethodIs501) {
  HttpLimits limits;
  limits.max_target_bytes = 20;
  EXPECT_EQ(http_log_of_every_split(std::string(300, 'G'), limits),
            refused(Errc::HttpUnknownMethod));
  EXPECT_EQ(http_log_of_every_split("G ET" + std::string(300, '/'), limits),
            refused(Errc::HttpBadTarget));
}

TEST(HttpRequestLine, EndlessLineAfterAGoodTargetIsNoRequestLine) {
  HttpLimits limits;
  limits.max_target_bytes = 20;
  EXPECT_EQ(http_log_of_every_split("GET / HTTP/1.1" + std::string(300, ' '), limits),
            refused(Errc::HttpBadRequestLine));
}

TEST(HttpRequestLine, IncompleteLineWaits) {
  const std::string_view line = "GET http://a/%41?%42 HTTP/1.1\r\nHost: h\r\n\r\n";
  for (std::size_t size = 1; size + 1 < line.size(); ++size) {
    EXPECT_EQ(testing::http_log({line.substr(0, size)}), Lines{"waits"}) << size;
  }
}

}  // namespace
}  // namespace hybi::http
