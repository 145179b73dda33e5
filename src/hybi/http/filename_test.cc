// Filenames from elsewhere.
#include <hybi/base/utf8.h>
#include <hybi/http/filename.h>

#include <gtest/gtest.h>

namespace hybi::http {
namespace {

TEST(HttpFilename, OrdinaryNamesStayAsTheyAre) {
  for (const char* name : {"a.txt", "Bericht 2024 (final).pdf", "caf\xc3\xa9.jpg", "a.tar.gz", "x",
                           "100%.txt", "\xe6\x97\xa5\xe6\x9c\xac.html"}) {
    EXPECT_EQ(plain_filename(name), name);
  }
}

TEST(HttpFilename, PathTraversalEndsAtTheLastComponent) {
  EXPECT_EQ(plain_filename("../../etc/passwd"), "passwd");
  EXPECT_EQ(plain_filename("..\\..\\boot.ini"), "boot.ini");
  EXPECT_EQ(plain_filename("C:\\fakepath\\a.txt"), "a.txt");
  EXPECT_EQ(plain_filename("C:a.txt"), "Ca.txt");
  EXPECT_EQ(plain_filename("a.txt:stream"), "a.txtstream");
  for (const char* name : {"", ".", "..", "...", "a/", "a/..", "..\\", "/", "\x01", " . ", "-"}) {
    EXPECT_EQ(plain_filename(name), "unnamed") << name;
  }
}

TEST(HttpFilename, HiddenFilesAndOptionsLoseTheirFirstCharacter) {
  EXPECT_EQ(plain_filename(".htaccess"), "htaccess");
  EXPECT_EQ(plain_filename("-rf"), "rf");
  EXPECT_EQ(plain_filename("a.txt. . "), "a.txt");
}

TEST(HttpFilename, ControlCharactersAndMarksOfDirectionAreRemoved) {
  EXPECT_EQ(plain_filename(std::string_view("a\0b\r\nc\x7f.txt", 11)), "abc.txt");
  EXPECT_EQ(plain_filename("a<b>c:d\"e|f?g*.txt"), "abcdefg.txt");
  EXPECT_EQ(plain_filename("invoice\xe2\x80\xaegpj.exe"), "invoicegpj.exe");
  EXPECT_EQ(plain_filename("a\xe2\x81\xa6\xe2\x80\x8f\xd8\x9c\xc2\x85z.txt"), "az.txt");
  EXPECT_EQ(plain_filename("a\xff\xc3.txt"), "a.txt");
}

TEST(HttpFilename, DevicesOfWindowsAreNoNames) {
  EXPECT_EQ(plain_filename("CON"), "_CON");
  EXPECT_EQ(plain_filename("nul.txt"), "_nul.txt");
  EXPECT_EQ(plain_filename("com1.tar.gz"), "_com1.tar.gz");
  EXPECT_EQ(plain_filename("console.txt"), "console.txt");
  EXPECT_EQ(plain_filename("comX"), "comX");
}

TEST(HttpFilename, LongNamesAreCutBetweenCharactersAndKeepTheirExtension) {
  std::string name;
  for (int i = 0; i < 200; ++i) name.append("\xc3\xa9");
  const std::string plain = plain_filename(name + ".jpeg");
  EXPECT_EQ(plain.size(), 255u);
  EXPECT_TRUE(plain.ends_with("\xc3\xa9.jpeg"));
  EXPECT_TRUE(is_utf8(plain));
  const std::string odd = plain_filename("a" + name + ".jpeg");
  EXPECT_EQ(odd.size(), 254u);
  EXPECT_TRUE(is_utf8(odd));
  EXPECT_EQ(plain_filename("." + std::string(300, 'a') + "." + std::string(300, 'b')).size(), 255u);
}

}  // namespace
}  // namespace hybi::http
