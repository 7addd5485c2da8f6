#include "server/api/metrics.h"

#include "unit/server/hub_parts.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <string>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

struct QuietSession : Session {
  explicit QuietSession(Role role) : Session({"somebody", role, "hash"}) {}
  void attach(std::shared_ptr<Connection>) override {}
  void stop_reading() override {}
  void close(std::uint16_t, const std::string&) override {}
  void drop() override {}
  std::size_t queued_bytes() const override { return 100; }
  void on_open() override {}
  void on_text(std::string_view) override {}
  void on_closed(std::uint16_t, const std::string&) override {}
};

HttpRequest request_of(const std::string& peer, const std::string& field = "") {
  HttpRequest request;
  request.peer = request.client = peer;
  if (!field.empty()) request.header.set(field, "192.0.2.7");
  return request;
}

// The value of one series as it stands in the text; empty when there is none.
std::string value(const std::string& text, const std::string& series) {
  const auto at = ("\n" + text).find("\n" + series + " ");
  if (at == std::string::npos) return "";
  const auto begin = at + series.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("metrics are for this machine, not for whom a proxy on it speaks for") {
  HubParts hub;
  CHECK(hub.metrics.may_see(request_of("127.0.0.1")));
  CHECK(hub.metrics.may_see(request_of("::1")));
  CHECK_FALSE(hub.metrics.may_see(request_of("192.0.2.7")));
  CHECK_FALSE(hub.metrics.may_see(request_of("")));
  for (const char* field : {"X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"}) {
    CAPTURE(field);
    CHECK_FALSE(hub.metrics.may_see(request_of("127.0.0.1", field)));
  }
}

TEST_CASE("public metrics are for everybody, from the moment on that they are public") {
  HubParts hub;
  hub.metrics_public = true;
  CHECK(hub.metrics.may_see(request_of("192.0.2.7")));
  hub.metrics_public = false;
  CHECK_FALSE(hub.metrics.may_see(request_of("192.0.2.7")));
}

TEST_CASE("what happened is counted under its name") {
  HubParts hub;
  const auto operator_ = std::make_shared<QuietSession>(Role::operator_);
  hub.sessions.add(operator_);
  hub.sessions.add(std::make_shared<QuietSession>(Role::controller));
  hub.sessions.add(std::make_shared<QuietSession>(Role::controller));
  const auto gone = std::make_shared<QuietSession>(Role::viewer);
  hub.sessions.add(gone);
  hub.sessions.remove(gone, 1001);
  hub.controllers.socket_opened("rig1", "192.0.2.1");
  hub.controllers.socket_opened("rig2", "192.0.2.2");
  hub.controllers.socket_closed("rig2", "1000");
  hub.failed_logins.failed("192.0.2.7", std::chrono::steady_clock::now());
  hub.readings.received = 12;
  hub.readings.invalid = 2;

  const std::string text = hub.metrics.text();
  CHECK(value(text, R"(webmacs_connections{role="controller"})") == "2");
  CHECK(value(text, R"(webmacs_connections{role="operator"})") == "1");
  CHECK(value(text, R"(webmacs_connections{role="viewer"})") == "0");
  CHECK(value(text, "webmacs_outbound_queue_bytes") == "300");
  CHECK(value(text, R"(webmacs_websocket_closes_total{code="1001"})") == "1");
  CHECK(value(text, "webmacs_controllers_online") == "1");
  CHECK(value(text, "webmacs_failed_logins_total") == "1");
  CHECK(value(text, "webmacs_readings_received_total") == "12");
  CHECK(value(text, R"(webmacs_readings_rejected_total{reason="invalid"})") == "2");
  CHECK(value(text, "webmacs_store_up") == "1");
}

TEST_CASE("what the store did is counted by what became of each reading, and by how long a commit took") {
  HubParts hub;
  const Timestamp time = utc_now();
  int answered = 0;
  const auto push = [&](const std::string& controller, double number) {
    const int before = answered;
    REQUIRE(hub.ingest.try_submit({controller, {{Reading{"evt_a", time, number, ""}, false}}}, false, true,
                                  [&](const auto&) { ++answered; }));
    REQUIRE(hub.run_until([&] { return answered > before; }));
  };
  push("rig1", 1);
  push("rig1", 1);  // again
  push("rig1", 2);  // another value for that time
  push("rig2", 1);  // not its event
  const std::string text = hub.metrics.text();
  CHECK(value(text, "webmacs_readings_stored_total") == "1");
  CHECK(value(text, "webmacs_readings_duplicate_total") == "1");
  CHECK(value(text, "webmacs_readings_conflict_total") == "1");
  CHECK(value(text, R"(webmacs_readings_rejected_total{reason="foreign_event"})") == "1");
  CHECK(value(text, "webmacs_store_commit_seconds_count") == "4");
  CHECK(value(text, R"(webmacs_store_commit_seconds_bucket{le="+Inf"})") == "4");
}

TEST_CASE("each name has one help, one type, and comes once") {
  HubParts hub;
  std::istringstream lines(hub.metrics.text());
  std::multiset<std::string> helps, types;
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, what, name;
    words >> hash >> what >> name;
    if (hash == "#") {
      (what == "HELP" ? helps : types).insert(name);
    } else {
      CHECK(series.insert(line.substr(0, line.rfind(' '))).second);
    }
  }
  CHECK(helps.size() > 20);
  CHECK(helps == types);
  for (const auto& name : helps) CHECK(helps.count(name) == 1);
}
