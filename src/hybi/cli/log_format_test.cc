#include <hybi/cli/log_format.h>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <limits>
#include <random>

namespace hybi::cli {
namespace {

const LogTime kTime(std::chrono::milliseconds(1'795'278'000'007));

const std::array kFields{LogField("path", "/a b"), LogField("bytes", 12u), LogField("delta", -3),
                         LogField("clean", true), LogField("host", "example.com:80")};

TEST(LogFormat, TimesAreUtcWithMilliseconds) {
  EXPECT_EQ(format_time(kTime), "2026-11-21T16:20:00.007Z");
  EXPECT_EQ(format_time(LogTime()), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_time(LogTime(std::chrono::milliseconds(-1))), "1969-12-31T23:59:59.999Z");
}

TEST(LogFormat, FieldsKeepTheirOrderInEveryFormat) {
  EXPECT_EQ(format_line(LogFormat::Text, kTime, LogLevel::Info, "request done", kFields),
            "2026-11-21T16:20:00.007Z INFO  request done  path=\"/a b\" bytes=12 delta=-3 "
            "clean=true host=example.com:80\n");
  EXPECT_EQ(format_line(LogFormat::Logfmt, kTime, LogLevel::Warn, "request done", kFields),
            "time=2026-11-21T16:20:00.007Z level=warn msg=\"request done\" path=\"/a b\" bytes=12 "
            "delta=-3 clean=true host=example.com:80\n");
  EXPECT_EQ(format_line(LogFormat::Json, kTime, LogLevel::Error, "request done", kFields),
            "{\"time\":\"2026-11-21T16:20:00.007Z\",\"level\":\"error\",\"msg\":\"request done\","
            "\"path\":\"/a b\",\"bytes\":12,\"delta\":-3,\"clean\":true,\"host\":"
            "\"example.com:80\"}\n");
}

TEST(LogFormat, WithoutFieldsTheLineEndsWithTheMessage) {
  EXPECT_EQ(format_line(LogFormat::Text, kTime, LogLevel::Debug, "x", {}),
            "2026-11-21T16:20:00.007Z DEBUG x\n");
  EXPECT_EQ(format_line(LogFormat::Logfmt, kTime, LogLevel::Debug, "x", {}),
            "time=2026-11-21T16:20:00.007Z level=debug msg=x\n");
}

TEST(LogFormat, LogfmtQuotesWhatWouldNotReadBack) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plain", "plain"},
      {"", "\"\""},
      {"a b", "\"a b\""},
      {"a=b", "\"a=b\""},
      {"a\"b", "\"a\\\"b\""},
      {"a\\b", "\"a\\\\b\""},
      {"a\nb", "\"a\\nb\""},
      {"\xc3\xbc", "\xc3\xbc"},
      {"a\xff", "\"a\xef\xbf\xbd\""},
  };
  for (const auto& [text, written] : cases) {
    const LogField field("k", text);
    EXPECT_EQ(format_line(LogFormat::Logfmt, kTime, LogLevel::Info, "m", {&field, 1}),
              "time=2026-11-21T16:20:00.007Z level=info msg=m k=" + std::string(written) + "\n");
  }
}

TEST(LogFormat, LimitsOfNumbersAreExact) {
  const std::array fields{LogField("low", std::numeric_limits<std::int64_t>::min()),
                          LogField("high", std::numeric_limits<std::uint64_t>::max())};
  EXPECT_EQ(format_line(LogFormat::Json, kTime, LogLevel::Info, "", fields),
            "{\"time\":\"2026-11-21T16:20:00.007Z\",\"level\":\"info\",\"msg\":\"\","
            "\"low\":-9223372036854775808,\"high\":18446744073709551615}\n");
}

TEST(LogFormat, NoBytesCanForgeASecondLine) {
  std::mt19937 random(7);
  for (int round = 0; round < 5'000; ++round) {
    std::string text(random() % 12, ' ');
    for (char& c : text) c = static_cast<char>(random());
    const LogField field("k", text);
    for (const LogFormat format : {LogFormat::Text, LogFormat::Logfmt, LogFormat::Json}) {
      const std::string line = format_line(format, kTime, LogLevel::Info, text, {&field, 1});
      ASSERT_EQ(line.find('\n'), line.size() - 1) << testing::PrintToString(text);
      for (const char c : line.substr(0, line.size() - 1)) {
        ASSERT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
      }
      if (format != LogFormat::Json) continue;
      const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
      ASSERT_TRUE(json.is_object()) << line;
      ASSERT_EQ(json.at("msg"), json.at("k"));
    }
  }
}

}  // namespace
}  // namespace hybi::cli
