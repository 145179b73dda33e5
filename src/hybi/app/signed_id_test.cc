#include <hybi/app/signed_id.h>
#include <hybi/http/parser.h>

#include <gtest/gtest.h>

#include <set>

namespace hybi {
namespace {

const std::string kSecret = "0123456789abcdef";
const std::string kOther = "fedcba9876543210";

SignedId signer(std::vector<std::string> secrets = {kSecret}, std::string purpose = "test") {
  return SignedId::create(std::move(purpose), std::move(secrets)).value();
}

std::string some_id() {
  SystemEntropy entropy;
  return SignedId::make_id(entropy);
}

// The ids of the cookies "sid" that verify, joined with "|".
std::string found(const SignedId& ids, const std::string& fields) {
  const HttpLimits limits;
  http::RequestParser parser(limits);
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n";
  Bytes in = as_bytes(text);
  EXPECT_EQ(parser.next(in).kind, http::ParseEvent::Kind::Head);
  std::string all;
  for (const SignedId::Verified& one : ids.find_all(parser.head(), "sid")) {
    if (!all.empty()) all += '|';
    all += one.id;
  }
  return all;
}

TEST(SignedId, WhatWasSignedVerifies) {
  const SignedId ids = signer();
  const std::string id = some_id();
  const std::string value = ids.sign(id);
  EXPECT_EQ(value.size(), SignedId::kValueSize);
  ASSERT_TRUE(ids.verify(value));
  EXPECT_EQ(ids.verify(value)->id, id);
  EXPECT_FALSE(ids.verify(value)->outdated);
}

TEST(SignedId, IdsAreOf128BitsAndNotRepeated) {
  std::set<std::string> seen;
  SystemEntropy entropy;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = SignedId::make_id(entropy);
    EXPECT_EQ(id.size(), SignedId::kIdSize);
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
}

TEST(SignedId, TamperingWithAnyCharacterIsNoticed) {
  const SignedId ids = signer();
  const std::string value = ids.sign(some_id());
  for (std::size_t i = 0; i < value.size(); ++i) {
    for (const char c : {'A', 'B', '.', '=', ' ', '\0', '\xff'}) {
      std::string changed = value;
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(ids.verify(changed)) << i << " " << changed;
    }
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    EXPECT_FALSE(ids.verify(value.substr(0, size))) << size;
  }
  EXPECT_FALSE(ids.verify(value + "A"));
  EXPECT_FALSE(ids.verify("\"" + value + "\""));
}

TEST(SignedId, AnIdAloneOrWithAForeignSignatureIsRefused) {
  const SignedId ids = signer();
  const std::string id = some_id();
  EXPECT_FALSE(ids.verify(id));
  EXPECT_FALSE(ids.verify(id + "." + std::string(SignedId::kSignatureSize, 'A')));
  EXPECT_FALSE(ids.verify(signer({kOther}).sign(id)));
  EXPECT_FALSE(ids.verify(signer({kSecret}, "another purpose").sign(id)));
  EXPECT_FALSE(ids.verify(id + "." + ids.sign_text(id))) << "a signature of a text signs no id";
}

TEST(SignedId, AnOldSecretStillVerifiesAndTheFirstSigns) {
  const std::string id = some_id();
  const std::string before = signer({kOther}).sign(id);
  const SignedId both = signer({kSecret, kOther});
  ASSERT_TRUE(both.verify(before));
  EXPECT_TRUE(both.verify(before)->outdated);
  EXPECT_EQ(both.sign(id), signer({kSecret}).sign(id));
  EXPECT_FALSE(signer({kSecret}).verify(before)) << "the old secret was taken away";
}

TEST(SignedId, SecretsAreNeededAndMustBeLong) {
  EXPECT_EQ(SignedId::create("test", {}).error().code, Errc::BadSecret);
  EXPECT_EQ(SignedId::create("test", {kSecret, "short"}).error().code, Errc::BadSecret);
  EXPECT_EQ(SignedId::create("test", {""}).error().code, Errc::BadSecret);
}

TEST(SignedId, CookieTossingDoesNotHideTheCookieThatVerifies) {
  const SignedId ids = signer();
  const std::string mine = some_id(), other = some_id();
  const std::string forged = some_id() + "." + std::string(SignedId::kSignatureSize, 'A');
  EXPECT_EQ(found(ids, "Cookie: sid=" + forged + "; sid=" + ids.sign(mine) + "\r\n"), mine);
  EXPECT_EQ(found(ids, "Cookie: sid=\r\nCookie: sid=x; a=b\r\nCookie: sid=" + ids.sign(mine) +
                           "; sid=" + forged + "\r\n"),
            mine);
  EXPECT_EQ(found(ids, "Cookie: sid=" + forged + "\r\n"), "");
  EXPECT_EQ(found(ids, "Cookie: SID=" + ids.sign(mine) + "\r\n"), "") << "names have case";
  EXPECT_EQ(found(ids, "Cookie: sid=" + ids.sign(mine) + "; sid=" + ids.sign(other) +
                           "; sid=" + ids.sign(mine) + "\r\n"),
            mine + "|" + other);
}

TEST(SignedId, TextsAreSignedUnderAllSecretsAndForOnePurpose) {
  const std::string signature = signer({kOther}).sign_text("text");
  EXPECT_TRUE(signer({kSecret, kOther}).verify_text("text", signature));
  EXPECT_FALSE(signer({kSecret}).verify_text("text", signature));
  EXPECT_FALSE(signer({kOther}).verify_text("texts", signature));
  EXPECT_FALSE(signer({kOther}, "another").verify_text("text", signature));
  EXPECT_FALSE(signer({kOther}).verify_text("text", ""));
}

}  // namespace
}  // namespace hybi
