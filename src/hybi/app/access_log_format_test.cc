#include <hybi/app/access_log_format.h>
#include <hybi/app/log_redaction.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace hybi {
namespace {

std::string line(std::string_view format, const std::vector<std::string>& values) {
  const AccessLogFormat parsed(format);
  std::vector<std::string> all(parsed.items().size());
  std::size_t next = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (parsed.items()[i].kind == LogItem::Kind::Literal) continue;
    if (next < values.size()) all[i] = values[next++];
  }
  return parsed.line(all);
}

TEST(AccessLogFormat, ReadsTheDirectivesOfApache) {
  EXPECT_EQ(line("%h %>s %%%{X-A}i|%{ms}T|%{c}a", {"1.2.3.4", "200", "a b", "17", "::1"}),
            "1.2.3.4 200 %a b|17|::1");
  EXPECT_EQ(line("%h%q \"%{Referer}i\" %b", {}), "- \"-\" -");
  EXPECT_TRUE(AccessLogFormat("%h %{ms}T").mistake());
}

TEST(AccessLogFormat, WritesWhatItDoesNotKnowAsItStands) {
  for (const char* format : {"%z", "%", "a %{", "%{x", "%{}i", "%{iso}h", "%>", "%{a}%"}) {
    const AccessLogFormat parsed(format);
    EXPECT_EQ(parsed.mistake().error().code, Errc::BadLogFormat) << format;
    EXPECT_EQ(line(format, {}), format);
  }
}

// No log injection: a value stays inside its place.
TEST(AccessLogFormat, LogInjectionIsEscaped) {
  EXPECT_EQ(line("\"%{User-Agent}i\"", {"x\" 200 \\ \r\n127.0.0.1\x1b[31m\x7f\xc2\x9b"}),
            "\"x\\\" 200 \\\\ \\x0d\\x0a127.0.0.1\\x1b[31m\\x7f\\xc2\\x9b\"");
  EXPECT_EQ(line("%u %s", {"a - - [now] b", "200"}), "a\\x20-\\x20-\\x20[now]\\x20b 200");
  EXPECT_EQ(line("a\nb%h", {"x"}), "a bx");
  const std::string json = line("json", {"time", "1.2.3.4", "evil\"\n\xff\xe2\x80\xa8"});
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(json).at("user"), "evil\"\n\xef\xbf\xbd\xe2\x80\xa8");
  EXPECT_EQ(line("logfmt", {"t", "1.2.3.4", "a=b \"c\"\n"}),
            "time=t client=1.2.3.4 user=\"a=b \\\"c\\\"\\x0a\"");
}

TEST(LogRedaction, SecretsOfUrlsAreReplaced) {
  const LogRedaction redaction({"X-Api-Key"}, {"token", "key"});
  EXPECT_EQ(redaction.url("/a?x=1&token=abc&y=2"), "/a?x=1&token=…&y=2");
  EXPECT_EQ(redaction.url("/a?TOKEN=abc;def?ghi"), "/a?TOKEN=…");
  EXPECT_EQ(redaction.url("/a?%74oke%6E=abc&key"), "/a?%74oke%6E=…&key");
  EXPECT_EQ(redaction.url("/token=1/x?tokens=1&a=token=2"), "/token=1/x?tokens=1&a=token=2");
  EXPECT_EQ(redaction.url("https://a/b?key=1#token=2&x=3"), "https://a/b?key=…#token=…&x=3");
  EXPECT_EQ(redaction.url("https://ada:secret@a.example/x"), "https://…@a.example/x");
  EXPECT_EQ(redaction.url("/x?u=http://a:b@c"), "/x?u=http://a:b@c");
  EXPECT_EQ(redaction.url(""), "");
}

TEST(LogRedaction, SecretFieldsAreNeverShown) {
  const LogRedaction redaction({"X-Api-Key"}, {"token"});
  for (const char* name :
       {"Authorization", "cookie", "Set-Cookie", "PROXY-AUTHORIZATION", "x-api-key"}) {
    EXPECT_EQ(redaction.field(name, "Basic YTpi"), kRedacted) << name;
  }
  EXPECT_EQ(redaction.field("Referer", "/?token=a"), "/?token=…");
  EXPECT_EQ(redaction.field("User-Agent", "curl"), "curl");
  EXPECT_EQ(redaction.field("Cookie", {}), "");
}

}  // namespace
}  // namespace hybi
