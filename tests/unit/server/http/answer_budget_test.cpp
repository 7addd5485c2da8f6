#include "server/http/answer_budget.h"

#include <doctest/doctest.h>

#include <memory>

using namespace webmacs;

TEST_CASE("answers of one account are taken up to the bound, until they are read") {
  const std::size_t most = 100;
  AnswerBudget budget(most);
  auto first = budget.try_take("anna", 60);
  auto second = budget.try_take("anna", 40);
  REQUIRE(first);
  REQUIRE(second);
  CHECK(budget.waiting() == 100);
  CHECK_FALSE(budget.try_take("anna", 1));
  CHECK(budget.refused() == 1);
  CHECK(budget.try_take("bob", 100));  // given back at once
  CHECK(budget.waiting() == 100);
  first.reset();
  CHECK(budget.waiting() == 40);
  CHECK(budget.try_take("anna", 60));
}

TEST_CASE("one answer alone is taken however large, and the next one is not") {
  const std::size_t most = 100;
  AnswerBudget budget(most);
  const auto large = budget.try_take("anna", 1000);
  CHECK(large);
  CHECK_FALSE(budget.try_take("anna", 1));
}

TEST_CASE("a bound that changes holds for the next answer") {
  std::size_t most = 100;
  AnswerBudget budget(most);
  const auto held = budget.try_take("anna", 90);
  CHECK_FALSE(budget.try_take("anna", 20));
  most = 200;
  CHECK(budget.try_take("anna", 20));
}

TEST_CASE("what is held may outlive the budget") {
  const std::size_t most = 100;
  std::shared_ptr<const void> held;
  {
    AnswerBudget budget(most);
    held = budget.try_take("anna", 10);
  }
  held.reset();
}
