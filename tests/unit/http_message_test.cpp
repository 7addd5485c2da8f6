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
  const auto body = nlohmann::json::parse(response.body);
  CHECK(body["status"] == 422);
  CHECK(body["title"] == "Unprocessable Entity");
  CHECK(body["detail"].get<std::string>().rfind("name: \"x\"\n", 0) == 0);
}

TEST_CASE("a HEAD answer names the length and has no body") {
  HttpResponse response;
  response.body = "12345";
  const auto text = serialize(response, true, true);
  CHECK(text.find("Content-Length: 5\r\n") != std::string::npos);
  CHECK(text.substr(text.size() - 4) == "\r\n\r\n");
  CHECK(serialize(response, true, false).find("\r\n\r\n12345") != std::string::npos);
}

TEST_CASE("the last answer of a connection says so") {
  CHECK(serialize({}, false, false).find("Connection: close\r\n") != std::string::npos);
  CHECK(serialize({}, true, false).find("Connection: close\r\n") == std::string::npos);
}

TEST_CASE("a body of unknown length goes in chunks, or ends with the connection") {
  CHECK(chunk("hello") == "5\r\nhello\r\n");
  CHECK(chunk(std::string(300, 'x')).substr(0, 5) == "12c\r\n");
  CHECK(chunk("").empty());  // it would be the end
  HttpResponse response;
  response.end = BodyEnd::last_chunk;
  response.content_type = "text/csv";
  const std::string chunked = serialize(response, true, false);
  CHECK(chunked.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(chunked.find("Content-Type: text/csv\r\n") != std::string::npos);
  CHECK(chunked.find("Content-Length") == std::string::npos);
  CHECK(chunked.substr(chunked.size() - 4) == "\r\n\r\n");
  response.end = BodyEnd::close;
  const std::string closed = serialize(response, false, false);
  CHECK(closed.find("Transfer-Encoding") == std::string::npos);
  CHECK(closed.find("Content-Length") == std::string::npos);
  CHECK(closed.find("Connection: close\r\n") != std::string::npos);
}
