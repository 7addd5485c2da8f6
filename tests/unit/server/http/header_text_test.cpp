#include "server/http/header_text.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace webmacs;

namespace {

std::vector<std::string> items_of(std::string_view list) {
  std::vector<std::string> items;
  while (!list.empty()) items.emplace_back(take_item(list));
  return items;
}

}  // namespace

TEST_CASE("blanks and tabs around a field's text are no part of it, those inside are") {
  CHECK(trimmed(" \t gzip\t ") == "gzip");
  CHECK(trimmed("two words") == "two words");
  CHECK(trimmed(" \t").empty());
  CHECK(trimmed("").empty());
}

TEST_CASE("a list's items are told one by one, the empty ones too") {
  CHECK(items_of("gzip") == std::vector<std::string>{"gzip"});
  CHECK(items_of("gzip;q=1 ,\tbr, *") == std::vector<std::string>{"gzip;q=1", "br", "*"});
  CHECK(items_of(",, a") == std::vector<std::string>{"", "", "a"});
  CHECK(items_of("").empty());
}
