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

testing::OwnedBytes hmac_of(Bytes key, std::string_view text) {
  const Sha256 code = hmac_sha256(key, as_bytes(text));
  return {code.begin(), code.end()};
}

// RFC 4231 4.2, 4.3, 4.7: a usual key, a short one, one longer than a block of the digest.
TEST(Digest, HmacSha256OfKnownTexts) {
  EXPECT_EQ(hmac_of(testing::bytes("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"), "Hi There"),
            testing::bytes("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  EXPECT_EQ(hmac_of(as_bytes("Jefe"), "what do ya want for nothing?"),
            testing::bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  const testing::OwnedBytes longer(131, std::byte{0xaa});
  EXPECT_EQ(hmac_of(longer, "Test Using Larger Than Block-Size Key - Hash Key First"),
            testing::bytes("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
}

TEST(Digest, HmacSha256WithAnEmptyKeyIsThatOfTheEmptyKey) {
  (void)hmac_sha256(as_bytes("another"), as_bytes("x"));
  EXPECT_EQ(hmac_of({}, ""),
            testing::bytes("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"));
}

TEST(Digest, EqualInConstantTimeTellsWhatEqualTells) {
  EXPECT_TRUE(equal_in_constant_time({}, {}));
  EXPECT_TRUE(equal_in_constant_time(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), as_bytes("ab")));
  EXPECT_FALSE(equal_in_constant_time(as_bytes("abc"), {}));
}

// RFC 4648 5 and 3.2
TEST(Digest, Base64UrlHasItsOwnAlphabetAndNoPadding) {
  EXPECT_EQ(base64url_encode(testing::bytes("fbefbe")), "----");
  EXPECT_EQ(base64url_encode(testing::bytes("ffffff")), "____");
  EXPECT_EQ(base64url_encode(as_bytes("f")), "Zg");
  EXPECT_EQ(base64url_encode(as_bytes("fo")), "Zm8");
  EXPECT_EQ(base64url_encode({}), "");
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
