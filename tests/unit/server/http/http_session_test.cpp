#include "server/http/http_session.h"

#include "unit/server/http/http_bench.h"

#include <doctest/doctest.h>

#include <string>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

std::string get(const std::string& path, const std::string& fields = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: hub\r\n" + fields + "\r\n";
}

std::string post(const std::string& fields, const std::string& body = "") {
  return "POST /p HTTP/1.1\r\nHost: hub\r\n" + fields + "\r\n" + body;
}

// A body in pieces that the test gives.
struct Pieces : BodySource {
  void next(std::function<void(BodyPiece)> take) override { wanted = std::move(take); }
  void when_cut(std::function<void()> cut_it) override { cut = std::move(cut_it); }
  std::function<void(BodyPiece)> wanted;
  std::function<void()> cut;
};

// Answers everything with the body that `pieces` will give.
void stream(HttpBench& bench, const std::shared_ptr<Pieces>& pieces) {
  bench.service.answer = [pieces](const HttpRequest&, const HttpAnswer& answer) {
    HttpResponse response;
    response.end = BodyEnd::last_chunk;
    response.source = pieces;
    answer(std::move(response));
  };
}

void give(Pieces& pieces, BodyPiece::What what, std::string bytes) {
  std::exchange(pieces.wanted, nullptr)({what, std::move(bytes)});
}

}  // namespace

TEST_CASE("a connection stays for the next request") {
  HttpBench bench;
  bench.send(get("/a"));
  CHECK(bench.receives("\r\n\r\n/a "));
  bench.send(get("/b"));
  CHECK(bench.receives("\r\n\r\n/b "));
  CHECK_FALSE(bench.ended);
  CHECK(bench.places.taken() == 1);
}

TEST_CASE("requests that come in one piece are answered in their order") {
  HttpBench bench;
  bench.send(get("/a") + post("Content-Length: 2\r\n", "xy") + get("/c"));
  REQUIRE(bench.receives("/c "));
  REQUIRE(bench.service.handled.size() == 3);
  CHECK(bench.service.handled[1].body == "xy");
  CHECK(bench.received.find("/a ") < bench.received.find("/p xy"));
  CHECK(bench.received.find("/p xy") < bench.received.find("/c "));
}

TEST_CASE("the next request waits until the one before is answered") {
  HttpBench bench;
  HttpAnswer later;
  bench.service.answer = [&](const HttpRequest&, HttpAnswer answer) { later = std::move(answer); };
  bench.send(get("/a") + get("/b"));
  REQUIRE(bench.run_until([&] { return later != nullptr; }));
  CHECK(bench.service.handled.size() == 1);
  std::exchange(later, nullptr)({});
  REQUIRE(bench.run_until([&] { return later != nullptr; }));
  CHECK(bench.service.handled.at(1).path == "/b");
  CHECK(bench.run_until([&] { return bench.answers() == 1; }));
}

TEST_CASE("a request that comes byte by byte is the same request") {
  HttpBench bench;
  for (const char byte : post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n")) {
    bench.send(std::string(1, byte));
  }
  CHECK(bench.receives("/p abcd"));
}

TEST_CASE("who wants the connection closed reads the answer and then its end") {
  HttpBench bench;
  bench.send(get("/a", "Connection: close\r\n") + "bytes that nobody reads");
  CHECK(bench.is_closed());
  CHECK(bench.received.ends_with("/a "));
  CHECK(*bench.ended == boost::asio::error::eof);  // no reset, which would take the answer away
  bench.client.close();
  CHECK(bench.run_until([&] { return bench.places.taken() == 0; }));
}

TEST_CASE("a HEAD request gets the head alone, and the connection stays") {
  HttpBench bench;
  bench.send("HEAD /a HTTP/1.1\r\nHost: hub\r\n\r\n");
  CHECK(bench.receives("Content-Length: 3\r\n\r\n"));
  bench.send(get("/b"));
  CHECK(bench.receives("/b "));
}

TEST_CASE("a request that cannot be read is refused, and the connection closed") {
  struct Case {
    std::string sent, status;
  };
  for (const Case& wrong : {Case{"\x16\x03\x01 is TLS\r\n\r\n", "400"},
                            Case{get("/a", "X: " + std::string(16 * 1024, 'x') + "\r\n"), "431"},
                            Case{post("Content-Length: 1048577\r\n"), "413"},
                            Case{post("Transfer-Encoding: chunked\r\n", "nonsense\r\n"), "400"},
                            Case{post("Transfer-Encoding: chunked\r\n", "100001\r\n"), "413"}}) {
    CAPTURE(wrong.status);
    CAPTURE(wrong.sent.substr(0, 60));
    HttpBench bench;
    bench.send(wrong.sent);
    CHECK(bench.is_closed());
    CHECK(bench.received.starts_with("HTTP/1.1 " + wrong.status + " "));
    CHECK(bench.answers() == 1);
    CHECK(bench.service.handled.empty());
  }
}

TEST_CASE("the largest body there may be is handled whole") {
  HttpBench bench;
  const std::string body(1024 * 1024, 'x');
  bench.service.answer = [](const HttpRequest&, const HttpAnswer& answer) { answer({}); };
  bench.send(post("Content-Length: 1048576\r\n", body));
  REQUIRE(bench.run_until([&] { return bench.answers() == 1; }));
  CHECK(bench.service.handled.at(0).body == body);
}

TEST_CASE("what its head is refused for is refused before the body") {
  HttpBench bench;
  bench.service.refused = problem(401, "no token");
  bench.send(post("Content-Length: 100\r\nExpect: 100-continue\r\n"));
  CHECK(bench.is_closed());
  CHECK(bench.received.starts_with("HTTP/1.1 401 "));
  CHECK(bench.answers() == 1);
  CHECK(bench.service.handled.empty());
}

TEST_CASE("a client that waits for the word to send its body gets it") {
  HttpBench bench;
  bench.send(post("Content-Length: 2\r\nExpect: 100-continue\r\n"));
  REQUIRE(bench.receives("HTTP/1.1 100 Continue\r\n\r\n"));
  bench.send("xy");
  CHECK(bench.receives("/p xy"));
  CHECK(bench.answers() == 2);
}

TEST_CASE("an upgrade takes the connection over with every byte that came, and keeps its place") {
  HttpBench bench;
  const std::string sent = get("/ws/x", "Upgrade: websocket\r\nConnection: Upgrade\r\n") + "first frame";
  bench.send(sent);
  REQUIRE(bench.run_until([&] { return !bench.service.taken_over.empty(); }));
  CHECK(bench.service.taken_over == sent);
  CHECK(bench.places.taken() == 1);
  bench.service.stream->close();
  bench.service.place.reset();
  CHECK(bench.places.taken() == 0);
}

TEST_CASE("an upgrade that is refused is answered over HTTP") {
  HttpBench bench;
  bench.service.refused = problem(403, "not from this origin");
  bench.send(get("/ws/x"));
  CHECK(bench.is_closed());
  CHECK(bench.received.starts_with("HTTP/1.1 403 "));
  CHECK(bench.service.taken_over.empty());
}

TEST_CASE("an address behind a trusted proxy that has its share hears 429 and when to come again") {
  ConnectionLimitsPerHub limits;
  limits.connections_per_address = 1;
  limits.trusted_proxies = {"127.0.0.1"};
  HttpBench bench(limits);
  bench.trusted_proxies = {"127.0.0.1"};
  const auto other = bench.places.try_take("127.0.0.1");
  REQUIRE(other->try_name("192.0.2.7"));
  bench.send(get("/a", "X-Forwarded-For: 192.0.2.7\r\n"));
  CHECK(bench.is_closed());
  CHECK(bench.received.starts_with("HTTP/1.1 429 "));
  CHECK(bench.received.find("\r\nRetry-After: 5\r\n") != std::string::npos);
  CHECK(bench.service.handled.empty());
}

TEST_CASE("a body that is made while it is sent is asked for piece by piece, and the connection stays") {
  HttpBench bench;
  const auto pieces = std::make_shared<Pieces>();
  stream(bench, pieces);
  bench.send(get("/a"));
  REQUIRE(bench.run_until([&] { return pieces->wanted != nullptr; }));
  give(*pieces, BodyPiece::What::more, "one,");
  REQUIRE(bench.receives("4\r\none,\r\n"));
  REQUIRE(bench.run_until([&] { return pieces->wanted != nullptr; }));
  give(*pieces, BodyPiece::What::last, "two");
  CHECK(bench.receives("3\r\ntwo\r\n0\r\n\r\n"));
  CHECK_FALSE(bench.ended);
}

TEST_CASE("a body that breaks in the middle does not seem to end well") {
  HttpBench bench;
  const auto pieces = std::make_shared<Pieces>();
  stream(bench, pieces);
  SUBCASE("its source has no more") {
    bench.send(get("/a"));
    REQUIRE(bench.run_until([&] { return pieces->wanted != nullptr; }));
    give(*pieces, BodyPiece::What::broken, "");
  }
  SUBCASE("its client may have no more of it") {
    bench.send(get("/a"));
    REQUIRE(bench.run_until([&] { return pieces->cut != nullptr; }));
    pieces->cut();
  }
  SUBCASE("its end is the connection's: HTTP/1.0") {
    bench.send("GET /a HTTP/1.0\r\n\r\n");
    REQUIRE(bench.run_until([&] { return pieces->wanted != nullptr; }));
    give(*pieces, BodyPiece::What::broken, "");
  }
  CHECK(bench.is_closed());
  CHECK(*bench.ended == boost::asio::error::connection_reset);
  CHECK(bench.received.find("0\r\n\r\n") == std::string::npos);
}

TEST_CASE("closing all gives each place back, and an answer that comes later goes nowhere") {
  HttpBench bench;
  HttpAnswer later;
  bench.service.answer = [&](const HttpRequest&, HttpAnswer answer) { later = std::move(answer); };
  bench.send(get("/a"));
  REQUIRE(bench.run_until([&] { return later != nullptr; }));
  bench.sessions.close_all();
  std::exchange(later, nullptr)({});
  CHECK(bench.is_closed());
  CHECK(bench.received.empty());
  CHECK(bench.run_until([&] { return bench.places.taken() == 0; }));
}
