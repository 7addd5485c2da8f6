// A connection that does not read for a while: nothing comes, nothing is lost.

#include "peers.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::test;

TEST_CASE("while reading is paused no text comes; afterwards none is missing") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.handler->when_text = [&](std::string_view message) {
    if (message == "message 10") server.connection->pause_reading();
  };
  std::string burst;
  for (int i = 0; i < 5000; ++i) burst += text("message " + std::to_string(i));
  server.send(burst);
  loop.run_for(50ms);
  CHECK(server.handler->texts.size() == 11);
  server.connection->resume_reading();
  CHECK(server.handler->texts.size() == 11);  // not from inside the call
  REQUIRE(loop.until([&] { return server.handler->texts.size() == 5000; }));
  for (int i = 0; i < 5000; i += 499) {
    CHECK(server.handler->texts[static_cast<std::size_t>(i)] == "message " + std::to_string(i));
  }
}

TEST_CASE("paused, the socket is not read: the peer is slowed down") {
  Loop loop;
  ServerAndPeer server(loop, {}, 64 * 1024);
  server.open();
  server.connection->pause_reading();
  const std::string frame = text(std::string(10000, 'x'));
  std::size_t sent = 0;
  error_code ec;
  loop.until([&] {
    sent += server.sockets.theirs.write_some(boost::asio::buffer(frame) + sent % frame.size(), ec);
    return ec == boost::asio::error::would_block;
  });
  loop.run_for(50ms);
  CHECK(server.sockets.theirs.write_some(boost::asio::buffer(frame), ec) == 0);
  CHECK(ec == boost::asio::error::would_block);
  CHECK(server.handler->texts.empty());
  server.connection->resume_reading();
  CHECK(loop.until([&] { return server.handler->texts.size() == sent / frame.size(); }));
}

TEST_CASE("a paused connection can be closed, and lives until then though nobody holds it") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.connection->pause_reading();
  server.send(text("unread") + wire_frame(0x88, close_payload(1000)));
  loop.run_for(10ms);
  std::weak_ptr<Connection> weak = server.connection;
  server.connection.reset();
  REQUIRE_FALSE(weak.expired());
  weak.lock()->close(1013, "busy");
  CHECK(server.next_frame()->code() == 1013);
  server.sockets.theirs.close();
  REQUIRE(server.closed());
  CHECK(server.handler->code == 1013);
  CHECK(server.handler->texts.empty());
  CHECK(weak.expired());
}
