// basic_auth: name and password. RFC 7617. See middleware.h.
#include <hybi/conn/http_session.h>
#include <hybi/http/authorization.h>
#include <hybi/middleware.h>

#include <memory>

namespace hybi {
namespace {

struct Guard {
  BasicAuthOptions options;
  std::string challenge;

  // All of them are compared, whichever fits.
  bool is_listed(const http::BasicCredentials& given) const {
    bool listed = false;
    for (const BasicAuthOptions::User& user : options.users) {
      const bool same = given.match(user.name, user.password);
      listed = listed || same;
    }
    return listed;
  }
};

void refuse(const Guard& guard, Response& response) {
  response.set("WWW-Authenticate", guard.challenge);
  response.error(401);
}

void let_in(Request& request, std::string user, const Next& next) {
  request.set("user", std::move(user));
  next();
}

// The answer of a check on another thread. The request is the same that was asked for, or it has
// gone and nobody comes here.
void check_later(const std::shared_ptr<const Guard>& guard, http::BasicCredentials given,
                 Response& response, const Next& next) {
  const auto asked = std::make_shared<const http::BasicCredentials>(std::move(given));
  response.blocking([guard, asked] { return guard->options.check(asked->user, asked->password); },
                    [guard, asked, next](Response& later, bool fits) {
                      if (fits) {
                        let_in(conn::HttpSession::of(later).request(), asked->user, next);
                      } else {
                        refuse(*guard, later);
                      }
                    });
}

}  // namespace

Middleware basic_auth(BasicAuthOptions options) {
  const std::string challenge = http::basic_challenge(options.realm);
  const auto guard = std::make_shared<const Guard>(Guard{std::move(options), challenge});
  return [guard](Request& request, Response& response, const Next& next) {
    // Which of several counts is a matter of taste, and of attacks.
    const bool once = request.head().count("authorization") == 1;
    Result<http::BasicCredentials> given =
        http::parse_basic(once ? request.header("authorization") : std::string_view());
    if (!given) {
      refuse(*guard, response);
    } else if (guard->is_listed(*given)) {
      let_in(request, std::move(given->user), next);
    } else if (!guard->options.check) {
      refuse(*guard, response);
    } else if (guard->options.blocking) {
      check_later(guard, std::move(*given), response, next);
    } else if (guard->options.check(given->user, given->password)) {
      let_in(request, std::move(given->user), next);
    } else {
      refuse(*guard, response);
    }
  };
}

}  // namespace hybi
