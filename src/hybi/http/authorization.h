// Credentials of a request, and the challenge that asks for them. RFC 9110 11, RFC 7617 (Basic),
// RFC 6750 (Bearer).
//
// Knows nothing of users: who they are and what they may is up to the caller.
#pragma once

#include <hybi/result.h>

#include <string>
#include <string_view>

namespace hybi::http {

struct BasicCredentials {
  std::string user, password;  // UTF-8, without control characters

  // Takes as long for a wrong guess as for a right one of the same length.
  bool match(std::string_view expected_user, std::string_view expected_password) const;
};

// Of the value of Authorization (null data(): absent).
// Fails: HttpUnauthorized if it is absent or of another scheme; HttpBadCredentials if they are
// malformed. Both are answered 401 with a challenge.
Result<BasicCredentials> parse_basic(std::string_view authorization);

// The token, as sent. Lifetime: the value's. Fails: as parse_basic.
Result<std::string_view> parse_bearer(std::string_view authorization);

// Whether two secrets are equal, in a time that depends on their lengths alone.
bool equal_secrets(std::string_view a, std::string_view b);

// Values for WWW-Authenticate. Characters that cannot stand in a quoted string become spaces.
std::string basic_challenge(std::string_view realm);  // Basic realm="...", charset="UTF-8"
// `error`: empty, or a code of RFC 6750 3.1 such as "invalid_token".
std::string bearer_challenge(std::string_view realm, std::string_view error = {});

}  // namespace hybi::http
