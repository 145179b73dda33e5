// Writing response heads and chunks. RFC 9112 4, 5, 7.1.
#include <hybi/http/date.h>
#include <hybi/http/writer.h>
#include <hybi/testing/http_log.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

// What `write` appends.
template <class Write>
std::string written(Write write) {
  OutBuffer out;
  out.append("|");
  write(out);
  return std::string(as_text(out.view()).substr(1));
}

TEST(HttpWriter, StatusLineHasThePhrase) {
  const auto line = [](unsigned status) {
    return written([&](OutBuffer& out) { write_status_line(status, out); });
  };
  EXPECT_EQ(line(200), "HTTP/1.1 200 OK\r\n");
  EXPECT_EQ(line(101), "HTTP/1.1 101 Switching Protocols\r\n");
  EXPECT_EQ(line(431), "HTTP/1.1 431 Request Header Fields Too Large\r\n");
  // RFC 9112 4: the space is there without a phrase, too.
  EXPECT_EQ(line(599), "HTTP/1.1 599 \r\n");
  EXPECT_EQ(line(100), "HTTP/1.1 100 Continue\r\n");
}

TEST(HttpWriter, EveryStatusOfTheErrorTableHasAPhrase) {
  for (std::uint16_t code = 0; code <= static_cast<std::uint16_t>(Errc::Io); ++code) {
    const ErrorInfo& entry = info(static_cast<Errc>(code));
    if (entry.http_status == 0) continue;
    EXPECT_NE(reason_phrase(entry.http_status), "") << entry.name;
  }
  EXPECT_EQ(reason_phrase(299), "");
}

TEST(HttpWriter, FieldsAreCheckedAndNothingIsWrittenOtherwise) {
  EXPECT_EQ(written([](OutBuffer& out) { EXPECT_TRUE(write_field("A-b", "c d", out)); }),
            "A-b: c d\r\n");
  EXPECT_EQ(written([](OutBuffer& out) { EXPECT_TRUE(write_field("A", "", out)); }), "A: \r\n");
  const auto refused = [](std::string_view name, std::string_view value) {
    return written([&](OutBuffer& out) {
             EXPECT_EQ(write_field(name, value, out).error().code, Errc::BadField);
           })
        .empty();
  };
  EXPECT_TRUE(refused("A", "a\r\nB: c"));
  EXPECT_TRUE(refused("A", std::string("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")));
  EXPECT_TRUE(refused("A", std::string_view("\0", 1)));
  EXPECT_TRUE(refused("A: b\r\nB", "c"));
  EXPECT_TRUE(refused("", "c"));
}

TEST(HttpWriter, LengthsAreDecimal) {
  EXPECT_EQ(written([](OutBuffer& out) { write_content_length(0, out); }), "Content-Length: 0\r\n");
  EXPECT_EQ(written([](OutBuffer& out) { write_content_length(UINT64_MAX, out); }),
            "Content-Length: 18446744073709551615\r\n");
}

TEST(HttpWriter, DateLineFollowsTheClock) {
  DateLine date;
  EXPECT_EQ(date.at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  EXPECT_EQ(date.at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(784'111'777), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(784'111'776), "Date: Sun, 06 Nov 1994 08:49:36 GMT\r\n");
}

TEST(HttpWriter, ChunksAreReadBackByTheParser) {
  std::string sent = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string text = "0123456789abcdefg";
  sent += written([&](OutBuffer& out) {
    write_chunk(as_bytes(text), out);
    write_chunk({}, out);
    write_chunk(as_bytes("x"), out);
    write_last_chunk(out);
  });
  EXPECT_TRUE(sent.ends_with("\r\n\r\n11\r\n" + text + "\r\n1\r\nx\r\n0\r\n\r\n"));
  const testing::Lines log = testing::http_log_of_every_split(sent);
  EXPECT_EQ(log[3], "body \"" + text + "x\"");
  EXPECT_EQ(log[4], "end");
}

TEST(HttpWriter, HeadEndsWithAnEmptyLine) {
  EXPECT_EQ(written([](OutBuffer& out) { write_end_of_head(out); }), "\r\n");
}

}  // namespace
}  // namespace hybi::http
