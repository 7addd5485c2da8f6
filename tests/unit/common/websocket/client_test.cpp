// connect_websocket against a server on loopback, and every step at which it can fail.

#include "common/websocket/client.h"

#include "test_server.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::test;

namespace {

constexpr char secret[] = "wm_this_is_the_token_that_must_not_be_seen";

ClientOptions options_for(const std::string& url) {
  ClientOptions options;
  options.url = parse_websocket_url(url).value();
  options.headers = {{"Authorization", std::string("Bearer ") + secret}};
  options.connect_timeout = 3s;
  return options;
}

// One attempt, to its end or to on_open.
struct Attempt {
  std::shared_ptr<Recorder> handler = std::make_shared<Recorder>();
  std::unique_ptr<ConnectAttempt> attempt;
  Attempt(Loop& loop, const ClientOptions& options) {
    attempt = connect_websocket(loop.io, loop.deadlines, options, handler);
    CHECK(handler->closed == 0);
    loop.until([&] { return handler->opened + handler->closed > 0; }, 10s);
    CHECK(handler->reason.find(secret) == std::string::npos);
  }
  Connection& connection() { return *attempt->connection(); }
};

}  // namespace

TEST_CASE("client and server talk, by name and by address") {
  Loop loop;
  TestServer server(loop);
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    Attempt client(loop, options_for("ws://" + host + ":" + server.port() + "/ws/test?ack=1"));
    REQUIRE(client.handler->opened == 1);
    CHECK(server.last_request.find("GET /ws/test?ack=1 HTTP/1.1\r\n") == 0);
    CHECK(server.last_request.find("\r\nHost: " + host + ":" + server.port() + "\r\n") != std::string::npos);
    CHECK(server.last_request.find(std::string("\r\nAuthorization: Bearer ") + secret + "\r\n") != std::string::npos);
    CHECK(client.connection().try_send("hello"));
    CHECK(loop.until([&] { return client.handler->texts.size() == 1; }));
    CHECK(client.handler->texts[0] == "hello");
    client.connection().close(1000, "bye");
    REQUIRE(loop.until([&] { return client.handler->closed == 1 && server.handler->closed == 1; }));
    CHECK(client.handler->code == 1000);
    CHECK(server.handler->code == 1000);
    CHECK(server.handler->reason == "bye");
    CHECK(client.handler.use_count() == 1);
  }
}

TEST_CASE("large messages pass both ways, masked and unmasked") {
  Loop loop;
  TestServer server(loop);
  Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
  REQUIRE(client.handler->opened == 1);
  for (int i = 0; i < 8; ++i) CHECK(client.connection().try_send(std::string(60000, static_cast<char>('a' + i))));
  REQUIRE(loop.until([&] { return client.handler->texts.size() == 8; }));
  for (int i = 0; i < 8; ++i) {
    CHECK(client.handler->texts[static_cast<std::size_t>(i)] == std::string(60000, static_cast<char>('a' + i)));
  }
  CHECK_FALSE(client.connection().try_send("\xFF not UTF-8"));
  CHECK_FALSE(client.connection().try_send(make_text_frame("a server's frame")));
}

TEST_CASE("the server's close reaches the client with code and reason") {
  Loop loop;
  TestServer server(loop);
  Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
  server.connection->close(1012, "restarting");
  REQUIRE(loop.until([&] { return client.handler->closed == 1 && server.handler->closed == 1; }));
  CHECK(client.handler->code == 1012);
  CHECK(client.handler->reason == "restarting");
}

TEST_CASE("a client's heartbeat drops a silent server") {
  Loop loop;
  TestServer server(loop);
  auto options = options_for("ws://127.0.0.1:" + server.port() + "/");
  options.limits.heartbeat_interval = 60ms;
  options.limits.heartbeat_timeout = 50ms;
  Attempt client(loop, options);
  loop.run_for(200ms);
  CHECK(client.handler->closed == 0);
  server.connection->pause_reading();  // it answers no ping now
  REQUIRE(loop.until([&] { return client.handler->closed == 1; }));
  CHECK(client.handler->reason == "heartbeat timeout");
  server.connection->resume_reading();
  CHECK(loop.until([&] { return server.handler->closed == 1; }));
}

TEST_CASE("nobody listens") {
  Loop loop;
  std::string port;
  {
    TestServer server(loop);
    port = server.port();
  }
  loop.run_for(5ms);
  Attempt client(loop, options_for("ws://127.0.0.1:" + port + "/"));
  CHECK(client.handler->code == 1006);
  CHECK(client.handler->reason == "cannot connect to 127.0.0.1:" + port + ": Connection refused");
  CHECK(client.attempt->connection() == nullptr);
}

TEST_CASE("every address of a name is tried") {
  Loop loop;
  TestServer server(loop);  // IPv4 only; where localhost is ::1 too, that one is refused first
  Attempt client(loop, options_for("ws://localhost:" + server.port() + "/"));
  CHECK(client.handler->opened == 1);
}

TEST_CASE("a name that does not exist") {
  Loop loop;
  Attempt client(loop, options_for("ws://no-such-host.invalid:8000/"));
  CHECK(client.handler->code == 1006);
  CHECK(client.handler->reason.find("cannot resolve no-such-host.invalid: ") == 0);
}

TEST_CASE("the server answers with an HTTP error") {
  Loop loop;
  for (const int status : {200, 401, 403, 404, 503, 530, 999}) {
    TestServer server(loop);
    server.answer = "HTTP/1.1 " + std::to_string(status) + " whatever " + secret + "\r\nContent-Length: 0\r\n\r\n";
    Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
    CHECK(client.handler->opened == 0);
    CHECK(client.handler->code == 1006);
    CHECK(client.handler->reason.find("HTTP " + std::to_string(status)) == 0);
    CHECK(client.connection().http_status() == status);
  }
}

TEST_CASE("the server answers with something else") {
  const std::string upgrade =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Accept: bm90IHlvdXJzIGF0IGFsbA==\r\n\r\n";
  for (const std::string& answer :
       {upgrade, std::string("SSH-2.0-OpenSSH_9.2\r\n\r\n"), std::string(20000, 'x'), std::string("\r\n\r\n")}) {
    Loop loop;
    TestServer server(loop);
    server.answer = answer;
    Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
    CHECK(client.handler->opened == 0);
    CHECK(client.handler->code == 1006);
    CHECK(client.handler->reason.find("the server's answer is no") == 0);
  }
}

TEST_CASE("the server closes instead of answering") {
  Loop loop;
  TestServer server(loop);
  server.answer = "HTTP/1.1 101 Swi";
  server.close_after_answer = true;
  Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
  CHECK(client.handler->reason == "the server closed the connection instead of answering the handshake");
}

TEST_CASE("the server accepts and says nothing") {
  Loop loop;
  TestServer server(loop);
  server.answer = "HTTP/1.1";
  for (const std::string scheme : {"ws", "wss"}) {
    auto options = options_for(scheme + "://127.0.0.1:" + server.port() + "/");
    options.connect_timeout = 600ms;
    const auto begin = Clock::now();
    Attempt client(loop, options);
    CHECK(client.handler->closed == 1);
    CHECK(client.handler->closed_at - begin >= 590ms);
    CHECK(client.handler->closed_at - begin < 3s);
    if (scheme == "ws") CHECK(client.handler->reason == "handshake timeout");
    if (scheme == "wss") {
      CHECK(client.handler->reason == "TLS handshake with 127.0.0.1:" + server.port() + ": no answer within 0.6 s");
    }
  }
}

TEST_CASE("nothing answers to the connect") {
  Loop loop;
  // A full backlog: further connects are not answered.
  Tcp::acceptor full(loop.io);
  full.open(Tcp::v4());
  full.bind({boost::asio::ip::address_v4::loopback(), 0});
  full.listen(0);
  std::vector<Tcp::socket> waiting;
  waiting.reserve(4);
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(loop.io);
    waiting.back().async_connect(full.local_endpoint(), [](error_code) {});
  }
  loop.run_for(5ms);
  const std::string place = "127.0.0.1:" + std::to_string(full.local_endpoint().port());
  auto options = options_for("ws://" + place + "/");
  options.connect_timeout = 150ms;
  Attempt client(loop, options);
  CHECK(client.handler->reason == "cannot connect to " + place + ": no answer within 0.15 s");
}

TEST_CASE("an attempt that is destroyed calls nobody, at whatever step it was") {
  Loop loop;
  TestServer server(loop);
  server.answer = "HTTP/1.1";
  const std::vector<std::string> urls = {"ws://no-such-host.invalid/", "ws://127.0.0.1:" + server.port() + "/",
                                         "wss://localhost:" + server.port() + "/"};
  for (const auto& url : urls) {
    for (const auto delay : {0ms, 1ms, 30ms}) {
      const auto handler = std::make_shared<Recorder>();
      auto attempt = connect_websocket(loop.io, loop.deadlines, options_for(url), handler);
      loop.run_for(delay);
      const int closed_before = handler->closed;  // the resolver may have been quick
      attempt.reset();
      CHECK(handler.use_count() == 1);
      loop.run_for(20ms);
      CHECK(handler->closed == closed_before);
      CHECK(handler->opened == 0);
    }
  }
}

TEST_CASE("an attempt that is destroyed once it is open leaves the connection alone") {
  Loop loop;
  TestServer server(loop);
  Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
  REQUIRE(client.handler->opened == 1);
  const auto connection = client.attempt->connection();
  client.attempt.reset();
  CHECK(connection->try_send("still there"));
  CHECK(loop.until([&] { return client.handler->texts.size() == 1; }));
}

TEST_CASE("a loop that ends in the middle takes everything with it") {
  const auto handler = std::make_shared<Recorder>();
  {
    Loop loop;
    TestServer server(loop);
    Attempt client(loop, options_for("ws://127.0.0.1:" + server.port() + "/"));
    REQUIRE(client.handler->opened == 1);
    client.connection().try_send("unsent");
    auto lookup = connect_websocket(loop.io, loop.deadlines, options_for("ws://localhost/"), handler);
  }
  CHECK(handler.use_count() == 1);
  CHECK(handler->closed == 0);
}
