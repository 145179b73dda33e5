#include <hybi/base/digest.h>
#include <hybi/testing/split.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

testing::OwnedBytes sha1_of(std::string_view text) {
  const Sha1 digest = sha1(as_bytes(text));
  return {digest.begin(), digest.end()};
}

// FIPS 180: the well-known examples.
TEST(Digest, Sha1OfKnownTexts) {
  EXPECT_EQ(sha1_of(""), testing::bytes("da39a3ee5e6b4b0d3255bfef95601890afd80709"));
  EXPECT_EQ(sha1_of("abc"), testing::bytes("a9993e364706816aba3e25717850c26c9cd0d89d"));
}

// RFC 4648 10
TEST(Digest, Base64OfKnownTexts) {
  const std::pair<std::string_view, std::string_view> known[] = {{"", ""},
                                                                 {"f", "Zg=="},
                                                                 {"fo", "Zm8="},
                                                                 {"foo", "Zm9v"},
                                                                 {"foob", "Zm9vYg=="},
                                                                 {"fooba", "Zm9vYmE="},
                                                                 {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : known) {
    EXPECT_EQ(base64_encode(as_bytes(plain)), coded);
    EXPECT_EQ(base64_size(plain.size()), coded.size());
    const auto back = base64_decode(coded);
    ASSERT_TRUE(back.has_value()) << coded;
    EXPECT_EQ(as_text(*back), plain);
  }
}

TEST(Digest, Base64DecodeRefusesWhatIsNotBase64) {
  for (std::string_view text : {"Z", "Zg", "Zg=", "Zg===", "====", "=Zg=", "Z=g=", "Zg==Zg==",
                                "Zm9v\n", "Zm9 ", " Zm9", "Zm-_", "Zm9\x80"}) {
    EXPECT_FALSE(base64_decode(text).has_value()) << text;
  }
}

TEST(Digest, Base64DecodeDoesNotLookAtUnusedBits) {
  const auto bytes = base64_decode("Zh==");
  ASSERT_TRUE(bytes.has_value());
  EXPECT_EQ(as_text(*bytes), "f");
}

}  // namespace
}  // namespace hybi
