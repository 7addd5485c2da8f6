// How the engine ends a connection, and what it says then.

#include "engine_bench.h"

#include <algorithm>

using namespace webmacs;
using namespace webmacs::test;

TEST_CASE("a close frame is echoed with its code") {
  for (const int code : {1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999}) {
    CAPTURE(code);
    ServerEngine server;
    server.feed(wire_frame(0x88, close_payload(code, "why")) + text("late"));
    CHECK(server.events.closed == 1);
    CHECK(server.events.code == code);
    CHECK(server.events.reason == "why");
    CHECK(server.events.texts.empty());
    const auto replies = server.replies();
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].code() == code);
  }
  ServerEngine without_code;
  without_code.feed(wire_frame(0x88, ""));
  CHECK(without_code.events.code == 1005);
  const auto replies = without_code.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].payload.empty());
}

TEST_CASE("of all 65536 close codes exactly those that may be sent are taken") {
  const auto may_be_sent = [](int code) {
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  };
  int taken = 0;
  for (int code = 0; code <= 0xFFFF; ++code) {
    ServerEngine server;
    server.engine->feed(wire_frame(0x88, close_payload(code)));
    const bool right = server.events.code == (may_be_sent(code) ? code : 1002);
    if (!right) FAIL_CHECK("a close with " << code << " ended with " << server.events.code);
    taken += server.events.code == code ? 1 : 0;
  }
  CHECK(taken == 12 + 2000);
}

TEST_CASE("invalid close payloads are violations") {
  ServerEngine one_byte;
  one_byte.feed(wire_frame(0x88, "x"));
  one_byte.check_failed(1002);
  ServerEngine bad_reason;
  bad_reason.feed(wire_frame(0x88, close_payload(1000, "\xFF")));
  bad_reason.check_failed(1007);
}

TEST_CASE("after our close, texts are discarded until the peer's close frame") {
  ServerEngine server;
  server.engine->close(1001, "going");
  server.feed(text("late") + wire_frame(0x89, "ping") + wire_frame(0x82, "binary"));
  CHECK(server.events.texts.empty());
  CHECK(server.events.binaries == 0);
  CHECK(server.events.closed == 0);
  server.feed(wire_frame(0x88, close_payload(1001)));
  CHECK(server.events.closed == 1);
  const auto replies = server.replies();
  REQUIRE(replies.size() == 1);  // no pong, no second close
  CHECK(replies[0].code() == 1001);
  CHECK(replies[0].payload.substr(2) == "going");
}

TEST_CASE("a close reason is cut to what a close frame holds, between characters") {
  ServerEngine server;
  std::string reason;
  for (int i = 0; i < 50; ++i) reason += "\xE2\x82\xAC";
  server.engine->close(1008, reason);
  const auto replies = server.replies();
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].payload.size() == 2 + 123);
  CHECK(replies[0].payload.substr(2) == reason.substr(0, 123));

  ServerEngine cut;
  cut.engine->close(1008, "x" + reason);
  CHECK(cut.replies().at(0).payload.size() == 2 + 121);
}

TEST_CASE("a code that must not be on the wire goes out as 1011") {
  for (const std::uint16_t code : {0, 1006, 1015, 2000, 5000}) {
    ServerEngine server;
    server.engine->close(code, "");
    CHECK(server.replies().at(0).code() == 1011);
  }
}
