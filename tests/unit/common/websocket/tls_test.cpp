// The client against a server under TLS: what is trusted, and what is said when it is not.

#include "certificates.h"
#include "common/websocket/client.h"
#include "test_server.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::test;

namespace {

struct TlsServer : TestServer {
  TlsServer(Loop& its_loop, const Certificates& certificates, const std::string& name) : TestServer(its_loop) {
    tls = make_server_tls(certificates.file(name + ".pem"), certificates.file(name + ".key"));
  }
};

struct TlsClient {
  std::shared_ptr<Recorder> handler = std::make_shared<Recorder>();
  std::unique_ptr<ConnectAttempt> attempt;
  TlsClient(Loop& loop, const std::string& host, const std::string& port, const std::string& ca_file) {
    ClientOptions options;
    options.url = parse_websocket_url("wss://" + host + ":" + port + "/ws/test").value();
    options.ca_file = ca_file;
    attempt = connect_websocket(loop.io, loop.deadlines, options, handler);
    loop.until([&] { return handler->opened + handler->closed > 0; });
  }
};

}  // namespace

TEST_CASE("a certificate for the name or the address is accepted, and data flows both ways") {
  Certificates certificates;
  certificates.issue("hub", "DNS:localhost,IP:127.0.0.1");
  Loop loop;
  TlsServer server(loop, certificates, "hub");
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    TlsClient client(loop, host, server.port(), certificates.ca_file());
    CAPTURE(client.handler->reason);
    REQUIRE(client.handler->opened == 1);
    const auto connection = client.attempt->connection();
    for (int i = 0; i < 12; ++i) CHECK(connection->try_send(std::string(60000, static_cast<char>('a' + i))));
    CHECK(connection->try_send("small"));
    REQUIRE(loop.until([&] { return client.handler->texts.size() == 13; }));
    CHECK(client.handler->texts[11] == std::string(60000, 'l'));
    CHECK(client.handler->texts[12] == "small");
    connection->close(1000, "bye");
    const auto begin = Clock::now();
    REQUIRE(loop.until([&] { return client.handler->closed == 1 && server.handler->closed == 1; }));
    CHECK(Clock::now() - begin < 1s);  // not by a timeout
    CHECK(client.handler->code == 1000);
    CHECK(server.handler->reason == "bye");
  }
}

TEST_CASE("the server closes first, under TLS") {
  Certificates certificates;
  certificates.issue("hub", "DNS:localhost");
  Loop loop;
  TlsServer server(loop, certificates, "hub");
  TlsClient client(loop, "localhost", server.port(), certificates.ca_file());
  REQUIRE(client.handler->opened == 1);
  server.connection->close(1001, "shutting down");
  const auto begin = Clock::now();
  REQUIRE(loop.until([&] { return client.handler->closed == 1 && server.handler->closed == 1; }));
  CHECK(Clock::now() - begin < 1s);
  CHECK(client.handler->code == 1001);
  CHECK(server.handler->code == 1001);
}

TEST_CASE("a certificate that must not be trusted is refused, and the reason says why") {
  Certificates certificates, strangers("another CA");
  certificates.issue("other", "DNS:other.lab,IP:10.0.0.1");
  certificates.issue("partial", "DNS:local*");
  certificates.issue("expired", "DNS:localhost", -7200, -3600);
  certificates.issue("future", "DNS:localhost", 3600, 7200);
  certificates.issue("self", "DNS:localhost", -60, 3600, true);
  certificates.issue("good", "DNS:localhost");
  struct Row {
    const char* certificate;
    const char* host;
    const char* why;
    bool strange_ca;
  };
  const Row rows[] = {
      {"other", "localhost", "hostname mismatch", false},
      {"other", "127.0.0.1", "IP address mismatch", false},
      {"good", "127.0.0.1", "IP address mismatch", false},
      {"partial", "localhost", "hostname mismatch", false},
      {"expired", "localhost", "certificate has expired", false},
      {"future", "localhost", "certificate is not yet valid", false},
      {"self", "localhost", "self-signed certificate", false},
      {"good", "localhost", "unable to get local issuer certificate", true},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(row.certificate));
    Loop loop;
    TlsServer server(loop, certificates, row.certificate);
    TlsClient client(loop, row.host, server.port(), (row.strange_ca ? strangers : certificates).ca_file());
    CHECK(client.handler->opened == 0);
    CHECK(client.handler->code == 1006);
    CHECK(client.handler->reason ==
          "TLS handshake with " + std::string(row.host) + ":" + server.port() + ": certificate: " + row.why);
    CHECK(loop.until([&] { return !server.handshake_failure.empty(); }));
    CHECK(server.last_request.empty());  // no token was sent
  }
}

TEST_CASE("the system's trust store does not know our CA") {
  Certificates certificates;
  certificates.issue("hub", "DNS:localhost");
  Loop loop;
  TlsServer server(loop, certificates, "hub");
  TlsClient client(loop, "localhost", server.port(), "");
  CHECK(client.handler->opened == 0);
  CHECK(client.handler->reason.find("certificate: ") != std::string::npos);
}

TEST_CASE("a server without TLS") {
  Loop loop;
  TestServer server(loop);
  server.answer = "HTTP/1.1 400 Bad Request\r\n\r\n";
  Certificates certificates;
  auto client = std::make_shared<Recorder>();
  ClientOptions options;
  options.url = parse_websocket_url("wss://127.0.0.1:" + server.port() + "/").value();
  options.ca_file = certificates.ca_file();
  options.connect_timeout = 1s;
  // The server reads the ClientHello as a request without an end: it must be cut off by the deadline.
  const auto attempt = connect_websocket(loop.io, loop.deadlines, options, client);
  REQUIRE(loop.until([&] { return client->closed == 1; }));
  CHECK(client->reason.find("TLS handshake with 127.0.0.1:") == 0);
}

TEST_CASE("files that cannot be used are named") {
  Certificates certificates;
  certificates.issue("one", "DNS:localhost");
  certificates.issue("two", "DNS:localhost");
  const auto failure = [](const auto& call) -> std::string {
    try {
      call();
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return "";
  };
  const auto contains = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  const auto one = certificates.file("one.pem"), one_key = certificates.file("one.key");
  CHECK(failure([&] { make_server_tls(one, one_key); }).empty());
  CHECK(contains(failure([&] { make_server_tls("/no/such.pem", one_key); }), "certificate file /no/such.pem: "));
  CHECK(contains(failure([&] { make_server_tls(one, "/no/such.key"); }), "private key file /no/such.key: "));
  CHECK(contains(failure([&] { make_server_tls(one_key, one_key); }), "certificate file " + one_key));
  CHECK(contains(failure([&] { make_server_tls(one, certificates.file("two.key")); }), "two.key"));
  CHECK(contains(failure([&] { make_client_tls("/no/ca.pem"); }), "CA file /no/ca.pem: "));
  CHECK(failure([&] { make_client_tls(certificates.ca_file()); }).empty());
  CHECK(failure([&] { make_client_tls(""); }).empty());
}
