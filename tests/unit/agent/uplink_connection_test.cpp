// How the uplink comes to a connection, keeps it and leaves it.

#include "unit/capture_stderr.h"
#include "uplink_bench.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

TEST_CASE("the times of the wire contract") {
  const UplinkTiming timing;
  CHECK(timing.first_backoff == 250ms);
  CHECK(timing.longest_backoff == 1500ms);
  CHECK(timing.restart_spread == 2s);
  CHECK(timing.crowded_spread == 5s);
  CHECK(timing.refused_least >= timing.longest_backoff);
  CHECK(timing.status_interval == 10s);
  CHECK(timing.heartbeat_interval == 5s);  // a ping after so long, and a new connection after 15 s of silence
  CHECK(timing.heartbeat_interval + timing.heartbeat_timeout == 15s);
}

TEST_CASE("a hub that accepts and says nothing is left at the deadline, and tried again") {
  UplinkBench bench;
  bench.hub.silent = true;
  CaptureStderr log;
  bench.uplink->start();
  REQUIRE(run_until(bench.io, [&] { return bench.hub.requests.size() >= 2; }));
  CHECK(contains(log.take(), "handshake timeout; readings are buffered, next try in "));
  bench.hub.silent = false;
  CHECK(run_until(bench.io, [&] { return bench.uplink->connected(); }));
}

TEST_CASE("a hub that restarts (1012) is there again within the restart spread, however often") {
  UplinkBench bench;
  REQUIRE(bench.connect());
  CaptureStderr log;
  for (int restart = 1; restart <= 6; ++restart) {
    bench.hub.last().connection->close(close_code::service_restart, "");
    REQUIRE(run_until(bench.io, [&] { return bench.hub.opened == restart + 1 && bench.uplink->connected(); }));
    const std::string said = log.take();
    const auto wait = said.find("next try in ");
    REQUIRE(wait != std::string::npos);
    CHECK(std::stod(said.substr(wait + 12)) <= 0.1001);
  }
}

TEST_CASE("who is refused hears what to do, and no token") {
  UplinkBench bench;
  CaptureStderr log;
  bench.hub.http_refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  bench.uplink->start();
  std::string said;
  REQUIRE(run_until(bench.io, [&] {
    said += log.take();
    return contains(said, "401");
  }));
  CHECK(contains(said, "check the token (on the hub: `webmacs-server token list`, `token create`)"));
  CHECK(contains(said, "readings are buffered"));
  CHECK_FALSE(contains(said, "wm_test"));
}

TEST_CASE("the agent presents its token in a header, asks for acknowledgements, describes, reports, then sends") {
  UplinkBench bench;
  bench.outbox->add(numbered_range(0, 10));
  REQUIRE(bench.connect());
  REQUIRE(run_until(bench.io, [&] { return bench.hub.batches.size() == 1; }));
  const std::string& request = bench.hub.requests.at(0);
  CHECK(request.rfind("GET /ws/controller/telemetry?ack=1 HTTP/1.1\r\n", 0) == 0);
  CHECK(contains(request, "Authorization: Bearer wm_test\r\n"));
  CHECK(bench.hub.kinds == std::vector<std::string>{"events", "status", "batch"});
  CHECK(bench.hub.descriptions.at(0).event_public_id == "evt_a");
  CHECK(bench.hub.descriptions.at(0).unit == "°C");
  CHECK(bench.report_alls == 1);
  CHECK(bench.hub.batches[0].readings.size() == 10);
  CHECK(bench.hub.batches[0].readings[3].reading == numbered(3));
  CHECK_FALSE(bench.hub.batches[0].backlog);
  CHECK(bench.uplink->state().find("as rig1") != std::string::npos);
}

TEST_CASE("a lost connection: what was unanswered is sent again after reconnecting") {
  UplinkBench bench;
  bench.hub.on_batch = [](ScriptedHub::Client&, const ReadingsFrame&) {};
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 5));
  REQUIRE(run_until(bench.io, [&] { return bench.hub.batches.size() == 1; }));
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    bench.hub.acknowledge(client, frame);
  };
  bench.hub.last().connection->drop("test");
  REQUIRE(run_until(bench.io, [&] { return bench.hub.batches.size() == 2; }));
  CHECK(bench.hub.opened == 2);
  CHECK(bench.report_alls == 2);
  CHECK(bench.hub.batches[1].readings.size() == 5);
}

TEST_CASE("after 1001 it comes back within the restart spread, after 1008 it waits long, and buffers") {
  UplinkBench bench;
  REQUIRE(bench.connect());
  bench.hub.last().connection->close(close_code::going_away, "");
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 2 && bench.uplink->connected(); }, 500ms));
  bench.hub.last().connection->close(close_code::policy, "Token has been revoked");
  REQUIRE(run_until(bench.io, [&] { return !bench.uplink->connected(); }));
  const auto closed = std::chrono::steady_clock::now();
  bench.outbox->add(numbered_range(0, 5));
  CHECK(contains(bench.uplink->state(), "Token has been revoked"));
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 3; }, 2000ms));
  CHECK(std::chrono::steady_clock::now() - closed >= 395ms);
  CHECK(run_until(bench.io, [&] { return bench.hub.values(true).size() == 5; }));
}

TEST_CASE("HTTP 401 is retried slowly; a new configuration is tried at once") {
  UplinkBench bench;
  bench.hub.http_refusal = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  bench.uplink->start();
  REQUIRE(run_until(bench.io, [&] { return contains(bench.uplink->state(), "401"); }));
  run_for(bench.io, 200ms);
  CHECK(bench.hub.requests.size() == 1);
  bench.hub.http_refusal.clear();
  HubSettings settings = bench.hub_settings();
  settings.token = "wm_other";
  bench.uplink->apply(settings);
  REQUIRE(run_until(
      bench.io, [&] { return bench.uplink->connected(); }, 150ms));
  CHECK(contains(bench.hub.requests.back(), "Bearer wm_other"));
}

TEST_CASE("a token is blamed for the HTTP status alone, not for what a hub says in words") {
  struct Answer {
    const char* status_line;
    const char* advice;
  };
  for (const Answer& answer : {Answer{"403 Forbidden", "check the token"}, Answer{"404 Not Found", "check the path"},
                               Answer{"502 HTTP 401", "HTTP 502 Bad Gateway; readings"}}) {
    UplinkBench bench;
    CaptureStderr log;
    bench.hub.http_refusal = fmt::format("HTTP/1.1 {}\r\nContent-Length: 0\r\n\r\n", answer.status_line);
    bench.uplink->start();
    std::string said;
    REQUIRE(run_until(bench.io, [&] { return contains(said += log.take(), "next try"); }));
    CHECK_MESSAGE(contains(said, answer.advice), said);
  }
  UplinkBench bench;
  REQUIRE(bench.connect());
  CaptureStderr log;
  bench.hub.last().connection->close(close_code::internal_error, "HTTP 401 or HTTP 404 upstream");
  std::string said;
  REQUIRE(run_until(bench.io, [&] { return contains(said += log.take(), "next try"); }));
  CHECK_MESSAGE(!contains(said, "check the"), said);
}

TEST_CASE("a hub that never says `connected` is left and tried again") {
  UplinkBench bench;
  bench.hub.greets = false;
  bench.uplink->start();
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 2; }, 2000ms));
  CHECK_FALSE(bench.uplink->connected());
  CHECK(bench.report_alls == 0);
}

TEST_CASE("a half-open connection is noticed by silence, and replaced") {
  UplinkBench bench;
  REQUIRE(bench.connect());
  bench.hub.last().connection->pause_reading();  // it answers no ping any more
  const auto since = std::chrono::steady_clock::now();
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 2; }, 2000ms));
  CHECK(std::chrono::steady_clock::now() - since >= 90ms);
  CHECK(bench.report_alls == 2);
}

TEST_CASE("without a token nothing is sent, readings are buffered, and the token is used when it appears") {
  UplinkBench bench;
  HubSettings settings = bench.hub_settings();
  settings.token.clear();
  settings.token_file = bench.folder.file("token");
  settings.token_file_given = true;
  bench.uplink->apply(settings);
  bench.outbox->add(numbered_range(0, 5));
  run_for(bench.io, 120ms);
  CHECK(bench.hub.requests.empty());
  CHECK(contains(bench.uplink->state(), "no token"));
  write_file(settings.token_file, "wm_late\n");
  REQUIRE(run_until(bench.io, [&] { return bench.hub.batches.size() == 1; }));
  CHECK(contains(bench.hub.requests.back(), "Bearer wm_late"));
}

TEST_CASE("the status is sent regularly and on change, but not more often than it may") {
  UplinkTiming timing = quick_uplink();
  timing.status_interval = 200ms;
  timing.status_pause = 50ms;
  UplinkBench bench(timing);
  REQUIRE(bench.connect());
  run_for(bench.io, 20ms);
  REQUIRE(bench.hub.statuses.size() == 1);
  for (int i = 0; i < 10; ++i) bench.uplink->status_changed();
  run_for(bench.io, 100ms);
  CHECK(bench.hub.statuses.size() == 2);
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.statuses.size() == 3; }, 600ms));
}

TEST_CASE("stopping closes with 1001") {
  UplinkBench bench;
  REQUIRE(bench.connect());
  bool done = false;
  bench.uplink->stop([&] { done = true; });
  REQUIRE(run_until(bench.io, [&] { return done; }));
  REQUIRE(run_until(bench.io, [&] { return !bench.hub.close_codes.empty(); }));
  CHECK(bench.hub.close_codes[0] == close_code::going_away);
}

TEST_CASE("stopping without a hub is done at once") {
  UplinkBench bench;
  bench.hub.silent = true;
  bench.uplink->start();
  run_for(bench.io, 30ms);
  bool done = false;
  bench.uplink->stop([&] { done = true; });
  CHECK(run_until(
      bench.io, [&] { return done; }, 100ms));
}
