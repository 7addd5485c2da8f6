#include "server/access/login.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

TokenRecord record(const std::string& name, const std::string& text, const std::string& role) {
  TokenRecord token;
  token.name = name;
  token.hash = token_hash(text);
  token.role = role;
  token.created = utc_now();
  return token;
}

HttpRequest request_with(const std::string& token) {
  HttpRequest request;
  request.client = "192.0.2.7";
  if (!token.empty()) request.query["token"] = token;
  return request;
}

}  // namespace

TEST_CASE("a login is good for what its token's role may do") {
  Access access;
  FailedLogins failed;
  access.replace({record("anna", "wm_a", "viewer")});
  Login login(access, failed, request_with("wm_a"));
  CHECK_FALSE(login.is_unknown());
  CHECK(std::get<Identity>(login.enter(Right::read)).name == "anna");
  CHECK(std::get<LoginRefusal>(login.enter(Right::operate)).denial == Denial::not_allowed);
  CHECK(failed.count() == 0);  // who is known and may not has not guessed
}

TEST_CASE("a request without a token is no failed login") {
  Access access;
  FailedLogins failed;
  Login login(access, failed, request_with(""));
  CHECK_FALSE(login.is_unknown());
  const auto refusal = std::get<LoginRefusal>(login.enter(Right::read));
  CHECK(refusal.denial == Denial::missing);
  CHECK(refusal.wait.count() == 0);
  CHECK(failed.count() == 0);
}

TEST_CASE("logins that fail in a row have to wait, revoked tokens too") {
  Access access;
  FailedLogins failed(FailedLoginLimits{1});
  TokenRecord revoked = record("old", "wm_b", "viewer");
  revoked.revoked = utc_now();
  access.replace({revoked});
  Login guess(access, failed, request_with("wm_x"));
  CHECK(guess.is_unknown());
  CHECK(std::get<LoginRefusal>(guess.enter(Right::read)).wait.count() == 0);
  Login old(access, failed, request_with("wm_b"));
  CHECK_FALSE(old.is_unknown());
  const auto refusal = std::get<LoginRefusal>(old.enter(Right::read));
  CHECK(refusal.denial == Denial::revoked);
  CHECK(refusal.wait.count() > 0);
  CHECK(failed.count() == 2);
}

TEST_CASE("a token that was made a moment ago is known as soon as the tokens were read again") {
  Access access;
  FailedLogins failed;
  Login login(access, failed, request_with("wm_new"));
  CHECK(login.is_unknown());
  access.replace({record("new", "wm_new", "admin")});
  CHECK_FALSE(login.is_unknown());
  CHECK(std::get<Identity>(login.enter(Right::administer)).role == Role::admin);
}

TEST_CASE("a token that is revoked after the login is noticed without the token") {
  Access access;
  FailedLogins failed;
  TokenRecord token = record("anna", "wm_a", "operator");
  access.replace({token});
  Login login(access, failed, request_with("wm_a"));
  const Identity identity = std::get<Identity>(login.enter(Right::operate));
  CHECK(login.denial_since(identity) == std::nullopt);
  token.revoked = utc_now();
  access.replace({token});
  CHECK(login.denial_since(identity) == Denial::revoked);
}
