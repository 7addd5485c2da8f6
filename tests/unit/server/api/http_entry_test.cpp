#include "server/api/http_entry.h"

#include "unit/server/hub_parts.h"

#include <boost/beast/http/verb.hpp>
#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

struct Entry : HubParts {
  // What the request begins; empty while it is not known yet.
  void begin(const std::string& path, const std::string& token) {
    begun.reset();
    HttpRequest request;
    request.header.method(boost::beast::http::verb::get);
    request.path = path;
    request.client = request.peer = "192.0.2.7";
    if (!token.empty()) request.header.set("Authorization", "Bearer " + token);
    entry.begin(std::move(request), [this](HttpBegun what) { begun = std::move(what); });
  }
  HttpExchange& exchange() {
    REQUIRE(run_until([&] { return begun.has_value(); }));
    REQUIRE(std::holds_alternative<std::unique_ptr<HttpExchange>>(*begun));
    return *std::get<std::unique_ptr<HttpExchange>>(*begun);
  }
  HttpResponse answer() {
    std::optional<HttpResponse> answer;
    exchange().handle("", [&](HttpResponse response) { answer = std::move(response); });
    REQUIRE(run_until([&] { return answer.has_value(); }));
    return std::move(*answer);
  }
  // Makes a token as the command line does, beside the hub.
  std::string make(const std::string& name) {
    const std::string text = make_token();
    open()->add_token({name, token_hash(text), "viewer", utc_now(), std::nullopt, std::nullopt});
    return text;
  }

  HttpEntry entry{access, failed_logins, tokens, rest, websockets};
  std::optional<HttpBegun> begun;
};

}  // namespace

TEST_CASE("a token that another program made a moment ago is good at once") {
  Entry hub;
  const std::string token = hub.make("anna");
  hub.begin("/api/v1/me", token);
  CHECK_FALSE(hub.begun);  // the store is asked first
  const auto answer = hub.answer();
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"name":"anna","role":"viewer","expires":null})");
  CHECK(hub.failed_logins.count() == 0);
}

TEST_CASE("a token that is known, or none at all, waits for no store") {
  Entry hub;
  const std::string token = hub.make("anna");
  hub.access.replace(hub.open()->tokens());
  hub.begin("/api/v1/me", token);
  CHECK(hub.begun);
  hub.begin("/health", "");
  CHECK(hub.begun);
}

TEST_CASE("a token that the store does not know either is refused, and counts as one failed login") {
  Entry hub;
  hub.begin("/api/v1/me", "wm_guessed");
  const auto refusal = hub.exchange().refusal();
  REQUIRE(refusal);
  CHECK(refusal->status == 401);
  CHECK(hub.failed_logins.count() == 1);
}

TEST_CASE("the path says whether REST answers or a WebSocket begins") {
  Entry hub;
  const auto is_upgrade = [&](const std::string& path) {
    hub.begin(path, "");
    REQUIRE(hub.begun);
    return std::holds_alternative<std::unique_ptr<HttpUpgrade>>(*hub.begun);
  };
  CHECK(is_upgrade("/ws/datapoints/stream"));
  CHECK(is_upgrade("/ws/"));
  CHECK_FALSE(is_upgrade("/ws"));
  CHECK_FALSE(is_upgrade("/api/v1/ws/"));
  CHECK_FALSE(is_upgrade("/"));
}
