#include "server/net/upgrade_request.h"

#include <doctest/doctest.h>

using namespace webmacs;
namespace http = boost::beast::http;

namespace {

HttpRequest handshake() {
  HttpRequest request;
  request.header.method(http::verb::get);
  request.header.version(11);
  request.header.set(http::field::host, "hub");
  request.header.set(http::field::connection, "keep-alive, Upgrade");
  request.header.set(http::field::upgrade, "websocket");
  request.header.set("Sec-WebSocket-Version", "13");
  request.header.set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");
  return request;
}

unsigned status(const HttpRequest& request) {
  const auto refusal = refuse_upgrade(request);
  return refusal ? refusal->status : 101;
}

}  // namespace

TEST_CASE("a handshake as RFC 6455 has it may enter") {
  CHECK(status(handshake()) == 101);
}

TEST_CASE("who does not ask for WebSocket 13 is told so, with the version") {
  auto request = handshake();
  SUBCASE("method") {
    request.header.method(http::verb::post);
  }
  SUBCASE("HTTP/1.0") {
    request.header.version(10);
  }
  SUBCASE("no upgrade") {
    request.header.erase(http::field::upgrade);
  }
  SUBCASE("Connection without it") {
    request.header.set(http::field::connection, "keep-alive");
  }
  SUBCASE("another version") {
    request.header.set("Sec-WebSocket-Version", "8");
  }
  const auto refusal = refuse_upgrade(request);
  REQUIRE(refusal.has_value());
  CHECK(refusal->status == 426);
  CHECK(refusal->headers ==
        std::vector<std::pair<std::string, std::string>>{{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
}

TEST_CASE("a handshake that is broken is a bad request") {
  auto request = handshake();
  SUBCASE("no Host") {
    request.header.erase(http::field::host);
  }
  SUBCASE("a body") {
    request.header.set(http::field::content_length, "5");
  }
  SUBCASE("a body in chunks") {
    request.header.set(http::field::transfer_encoding, "chunked");
  }
  SUBCASE("a key that is too short") {
    request.header.set("Sec-WebSocket-Key", "AAAA==");
  }
  SUBCASE("a key that is no base64") {
    request.header.set("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAA-_==");
  }
  CHECK(status(request) == 400);
}
