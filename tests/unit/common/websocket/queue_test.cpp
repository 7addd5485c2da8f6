// The outbound queue: its exact bound, one write a turn, and peers that do not take what they are sent.

#include "peers.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::test;

namespace {

ConnectionLimits stalled_limits() {
  ConnectionLimits limits;
  limits.queue_bytes = 100 * 1000;
  limits.close_timeout = 150ms;
  limits.stall_timeout = 10s;
  return limits;
}

// Sends until the peer's and our kernel buffers are full and the queue is too.
void fill(Loop& loop, Connection& connection, const SharedFrame& frame) {
  int refusals = 0;
  loop.until([&] {
    while (connection.try_send(frame)) refusals = 0;
    return ++refusals > 20;
  });
}

}  // namespace

TEST_CASE("a peer that does not read: queued bytes reach the bound and never exceed it") {
  Loop loop;
  ServerAndPeer server(loop, stalled_limits(), 8 * 1024);
  server.open();
  const auto frame = make_text_frame(std::string(996, 'x'));  // 1000 bytes
  std::size_t most = 0;
  int refused = 0;
  loop.until([&] {
    for (int i = 0; i < 7; ++i) {
      const std::size_t before = server.connection->queued_bytes();
      const bool sent = server.connection->try_send(frame);
      CHECK(server.connection->queued_bytes() == before + (sent ? frame->size() : 0));
      CHECK(sent == (before + frame->size() <= 100 * 1000));
      refused += sent ? 0 : 1;
      most = std::max(most, server.connection->queued_bytes());
    }
    return refused > 200;
  });
  CHECK(most <= 100 * 1000);
  CHECK(most > 99 * 1000);
  // What still fits, fits to the byte.
  const std::size_t left = 100 * 1000 - server.connection->queued_bytes();
  if (left >= 3) {
    CHECK_FALSE(server.connection->try_send(std::make_shared<const std::string>(left + 1, 'x')));
    CHECK(server.connection->try_send(make_text_frame(std::string(left - (left > 127 ? 4 : 2), 'x'))));
    CHECK(server.connection->queued_bytes() == 100 * 1000);
  }
}

TEST_CASE("all that was queued arrives, in order, when a slow peer reads at last") {
  Loop loop;
  ServerAndPeer server(loop, stalled_limits(), 8 * 1024);
  server.open();
  int queued = 0;
  int refusals = 0;
  loop.until([&] {
    while (server.connection->try_send("message " + std::to_string(queued) + std::string(500, '.'))) ++queued;
    return ++refusals > 20;
  });
  CHECK(server.handler->sent == 1);  // the handshake's answer and what the first turn took
  for (int i = 0; i < queued; ++i) {
    const auto frame = server.next_frame();
    REQUIRE(frame);
    REQUIRE(frame->payload.substr(0, frame->payload.find('.')) == "message " + std::to_string(i));
  }
  CHECK(loop.until([&] { return server.connection->queued_bytes() == 0; }));
  CHECK(server.handler->sent >= 1);
  CHECK(server.connection->try_send("room again"));
}

TEST_CASE("a frame that is larger than the queue is refused") {
  Loop loop;
  ServerAndPeer server(loop, stalled_limits());
  server.open();
  CHECK_FALSE(server.connection->try_send(std::string(100 * 1000, 'x')));
  CHECK(server.connection->queued_bytes() == 0);
}

TEST_CASE("a shared frame is queued by reference") {
  Loop loop;
  ServerAndPeer one(loop, stalled_limits()), other(loop, stalled_limits());
  one.open();
  other.open();
  const auto frame = make_text_frame("to all");
  CHECK(one.connection->try_send(frame));
  CHECK(other.connection->try_send(frame));
  CHECK(frame.use_count() == 3);
  CHECK(one.next_frame()->payload == "to all");
  CHECK(other.next_frame()->payload == "to all");
  CHECK(frame.use_count() == 1);
}

TEST_CASE("what is queued within one turn leaves in one write, and on_sent comes once") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  loop.until([&] { return server.connection->queued_bytes() == 0; });
  loop.run_for(5ms);
  const int sent_before = server.handler->sent;
  for (int i = 0; i < 50; ++i) server.connection->try_send("x");
  CHECK(server.handler->sent == sent_before);
  CHECK(server.connection->queued_bytes() == 150);
  REQUIRE(loop.until([&] { return server.connection->queued_bytes() != 150; }));
  CHECK(server.connection->queued_bytes() == 0);
  CHECK(server.handler->sent == sent_before + 1);
  for (int i = 0; i < 500; ++i) server.connection->try_send("y");  // more than one gathered write
  for (int i = 0; i < 550; ++i) REQUIRE(server.next_frame());
}

TEST_CASE("pings of a peer that does not read do not grow the queue") {
  Loop loop;
  auto limits = stalled_limits();
  limits.queue_bytes = 10 * 1000;
  ServerAndPeer server(loop, limits, 8 * 1024);
  server.open();
  const std::string pings = [] {
    std::string all;
    for (int i = 0; i < 100; ++i) all += wire_frame(0x89, std::string(125, 'p'));
    return all;
  }();
  error_code ec;
  for (int i = 0; i < 300; ++i) {
    server.sockets.theirs.write_some(boost::asio::buffer(pings), ec);
    loop.run_for(1ms);
    REQUIRE(server.connection->queued_bytes() <= 10 * 1000);
  }
  CHECK(server.handler->closed == 0);
}

TEST_CASE("a close to a peer that takes nothing ends after close_timeout") {
  Loop loop;
  ServerAndPeer server(loop, stalled_limits(), 8 * 1024);
  server.open();
  fill(loop, *server.connection, make_text_frame(std::string(996, 'x')));
  const auto begin = Clock::now();
  server.connection->close(1013, "too slow");
  REQUIRE(server.closed());
  CHECK(server.handler->closed_at - begin >= 150ms);
  CHECK(server.handler->closed_at - begin < 1s);
  CHECK(server.handler->code == 1013);
  CHECK(server.handler->closed == 1);
}

TEST_CASE("a peer that takes no byte for stall_timeout is dropped") {
  Loop loop;
  auto limits = stalled_limits();
  limits.stall_timeout = 200ms;
  ServerAndPeer server(loop, limits, 8 * 1024);
  server.open();
  fill(loop, *server.connection, make_text_frame(std::string(996, 'x')));
  REQUIRE(server.closed());
  CHECK(server.handler->code == 1006);
  CHECK(server.handler->reason == "the peer takes no data");
}

TEST_CASE("a peer that takes a little now and then is slow, not stalled") {
  Loop loop;
  auto limits = stalled_limits();
  limits.stall_timeout = 500ms;
  ServerAndPeer server(loop, limits, 64 * 1024);
  server.open();
  const auto frame = make_text_frame(std::string(996, 'x'));
  fill(loop, *server.connection, frame);
  std::vector<char> some(48 * 1024);
  error_code ec;
  const auto end = Clock::now() + 1200ms;
  while (Clock::now() < end) {
    loop.run_for(100ms);
    server.sockets.theirs.read_some(boost::asio::buffer(some), ec);
    while (server.connection->try_send(frame)) {
    }
  }
  CHECK(server.handler->closed == 0);
  CHECK(server.connection->queued_bytes() > 0);
}
