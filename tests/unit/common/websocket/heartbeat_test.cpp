// Who is alive: pings when they are due, dead peers dropped in time, and no one else.

#include "peers.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::test;

namespace {

ConnectionLimits beating(std::chrono::milliseconds interval, std::chrono::milliseconds timeout) {
  ConnectionLimits limits;
  limits.heartbeat_interval = interval;
  limits.heartbeat_timeout = timeout;
  return limits;
}

}  // namespace

TEST_CASE("a dead peer is dropped one timeout after the ping") {
  Loop loop;
  ServerAndPeer server(loop, beating(100ms, 80ms));
  const auto begin = Clock::now();
  server.open();
  REQUIRE(server.closed());
  CHECK(server.handler->closed == 1);
  CHECK(server.handler->code == 1006);
  CHECK(server.handler->reason == "heartbeat timeout");
  CHECK(server.handler->closed_at - begin >= 180ms);
  CHECK(server.handler->closed_at - begin < 400ms);
}

TEST_CASE("pings that come faster than the timeout do not extend it") {
  Loop loop;
  ServerAndPeer server(loop, beating(20ms, 150ms));
  const auto begin = Clock::now();
  server.open();
  REQUIRE(server.closed());
  CHECK(server.handler->reason == "heartbeat timeout");
  CHECK(server.handler->closed_at - begin < 400ms);
}

TEST_CASE("a peer that answers stays, and is pinged again and again") {
  Loop loop;
  ServerAndPeer server(loop, beating(40ms, 30ms));
  server.open();
  for (int i = 0; i < 8; ++i) {
    const auto ping = server.next_frame();
    REQUIRE(ping);
    REQUIRE(ping->first_byte == 0x89);
    server.send(wire_frame(0x8A, ping->payload));
  }
  CHECK(server.handler->closed == 0);
  CHECK(Clock::now() - server.connection->last_heard() < 200ms);
}

TEST_CASE("any bytes are a sign of life, half a frame too") {
  Loop loop;
  ServerAndPeer server(loop, beating(40ms, 30ms));
  server.open();
  const std::string message = text(std::string(20, 'x'));
  for (const char byte : message) {
    server.send(std::string(1, byte));
    loop.run_for(15ms);
    REQUIRE(server.handler->closed == 0);
  }
  CHECK(loop.until([&] { return server.handler->texts.size() == 1; }));
}

TEST_CASE("an answer that waits in the socket counts, however late the loop is") {
  Loop loop;
  ServerAndPeer server(loop, beating(50ms, 50ms));
  server.open();
  REQUIRE(server.next_frame()->first_byte == 0x89);
  server.send(wire_frame(0x8A, ""));
  const auto until = Clock::now() + 120ms;
  while (Clock::now() < until) {
  }  // the loop is blocked past the deadline
  loop.run_for(20ms);
  CHECK(server.handler->closed == 0);
}

TEST_CASE("a paused connection is neither pinged nor dropped, a resumed one is") {
  Loop loop;
  ServerAndPeer server(loop, beating(50ms, 40ms));
  server.open();
  server.connection->pause_reading();
  CHECK_FALSE(server.next_frame(250ms));
  CHECK(server.handler->closed == 0);
  const auto resumed = Clock::now();
  server.connection->resume_reading();
  REQUIRE(server.closed());
  CHECK(server.handler->reason == "heartbeat timeout");
  CHECK(server.handler->closed_at - resumed >= 90ms);
}

TEST_CASE("a heartbeat interval of zero means none") {
  Loop loop;
  ServerAndPeer server(loop, beating(0ms, 10ms));
  server.open();
  CHECK_FALSE(server.next_frame(150ms));
  CHECK(server.handler->closed == 0);
}
