// The value of a session cookie: a random id that nobody but us can have made.
//
//   <id>.<signature>    id: 128 random bits, signature: HMAC-SHA256 over purpose and id; base64url
//
// Several secrets: the first signs, all of them verify, so that a secret can be replaced while
// cookies of the one before still live. Knows no session and no store. Used by app/sessions.
#pragma once

#include <hybi/base/entropy.h>
#include <hybi/http/head.h>
#include <hybi/result.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hybi {

class SignedId {
 public:
  static constexpr std::size_t kMinSecretBytes = 16;
  static constexpr std::size_t kIdSize = 22;         // of 16 bytes
  static constexpr std::size_t kSignatureSize = 43;  // of 32 bytes
  static constexpr std::size_t kValueSize = kIdSize + 1 + kSignatureSize;

  // `purpose` goes into every signature: what was signed for one is worthless for another.
  // Fails: BadSecret when there is none or one is shorter than kMinSecretBytes.
  static Result<SignedId> create(std::string purpose, std::vector<std::string> secrets);

  static std::string make_id(Entropy& entropy);
  std::string sign(std::string_view id) const;

  struct Verified {
    std::string_view id;    // a part of the value
    bool outdated = false;  // signed with an old secret: sign it again
  };
  // Cost: none for what cannot be a value of ours, else a digest for each secret.
  std::optional<Verified> verify(std::string_view value) const;
  // The cookies of that name that verify, in the order sent, each id once. Of several cookies of
  // one name only those count that we have made: another page of the same domain can add a cookie,
  // and one with a longer path comes first (RFC 6265 5.4), but cannot sign it.
  std::vector<Verified> find_all(const http::Head& head, std::string_view cookie) const;

  // A signature over anything, with the first secret; `text` never begins like an id's.
  std::string sign_text(std::string_view text) const;
  bool verify_text(std::string_view text, std::string_view signature) const;

 private:
  SignedId(std::string purpose, std::vector<std::string> secrets)
      : purpose_(std::move(purpose)), secrets_(std::move(secrets)) {}
  std::string signature(std::string_view secret, char kind, std::string_view text) const;

  std::string purpose_;
  std::vector<std::string> secrets_;
};

}  // namespace hybi
