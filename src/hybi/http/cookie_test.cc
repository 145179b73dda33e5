// Cookies. RFC 6265.
#include <hybi/http/cookie.h>
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpCookie, PairsAreReadLeniently) {
  std::string all;
  CookieReader::Pair pair;
  for (CookieReader reader(" a=1;b = \"x\" ;;junk; c=; =d;e=f=g; "); reader.next(pair);) {
    all.append(pair.name).append(":").append(pair.value).append(" ");
  }
  EXPECT_EQ(all, "a:1 b:\"x\" c: :d e:f=g ");
}

TEST(HttpCookie, FirstOfANameIsFoundAndCaseMatters) {
  EXPECT_EQ(find_cookie("a=1; A=2; a=3", "a"), "1");
  EXPECT_EQ(find_cookie("a=1; A=2", "A"), "2");
  EXPECT_EQ(find_cookie("aa=1; a=", "a"), "");
  EXPECT_NE(find_cookie("aa=1; a=", "a").data(), nullptr);
  EXPECT_EQ(find_cookie("aa=1", "a").data(), nullptr);
}

TEST(HttpCookie, AllCookieFieldsAreSearched) {
  const HttpLimits limits;
  RequestParser parser(limits);
  Bytes in = as_bytes("GET / HTTP/1.1\r\nHost: h\r\nCookie: a=1\r\nX: b=9\r\ncookie: b=2\r\n\r\n");
  ASSERT_EQ(parser.next(in).kind, ParseEvent::Kind::Head);
  EXPECT_EQ(find_cookie(parser.head(), "a"), "1");
  EXPECT_EQ(find_cookie(parser.head(), "b"), "2");
  EXPECT_EQ(find_cookie(parser.head(), "c").data(), nullptr);
}

TEST(HttpCookie, SetCookieIsSafeByDefault) {
  EXPECT_EQ((SetCookie{.name = "id", .value = "a=b"}).build().value(),
            "id=a=b; Path=/; HttpOnly; SameSite=Lax");
}

TEST(HttpCookie, SetCookieWithEverything) {
  SetCookie cookie{.name = "__Secure-id", .value = "\"x\"", .path = "/p", .domain = "a.example"};
  cookie.max_age = std::chrono::seconds(0);
  cookie.secure = true;
  cookie.http_only = false;
  cookie.same_site = SameSite::None;
  EXPECT_EQ(cookie.build().value(),
            "__Secure-id=\"x\"; Path=/p; Domain=a.example; Max-Age=0; Secure; SameSite=None");
  cookie.same_site = SameSite::Strict;
  cookie.path.clear();
  cookie.domain.clear();
  cookie.max_age.reset();
  EXPECT_EQ(cookie.build().value(), "__Secure-id=\"x\"; Secure; SameSite=Strict");
  cookie.same_site = SameSite::Unset;
  EXPECT_EQ(cookie.build().value(), "__Secure-id=\"x\"; Secure");
}

TEST(HttpCookie, SetCookieThatABrowserWouldMisreadIsRefused) {
  const auto fails = [](const SetCookie& cookie) {
    const auto result = cookie.build();
    return !result && result.error().code == Errc::BadField;
  };
  EXPECT_TRUE(fails({.name = ""}));
  EXPECT_TRUE(fails({.name = "a b"}));
  EXPECT_TRUE(fails({.name = "a=b"}));
  for (const char* value : {"a b", "a;b", "a,b", "a\"b", "a\\b", "a\r\nb", "\xc3\xa9", "\""}) {
    EXPECT_TRUE(fails({.name = "n", .value = value})) << value;
  }
  EXPECT_TRUE(fails({.name = "n", .value = "v", .path = "/;x"}));
  EXPECT_TRUE(fails({.name = "n", .value = "v", .path = "x"}));
  EXPECT_TRUE(fails({.name = "n", .value = "v", .domain = "a\r\nb"}));
  EXPECT_TRUE(fails({.name = "n", .value = "v", .same_site = SameSite::None}));
  EXPECT_TRUE(fails({.name = "__Secure-n", .value = "v"}));
  EXPECT_TRUE(fails({.name = "__Host-n", .value = "v"}));
  EXPECT_TRUE(fails({.name = "__Host-n", .value = "v", .domain = "a", .secure = true}));
  EXPECT_TRUE(fails({.name = "__Host-n", .value = "v", .path = "/x", .secure = true}));
  EXPECT_FALSE(fails({.name = "__Host-n", .value = "v", .secure = true}));
}

}  // namespace
}  // namespace hybi::http
