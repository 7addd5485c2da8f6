#include "server/access/access.h"

#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace webmacs;
using webmacs::testing::at;

namespace {

TokenRecord record(const std::string& name, const std::string& text, const std::string& role) {
  return webmacs::testing::token(name, token_hash(text), role);
}

Denial denial(const std::variant<Identity, Denial>& answer) {
  REQUIRE(std::holds_alternative<Denial>(answer));
  return std::get<Denial>(answer);
}

}  // namespace

TEST_CASE("each role may what the contract lists, and nothing else") {
  const auto rights = [](Role role) {
    std::string text;
    if (may(role, Right::hold_token)) text += "hold_token ";
    if (may(role, Right::push)) text += "push ";
    if (may(role, Right::read)) text += "read ";
    if (may(role, Right::operate)) text += "operate ";
    if (may(role, Right::administer)) text += "administer ";
    return text;
  };
  CHECK(rights(Role::controller) == "hold_token push ");
  CHECK(rights(Role::viewer) == "hold_token read ");
  CHECK(rights(Role::operator_) == "hold_token read operate ");
  CHECK(rights(Role::admin) == "hold_token push read operate administer ");
}

TEST_CASE("only a token that no record knows is unknown: a revoked one is known") {
  Access access;
  const std::string known = make_token(), revoked = make_token();
  TokenRecord gone = record("bob", revoked, "viewer");
  gone.revoked = gone.created;
  access.replace({record("anna", known, "viewer"), gone});
  CHECK_FALSE(access.unknown(token_hash(known)));
  CHECK_FALSE(access.unknown(token_hash(revoked)));
  CHECK_FALSE(access.unknown(""));
  CHECK(access.unknown(token_hash(make_token())));
}

TEST_CASE("roles are read as they are written") {
  for (const Role role : {Role::controller, Role::viewer, Role::operator_, Role::admin}) {
    CHECK(parse_role(to_text(role)) == role);
  }
  CHECK(to_text(Role::operator_) == "operator");
  CHECK_FALSE(parse_role("root").has_value());
  CHECK_FALSE(parse_role("").has_value());
  CHECK_FALSE(parse_role("Admin").has_value());
}

TEST_CASE("a token is 32 random bytes in base64url behind wm_") {
  std::set<std::string> tokens;
  std::set<char> characters;
  for (int i = 0; i < 500; ++i) {
    const std::string token = make_token();
    REQUIRE(token.size() == 46);
    CHECK(token.substr(0, 3) == "wm_");
    for (const char c : token.substr(3)) {
      characters.insert(c);
      CHECK((std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'));
    }
    tokens.insert(token);
  }
  CHECK(tokens.size() == 500);
  CHECK(characters.size() == 64);
}

TEST_CASE("a token's hash is its SHA-256 in hex") {
  CHECK(token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(token_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("who has a token for it enters, under the token's name") {
  Access access;
  access.replace({record("rig1", "wm_a", "controller"), record("anna", "wm_b", "viewer")});
  const auto answer = access.check(token_hash("wm_b"), Right::read, at(0));
  REQUIRE(std::holds_alternative<Identity>(answer));
  const Identity identity = std::get<Identity>(answer);
  CHECK(identity.name == "anna");
  CHECK(identity.role == Role::viewer);
  CHECK(identity.hash == token_hash("wm_b"));
  CHECK_FALSE(access.still_allowed(identity, at(0)).has_value());
}

TEST_CASE("an identity knows until when its token is good") {
  Access access;
  TokenRecord guest = record("guest", "wm_c", "controller");
  guest.expires = at(100);
  access.replace({guest, record("anna", "wm_b", "viewer")});
  CHECK(std::get<Identity>(access.check(token_hash("wm_c"), Right::hold_token, at(0))).expires == at(100));
  CHECK(std::get<Identity>(access.check(token_hash("wm_b"), Right::hold_token, at(0))).expires == std::nullopt);
  CHECK(denial(access.check(token_hash("wm_c"), Right::hold_token, at(100))) == Denial::invalid);
}

TEST_CASE("who may not enter is told why in the contract's words") {
  Access access;
  TokenRecord expiring = record("guest", "wm_c", "viewer");
  expiring.expires = at(100);
  TokenRecord revoked = record("old", "wm_d", "viewer");
  revoked.revoked = at(50);
  revoked.expires = at(60);
  access.replace({record("rig1", "wm_a", "controller"), expiring, revoked, record("odd", "wm_e", "janitor")});

  CHECK(to_text(denial(access.check("", Right::read, at(0)))) == "Authentication required");
  CHECK(to_text(denial(access.check(token_hash("wm_x"), Right::read, at(0)))) == "Invalid or expired token");
  CHECK(to_text(denial(access.check(token_hash("wm_d"), Right::read, at(70)))) == "Token has been revoked");
  CHECK(to_text(denial(access.check(token_hash("wm_a"), Right::read, at(0)))) == "Token not allowed here");
  CHECK(denial(access.check(token_hash("wm_e"), Right::read, at(0))) == Denial::invalid);
  CHECK(std::holds_alternative<Identity>(access.check(token_hash("wm_c"), Right::read, at(99))));
  CHECK(denial(access.check(token_hash("wm_c"), Right::read, at(100))) == Denial::invalid);
  // Nearly right is wrong: a hash is no token, nor is a part of one.
  CHECK(denial(access.check(token_hash(token_hash("wm_a")), Right::push, at(0))) == Denial::invalid);
  CHECK(denial(access.check(token_hash("wm_"), Right::push, at(0))) == Denial::invalid);
  CHECK(denial(access.check(token_hash("wm_a "), Right::push, at(0))) == Denial::invalid);
  CHECK(denial(Access().check(token_hash("wm_a"), Right::push, at(0))) == Denial::invalid);
}

TEST_CASE("who entered has to leave when the token expires, is revoked or is gone") {
  Access access;
  TokenRecord guest = record("guest", "wm_c", "viewer");
  guest.expires = at(100);
  access.replace({guest});
  const Identity identity = std::get<Identity>(access.check(token_hash("wm_c"), Right::read, at(0)));
  CHECK_FALSE(access.still_allowed(identity, at(99)).has_value());
  CHECK(access.still_allowed(identity, at(100)) == Denial::invalid);
  guest.revoked = at(10);
  // The name lives on with another token; this one does not.
  access.replace({guest, record("guest", "wm_new", "viewer")});
  CHECK(access.still_allowed(identity, at(10)) == Denial::revoked);
  access.replace({});
  CHECK(access.still_allowed(identity, at(10)) == Denial::invalid);
}
