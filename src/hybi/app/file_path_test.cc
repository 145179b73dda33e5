// Which paths may name a file, by the attack. See file_path.h.
#include <hybi/app/file_path.h>
#include <hybi/http/target.h>

#include <gtest/gtest.h>

namespace hybi::test {
namespace {

// What the path becomes, or the name of the error.
std::string show(std::string_view decoded, DotFiles dot_files = DotFiles::Refuse) {
  const Result<FilePath> path = parse_file_path(decoded, dot_files);
  if (!path) return std::string(info(path.error().code).name);
  return path->text + (path->directory ? " dir" : "");
}
// The same from what stands in the request, with "/assets/*path" as the route.
std::string ask(std::string_view sent, DotFiles dot_files = DotFiles::Refuse) {
  const auto decoded = http::decode_segment(sent).value_or("");
  const Result<FilePath> path = parse_file_path("/assets/" + std::string(sent), decoded, dot_files);
  if (!path) return std::string(info(path.error().code).name);
  return path->text + (path->directory ? " dir" : "");
}

constexpr const char* kBad = "HttpBadFilePath";
constexpr const char* kNone = "HttpNotFound";

TEST(FilePath, PlainPathsPassAsTheyAre) {
  EXPECT_EQ(show("a.txt"), "a.txt");
  EXPECT_EQ(show("a/b/c.txt"), "a/b/c.txt");
  EXPECT_EQ(show("a b/\xc3\xa4.txt"), "a b/\xc3\xa4.txt");
  EXPECT_EQ(show("a/b/"), "a/b dir");
  EXPECT_EQ(show(""), " dir");
  EXPECT_EQ(show("a..b/c...d"), "a..b/c...d");
  EXPECT_EQ(show("\xff\xfe"), "\xff\xfe");  // names are bytes
}

TEST(FilePath, TraversalByDotSegmentsIsMalformed) {
  for (const char* path : {"..", "../", "../etc/passwd", "a/../b", "a/..", "a/../", ".", "./a",
                           "a/./b", "a/.", "../../../../etc/shadow", ".git/../../x"}) {
    EXPECT_EQ(show(path), kBad) << path;
    EXPECT_EQ(show(path, DotFiles::Serve), kBad) << path;
  }
}

TEST(FilePath, EncodedTraversalIsMalformed) {
  for (const char* path : {"%2e%2e/etc/passwd", "%2E%2E/x", ".%2e/x", "a/%2e%2e/%2e%2e/x"}) {
    EXPECT_EQ(ask(path), kBad) << path;
  }
}

TEST(FilePath, AnEncodedSlashNamesNoFile) {
  for (const char* path : {"a%2fb", "a%2Fb", "%2f", "%2fetc%2fpasswd"}) {
    EXPECT_EQ(ask(path), kNone) << path;
  }
  EXPECT_EQ(ask("..%2f..%2fetc/passwd"), kBad);
}

TEST(FilePath, EscapesAreUndoneOnceOnly) {
  EXPECT_EQ(ask("%252e%252e"), "%2e%2e");
  EXPECT_EQ(ask("%252fetc"), "%2fetc");
}

TEST(FilePath, BackslashesAreMalformed) {
  for (const char* path : {"..\\..\\windows", "a\\b", "\\", "%5c..%5c"}) {
    EXPECT_EQ(ask(path), kBad) << path;
  }
}

TEST(FilePath, NulAndControlCharactersAreMalformed) {
  EXPECT_EQ(show(std::string_view("a\0.txt", 6)), kBad);
  EXPECT_EQ(ask("a%00.txt"), kBad);
  EXPECT_EQ(ask("%00"), kBad);
  EXPECT_EQ(ask("secret.txt%00.png"), kBad);
  for (const char* path : {"a%0d%0ab", "a%09", "%7f", "%1b"}) EXPECT_EQ(ask(path), kBad) << path;
}

TEST(FilePath, TrailingDotsAndSpacesNameNothing) {
  for (const char* path : {"a.txt.", "a.txt...", "a.txt ", "dir./a", "dir /a", "a /", " "}) {
    EXPECT_EQ(show(path), kNone) << path;
    EXPECT_EQ(show(path, DotFiles::Serve), kNone) << path;
  }
}

TEST(FilePath, EmptySegmentsNameNothing) {
  for (const char* path : {"/", "//", "/etc/passwd", "a//b", "a//", "//evil.example/x"}) {
    EXPECT_EQ(show(path), kNone) << path;
  }
}

TEST(FilePath, DotFilesAreRefusedUnlessAllowed) {
  for (const char* path : {".git/config", "a/.env", ".htaccess", "a/.svn/", ".a/b"}) {
    EXPECT_EQ(show(path), kNone) << path;
  }
  EXPECT_EQ(show(".git/config", DotFiles::Serve), ".git/config");
}

TEST(FilePath, WellKnownIsLetInAtTheRootOnly) {
  EXPECT_EQ(show(".well-known/security.txt"), ".well-known/security.txt");
  EXPECT_EQ(show(".well-known/"), ".well-known dir");
  EXPECT_EQ(show("a/.well-known/security.txt"), kNone);
  EXPECT_EQ(show(".well-known/.secret"), kNone);
  EXPECT_EQ(show(".well-known2/x"), kNone);
}

TEST(FilePath, LongAndDeepPathsNameNothing) {
  EXPECT_EQ(show(std::string(255, 'a')), std::string(255, 'a'));
  EXPECT_EQ(show(std::string(256, 'a')), kNone);
  std::string deep = "a";
  for (std::size_t i = 1; i < kMaxPathDepth; ++i) deep += "/a";
  EXPECT_EQ(show(deep), deep);
  EXPECT_EQ(show(deep + "/a"), kNone);
  std::string long_path = std::string(200, 'a');
  while (long_path.size() <= kMaxPathBytes) long_path += "/" + std::string(200, 'a');
  EXPECT_EQ(show(long_path), kNone);
}

TEST(FilePath, TheFirstWordOfARequestDecidesNothingAboutItsEnd) {
  EXPECT_EQ(show(".git/../x"), kBad);
  EXPECT_EQ(show("//../x"), kBad);
  EXPECT_EQ(show(std::string(300, 'a') + "/.."), kBad);
}

TEST(FilePath, ARouteThatTakesNothingMeansTheRoot) {
  EXPECT_EQ(parse_file_path("/assets/", "", DotFiles::Refuse).value(), (FilePath{"", true}));
  EXPECT_EQ(parse_file_path("/assets", "", DotFiles::Refuse).value(), (FilePath{"", false}));
}

}  // namespace
}  // namespace hybi::test
