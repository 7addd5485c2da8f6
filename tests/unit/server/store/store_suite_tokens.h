#pragma once
// The Store contract's one-time codes, as tests. As store_suite.h.

#include "store_support.h"

#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

namespace webmacs::testing {

inline TokenCode code_for(const std::string& hash, const std::string& token, bool enrolls = false) {
  return {hash, token, enrolls, at(600)};
}

// The state of each token of that name, in the order in which they were made: "anna.2 viewer", "anna revoked".
inline std::vector<std::string> token_states(Store& store) {
  std::vector<std::string> states;
  for (const auto& each : store.tokens()) states.push_back(each.name + ' ' + (each.revoked ? "revoked" : each.role));
  return states;
}

TEST_CASE_TEMPLATE_DEFINE("a link's code gives a further token, once and in time", Backend, store_contract_links) {
  Backend backend;
  auto store = backend.open();
  TokenRecord anna = token("anna", "a", "operator");
  anna.expires = at(5000);
  store->add_token(anna);
  store->add_token(token("anna.3", "somebody"));
  for (const std::string code : {"one", "two", "late"}) store->add_code(code_for(code, "anna"), at(0));

  auto reader = backend.open();
  CHECK(reader->knows_code("one", at(599)));
  CHECK_FALSE(reader->knows_code("one", at(600)));
  CHECK_FALSE(reader->knows_code("none", at(0)));
  const auto given = store->exchange_code("one", "hash2", at(10));
  REQUIRE(given.has_value());
  CHECK(given->name == "anna.2");
  CHECK(given->hash == "hash2");
  CHECK(given->role == "operator");
  CHECK(given->created == at(10));
  CHECK(given->expires == at(5000));
  CHECK_FALSE(reader->knows_code("one", at(10)));
  CHECK_FALSE(store->exchange_code("one", "hash3", at(11)).has_value());
  CHECK(store->exchange_code("two", "hash4", at(11))->name == "anna.4");  // .3 is somebody's
  CHECK_FALSE(store->exchange_code("late", "hash5", at(600)).has_value());
  CHECK_FALSE(store->exchange_code("none", "hash6", at(12)).has_value());

  // They end with the token that they came from, and so do its codes; who only has such a name stays.
  store->add_code(code_for("three", "anna"), at(12));
  store->add_code(code_for("of a link", "anna.2"), at(12));
  CHECK(store->exchange_code("of a link", "hash7", at(13))->name == "anna.2.2");
  CHECK(store->revoke_token("anna", at(20)));
  CHECK_FALSE(store->exchange_code("three", "hash8", at(21)).has_value());
  CHECK(token_states(*store) == std::vector<std::string>{"anna revoked", "anna.3 viewer", "anna.2 revoked",
                                                         "anna.4 revoked", "anna.2.2 revoked"});
  // A later token of the same name is another one, and gives no name twice.
  store->add_token(token("anna", "b"));
  store->add_code(code_for("four", "anna"), at(22));
  CHECK(store->exchange_code("four", "hash9", at(23))->name == "anna.5");
}

TEST_CASE_TEMPLATE_DEFINE("a link of a token that expired gives none", Backend, store_contract_expired_links) {
  Backend backend;
  auto store = backend.open();
  TokenRecord anna = token("anna", "a");
  anna.expires = at(100);
  store->add_token(anna);
  store->add_code(code_for("one", "anna"), at(0));
  CHECK_FALSE(store->exchange_code("one", "b", at(100)).has_value());
}

TEST_CASE_TEMPLATE_DEFINE("an enrolment gives the controller's token a new text, and makes it where it is not", Backend,
                          store_contract_enrolments) {
  Backend backend;
  auto store = backend.open();
  for (const std::string code : {"one", "two"}) store->add_code(code_for(code, "rig1", true), at(0));
  store->add_code(code_for("wrong", "anna", true), at(0));
  store->add_token(token("anna", "c"));
  const auto first = store->exchange_code("one", "a", at(1));
  REQUIRE(first.has_value());
  CHECK(first->name == "rig1");
  CHECK(first->role == "controller");
  CHECK(store->exchange_code("two", "b", at(2))->created == at(1));
  CHECK_FALSE(store->exchange_code("wrong", "d", at(2)).has_value());
  CHECK(token_states(*store) == std::vector<std::string>{"anna viewer", "rig1 controller"});
  CHECK(store->tokens()[1].hash == "b");
}

#define WEBMACS_STORE_CONTRACT_TOKENS(Backend)                      \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_links, Backend);         \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_expired_links, Backend); \
  TEST_CASE_TEMPLATE_INVOKE(store_contract_enrolments, Backend)

}  // namespace webmacs::testing
