#include "server/access/credentials.h"

#include "server/http/client_address.h"

#include <doctest/doctest.h>

using namespace webmacs;
namespace http = boost::beast::http;

TEST_CASE("a token is found in each of the three places") {
  HttpRequest request;
  CHECK(presented_token(request).empty());
  SUBCASE("query") {
    request.query["token"] = "wm_a";
    CHECK(presented_token(request) == "wm_a");
  }
  SUBCASE("header, whatever the scheme's case") {
    request.header.set(http::field::authorization, "bearer  wm_b ");
    CHECK(presented_token(request) == "wm_b");
  }
  SUBCASE("subprotocol") {
    request.header.set(http::field::sec_websocket_protocol, "webmacs.v1, bearer.wm_c-_");
    CHECK(presented_token(request) == "wm_c-_");
    CHECK(offers_webmacs_subprotocol(request));
  }
  SUBCASE("subprotocols in a field each") {
    request.header.insert(http::field::sec_websocket_protocol, "webmacs.v1");
    request.header.insert(http::field::sec_websocket_protocol, "bearer.wm_d");
    CHECK(presented_token(request) == "wm_d");
    CHECK(offers_webmacs_subprotocol(request));
  }
  SUBCASE("of two headers neither is chosen") {
    request.header.insert(http::field::authorization, "Bearer wm_a");
    request.header.insert(http::field::authorization, "Bearer wm_b");
    CHECK(presented_token(request) != "wm_a");
    CHECK(presented_token(request) != "wm_b");
  }
  SUBCASE("another scheme is no token") {
    request.header.set(http::field::authorization, "Basic d206eA==");
    CHECK(presented_token(request).empty());
    CHECK_FALSE(offers_webmacs_subprotocol(request));
  }
}

TEST_CASE("an Origin is compared by host name") {
  HttpRequest request;
  request.header.set(http::field::host, "hub.lab:8000");
  CHECK(origin_allowed(request, {}));  // a program, not a browser
  request.header.set(http::field::origin, "http://hub.lab");
  CHECK(origin_allowed(request, {}));
  request.header.set(http::field::origin, "https://HUB.lab:4443");
  CHECK(origin_allowed(request, {}));
  request.header.set(http::field::origin, "https://evil.example");
  CHECK_FALSE(origin_allowed(request, {}));
  CHECK(origin_allowed(request, {"https://evil.example:8443"}));
  request.header.set(http::field::origin, "null");
  CHECK_FALSE(origin_allowed(request, {}));
  request.header.set(http::field::origin, "http://hub.lab");
  request.header.insert(http::field::origin, "https://evil.example");
  CHECK_FALSE(origin_allowed(request, {}));
  request.header.set(http::field::origin, "");
  CHECK_FALSE(origin_allowed(request, {}));
  request.header.set(http::field::host, "[::1]:8000");
  request.header.set(http::field::origin, "http://[::1]:9000");
  CHECK(origin_allowed(request, {}));
}

TEST_CASE("a client's address comes from a proxy only when the proxy is trusted") {
  const std::vector<std::string> trusted = {"127.0.0.1", "10.0.0.1"};
  CHECK(client_address("192.0.2.9", "203.0.113.5", trusted) == "192.0.2.9");
  CHECK(client_address("127.0.0.1", "203.0.113.5", trusted) == "203.0.113.5");
  CHECK(client_address("127.0.0.1", "6.6.6.6, 203.0.113.5, 10.0.0.1", trusted) == "203.0.113.5");
  CHECK(client_address("127.0.0.1", "", trusted) == "127.0.0.1");
  CHECK(client_address("127.0.0.1", "not an address", trusted) == "127.0.0.1");
}

TEST_CASE("a client that brings its own X-Forwarded-For does not choose its address, in however many lines") {
  HttpRequest request;
  request.header.insert("X-Forwarded-For", "6.6.6.6");
  request.header.insert("x-forwarded-for", "203.0.113.5");
  CHECK(request.joined_fields("X-Forwarded-For") == "6.6.6.6,203.0.113.5");
  CHECK(client_address("127.0.0.1", request.joined_fields("X-Forwarded-For"), {"127.0.0.1"}) == "203.0.113.5");
}
