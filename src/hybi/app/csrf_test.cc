#include <hybi/app/test_sessions.h>

#include <gtest/gtest.h>

namespace hybi {
namespace {

using test::Browser;
using test::MemorySite;
using test::Reply;
using test::StoreKind;

const std::string kForm = "Content-Type: application/x-www-form-urlencoded\r\n";

class Csrf : public ::testing::Test, protected test::SessionsFixture {
 protected:
  Csrf() : SessionsFixture(StoreKind::Memory) {
    SessionOptions with = options();
    with.trusted_origins = {"https://accounts.example.com"};
    sessions_ = Sessions::create(std::move(with)).value();
    server_ = test::start_in_memory([&](MemorySite& site) {
      add_routes(site, *sessions_);
      site.use("/api", sessions_->csrf_protect());
      const Handler done = [this](Request&, Response& response) {
        ++done_;
        response.text("done");
      };
      site.any("/api/do", done);
      site.post("/form", sessions_->csrf_protect(done));
      site.get("/token", [this](Request& request, Response& response) {
        response.text(sessions_->csrf_token(request));
      });
    });
    ada_ = std::make_unique<Browser>(*server_);
  }
  unsigned api(const std::string& token, const std::string& fields = {}) {
    return ada_->post("/api/do", "{}", "X-CSRF-Token: " + token + "\r\n" + fields).status;
  }
  unsigned form(const std::string& body, const std::string& fields = kForm) {
    return ada_->post("/form", body, fields).status;
  }

  int done_ = 0;
  std::optional<Sessions> sessions_;
  std::unique_ptr<test::MemoryServer> server_;
  std::unique_ptr<Browser> ada_;
};

TEST_F(Csrf, ATokenInTheHeaderPasses) {
  const std::string token = ada_->said("/token");
  EXPECT_NE(ada_->cookie, "") << "a token begins a session";
  EXPECT_EQ(api(token), 200u);
  EXPECT_EQ(api(token, "Origin: http://a.example\r\nSec-Fetch-Site: same-origin\r\n"), 200u);
  EXPECT_EQ(done_, 2);
}

TEST_F(Csrf, ATokenInAFormPassesAroundAHandlerOnly) {
  const std::string token = ada_->said("/token");
  EXPECT_EQ(form("a=1&_csrf=" + token + "&b=2"), 200u);
  EXPECT_EQ(
      form("_csrf=" + token, "Content-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8\r\n"),
      200u);
  EXPECT_EQ(form("_csrf=" + token, "Content-Type: text/plain\r\n"), 403u);
  EXPECT_EQ(form("_csrf=" + token, ""), 403u);
  EXPECT_EQ(form("csrf=" + token), 403u);
  EXPECT_EQ(form(""), 403u);
  EXPECT_EQ(ada_->post("/api/do", "_csrf=" + token, kForm).status, 403u);
}

TEST_F(Csrf, WithoutATokenOrWithAWrongOneItIsA403WithAReason) {
  const std::string token = ada_->said("/token");
  const Reply reply = ada_->post("/api/do", "{}");
  EXPECT_EQ(reply.status, 403u);
  EXPECT_NE(reply.body.find("does not prove"), std::string::npos) << reply.body;
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string wrong = token;
    wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(api(wrong), 403u) << i;
  }
  EXPECT_EQ(api(token.substr(1)), 403u);
  EXPECT_EQ(api(token + "A"), 403u);
  EXPECT_EQ(api(""), 403u);
  EXPECT_EQ(done_, 0);
}

TEST_F(Csrf, ATokenBelongsToOneSessionAndItsId) {
  Browser bob(*server_);
  const std::string of_bob = bob.said("/token");
  const std::string token = ada_->said("/token");
  EXPECT_EQ(api(of_bob), 403u);
  EXPECT_EQ(api(token), 200u);
  ada_->get("/login/ada");
  EXPECT_EQ(api(token), 403u) << "the id has changed";
  EXPECT_EQ(api(ada_->said("/token")), 200u);
  ada_->cookie.clear();
  EXPECT_EQ(api(token), 403u);
}

TEST_F(Csrf, TokensAreAnotherEachTimeAndStayValid) {
  const std::string one = ada_->said("/token"), two = ada_->said("/token");
  EXPECT_NE(one, two);
  EXPECT_EQ(api(one), 200u);
  EXPECT_EQ(api(two), 200u);
  EXPECT_EQ(api(one), 200u);
}

TEST_F(Csrf, AForeignPageIsRefusedEvenWithAToken) {
  const std::string token = ada_->said("/token");
  for (const char* fields :
       {"Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: \r\n",
        "Origin: http://a.example.evil.example\r\n", "Origin: http://a.example:8080\r\n",
        "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n"}) {
    EXPECT_EQ(api(token, fields), 403u) << fields;
  }
  EXPECT_EQ(done_, 0);
  EXPECT_EQ(api(token, "Sec-Fetch-Site: none\r\n"), 200u);
  EXPECT_EQ(api(token, "Origin: https://accounts.example.com\r\nSec-Fetch-Site: same-site\r\n"),
            200u);
}

TEST_F(Csrf, SafeMethodsPassAndAllOthersDoNot) {
  EXPECT_EQ(ada_->get("/api/do").status, 200u);
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    const Reply reply = ada_->ask(
        std::string(method) + " /api/do HTTP/1.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(reply.status, 403u) << method;
  }
}

}  // namespace
}  // namespace hybi
