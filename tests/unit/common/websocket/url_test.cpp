#include "common/websocket/client.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("WebSocket URLs and what they name") {
  struct Row {
    const char* text;
    bool tls;
    const char* host;
    const char* port;
    const char* target;
  };
  const Row rows[] = {
      {"ws://localhost:8000/ws/controller/telemetry", false, "localhost", "8000", "/ws/controller/telemetry"},
      {"wss://hub.lab/ws?ack=1&x=2", true, "hub.lab", "443", "/ws?ack=1&x=2"},
      {"WS://hub.lab", false, "hub.lab", "80", "/"},
      {"ws://hub?x=1", false, "hub", "80", "/?x=1"},
      {"ws://10.0.0.1:1/", false, "10.0.0.1", "1", "/"},
      {"wss://[2001:db8::1]:65535/a", true, "2001:db8::1", "65535", "/a"},
      {"ws://[::1]", false, "::1", "80", "/"},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.text));
    const auto url = parse_websocket_url(row.text);
    REQUIRE(url);
    CHECK(url->tls == row.tls);
    CHECK(url->host == row.host);
    CHECK(url->port == row.port);
    CHECK(url->target == row.target);
  }
}

TEST_CASE("what is no WebSocket URL") {
  for (const char* text : {"",
                           "ws",
                           "ws://",
                           "ws:///path",
                           "ws://:80/",
                           "http://hub/",
                           "https://hub/",
                           "hub:8000",
                           "ws:/hub/",
                           "ws://user@hub/",
                           "ws://user:secret@hub/",
                           "ws://hub:/",
                           "ws://hub:0/",
                           "ws://hub:65536/",
                           "ws://hub:x/",
                           "ws://hub:80x/",
                           "ws://hub:123456/",
                           "ws://[::1/",
                           "ws://[]/",
                           "ws://[hub]/",
                           "ws://[::1]x/",
                           "ws://hub/a b",
                           "ws://hub/\r\nX: y",
                           "ws://hub/#fragment",
                           "ws://hü/",
                           " ws://hub/"}) {
    CAPTURE(std::string(text));
    CHECK_FALSE(parse_websocket_url(text));
  }
}
