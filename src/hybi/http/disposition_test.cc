// Content-Disposition of responses. RFC 6266.
#include <hybi/http/chars.h>
#include <hybi/http/disposition.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

std::string attachment(std::string_view filename) {
  return content_disposition(Disposition::Attachment, filename);
}

TEST(HttpDisposition, PlainNamesAreQuoted) {
  EXPECT_EQ(attachment("a b.txt"), "attachment; filename=\"a b.txt\"");
  EXPECT_EQ(content_disposition(Disposition::Inline, "a.pdf"), "inline; filename=\"a.pdf\"");
  EXPECT_EQ(attachment(""), "attachment");
}

TEST(HttpDisposition, OtherNamesHaveAFallbackAndAnExtendedValue) {
  EXPECT_EQ(attachment("\xe2\x82\xac rates.txt"),
            "attachment; filename=\"_ rates.txt\"; filename*=UTF-8''%E2%82%AC%20rates.txt");
  EXPECT_EQ(attachment("100%25.txt"),
            "attachment; filename=\"100_25.txt\"; filename*=UTF-8''100%2525.txt");
  EXPECT_EQ(attachment("it's (1)\xc3\xa9"),
            "attachment; filename=\"it's (1)_\"; filename*=UTF-8''it%27s%20%281%29%C3%A9");
}

TEST(HttpDisposition, HeaderInjectionIsNotPossible) {
  EXPECT_EQ(attachment("a\r\nSet-Cookie: x=1"), "attachment; filename=\"aSet-Cookie x=1\"");
  EXPECT_EQ(attachment("a\"; filename=evil.exe"), "attachment; filename=\"a; filename=evil.exe\"");
  EXPECT_EQ(attachment("../../x/etc"), "attachment; filename=\"etc\"");
  std::string all;
  for (int c = 0; c < 256; ++c) all.push_back(static_cast<char>(c));
  EXPECT_TRUE(is_field_value(attachment(all)));
  EXPECT_TRUE(is_field_value(attachment("\x7f\n\"")));
}

}  // namespace
}  // namespace hybi::http
