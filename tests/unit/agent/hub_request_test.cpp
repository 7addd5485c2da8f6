#include "agent/hub_request.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("a hub's address is taken as people write it") {
  const auto address = [](const std::string& text) {
    const auto hub = parse_hub_address(text);
    return hub ? (hub->tls ? "tls " : "plain ") + hub->host + " " + hub->port + " " + hub->target : "none";
  };
  CHECK(address("https://hub.lab") == "tls hub.lab 443 ");
  CHECK(address("http://hub.lab/") == "plain hub.lab 80 ");
  CHECK(address("http://10.0.0.1:8000") == "plain 10.0.0.1 8000 ");
  CHECK(address("https://lab.example/webmacs/") == "tls lab.example 443 /webmacs");
  CHECK(address("http://[::1]:8000") == "plain ::1 8000 ");
  CHECK(address("ws://localhost:8000/ws/controller/telemetry") == "plain localhost 8000 ");
  CHECK(address("wss://lab.example/webmacs/ws/controller/telemetry") == "tls lab.example 443 /webmacs");
  for (const char* const none : {"hub.lab", "ftp://hub.lab", "http://", "https://hub.lab?x=1", "http://me@hub.lab",
                                 "http://hub.lab/#code=1", "", "http"}) {
    CHECK_MESSAGE(address(none) == "none", none);
  }
}
