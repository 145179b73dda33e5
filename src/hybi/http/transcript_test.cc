// Runs the pages of tests/transcripts/http, with every split.
//
// A case has one `in` and one `log` block. Each line of `in` goes on the wire with CRLF behind it,
// or without if it ends in a backslash. \r \n \t \\ and \xHH are bytes, {a*200} is "a" 200 times.
// The log is that of testing/http_log.h. "limit: max_head_bytes 60" in front sets a limit.
#include <hybi/testing/http_log.h>
#include <hybi/testing/transcript.h>

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

namespace hybi::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kPages = fs::path(HYBI_SOURCE_DIR) / "tests" / "transcripts" / "http";

// One line of an input block as it goes on the wire. Returns: false if it is written wrongly.
bool append_line(std::string_view line, std::string& wire) {
  while (!line.empty()) {
    if (line[0] == '{') {
      const std::size_t star = line.find('*'), end = line.find('}');
      if (star == std::string_view::npos || end < star) return false;
      const int times = std::atoi(std::string(line.substr(star + 1, end - star - 1)).c_str());
      if (times <= 0) return false;
      for (int i = 0; i < times; ++i) wire.append(line.substr(1, star - 1));
      line.remove_prefix(end + 1);
      continue;
    }
    if (line[0] != '\\') {
      wire.push_back(line[0]);
      line.remove_prefix(1);
      continue;
    }
    if (line.size() == 1) return true;  // no line end
    const std::string_view kLetters = "rnt\\";
    const std::size_t letter = kLetters.find(line[1]);
    if (letter != std::string_view::npos) {
      wire.push_back("\r\n\t\\"[letter]);
      line.remove_prefix(2);
    } else if (line[1] == 'x' && line.size() >= 4 && hex_value(line[2]) >= 0 &&
               hex_value(line[3]) >= 0) {
      wire.push_back(static_cast<char>(hex_value(line[2]) * 16 + hex_value(line[3])));
      line.remove_prefix(4);
    } else {
      return false;
    }
  }
  wire += "\r\n";
  return true;
}

bool set_limit(const std::string& directive, HttpLimits& limits) {
  const std::pair<std::string_view, std::size_t HttpLimits::*> kLimits[] = {
      {"max_head_bytes", &HttpLimits::max_head_bytes},
      {"max_field_count", &HttpLimits::max_field_count},
      {"max_target_bytes", &HttpLimits::max_target_bytes},
      {"max_body_bytes", &HttpLimits::max_body_bytes},
      {"max_trailer_bytes", &HttpLimits::max_trailer_bytes},
      {"max_chunk_extension_bytes", &HttpLimits::max_chunk_extension_bytes}};
  for (const auto& [name, limit] : kLimits) {
    const std::string start = "limit: " + std::string(name) + " ";
    if (!directive.starts_with(start)) continue;
    limits.*limit = static_cast<std::size_t>(std::atol(directive.c_str() + start.size()));
    return limits.*limit > 0;
  }
  return false;
}

// Runs one case. Returns: what it logged; `error` says what is wrong with the page.
Lines run_http_case(const TranscriptCase& one, std::string& error) {
  HttpLimits limits;
  for (const std::string& directive : one.directives) {
    if (!set_limit(directive, limits)) error = "unknown directive: " + directive;
  }
  if (one.blocks.size() != 2 || one.blocks[0].kind != "in" || one.blocks[1].kind != "log") {
    error = "a case has one `in` and one `log` block";
    return {};
  }
  std::string wire;
  for (const std::string& line : one.blocks[0].lines) {
    if (!append_line(line, wire)) error = "not understood: " + line;
  }
  return http_log_of_every_split(wire, limits);
}

class HttpTranscript : public ::testing::TestWithParam<const char*> {};

TEST_P(HttpTranscript, EveryCaseOfThePageGoesAsWritten) {
  const auto cases =
      parse_transcript(read_page((kPages / (std::string(GetParam()) + ".md")).string()));
  ASSERT_FALSE(cases.empty());
  for (const TranscriptCase& one : cases) {
    std::string error;
    const Lines log = run_http_case(one, error);
    EXPECT_EQ(error, "") << GetParam() << ".md:" << one.line;
    if (error.empty()) {
      EXPECT_EQ(log, one.blocks[1].lines) << GetParam() << ".md:" << one.line << " " << one.title;
    }
  }
}

constexpr const char* kNames[] = {"request-line", "fields", "framing", "chunked", "connection"};

INSTANTIATE_TEST_SUITE_P(Page, HttpTranscript, ::testing::ValuesIn(kNames), [](const auto& page) {
  std::string name = page.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(HttpTranscripts, NoPageIsForgotten) {
  const std::set<std::string> names(std::begin(kNames), std::end(kNames));
  for (const auto& file : fs::directory_iterator(kPages)) {
    EXPECT_TRUE(names.contains(file.path().stem().string())) << file.path();
  }
}

TEST(HttpTranscripts, BadlyWrittenCasesAreNoticed) {
  const auto error_of = [](std::string_view body) {
    std::string error;
    (void)run_http_case(parse_transcript("## Case\n" + std::string(body)).at(0), error);
    return error;
  };
  EXPECT_EQ(error_of("```in\nGET {a*3}\\\\\\x41\\\n```\n```log\n```\n"), "");
  EXPECT_NE(error_of("```in\nGET\n```\n"), "");
  EXPECT_NE(error_of("```in\n\\q\n```\n```log\n```\n"), "");
  EXPECT_NE(error_of("```in\n\\x4\n```\n```log\n```\n"), "");
  EXPECT_NE(error_of("```in\n{a}\n```\n```log\n```\n"), "");
  EXPECT_NE(error_of("limit: patience 3\n```in\nGET\n```\n```log\n```\n"), "");
  EXPECT_NE(error_of("limit: max_head_bytes 0\n```in\nGET\n```\n```log\n```\n"), "");
}

}  // namespace
}  // namespace hybi::testing
