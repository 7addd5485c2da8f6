#include "server/api/rest_router.h"

#include <doctest/doctest.h>

using namespace webmacs;
using Verb = RestRouter::Verb;

namespace {

RestRouter router_with(const std::vector<std::pair<Verb, std::string>>& routes) {
  RestRouter router;
  for (const auto& [verb, path] : routes) router.add(verb, path, Right::read, [](const RestCallPtr&) {});
  return router;
}

}  // namespace

TEST_CASE("a path's variable parts are handed over in their order") {
  const auto router = router_with({{Verb::delete_, "/experiments/{id}/annotations/{annotation}"}});
  const auto match = router.find(Verb::delete_, "/experiments/exp_1/annotations/ann_2");
  REQUIRE(match.route != nullptr);
  CHECK(match.ids == std::vector<std::string>{"exp_1", "ann_2"});
}

TEST_CASE("the first route that fits wins: a word comes before a variable") {
  const auto router = router_with({{Verb::get, "/datapoints/latest"}, {Verb::get, "/datapoints/{id}"}});
  CHECK(router.find(Verb::get, "/datapoints/latest").route->path == "/datapoints/latest");
  CHECK(router.find(Verb::get, "/datapoints/dp_1").route->path == "/datapoints/{id}");
  CHECK(router.find(Verb::post, "/datapoints/latest").allowed == "GET, HEAD");
}

TEST_CASE("HEAD is GET, and another method is told which ones there are") {
  const auto router = router_with({{Verb::get, "/events"}, {Verb::post, "/events"}});
  CHECK(router.find(Verb::head, "/events").route->method == Verb::get);
  const auto match = router.find(Verb::put, "/events");
  CHECK(match.route == nullptr);
  CHECK(match.allowed == "GET, HEAD, POST");
}

TEST_CASE("what no route has is nowhere") {
  const auto router = router_with({{Verb::get, "/events"}, {Verb::get, "/events/{id}"}});
  for (const char* path : {"", "/", "/event", "/events/", "/events//", "/events/a/b", "events"}) {
    CAPTURE(path);
    const auto match = router.find(Verb::get, path);
    CHECK(match.route == nullptr);
    CHECK(match.allowed.empty());
  }
}
