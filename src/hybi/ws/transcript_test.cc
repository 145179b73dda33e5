// Runs the pages of tests/transcripts/ws; see testing/transcript.h.
#include <hybi/testing/transcript.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace hybi::testing {
namespace {

namespace fs = std::filesystem;

const fs::path kPages = fs::path(HYBI_SOURCE_DIR) / "tests" / "transcripts" / "ws";

class WsTranscript : public ::testing::TestWithParam<const char*> {};

TEST_P(WsTranscript, EveryCaseOfThePageGoesAsWritten) {
  const std::string page = read_page((kPages / (std::string(GetParam()) + ".md")).string());
  const auto cases = parse_transcript(page);
  ASSERT_FALSE(cases.empty());
  for (const TranscriptCase& one : cases) {
    for (const std::string& error : run_transcript(one)) {
      ADD_FAILURE() << GetParam() << ".md, \"" << one.title << "\"\n" << error;
    }
  }
}

constexpr const char* kNames[] = {"handshake",
                                  "framing",
                                  "data",
                                  "fragmentation",
                                  "control",
                                  "close",
                                  "failing",
                                  "utf8",
                                  "version-75",
                                  "version-76",
                                  "version-1",
                                  "version-4",
                                  "version-5",
                                  "version-6",
                                  "version-7",
                                  "version-8",
                                  "permessage-deflate",
                                  "deflate-frame",
                                  "deflate-stream",
                                  "negotiation",
                                  "versions"};

INSTANTIATE_TEST_SUITE_P(Page, WsTranscript, ::testing::ValuesIn(kNames), [](const auto& page) {
  std::string name = page.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(WsTranscripts, NoPageIsForgotten) {
  for (const auto& file : fs::directory_iterator(kPages)) {
    EXPECT_NE(std::find(std::begin(kNames), std::end(kNames), file.path().stem().string()),
              std::end(kNames))
        << file.path();
  }
}

TEST(TranscriptParser, ReadsTitlesDirectivesAndBlocks) {
  const auto cases = parse_transcript(
      "# Page\nprose\n## One\nrole: client\n```in\n81 00  text\n```\n```cpp\n# no heading\n```\n"
      "```log\nevent text \"\"\n```\n## No case\n");
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].title, "One");
  EXPECT_EQ(cases[0].directives, std::vector<std::string>{"role: client"});
  ASSERT_EQ(cases[0].blocks.size(), 2U);
  EXPECT_EQ(cases[0].blocks[0].kind, "in");
  EXPECT_EQ(cases[0].blocks[1].lines, std::vector<std::string>{"event text \"\""});
  EXPECT_TRUE(run_transcript(cases[0]).empty());
}

TEST(TranscriptParser, SaysWhatIsWrong) {
  const auto errors_of = [](std::string_view body) {
    return run_transcript(parse_transcript("## Case\n" + std::string(body)).at(0));
  };
  EXPECT_FALSE(errors_of("role: client\n```in\n81 00\n```\n```log\n```\n").empty());
  EXPECT_FALSE(errors_of("role: client\n```in\n81 00\n```\n").empty());
  EXPECT_FALSE(errors_of("role: nobody\n```in\n81 00\n```\n```log\n```\n").empty());
  EXPECT_FALSE(errors_of("limit: patience 3\n```in\n81 00\n```\n```log\n```\n").empty());
  EXPECT_FALSE(errors_of("```call\ndance\n```\n```log\n```\n").empty());
  EXPECT_FALSE(errors_of("```request\nGET / HTTP/1.1\n```\n```answer\n101\n```\n").empty());
}

}  // namespace
}  // namespace hybi::testing
