// Media types by extension. See mime_types.h.
#include <hybi/app/mime_types.h>
#include <hybi/app/test_folder.h>

#include <gtest/gtest.h>

namespace hybi::test {
namespace {

constexpr std::string_view kOctets = "application/octet-stream";

TEST(MimeTypes, ReadsTheSystemsTable) {
  const MimeTypes types = MimeTypes::load();
  EXPECT_GT(types.size(), 1000u);
  EXPECT_EQ(types.find("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.find("a.css"), "text/css; charset=utf-8");
  EXPECT_EQ(types.find("a.js"), "text/javascript; charset=utf-8");
  EXPECT_EQ(types.find("a.mjs"), "text/javascript; charset=utf-8");
  EXPECT_EQ(types.find("a.json"), "application/json");
  EXPECT_EQ(types.find("a.wasm"), "application/wasm");
  EXPECT_EQ(types.find("a.woff2"), "font/woff2");
  EXPECT_EQ(types.find("a.svg"), "image/svg+xml");
  EXPECT_EQ(types.find("a.webp"), "image/webp");
}

TEST(MimeTypes, WithoutTheFileTheCompiledInTableIsThere) {
  const MimeTypes types = MimeTypes::load("/nonexistent/mime.types");
  EXPECT_GT(types.size(), 1000u);
  EXPECT_EQ(types.find("a.html"), "text/html; charset=utf-8");
  EXPECT_EQ(types.size(), MimeTypes::compiled_in().size());
}

TEST(MimeTypes, AFileWithoutTypesOrThatIsNoFileGivesTheCompiledInTable) {
  const TemporaryFolder folder;
  folder.write("nothing", "# only a comment\nnot-a-type x\n");
  EXPECT_EQ(MimeTypes::load(folder.at("nothing")).size(), MimeTypes::compiled_in().size());
  EXPECT_EQ(MimeTypes::load("/dev/null").size(), MimeTypes::compiled_in().size());
  EXPECT_EQ(MimeTypes::load("/").size(), MimeTypes::compiled_in().size());
}

TEST(MimeTypes, ReadsLinesCommentsAndBlanks) {
  const MimeTypes types = MimeTypes::parse(
      "# head\n\n  text/plain\ttxt  asc # rest\r\nimage/png png\n"
      "application/x-none\nbroken zzz\n/x yyy\na/ vvv\nvideo/mp4 mp4");
  EXPECT_EQ(types.size(), 4u);
  EXPECT_EQ(types.find("x.asc"), "text/plain; charset=utf-8");
  EXPECT_EQ(types.find("x.mp4"), "video/mp4");
  EXPECT_EQ(types.find("x.zzz"), kOctets);
  EXPECT_EQ(types.find("x.rest"), kOctets);
}

TEST(MimeTypes, TheCaseOfAnExtensionDoesNotMatter) {
  const MimeTypes types = MimeTypes::parse("image/png PnG\n");
  EXPECT_EQ(types.find("A.PNG"), "image/png");
  EXPECT_EQ(types.find("a.png"), "image/png");
}

TEST(MimeTypes, TheLongestKnownExtensionWins) {
  const MimeTypes types =
      MimeTypes::parse("application/gzip gz\napplication/x-both tar.gz\napplication/x-tar tar\n");
  EXPECT_EQ(types.find("a.tar.gz"), "application/x-both");
  EXPECT_EQ(types.find("a.b.gz"), "application/gzip");
  EXPECT_EQ(types.find("a.tar.b"), kOctets);
}

TEST(MimeTypes, TheLastLineOfAnExtensionWins) {
  EXPECT_EQ(MimeTypes::parse("application/x-sh sh\ntext/x-sh sh\n").find("a.sh"),
            "text/x-sh; charset=utf-8");
}

TEST(MimeTypes, NamesWithoutAnExtensionAreOctets) {
  const MimeTypes types = MimeTypes::parse("text/plain txt profile\n");
  for (const char* name : {"", "txt", ".txt", "a.", "a.b", "dir.txt/file", ".profile"}) {
    EXPECT_EQ(types.find(name), kOctets) << name;
  }
  EXPECT_EQ(types.find("dir/.hidden.txt"), "text/plain; charset=utf-8");
}

TEST(MimeTypes, TheApplicationsOwnTypesReplaceThose) {
  MimeTypes types = MimeTypes::parse("text/vnd.trolltech.linguist ts\n");
  types.add(".TS", "video/mp2t");
  types.add("map", "application/json");
  types.add("latin", "text/plain; charset=iso-8859-1");
  types.add("evil", "text/html\r\nX: y");
  types.add("worse", "text/html;a=\r\nX: y");
  EXPECT_EQ(types.find("a.ts"), "video/mp2t");
  EXPECT_EQ(types.find("a.map"), "application/json");
  EXPECT_EQ(types.find("a.latin"), "text/plain; charset=iso-8859-1");
  EXPECT_EQ(types.find("a.evil"), kOctets);
  EXPECT_EQ(types.find("a.worse"), kOctets);
}

TEST(MimeTypes, LongLinesLongExtensionsAndTooManyAreLeftOut) {
  const std::string long_line = "a/b " + std::string(MimeTypes::kMaxLineBytes, ' ') + "x\n";
  const std::string long_word = "a/b " + std::string(65, 'x') + " " + std::string(64, 'y') + "\n";
  const MimeTypes types = MimeTypes::parse(long_line + long_word);
  EXPECT_EQ(types.size(), 1u);
  EXPECT_EQ(types.find("f." + std::string(64, 'y')), "a/b");
  EXPECT_EQ(types.find(std::string(300, 'f') + "." + std::string(64, 'y')), "a/b");

  std::string many;
  for (std::size_t i = 0; i < MimeTypes::kMaxExtensions + 10; ++i) {
    many += "a/b x" + std::to_string(i) + "\n";
  }
  EXPECT_EQ(MimeTypes::parse(many).size(), MimeTypes::kMaxExtensions);
}

TEST(MimeTypes, AnyBytesAreRead) {
  std::string noise;
  for (int i = 0; i < 4096; ++i) noise += static_cast<char>((i * 131 + i / 7) & 0xff);
  EXPECT_LT(MimeTypes::parse(noise).size(), 100u);
  EXPECT_EQ(MimeTypes::parse(noise).find("a.html"), kOctets);
}

}  // namespace
}  // namespace hybi::test
