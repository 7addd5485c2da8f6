#include "server/http/http_message.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace webmacs;

TEST_CASE("a target is split and decoded") {
  std::string path;
  std::map<std::string, std::string> query;
  parse_target("/a%20b/c?events=evt_a%2Cevt_b&x=1+2&flag&x=3&=nameless", path, query);
  CHECK(path == "/a b/c");
  CHECK(query.at("events") == "evt_a,evt_b");
  CHECK(query.at("x") == "1 2");  // the first of a repeated name
  CHECK(query.at("flag").empty());
}

TEST_CASE("broken escapes stay as they are") {
  std::string path;
  std::map<std::string, std::string> query;
  parse_target("/%zz%4?a=%", path, query);
  CHECK(path == "/%zz%4");
  CHECK(query.at("a") == "%");
}

TEST_CASE("a problem is JSON whatever its detail holds") {
  const auto response = problem(422, "name: \"x\"\n\xff");
  CHECK(response.content_type == "application/problem+json");
  CHECK(response.body == R"({"type":"about:blank","title":"Unprocessable Entity","status":422,)"
                         "\"detail\":\"name: \\\"x\\\"\\n\xEF\xBF\xBD\"}");
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body["status"] == 422);
  CHECK(body["title"] == "Unprocessable Entity");
  CHECK(body["detail"].get<std::string>().rfind("name: \"x\"\n", 0) == 0);
}
