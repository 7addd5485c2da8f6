#include "server/api/list_page.h"

#include "server/api/rest_call.h"

#include <doctest/doctest.h>

#include <map>
#include <utility>

using namespace webmacs;

namespace {

HttpRequest request(std::map<std::string, std::string> query) {
  HttpRequest request;
  request.query = std::move(query);
  return request;
}

std::string page_of(std::size_t total, std::map<std::string, std::string> query) {
  ListPage page(request(std::move(query)), total);
  for (std::size_t i = page.begin(); i < page.end(); ++i) page.add(i);
  return std::move(page).answer().body;
}

}  // namespace

TEST_CASE("a list is cut into pages of 25 from the first on") {
  CHECK(page_of(3, {}) == R"({"page":1,"page_size":25,"total":3,"data":[0,1,2]})");
  CHECK(page_of(27, {{"page", "2"}}) == R"({"page":2,"page_size":25,"total":27,"data":[25,26]})");
  CHECK(page_of(5, {{"page", "2"}, {"page_size", "2"}}) == R"({"page":2,"page_size":2,"total":5,"data":[2,3]})");
}

TEST_CASE("a page beyond the last is empty") {
  CHECK(page_of(5, {{"page", "1000000000"}, {"page_size", "100"}}) ==
        R"({"page":1000000000,"page_size":100,"total":5,"data":[]})");
  CHECK(page_of(0, {}) == R"({"page":1,"page_size":25,"total":0,"data":[]})");
}

TEST_CASE("a page that cannot be is refused with the parameter's name") {
  CHECK_THROWS_WITH_AS(page_of(5, {{"page", "0"}}), doctest::Contains("page: not a whole number"), RestProblem);
  CHECK_THROWS_WITH_AS(page_of(5, {{"page_size", "101"}}), doctest::Contains("page_size:"), RestProblem);
  CHECK_THROWS_WITH_AS(page_of(5, {{"page_size", "ten"}}), doctest::Contains("page_size:"), RestProblem);
}
