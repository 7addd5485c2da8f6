// The opening handshake, both roles, byte by byte.

#include "common/websocket/handshake.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace webmacs;

namespace {

using Progress = ClientHandshake::Progress;

std::string header(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

ClientHandshake client_of(const ClientHandshake::Headers& headers = {}) {
  return {"hub.lab:8000", "/ws/controller/telemetry?ack=1", headers};
}

// What a client makes of an answer.
std::string problem_with(ClientHandshake& client, std::string_view answer) {
  return client.feed(answer) == Progress::failed ? client.problem() : "none";
}

}  // namespace

TEST_CASE("our server accepts our client, and leaves the frames behind the request alone") {
  ClientHandshake client("hub.lab:8000", "/ws?x=1", {{"Authorization", "Bearer wm_test"}});
  const std::string request = client.request();
  CHECK(request.rfind("GET /ws?x=1 HTTP/1.1\r\n", 0) == 0);
  CHECK(header(request, "Host") == "hub.lab:8000");
  CHECK(header(request, "Authorization") == "Bearer wm_test");
  const UpgradeAnswer answer = answer_upgrade(request + "frames", "");
  REQUIRE(answer.accepted);
  CHECK(answer.consumed == request.size());

  const std::string wire = answer.response + "more frames";
  std::string_view rest;
  Progress progress = Progress::incomplete;
  for (std::size_t at = 0; at < wire.size() && progress == Progress::incomplete; ++at) {  // byte by byte
    rest = std::string_view(wire).substr(at, 1);
    progress = client.feed(rest);
  }
  CHECK(progress == Progress::open);
  CHECK(client.http_status() == 101);
  CHECK(rest.empty());
  ClientHandshake once("hub.lab:8000", "/ws", {});
  const std::string second = answer_upgrade(once.request(), "").response + "more frames";
  rest = second;
  CHECK(once.feed(rest) == Progress::open);
  CHECK(rest == "more frames");
}

TEST_CASE("two clients never ask with the same key") {
  CHECK(header(client_of().request(), "Sec-WebSocket-Key") != header(client_of().request(), "Sec-WebSocket-Key"));
}

TEST_CASE("what is no upgrade is refused with the status that says why") {
  const std::string good = client_of().request();
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string request = good;
    request.replace(request.find(from), from.size(), to);
    const UpgradeAnswer answer = answer_upgrade(request, "");
    CHECK_FALSE(answer.accepted);
    CHECK_FALSE(answer.problem.empty());
    CHECK(header(answer.response, "Connection") == "close");
    return answer.response.substr(9, 3);
  };
  CHECK(refused("Upgrade: websocket", "Upgrade: h2c") == "426");
  CHECK(refused("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8") == "426");
  CHECK(refused("Sec-WebSocket-Key", "Sec-WebSocket-Kay") == "400");
  CHECK(refused("HTTP/1.1", "HTTP 1.1") == "400");
  CHECK(refused("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\nhello") == "400");
  CHECK(refused("\r\n\r\n", "\r\n") == "400");
}

TEST_CASE("an HTTP status of a refusal is known, with our words for it") {
  ClientHandshake client = client_of();
  CHECK(client.http_status() == 0);
  CHECK(problem_with(client, "HTTP/1.1 401 wm_secret\r\n\r\n") == "HTTP 401 Unauthorized");
  CHECK(client.http_status() == 401);
  ClientHandshake other = client_of();
  CHECK(problem_with(other, "HTTP/1.0 599\r\n\r\n") == "HTTP 599");
}

TEST_CASE("an answer that is no HTTP, or has no end, fails") {
  for (const char* answer :
       {"SSH-2.0-OpenSSH\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "\r\n\r\n"}) {
    ClientHandshake client = client_of();
    CHECK(problem_with(client, answer) == "the server's answer is no HTTP answer");
  }
  ClientHandshake client = client_of();
  CHECK(problem_with(client, std::string(16 * 1024, 'x')) == "the server's answer is no HTTP answer, or too long");
}

TEST_CASE("a 101 that does not answer this request, or offers what nobody asked for, fails") {
  ClientHandshake stranger = client_of();
  const std::string for_another = answer_upgrade(client_of().request(), "").response;
  CHECK(problem_with(stranger, for_another) == "the server's answer is no answer to a WebSocket handshake");

  const auto with = [](const std::string& extra) {
    ClientHandshake client = client_of();
    std::string answer = answer_upgrade(client.request(), "").response;
    answer.insert(answer.size() - 2, extra + "\r\n");
    return problem_with(client, answer);
  };
  CHECK(with("X-Other: fine") == "none");
  CHECK(with("Sec-WebSocket-Extensions: permessage-deflate") ==
        "the server selected an extension that nobody asked for");
  CHECK(with("Sec-WebSocket-Protocol: chat") == "the server selected a subprotocol that nobody asked for");
}
