// A server-role Connection over a real socket: the handshake, the order of things, and every way it can end.

#include "peers.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace webmacs;
using namespace webmacs::test;

TEST_CASE("open, echo, close by the peer") {
  Loop loop;
  ServerAndPeer server(loop);
  CHECK(server.handler->opened == 0);  // never from inside accept
  server.handler->when_text = [&](std::string_view message) { CHECK(server.connection->try_send(message)); };
  server.open();
  REQUIRE(server.handler->opened == 1);
  server.send(text("hello"));
  const auto echo = server.next_frame();
  REQUIRE(echo);
  CHECK(echo->first_byte == 0x81);
  CHECK(echo->payload == "hello");
  server.send(wire_frame(0x88, close_payload(4000, "done")));
  CHECK(server.next_frame()->code() == 4000);
  CHECK(loop.until([&] { return server.receive(), server.ended; }));  // FIN comes behind the close frame
  server.sockets.theirs.close();
  REQUIRE(server.closed());
  CHECK(server.handler->code == 4000);
  CHECK(server.handler->reason == "done");
  CHECK(server.handler.use_count() == 1);  // let go
  std::weak_ptr<Connection> weak = server.connection;
  server.connection.reset();
  loop.run_for(10ms);
  CHECK(weak.expired());
}

TEST_CASE("the answer selects the subprotocol and names the key's hash") {
  Loop loop;
  SocketPair sockets(loop.io);
  const auto handler = std::make_shared<Recorder>();
  const auto connection = Connection::accept(make_plain_stream(std::move(sockets.ours)), upgrade_request, "webmacs.v1",
                                             {}, loop.deadlines, handler);
  CHECK(loop.until([&] { return handler->opened == 1 && connection->queued_bytes() == 0; }));
  std::string answer(1000, '\0');
  answer.resize(sockets.theirs.read_some(boost::asio::buffer(answer)));
  CHECK(answer.find("HTTP/1.1 101 Switching Protocols\r\n") == 0);
  CHECK(answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
  CHECK(answer.find("Sec-WebSocket-Protocol: webmacs.v1\r\n") != std::string::npos);
  CHECK(answer.find("Extensions") == std::string::npos);
  connection->drop("end of test");
  CHECK(loop.until([&] { return handler->closed == 1; }));
}

TEST_CASE("a bad upgrade request is answered with HTTP and never opens") {
  const std::string good = upgrade_request;
  const auto without = [&](const std::string& line) {
    std::string request = good;
    return request.erase(request.find(line), line.size());
  };
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string request = good;
    return request.replace(request.find(from), from.size(), to);
  };
  const std::vector<std::pair<std::string, std::string>> cases = {
      {without("Upgrade: websocket\r\n"), "HTTP/1.1 426"},
      {without("Connection: Upgrade\r\n"), "HTTP/1.1 426"},
      {changed("Version: 13", "Version: 8"), "HTTP/1.1 426"},
      {without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"), "HTTP/1.1 400"},
      {changed("GET", "POST"), "HTTP/1.1 400"},
      {changed("HTTP/1.1", "HTTP/1.0"), "HTTP/1.1 400"},
      {changed("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"), "HTTP/1.1 400"},
      {changed("\r\n\r\n", "\r\n"), "HTTP/1.1 400"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
  };
  for (const auto& [request, answer] : cases) {
    CAPTURE(request);
    Loop loop;
    SocketPair sockets(loop.io);
    const auto handler = std::make_shared<Recorder>();
    const auto connection =
        Connection::accept(make_plain_stream(std::move(sockets.ours)), request, "", {}, loop.deadlines, handler);
    CHECK_FALSE(connection->try_send("x"));
    CHECK(loop.until([&] { return connection->queued_bytes() == 0; }));
    std::string got(1000, '\0');
    got.resize(sockets.theirs.read_some(boost::asio::buffer(got)));
    CHECK(got.substr(0, answer.size()) == answer);
    sockets.theirs.close();
    REQUIRE(loop.until([&] { return handler->closed == 1; }));
    CHECK(handler->opened == 0);
    CHECK(handler->code == 1006);
    CHECK(handler->reason.find("bad WebSocket handshake: ") == 0);
  }
}

TEST_CASE("frames that came with the upgrade request are not lost") {
  Loop loop;
  ServerAndPeer server(loop, {}, 0, text("early") + text("bird"));
  server.open();
  CHECK(loop.until([&] { return server.handler->texts.size() == 2; }));
  CHECK(server.handler->texts[0] == "early");
}

TEST_CASE("a connection that is closed right after accept never says open, and its peer is told why") {
  Loop loop;
  ServerAndPeer server(loop);
  server.connection->close(1008, "Authentication required");
  loop.until([&] { return server.connection->queued_bytes() == 0; });
  server.sockets.theirs.non_blocking(true);
  server.receive();
  server.received.erase(0, server.received.find("\r\n\r\n") + 4);
  const auto frame = server.next_frame();
  REQUIRE(frame);
  CHECK(frame->code() == 1008);
  CHECK(frame->payload.substr(2) == "Authentication required");
  server.send(wire_frame(0x88, close_payload(1008)));
  server.sockets.theirs.close();
  REQUIRE(server.closed());
  CHECK(server.handler->opened == 0);
  CHECK(server.handler->code == 1008);
}

TEST_CASE("violations end with the close frame on the wire before the socket is closed") {
  const std::vector<std::pair<std::string, int>> cases = {{wire_frame(0x83, ""), 1002},
                                                          {text("\xFF"), 1007},
                                                          {text(std::string(64 * 1024 + 1, 'x')), 1009},
                                                          {wire_frame(0x82, "bytes"), 1003}};
  for (const auto& [bytes, code] : cases) {
    CAPTURE(code);
    Loop loop;
    ServerAndPeer server(loop);
    server.open();
    // More bytes follow the violation: unread, they would reset the connection and destroy the close frame.
    server.send(bytes + std::string(100000, 'z'));
    const auto frame = server.next_frame();
    REQUIRE(frame);
    CHECK(frame->first_byte == 0x88);
    CHECK(frame->code() == code);
    server.send(wire_frame(0x88, close_payload(code)));
    server.sockets.theirs.close();
    REQUIRE(server.closed());
    CHECK(server.handler->code == code);
    CHECK(server.handler->texts.empty());
    if (code == 1003) CHECK(server.handler->reason == "binary frames are not accepted");
  }
}

TEST_CASE("64 KiB arrive") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.send(text(std::string(64 * 1024, 'x')));
  CHECK(loop.until([&] { return server.handler->texts.size() == 1; }));
  CHECK(server.handler->texts[0].size() == 64 * 1024);
}

TEST_CASE("a close goes behind what is queued; no text comes any more") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  CHECK(server.connection->try_send("first"));
  server.connection->close(1001, "shutting down");
  server.connection->close(1000, "a second close changes nothing");
  CHECK_FALSE(server.connection->try_send("late"));
  server.send(text("crossing"));
  CHECK(server.next_frame()->payload == "first");
  CHECK(server.next_frame()->code() == 1001);
  CHECK(server.handler->closed == 0);  // it waits for the peer
  server.send(text("still crossing") + wire_frame(0x88, close_payload(1001)));
  server.sockets.theirs.close();
  REQUIRE(server.closed(1s));
  CHECK(server.handler->code == 1001);
  CHECK(server.handler->reason == "shutting down");
  CHECK(server.handler->texts.empty());
}

TEST_CASE("a peer that never answers a close is left after close_timeout") {
  Loop loop;
  ConnectionLimits limits;
  limits.close_timeout = 100ms;
  ServerAndPeer server(loop, limits);
  server.open();
  const auto begin = Clock::now();
  server.connection->close(1001, "going");
  REQUIRE(server.closed());
  CHECK(server.handler->closed_at - begin >= 100ms);
  CHECK(server.handler->closed_at - begin < 1s);
  CHECK(server.handler->code == 1001);
}

TEST_CASE("a peer that breaks the protocol and stays is left after close_timeout") {
  Loop loop;
  ConnectionLimits limits;
  limits.close_timeout = 100ms;
  ServerAndPeer server(loop, limits);
  server.open();
  server.send(wire_frame(0x83, ""));
  REQUIRE(server.closed(2s));
  CHECK(server.handler->code == 1002);
}

TEST_CASE("a peer that goes without a close frame: 1006") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.send(text("last words"));
  server.sockets.theirs.close();
  REQUIRE(server.closed());
  CHECK(server.handler->texts.size() == 1);
  CHECK(server.handler->code == 1006);
  CHECK(server.handler->reason == "the peer closed the connection without a close frame");
}

TEST_CASE("a peer that resets: 1006, once") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.sockets.theirs.set_option(boost::asio::socket_base::linger(true, 0));
  server.sockets.theirs.close();
  server.connection->try_send("into the void");
  REQUIRE(server.closed());
  loop.run_for(20ms);
  CHECK(server.handler->closed == 1);
  CHECK(server.handler->code == 1006);
  CHECK(server.handler->reason.find("connection lost: ") == 0);
}

TEST_CASE("what the peer sent before it went is read though writing to it fails") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.connection->pause_reading();
  server.send(text("stored") + wire_frame(0x88, close_payload(1012, "restart")));
  server.sockets.theirs.close();
  for (int i = 0; i < 10; ++i) {  // the first write draws the reset, a later one fails
    server.connection->try_send("x");
    loop.run_for(1ms);
  }
  CHECK_FALSE(server.connection->try_send("x"));
  server.connection->resume_reading();
  REQUIRE(server.closed());
  CHECK(server.handler->closed == 1);
  if (server.handler->texts.size() == 1) CHECK(server.handler->code == 1012);
}

TEST_CASE("a drop tells its reason, posted and once, whatever is called afterwards") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.connection->drop("over the limit");
  server.connection->drop("again");
  server.connection->close(1000, "");
  server.connection->pause_reading();
  server.connection->resume_reading();
  CHECK_FALSE(server.connection->try_send("x"));
  CHECK(server.handler->closed == 0);
  REQUIRE(server.closed());
  loop.run_for(20ms);
  CHECK(server.handler->closed == 1);
  CHECK(server.handler->code == 1006);
  CHECK(server.handler->reason == "over the limit");
}

TEST_CASE("an abandoned connection is silent") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.connection->abandon();
  CHECK(server.handler.use_count() == 1);
  CHECK(loop.until([&] { return server.receive(), server.ended; }));
  CHECK(server.handler->closed == 0);
}

TEST_CASE("a handler that throws closes with 1011, and nothing escapes") {
  Loop loop;
  ServerAndPeer server(loop);
  server.open();
  server.handler->when_text = [](std::string_view) { throw std::runtime_error("bug"); };
  server.send(text("one") + text("two"));
  CHECK(server.next_frame()->code() == 1011);
  server.send(wire_frame(0x88, close_payload(1011)));
  server.sockets.theirs.close();
  REQUIRE(server.closed());
  CHECK(server.handler->texts.size() == 1);
  CHECK(server.handler->code == 1011);
}

TEST_CASE("handlers may send, close and drop from within") {
  Loop loop;
  ServerAndPeer server(loop);
  server.handler->when_open = [&] { CHECK(server.connection->try_send("welcome")); };
  server.handler->when_text = [&](std::string_view message) {
    if (message == "drop") server.connection->drop("asked to");
    CHECK(server.handler->closed == 0);
  };
  server.open();
  CHECK(server.next_frame()->payload == "welcome");
  server.send(text("drop") + text("more") + wire_frame(0x88, ""));
  REQUIRE(server.closed());
  CHECK(server.handler->texts.size() == 1);
  CHECK(server.handler->reason == "asked to");
}
