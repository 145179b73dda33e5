// Credentials and challenges. RFC 7617, RFC 6750.
#include <hybi/base/digest.h>
#include <hybi/http/authorization.h>
#include <hybi/http/chars.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

// "user|password" or the name of the error.
std::string basic(std::string_view authorization) {
  const auto result = parse_basic(authorization);
  if (!result) return std::string(info(result.error().code).name);
  return result.value().user + "|" + result.value().password;
}
std::string basic_of(std::string_view plain) {
  return basic("Basic " + base64_encode(as_bytes(plain)));
}
std::string bearer(std::string_view authorization) {
  const auto result = parse_bearer(authorization);
  return std::string(result ? result.value() : info(result.error().code).name);
}

TEST(HttpAuthorization, BasicCredentialsAreReadAsInTheSpecification) {
  EXPECT_EQ(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Aladdin|open sesame");
  EXPECT_EQ(basic("basic  dGVzdDoxMjPCow=="), "test|123\xc2\xa3");
  EXPECT_EQ(basic_of("user:"), "user|");
  EXPECT_EQ(basic_of(":"), "|");
  EXPECT_EQ(basic_of("a:b:c"), "a|b:c");
}

TEST(HttpAuthorization, AbsentAndOtherSchemesAreNoCredentials) {
  for (const char* value : {"", "Bearer abc", "Basicx QTo=", "Digest a=b", " Basic QTo="}) {
    EXPECT_EQ(basic(value), "HttpUnauthorized") << value;
  }
  EXPECT_EQ(basic({}), "HttpUnauthorized");
  EXPECT_EQ(bearer("Basic QTo="), "HttpUnauthorized");
}

TEST(HttpAuthorization, MalformedBasicCredentialsAreRefused) {
  for (const char* value : {"Basic", "Basic ", "Basic QTo", "Basic QTo=x", "Basic QTo= ",
                            "Basic QT o=", "Basic QTo_", "Basic ====", "Basic\tQTo="}) {
    EXPECT_NE(basic(value), "A|") << value;
  }
  EXPECT_EQ(basic("Basic QTo"), "HttpBadCredentials");
  EXPECT_EQ(basic_of("no colon"), "HttpBadCredentials");
  EXPECT_EQ(basic_of(""), "HttpBadCredentials");
  EXPECT_EQ(basic_of("a\n:b"), "HttpBadCredentials");
  EXPECT_EQ(basic_of("a:b\t"), "HttpBadCredentials");
  EXPECT_EQ(basic_of(std::string_view("a:b\0", 4)), "HttpBadCredentials");
  EXPECT_EQ(basic_of("caf\xe9:b"), "HttpBadCredentials");
  EXPECT_EQ(info(Errc::HttpBadCredentials).http_status, 401);
}

TEST(HttpAuthorization, BearerTokensAreExtracted) {
  EXPECT_EQ(bearer("Bearer mF_9.B5f-4.1JqM"), "mF_9.B5f-4.1JqM");
  EXPECT_EQ(bearer("BEARER   a+/~=="), "a+/~==");
  for (const char* value : {"Bearer", "Bearer ", "Bearer a b", "Bearer =", "Bearer a=b",
                            "Bearer a,b", "Bearer \"a\""}) {
    EXPECT_EQ(bearer(value), "HttpBadCredentials") << value;
  }
}

TEST(HttpAuthorization, SecretsAreComparedWhole) {
  EXPECT_TRUE(equal_secrets("", ""));
  EXPECT_TRUE(equal_secrets("abc", "abc"));
  for (const auto& [a, b] : {std::pair<const char*, const char*>{"abc", "abd"},
                             {"abc", "ab"},
                             {"ab", "abc"},
                             {"", "a"},
                             {"a", ""},
                             {"abab", "ab"},
                             {"ab", "abab"}}) {
    EXPECT_FALSE(equal_secrets(a, b)) << a << " " << b;
  }
  EXPECT_FALSE(equal_secrets(std::string_view("\0", 1), ""));
  const BasicCredentials credentials{"u", "p"};
  EXPECT_TRUE(credentials.match("u", "p"));
  EXPECT_FALSE(credentials.match("u", "q"));
  EXPECT_FALSE(credentials.match("v", "p"));
}

TEST(HttpAuthorization, ChallengesCannotBeInjectedInto) {
  EXPECT_EQ(basic_challenge("my site"), "Basic realm=\"my site\", charset=\"UTF-8\"");
  EXPECT_EQ(basic_challenge("a\"\\b\r\nSet-Cookie: x"),
            "Basic realm=\"a\\\"\\\\b  Set-Cookie: x\", charset=\"UTF-8\"");
  EXPECT_EQ(bearer_challenge("r"), "Bearer realm=\"r\"");
  EXPECT_EQ(bearer_challenge("r", "invalid_token"), "Bearer realm=\"r\", error=\"invalid_token\"");
  EXPECT_TRUE(is_field_value(bearer_challenge("\x7f\n", "\r\n")));
}

}  // namespace
}  // namespace hybi::http
