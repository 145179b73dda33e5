// Bodies of multipart/form-data. RFC 7578, RFC 2046 5.1.
#include <hybi/http/multipart.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

#include <vector>

namespace hybi::http {
namespace {

using namespace hybi::testing;
using Kind = MultipartEvent::Kind;
using Log = std::vector<std::string>;

// What a body is read as: "part name[filename|type]", "data ...", "end part", "end" or "failed".
Log log_of(const Pieces& pieces, const MultipartLimits& limits, std::string_view boundary = "b") {
  MultipartParser parser(boundary, limits);
  Log log;
  std::string content;
  const auto note = [&](const MultipartEvent& event) {
    if (event.kind == Kind::Data) {
      EXPECT_FALSE(event.data.empty());
      content.append(as_text(event.data));
      return;
    }
    if (!content.empty()) log.push_back("data " + content);
    content.clear();
    switch (event.kind) {
      case Kind::PartBegin: {
        const PartHead& part = parser.part();
        std::string line = "part " + part.name;
        if (part.is_file()) line.append("[").append(*part.filename);
        if (part.is_file()) line.append("|").append(part.content_type).append("]");
        log.push_back(line);
        break;
      }
      case Kind::PartEnd:
        log.push_back("end part");
        break;
      case Kind::End:
        log.push_back("end");
        break;
      case Kind::Failed:
        log.push_back("failed " + std::string(info(event.errc).name));
        break;
      default:
        break;
    }
  };
  for (const OwnedBytes& piece : pieces) {
    Bytes in = piece;
    for (;;) {
      const MultipartEvent event = parser.next(in);
      if (event.kind == Kind::NeedMore) {
        EXPECT_TRUE(in.empty());
        break;
      }
      note(event);
      if (event.kind == Kind::Failed) {
        EXPECT_EQ(parser.next(in).errc, event.errc);
        EXPECT_EQ(parser.finish().errc, event.errc);
        return log;
      }
    }
  }
  note(parser.finish());
  return log;
}

void expect_log(std::string_view body, const Log& expected, const MultipartLimits& limits = {},
                std::string_view boundary = "b") {
  for_each_split(as_bytes(body), [&](const Pieces& pieces) {
    ASSERT_EQ(log_of(pieces, limits, boundary), expected) << body;
  });
}

std::string part(std::string_view name, std::string_view content) {
  std::string text = "--b\r\nContent-Disposition: form-data; name=\"";
  return text.append(name).append("\"\r\n\r\n").append(content).append("\r\n");
}

// A body with one part of this head.
std::string body_with(std::string_view head) {
  return "--b\r\n" + std::string(head) + "\r\n\r\nx\r\n--b--\r\n";
}

std::string failure(std::string_view head) {
  const std::string body = body_with(head);
  std::string last;
  for_each_split(as_bytes(body), [&](const Pieces& pieces) {
    const Log log = log_of(pieces, {});
    EXPECT_TRUE(last.empty() || log.back() == last) << log.back();
    last = log.back();
  });
  return last;
}

TEST(HttpMultipart, FieldsAndFilesAreReadForEverySplit) {
  expect_log(
      "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\nhello\r\n"
      "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.png\"\r\n"
      "Content-Type: image/png\r\nX-More: 1\r\n\r\n\x89PNG\r\n\x1a\n\r\n--b--\r\n",
      {"part text", "data hello", "end part", "part f[a.png|image/png]", "data \x89PNG\r\n\x1a\n",
       "end part", "end"});
}

TEST(HttpMultipart, ContentThatLooksLikeADelimiterIsContent) {
  const std::string content = "\r\r\n\r\n-\r\n--\r\n--a\r\r\n--\r--b\n--b\r\n\r\n--B\r\n- -b\r";
  expect_log(part("n", content) + "--b--", {"part n", "data " + content, "end part", "end"});
  const std::string_view boundary = "----x----x";
  const std::string close = "\r\n------x----x--";
  std::string text = "\r\n------x---";
  text += text + text;
  expect_log("------x----x\r\nContent-Disposition: form-data; name=n\r\n\r\n" + text + close,
             {"part n", "data " + text, "end part", "end"}, {}, boundary);
}

TEST(HttpMultipart, EmptyPartsAndEmptyFormsAreRead) {
  expect_log("--b--\r\n", {"end"});
  expect_log("--b--", {"end"});
  expect_log(part("n", "") + "--b--\r\n", {"part n", "end part", "end"});
  // RFC 2046 5.1.1: the delimiter's line end may be the one behind the head.
  expect_log("--b\r\nContent-Disposition: form-data; name=n\r\n\r\n--b--",
             {"part n", "end part", "end"});
}

TEST(HttpMultipart, PreambleEpilogueAndPaddingArePassedOver) {
  expect_log(
      "hello\r\n--\r\n\r\n--b \t\r\nContent-Disposition: form-data; name=n\r\n\r\nx"
      "\r\n--b-- \r\n--b\r\nbye",
      {"part n", "data x", "end part", "end"});
  MultipartLimits limits;
  limits.max_ignored_bytes = 4;
  expect_log("\r\n--b--", {"end"}, limits);
  expect_log("abcd\r\n--b--", {"end"}, limits);
  expect_log("abcde\r\n--b--", {"failed HttpMultipartPadding"}, limits);
  expect_log("--b--\r\nabcd", {"end"}, limits);
  expect_log("--b--\r\nabcde", {"failed HttpMultipartPadding"}, limits);
  expect_log("a\r\n--c\r\n--b--", {"failed HttpMultipartPadding"}, limits);
  expect_log("--b     \r\n", {"failed HttpMultipartPadding"}, limits);
}

TEST(HttpMultipart, BodiesWithoutTheirLastDelimiterFail) {
  for (const char* body : {"", "x", "--", "--b", "--b\r", "--b\r\n", "--b-", "--b--\r", "--b\r\nA",
                           "--b\r\nContent-Disposition: form-data; name=n\r\n"}) {
    expect_log(body, {"failed HttpBadMultipart"});
  }
  expect_log(part("n", "x"), {"part n", "data x", "failed HttpBadMultipart"});
}

TEST(HttpMultipart, DelimiterLinesWithMoreThanTheBoundaryFail) {
  for (const char* body : {"--bc\r\n", "--b\n", "--b\rx", "--b -", "--b --", "--b-x", "--b--x",
                           "--b--\rx", "--b---"}) {
    expect_log(body, {"failed HttpBadMultipart"});
  }
}

TEST(HttpMultipart, NamesAreReadAsBrowsersAndOthersWriteThem) {
  const auto name_of = [](std::string_view parameter) {
    const MultipartLimits limits;
    const std::string line = "Content-Disposition: form-data; " + std::string(parameter) + "\r\n";
    const auto head = parse_part_head(line, limits);
    if (!head) return std::string(info(head.error().code).name);
    return head->name + (head->filename ? "|" + *head->filename : "");
  };
  EXPECT_EQ(name_of("name=\"a%22b%0D%0ac%20%\""), "a\"b\r\nc%20%");
  EXPECT_EQ(name_of("name=\"a\\\"b\\\\c\\d\""), "a\"b\\c\\d");
  EXPECT_EQ(name_of("name=n; filename=\"C:\\dir\\a.txt\""), "n|C:\\dir\\a.txt");
  EXPECT_EQ(name_of("name=n; filename=\"\""), "n|");
  EXPECT_EQ(name_of("name=\"\xc3\xa9\"; filename=\"\xe2\x82\xac;.txt\""),
            "\xc3\xa9|\xe2\x82\xac;.txt");
  EXPECT_EQ(name_of("NAME=n; filename*=UTF-8''x"), "n");
  EXPECT_EQ(name_of("name=\"\""), "");
}

TEST(HttpMultipart, MalformedHeadsOfPartsFail) {
  const std::string bad = "failed HttpBadPartHead";
  for (const char* head :
       {"",
        "X: 1",
        "Content-Disposition: attachment; name=n",
        "Content-Disposition: form-data",
        "Content-Disposition: form-data; filename=f",
        "Content-Disposition: form-data; name",
        "Content-Disposition: form-data; name=n; name=m",
        "Content-Disposition form-data; name=n",
        "Content-Disposition: form-data; name=n; filename=a; filename=b",
        "Content-Disposition: form-data; name=\"n",
        "Content-Disposition: form-data; name=a b",
        "Content-Disposition: form-data; name=\"\xff\"",
        "Content-Disposition: form-data; name=n; filename=\"\xed\xa0\x80\"",
        "Content-Disposition : form-data; name=n",
        "Content-Disposition: form-data;\r\n name=n",
        "Content-Disposition: form-data; name=n\nX: 1",
        "Content-Disposition: form-data; name=n\r\nX: a\rb",
        "Content-Disposition: form-data; name=n\r\nContent-Disposition: form-data; name=n",
        "Content-Disposition: form-data; name=n\r\nContent-Type: a/b\r\nContent-Type: a/c",
        "Content-Disposition: form-data; name=n\r\n: x"}) {
    EXPECT_EQ(failure(head), bad) << head;
  }
  const std::string good = "Content-Disposition: form-data; name=n\r\nContent-Transfer-Encoding: ";
  EXPECT_EQ(failure(good + "base64"), "failed HttpPartEncoding");
  EXPECT_EQ(failure(good + "8BIT"), "end");
}

TEST(HttpMultipart, MultipartBombsMeetTheirLimits) {
  MultipartLimits limits;
  limits.max_parts = 2;
  const std::string two = part("a", "1") + part("b", "2");
  const Log both = {"part a", "data 1", "end part", "part b", "data 2", "end part"};
  const auto plus = [](Log log, const char* line) {
    log.emplace_back(line);
    return log;
  };
  expect_log(two + "--b--", plus(both, "end"), limits);
  expect_log(two + part("c", "3"), plus(both, "failed HttpTooManyParts"), limits);

  limits = {};
  limits.max_field_bytes = 3;
  limits.max_file_bytes = 5;
  expect_log(part("a", "\r\n1") + "--b--", {"part a", "data \r\n1", "end part", "end"}, limits);
  expect_log(part("a", "1234") + "--b--", {"part a", "data 123", "failed HttpFormFieldTooLarge"},
             limits);
  expect_log(part("a", "12\r\n--") + "--b--",
             {"part a", "data 12\r", "failed HttpFormFieldTooLarge"}, limits);
  expect_log("--b\r\nContent-Disposition: form-data; name=n; filename=f\r\n\r\n123456",
             {"part n[f|]", "data 12345", "failed HttpFormFileTooLarge"}, limits);

  limits = {};
  const std::string whole = part("a", "1") + "--b--";
  limits.max_total_bytes = whole.size();
  expect_log(whole, {"part a", "data 1", "end part", "end"}, limits);
  limits.max_total_bytes = whole.size() - 1;
  expect_log(whole, {"part a", "data 1", "end part", "failed HttpFormTooLarge"}, limits);
  limits.max_total_bytes = 10;
  expect_log(whole, {"failed HttpFormTooLarge"}, limits);

  limits = {};
  const std::string head = "Content-Disposition: form-data; name=n\r\n\r\n";
  limits.max_part_head_bytes = head.size();
  expect_log("--b\r\n" + head + "--b--", {"part n", "end part", "end"}, limits);
  limits.max_part_head_bytes = head.size() - 1;
  expect_log("--b\r\n" + head + "--b--", {"failed HttpPartHeadTooLarge"}, limits);

  limits = {};
  limits.max_name_bytes = 2;
  expect_log(part("ab", "") + "--b--", {"part ab", "end part", "end"}, limits);
  expect_log(part("abc", ""), {"failed HttpPartNameTooLong"}, limits);
  expect_log("--b\r\nContent-Disposition: form-data; name=n; filename=abc\r\n\r\n",
             {"failed HttpPartNameTooLong"}, limits);
}

TEST(HttpMultipart, ContentIsNotCopied) {
  const MultipartLimits limits;
  MultipartParser parser("b", limits);
  const std::string body = part("n", std::string(100'000, 'x')) + "--b--";
  Bytes in = as_bytes(body);
  ASSERT_EQ(parser.next(in).kind, Kind::PartBegin);
  const MultipartEvent event = parser.next(in);
  ASSERT_EQ(event.kind, Kind::Data);
  EXPECT_EQ(event.data.size(), 100'000u);
  EXPECT_GE(as_text(event.data).data(), body.data());
  EXPECT_LT(as_text(event.data).data(), body.data() + body.size());
}

TEST(HttpMultipart, AParserCanBeMovedBetweenPieces) {
  const MultipartLimits limits;
  MultipartParser parser("b", limits);
  const std::string first = part("n", "\r\n-"), rest = "-x";
  Bytes in = as_bytes(first);
  EXPECT_EQ(parser.next(in).kind, Kind::PartBegin);
  EXPECT_EQ(as_text(parser.next(in).data), "\r\n-");
  EXPECT_EQ(parser.next(in).kind, Kind::NeedMore);
  MultipartParser moved = std::move(parser);
  EXPECT_EQ(moved.part().find("content-disposition"), "form-data; name=\"n\"");
  in = as_bytes(rest);
  EXPECT_EQ(as_text(moved.next(in).data), "\r\n-");
  MultipartParser again = std::move(moved);
  EXPECT_EQ(as_text(again.next(in).data), "x");
}

TEST(HttpMultipart, BoundariesAreChecked) {
  EXPECT_EQ(multipart_boundary("multipart/form-data; boundary=abc").value(), "abc");
  EXPECT_EQ(multipart_boundary("Multipart/Form-Data;charset=utf-8; Boundary=\"a b:c\"").value(),
            "a b:c");
  const std::string start = "multipart/form-data; boundary=";
  EXPECT_TRUE(multipart_boundary(start + std::string(70, 'a')).has_value());
  for (const char* type :
       {"", "text/plain", "multipart/mixed; boundary=a", "multipart/form-datax"}) {
    EXPECT_EQ(multipart_boundary(type).error().code, Errc::HttpUnsupportedMediaType) << type;
  }
  for (const std::string& type :
       {std::string("multipart/form-data"), start, start + "\"\"", start + "\"a \"", start + "\"a",
        start + "a; boundary=b", start + "a&b", start + "\"\xc3\xa9\"",
        std::string("multipart/form-data; boundary"), start + std::string(71, 'a')}) {
    EXPECT_EQ(multipart_boundary(type).error().code, Errc::HttpBadBoundary) << type;
  }
}

}  // namespace
}  // namespace hybi::http
