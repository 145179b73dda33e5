// The parser as a whole: order of events, bodies, chunks, trailers, limits, pipelining, cost.
#include <hybi/http/parser.h>
#include <hybi/testing/http_log.h>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace hybi::http {
namespace {

using testing::http_log;
using testing::http_log_of_every_split;
using testing::HttpLog;
using testing::Lines;
using Kind = ParseEvent::Kind;

std::string refused(Errc errc) {
  return "fail " + std::string(info(errc).name) + " " + std::to_string(info(errc).http_status);
}

const std::string kChunkedHead = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

// What is said about a chunked body, without the lines of the head.
Lines log_of_chunks(std::string body, const HttpLimits& limits = {}) {
  Lines log = http_log_of_every_split(kChunkedHead + body, limits);
  EXPECT_EQ(log[0], "head POST / HTTP/1.1 host=h chunked keep-alive");
  return {log.begin() + 3, log.end()};
}

TEST(HttpParser, PipelinedRequestsComeOneAfterTheOther) {
  EXPECT_EQ(http_log_of_every_split(
                "POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                "GET /2 HTTP/1.1\r\nHost: h\r\n\r\n"
                "\r\nPOST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                "1\r\nd\r\n0\r\n\r\n"
                "GET /4 HTTP/1.0\r\n\r\n"),
            (Lines{"head POST /1 HTTP/1.1 host=h length=3 keep-alive", "field Host: h",
                   "field Content-Length: 3", "body \"abc\"", "end",
                   "head GET /2 HTTP/1.1 host=h keep-alive", "field Host: h", "end",
                   "head POST /3 HTTP/1.1 host=h chunked keep-alive", "field Host: h",
                   "field Transfer-Encoding: chunked", "body \"d\"", "end",
                   "head GET /4 HTTP/1.0 host= close", "end"}));
}

TEST(HttpParser, NothingIsTakenWhileTheHeadIsIncomplete) {
  const HttpLimits limits;
  RequestParser parser(limits);
  const std::string_view wire = "GET / HTTP/1.1\r\nHost: h\r\n\r\nGET";
  EXPECT_TRUE(parser.between_requests());
  for (std::size_t size = 1; size < 27; ++size) {
    Bytes in = as_bytes(wire.substr(0, size));
    EXPECT_EQ(parser.next(in).kind, Kind::NeedMore);
    EXPECT_EQ(in.size(), size);
    EXPECT_FALSE(parser.between_requests());
  }
  Bytes in = as_bytes(wire);
  EXPECT_EQ(parser.next(in).kind, Kind::Head);
  EXPECT_EQ(as_text(in), "GET");
  EXPECT_EQ(parser.head().bytes(), wire.substr(0, 27));
  EXPECT_EQ(parser.head().target().data(), wire.data() + 4);
  EXPECT_FALSE(parser.between_requests());
  EXPECT_EQ(parser.next(in).kind, Kind::End);
  EXPECT_TRUE(parser.between_requests());
  EXPECT_EQ(parser.next(in).kind, Kind::NeedMore);
  EXPECT_EQ(as_text(in), "GET");
  EXPECT_FALSE(parser.between_requests());
}

TEST(HttpParser, FailureIsFinalAndTakesNothing) {
  const HttpLimits limits;
  RequestParser parser(limits);
  Bytes in = as_bytes("GET / HTTP/3.0\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::size_t size = in.size();
  for (int i = 0; i < 3; ++i) {
    const ParseEvent event = parser.next(in);
    EXPECT_EQ(event.kind, Kind::Failed);
    EXPECT_EQ(event.errc, Errc::HttpUnsupportedVersion);
    EXPECT_EQ(in.size(), size);
    EXPECT_TRUE(parser.failed());
    EXPECT_FALSE(parser.between_requests());
  }
}

TEST(HttpParser, BodyIsPassedOnAsItComes) {
  const HttpLimits limits;
  RequestParser parser(limits);
  const std::string_view wire = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcdefg";
  Bytes in = as_bytes(wire.substr(0, wire.size() - 5));
  EXPECT_EQ(parser.next(in).kind, Kind::Head);
  ParseEvent event = parser.next(in);
  EXPECT_EQ(event.kind, Kind::Body);
  EXPECT_EQ(as_text(event.body), "ab");
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(parser.next(in).kind, Kind::NeedMore);
  in = as_bytes(wire.substr(wire.size() - 5));
  event = parser.next(in);
  EXPECT_EQ(as_text(event.body), "cde");
  EXPECT_EQ(parser.next(in).kind, Kind::End);
  EXPECT_EQ(as_text(in), "fg");
}

TEST(HttpParser, HeadIsUsableAfterItsBytesHaveMoved) {
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string wire = "GET http://a:1/p?q HTTP/1.1\r\nHost: h\r\nX-One: 1\r\n\r\n";
  Bytes in = as_bytes(wire);
  ASSERT_EQ(parser.next(in).kind, Kind::Head);
  Head head = parser.head();
  const std::string kept(head.bytes());
  EXPECT_EQ(kept, wire);
  wire.assign(wire.size(), '!');
  head.rebase(kept.data());
  EXPECT_EQ(head.path(), "/p");
  EXPECT_EQ(head.query(), "q");
  EXPECT_EQ(head.authority(), "a:1");
  EXPECT_EQ(head.find("x-one"), "1");
}

TEST(HttpParser, ChunksAreJoinedWithoutTheirFrames) {
  EXPECT_EQ(log_of_chunks("3\r\nabc\r\nA\r\n0123456789\r\n00b\r\nABCDEFGHIJK\r\n0\r\n\r\n"),
            (Lines{"body \"abc0123456789ABCDEFGHIJK\"", "end"}));
  EXPECT_EQ(log_of_chunks("0\r\n\r\n"), (Lines{"end"}));
  EXPECT_EQ(log_of_chunks("0000\r\n\r\n"), (Lines{"end"}));
  EXPECT_EQ(log_of_chunks("2\r\n\r\n\r\n0\r\n\r\n"), (Lines{"body \"\\r\\n\"", "end"}));
  EXPECT_EQ(log_of_chunks("2\r\nab"), (Lines{"body \"ab\"", "waits"}));
}

TEST(HttpParser, MalformedChunksAreRefused) {
  const std::string fail = refused(Errc::HttpBadChunk);
  for (const char* body : {"\r\n",
                           "+1\r\n",
                           "-1\r\n",
                           " 1\r\n",
                           "0x1\r\n",
                           "g\r\n",
                           ";a\r\n",
                           "1 \r\n",
                           "1\n",
                           "1\r1",
                           "1\t\r\n",
                           "1,1\r\n",
                           "00000000000000001\r\n",
                           "8000000000000000\r\n",
                           "ffffffffffffffff\r\n",
                           "10000000000000000\r\n",
                           "1;\r\n",
                           "1; \r\n",
                           "1;a=\r\n",
                           "1;=b\r\n",
                           "1;a=\"\r\n",
                           "1;a\n",
                           "1;a=\"b\"c\r\n",
                           "1;a b\r\n",
                           "1;a=b c\r\n",
                           "1;a;;b\r\n",
                           "1;a=\"\x01\"\r\n",
                           "1;a\r\r\n",
                           "1;\x80\r\n",
                           "1 a\r\n",
                           "1;a=\"\\\x7f\"\r\n"}) {
    EXPECT_EQ(log_of_chunks(body), (Lines{fail})) << body;
  }
  // RFC 9112 7.1: the data is as long as its size and CRLF follows.
  EXPECT_EQ(log_of_chunks("1\r\nab\r\n0\r\n\r\n"), (Lines{"body \"a\"", fail}));
  EXPECT_EQ(log_of_chunks("1\r\na\n0\r\n\r\n"), (Lines{"body \"a\"", fail}));
  EXPECT_EQ(log_of_chunks("1\r\na\r0\r\n\r\n"), (Lines{"body \"a\"", fail}));
  EXPECT_EQ(log_of_chunks("1\r\na\r\n\r\n0\r\n\r\n"), (Lines{"body \"a\"", fail}));
}

TEST(HttpParser, ChunkExtensionsArePassedOver) {
  for (const char* extension :
       {";a", ";a=b", ";a=\"b\"", ";a=\"\"", ";a=\"b;c\\\"d\\\\ \t\"", ";a;b=c;d", " ; a = b ; c",
        "\t;a", ";a=\"\xc3\xa9\"", " ;a=\"b\" ;c"}) {
    EXPECT_EQ(log_of_chunks("1" + std::string(extension) + "\r\nx\r\n0" + extension + "\r\n\r\n"),
              (Lines{"body \"x\"", "end"}))
        << extension;
  }
}

TEST(HttpParser, ChunkExtensionsOfAllChunksCountTogether) {
  HttpLimits limits;
  limits.max_chunk_extension_bytes = 8;
  EXPECT_EQ(log_of_chunks("1;abc\r\nx\r\n0;abc\r\n\r\n", limits), (Lines{"body \"x\"", "end"}));
  EXPECT_EQ(log_of_chunks("1;abc\r\nx\r\n0;abcd\r\n\r\n", limits),
            (Lines{"body \"x\"", refused(Errc::HttpBadChunk)}));
  EXPECT_EQ(log_of_chunks("1;abcdefg\r\nx\r\n0\r\n\r\n", limits), (Lines{"body \"x\"", "end"}));
  EXPECT_EQ(log_of_chunks("1;abcdefgh\r\nx\r\n", limits), (Lines{refused(Errc::HttpBadChunk)}));
  EXPECT_EQ(log_of_chunks("1;abcdefgh\"\r\nx\r\n", limits), (Lines{refused(Errc::HttpBadChunk)}));
}

TEST(HttpParser, TrailerFieldsAreKept) {
  EXPECT_EQ(log_of_chunks("1\r\nx\r\n0\r\nX-Sum: 1\r\nY:\t2 \r\n\r\n"),
            (Lines{"body \"x\"", "trailer X-Sum: 1", "trailer Y:\\t2 ", "end"}));
}

TEST(HttpParser, TrailerFieldsOfARequestAreGoneWithTheNextHead) {
  HttpLog log(HttpLimits{});
  log.receive(kChunkedHead + "0\r\nX: 1\r\n\r\n");
  EXPECT_EQ(log.parser().trailer_lines(), "X: 1\r\n");
  log.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(log.parser().trailer_lines(), "");
}

TEST(HttpParser, MalformedTrailerFieldsAreRefused) {
  const auto verdict = [](std::string line) {
    return log_of_chunks("0\r\n" + line + "\r\n\r\n").back();
  };
  EXPECT_EQ(verdict("X : 1"), refused(Errc::HttpSpaceBeforeColon));
  EXPECT_EQ(verdict("X: 1\r\n 2"), refused(Errc::HttpObsFold));
  EXPECT_EQ(verdict(" X: 1"), refused(Errc::HttpObsFold));
  EXPECT_EQ(verdict("X"), refused(Errc::HttpBadFieldName));
  EXPECT_EQ(verdict(": 1"), refused(Errc::HttpBadFieldName));
  EXPECT_EQ(verdict("X: \x01"), refused(Errc::HttpBadFieldValue));
  EXPECT_EQ(verdict("X: 1\nY: 2"), refused(Errc::HttpBareLf));
  EXPECT_EQ(verdict("X: 1\rY: 2"), refused(Errc::HttpBareCr));
  EXPECT_EQ(verdict("\rX: 1"), refused(Errc::HttpBareCr));
  EXPECT_EQ(verdict("\n"), refused(Errc::HttpBareLf));
}

TEST(HttpParser, FieldsOfFramingRoutingAndAuthenticationAreNoTrailers) {
  for (const char* name : {"Content-Length",
                           "transfer-encoding",
                           "HOST",
                           "Connection",
                           "Upgrade",
                           "Expect",
                           "TE",
                           "Trailer",
                           "Authorization",
                           "Cookie",
                           "Set-Cookie",
                           "Content-Type",
                           "Content-Encoding",
                           "Content-Range",
                           "Range",
                           "If-Match",
                           "Origin",
                           "Sec-WebSocket-Key",
                           "X-Forwarded-For",
                           "Proxy-Authorization"}) {
    EXPECT_EQ(log_of_chunks("0\r\n" + std::string(name) + ": 1\r\n\r\n"),
              (Lines{refused(Errc::HttpBadTrailer)}))
        << name;
  }
}

TEST(HttpParser, TrailerSectionOfTheLimitPassesAndOneMoreIs431) {
  HttpLimits limits;
  limits.max_trailer_bytes = 20;
  const auto log = [&](std::size_t bytes) {  // of the lines, without the empty one
    return log_of_chunks("0\r\nA: 1\r\nB: " + std::string(bytes - 11, 'b') + "\r\n\r\n", limits)
        .back();
  };
  EXPECT_EQ(log(19), "end");
  EXPECT_EQ(log(20), "end");
  EXPECT_EQ(log(21), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log(200), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log_of_chunks("0\r\n" + std::string(200, 'a'), limits).back(),
            refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log_of_chunks("0\r\n\x01" + std::string(200, 'a'), limits).back(),
            refused(Errc::HttpHeadTooLarge));
}

TEST(HttpParser, TrailerFieldsAreCounted) {
  HttpLimits limits;
  limits.max_field_count = 2;
  EXPECT_EQ(log_of_chunks("0\r\nA: 1\r\nB: 2\r\n\r\n", limits).back(), "end");
  EXPECT_EQ(log_of_chunks("0\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).back(),
            refused(Errc::HttpTooManyFields));
}

TEST(HttpParser, HeadOfTheLimitPassesAndOneMoreIs431) {
  HttpLimits limits;
  limits.max_head_bytes = 60;
  const auto log = [&](std::size_t bytes) {
    const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nA: ";  // 28 bytes
    return http_log_of_every_split(start + std::string(bytes - 32, 'a') + "\r\n\r\n", limits)
        .back();
  };
  EXPECT_EQ(log(59), "end");
  EXPECT_EQ(log(60), "end");
  EXPECT_EQ(log(61), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log(62), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log(63), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log(64), refused(Errc::HttpHeadTooLarge));
  EXPECT_EQ(log(500), refused(Errc::HttpHeadTooLarge));
  // An empty line in front does not count.
  EXPECT_EQ(http_log_of_every_split(
                "\r\nGET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(28, 'a') + "\r\n\r\n", limits)
                .back(),
            "end");
}

TEST(HttpParser, ErrorInALineThatCrossesTheLimitIsNotReached) {
  HttpLimits limits;
  limits.max_head_bytes = 60;
  EXPECT_EQ(
      http_log_of_every_split(
          "GET / HTTP/1.1\r\nHost: h\r\nA: \x01" + std::string(100, 'a') + "\r\n\r\n", limits),
      (Lines{refused(Errc::HttpHeadTooLarge)}));
  EXPECT_EQ(http_log_of_every_split(
                "GET / HTTP/1.1\r\nHost: h\r\nA: \x01\r\n" + std::string(100, 'a'), limits),
            (Lines{refused(Errc::HttpBadFieldValue)}));
}

TEST(HttpParser, TargetLimitAboveTheHeadLimitGivesWay) {
  HttpLimits limits;
  limits.max_head_bytes = 60;
  EXPECT_EQ(http_log_of_every_split("GET /" + std::string(100, 'a'), limits),
            (Lines{refused(Errc::HttpHeadTooLarge)}));
}

TEST(HttpParser, FieldsAreCounted) {
  HttpLimits limits;
  limits.max_field_count = 3;
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(http_log_of_every_split(start + "A: 1\r\n\r\n", limits).back(), "end");
  EXPECT_EQ(http_log_of_every_split(start + "A: 1\r\nB: 2\r\n\r\n", limits).back(), "end");
  EXPECT_EQ(http_log_of_every_split(start + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits).back(),
            refused(Errc::HttpTooManyFields));
}

TEST(HttpParser, HundredFieldsAnd16KiBAreTheDefault) {
  std::string wire = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 1; i < 100; ++i) wire += "A: " + std::string(100, 'a') + "\r\n";
  EXPECT_EQ(http_log({wire + "\r\n"}).back(), "end");
  EXPECT_EQ(http_log({wire + "A: 1\r\n\r\n"}).back(), refused(Errc::HttpTooManyFields));
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
  const auto head_of = [&](std::size_t bytes) {
    return http_log({start + std::string(bytes - start.size() - 4, 'a') + "\r\n\r\n"}).back();
  };
  EXPECT_EQ(head_of(16 * 1024), "end");
  EXPECT_EQ(head_of(16 * 1024 + 1), refused(Errc::HttpHeadTooLarge));
}

TEST(HttpParser, AnnouncedBodyOfTheLimitPassesAndOneMoreIs413) {
  HttpLimits limits;
  limits.max_body_bytes = 4;
  const auto log = [&](std::string body) {
    return http_log_of_every_split("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " +
                                       std::to_string(body.size()) + "\r\n\r\n" + body,
                                   limits);
  };
  EXPECT_EQ(log("abc").back(), "end");
  EXPECT_EQ(log("abcd").back(), "end");
  const Lines refusal = log("abcde");
  EXPECT_EQ(refusal.back(), refused(Errc::HttpBodyTooLarge));
  EXPECT_EQ(refusal.size(), 4u) << "nothing of the body is given out";
}

TEST(HttpParser, ChunkThatPassesTheLimitIsRefusedByItsSize) {
  HttpLimits limits;
  limits.max_body_bytes = 4;
  EXPECT_EQ(log_of_chunks("3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", limits),
            (Lines{"body \"abcd\"", "end"}));
  EXPECT_EQ(log_of_chunks("3\r\nabc\r\n2\r\n", limits),
            (Lines{"body \"abc\"", refused(Errc::HttpBodyTooLarge)}));
  EXPECT_EQ(log_of_chunks("5;", limits), (Lines{refused(Errc::HttpBodyTooLarge)}));
  EXPECT_EQ(log_of_chunks("7fffffffffffffff\r\n", limits),
            (Lines{refused(Errc::HttpBodyTooLarge)}));
}

TEST(HttpParser, SumOfChunkSizesCannotOverflow) {
  HttpLimits limits;
  limits.max_body_bytes = kNoLimit;
  EXPECT_EQ(log_of_chunks("7fffffffffffffff\r\nabc", limits), (Lines{"body \"abc\"", "waits"}));
}

TEST(HttpParser, RouteMaySetItsOwnBodyLimit) {
  const HttpLimits limits;
  for (const char* length : {"3", "5"}) {
    for (const bool chunked : {false, true}) {
      const std::string wire =
          chunked
              ? kChunkedHead + length + "\r\n"
              : "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::string(length) + "\r\n\r\n";
      RequestParser parser(limits);
      Bytes in = as_bytes(wire);
      ASSERT_EQ(parser.next(in).kind, Kind::Head);
      parser.set_max_body_bytes(4);
      const ParseEvent event = parser.next(in);
      if (*length == '3') {
        EXPECT_EQ(event.kind, Kind::NeedMore);
      } else {
        EXPECT_EQ(event.errc, Errc::HttpBodyTooLarge);
      }
    }
  }
}

TEST(HttpParser, RoutesBodyLimitEndsWithItsRequest) {
  HttpLimits limits;
  limits.max_body_bytes = 4;
  RequestParser parser(limits);
  const std::string request = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nabcde";
  const std::string two = request + request;
  Bytes in = as_bytes(two);
  ASSERT_EQ(parser.next(in).kind, Kind::Head);
  parser.set_max_body_bytes(5);
  EXPECT_EQ(parser.next(in).kind, Kind::Body);
  EXPECT_EQ(parser.next(in).kind, Kind::End);
  ASSERT_EQ(parser.next(in).kind, Kind::Head);
  EXPECT_EQ(parser.next(in).errc, Errc::HttpBodyTooLarge);
}

TEST(HttpParser, LimitOfNoneIsNone) {
  HttpLimits limits;
  limits.max_head_bytes = limits.max_target_bytes = limits.max_field_count = kNoLimit;
  std::string wire = "GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 1000; ++i) wire += "A: b\r\n";
  const Lines log = http_log({wire + "\r\n"}, limits);
  EXPECT_EQ(log.size(), 1003u);
  EXPECT_EQ(log.back(), "end");
}

TEST(HttpParser, HeadThatComesByteByByteIsReadOnce) {
  // One long line in memory of its own. Each page that the parser has seen is taken away while the
  // line goes on: a parser that reads it again for every byte does not survive this.
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t size = 64 * page;
  void* const memory =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  char* const text = static_cast<char*>(memory);
  const std::string_view start = "GET / HTTP/1.1\r\nHost: h\r\nA: ";
  std::memset(text, 'a', size);
  start.copy(text, start.size());
  std::memcpy(text + size - 4, "\r\n\r\n", 4);

  HttpLimits limits;
  limits.max_head_bytes = size;
  RequestParser parser(limits);
  std::size_t hidden = 0;
  for (std::size_t arrived = 1; arrived < size - 3; ++arrived) {
    Bytes in = as_bytes({text, arrived});
    ASSERT_EQ(parser.next(in).kind, Kind::NeedMore);
    if ((arrived - 1) / page * page > hidden) {
      hidden = (arrived - 1) / page * page;
      ASSERT_EQ(::mprotect(text, hidden, PROT_NONE), 0);
    }
  }
  ASSERT_EQ(::mprotect(text, hidden, PROT_READ), 0);
  Bytes in = as_bytes({text, size});
  EXPECT_EQ(parser.next(in).kind, Kind::Head);
  EXPECT_TRUE(in.empty());
  EXPECT_EQ(parser.head().find("a").size(), size - start.size() - 4);
  ::munmap(memory, size);
}

TEST(HttpParser, LinesThatAreCompleteAreNotReadAgain) {
  // The bytes of complete lines may change while the head is incomplete; the verdict has been
  // reached.
  const HttpLimits limits;
  RequestParser parser(limits);
  std::string wire = "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n";
  Bytes in = as_bytes(wire);
  EXPECT_EQ(parser.next(in).kind, Kind::NeedMore);
  for (std::size_t i = 0; i < wire.size(); ++i) wire[i] = '\x01';
  wire += "\r\n";
  in = as_bytes(wire);
  EXPECT_EQ(parser.next(in).kind, Kind::Head);
}

}  // namespace
}  // namespace hybi::http
