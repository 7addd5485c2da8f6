#include "agent/uplink.h"

#include "scripted_hub.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;

namespace {

UplinkTiming quick() {
  UplinkTiming timing;
  timing.first_backoff = 20ms;
  timing.longest_backoff = 50ms;
  timing.restart_spread = 100ms;
  timing.refused_least = 400ms;
  timing.refused_most = 500ms;
  timing.no_token = 50ms;
  timing.connected_timeout = 150ms;
  timing.heartbeat_interval = 50ms;
  timing.heartbeat_timeout = 100ms;
  return timing;
}

OutboxLimits limits() {
  OutboxLimits limits;
  limits.live_age = 300ms;
  return limits;
}

// An uplink between an outbox and a scripted hub.
struct Bench {
  explicit Bench(UplinkTiming timing = quick()) : hub(io) { start(timing); }
  Bench(std::int64_t backlog, std::size_t credit) : hub(io) {
    hub.credit = credit;
    {
      Outbox before(io, buffer());
      before.add(numbered_range(1'000'000, backlog));
      before.flush_and_close();
    }
    start(quick());
  }
  ~Bench() { outbox->flush_and_close(); }

  BufferSettings buffer() const {
    BufferSettings settings;
    settings.path = folder.file("b.db");
    settings.max_size = 64 * 1024 * 1024;
    settings.spill_after = 200ms;
    return settings;
  }
  HubSettings hub_settings() const {
    HubSettings settings;
    settings.url_text = hub.url();
    settings.url = *parse_websocket_url(settings.url_text);
    settings.token = "wm_test";
    return settings;
  }
  void start(UplinkTiming timing) {
    outbox = std::make_unique<Outbox>(io, buffer(), limits());
    uplink = std::make_unique<Uplink>(
        io, hub_settings(), *outbox,
        Uplink::Hooks{
            [] {
              return std::vector<EventDescription>{{"evt_a", "Inlet", "analog", "°C", 0.0, 200.0, 0.5, {}, "plc"}};
            },
            [this] {
              StatusFrame status;
              status.agent = "rig1";
              status.backlog = outbox->status().backlog;
              return status;
            },
            [this] { ++report_alls; }, [] {}},
        timing);
    outbox->on_ready([this] { uplink->pump(); });
  }
  bool connect() {
    uplink->start();
    return run_until(io, [this] { return uplink->connected(); });
  }

  TemporaryFolder folder;
  boost::asio::io_context io;
  ScriptedHub hub;
  std::unique_ptr<Outbox> outbox;
  int report_alls = 0;
  std::unique_ptr<Uplink> uplink;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the agent presents its token in a header, asks for acknowledgements, describes, reports, then sends") {
  Bench bench;
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

TEST_CASE("what one turn of polling brought leaves at once, in batches of at most max_batch") {
  Bench bench;
  bench.hub.max_batch = 100;
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 250));
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.batches.size() == 3; }, 500ms));
  CHECK(bench.hub.batches[0].readings.size() == 100);
  CHECK(bench.hub.batches[2].readings.size() == 50);
  std::set<std::int64_t> numbers;
  for (const auto& batch : bench.hub.batches) numbers.insert(batch.batch.value());
  CHECK(numbers.size() == 3);
}

TEST_CASE("batch_interval waits for company") {
  Bench bench;
  HubSettings settings = bench.hub_settings();
  settings.batch_interval = 100ms;
  bench.uplink->apply(settings);
  REQUIRE(run_until(bench.io, [&] { return bench.uplink->connected(); }));
  for (int i = 0; i < 5; ++i) {
    bench.outbox->add({numbered(i)});
    run_for(bench.io, 10ms);
  }
  CHECK(bench.hub.batches.empty());
  REQUIRE(run_until(
      bench.io, [&] { return !bench.hub.batches.empty(); }, 500ms));
  CHECK(bench.hub.batches.size() == 1);
  CHECK(bench.hub.batches[0].readings.size() == 5);
}

TEST_CASE("no more than the credit is unanswered; an answer lets the next leave") {
  Bench bench;
  bench.hub.credit = 120;
  bench.hub.max_batch = 50;
  std::vector<std::int64_t> unanswered;
  bench.hub.on_batch = [&](ScriptedHub::Client&, const ReadingsFrame& frame) { unanswered.push_back(*frame.batch); };
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 200));
  run_for(bench.io, 80ms);
  CHECK(bench.hub.values(false).size() == 120);
  AckMessage ack;
  ack.batch = unanswered.at(1);  // in any order
  ack.stored = 50;
  bench.hub.last().connection->try_send(encode(ack));
  run_for(bench.io, 80ms);
  CHECK(bench.hub.values(false).size() == 170);
}

TEST_CASE("backlog goes in batches of its own, marked, beside live ones, and on half the credit at most") {
  Bench bench(3000, 1000);
  std::size_t unanswered_backlog = 0;
  std::vector<std::int64_t> numbers;
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    if (frame.backlog) {
      unanswered_backlog += frame.readings.size();
      numbers.push_back(*frame.batch);
    } else {
      bench.hub.acknowledge(client, frame);
    }
  };
  REQUIRE(bench.connect());
  run_for(bench.io, 100ms);
  CHECK(unanswered_backlog == 500);
  bench.outbox->add(numbered_range(0, 20));
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.values(false).size() == 20; }, 300ms));  // live all the same
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    bench.hub.acknowledge(client, frame);
  };
  for (const std::int64_t number : numbers) {
    AckMessage ack;
    ack.batch = number;
    bench.hub.last().connection->try_send(encode(ack));
  }
  REQUIRE(run_until(bench.io, [&] { return bench.outbox->status().backlog == 0; }));
  const auto backlog = bench.hub.values(true);
  REQUIRE(backlog.size() == 3000);
  for (std::size_t i = 0; i < backlog.size(); ++i) CHECK(backlog[i] == static_cast<double>(1'000'000 + i));
}

TEST_CASE("readings that grew old without a hub are backlog when it comes") {
  Bench bench;
  bench.outbox->add(numbered_range(0, 10));
  run_for(bench.io, 400ms);
  bench.outbox->add(numbered_range(10, 5));
  REQUIRE(bench.connect());
  REQUIRE(
      run_until(bench.io, [&] { return bench.hub.values(true).size() == 10 && bench.hub.values(false).size() == 5; }));
}

TEST_CASE("busy: the batch waits for retry_after, nothing else is sent meanwhile, then all arrives") {
  Bench bench;
  int busy = 0;
  std::chrono::steady_clock::time_point refused_at{};
  std::chrono::steady_clock::time_point again_at{};
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    if (busy++ == 0) {
      refused_at = std::chrono::steady_clock::now();
      client.connection->try_send(encode(BusyMessage{*frame.batch, 0.15}));
      return;
    }
    if (again_at == std::chrono::steady_clock::time_point{}) again_at = std::chrono::steady_clock::now();
    bench.hub.acknowledge(client, frame);
  };
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 5));
  REQUIRE(run_until(bench.io, [&] { return busy == 1; }));
  run_for(bench.io, 20ms);
  bench.outbox->add(numbered_range(5, 5));
  REQUIRE(run_until(bench.io, [&] { return busy == 3; }));
  CHECK(again_at - refused_at >= 145ms);
  CHECK(bench.hub.batches[1].batch == bench.hub.batches[0].batch);
  CHECK(bench.hub.batches[1].readings.size() == 5);
  run_for(bench.io, 20ms);
  CHECK(bench.outbox->in_flight(*bench.hub.batches[0].batch) == nullptr);
}

TEST_CASE("error: the batch is deleted and never sent again") {
  Bench bench;
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    client.connection->try_send(encode(ErrorMessage{*frame.batch, "no such thing"}));
  };
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 5));
  run_for(bench.io, 500ms);
  CHECK(bench.hub.batches.size() == 1);
  CHECK(bench.outbox->in_flight(*bench.hub.batches[0].batch) == nullptr);
  CHECK(bench.outbox->status().backlog == 0);
}

TEST_CASE("rejected readings are not sent again, but a conflict is: once, 1 µs later") {
  Bench bench;
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    AckMessage ack;
    ack.batch = *frame.batch;
    if (frame.readings.size() == 4) {
      ack.stored = 2;
      ack.rejected = {{0, "event belongs to rig2"}, {2, "conflict"}};
    } else {
      ack.rejected = {{0, "conflict"}};
    }
    client.connection->try_send(encode(ack));
  };
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 4));
  run_for(bench.io, 200ms);
  REQUIRE(bench.hub.batches.size() == 2);
  REQUIRE(bench.hub.batches[1].readings.size() == 1);
  CHECK(bench.hub.batches[1].readings[0].reading.time == numbered(2).time + 1us);
  CHECK(bench.hub.batches[1].readings[0].reading.value == numbered(2).value);
}

TEST_CASE("a lost connection: what was unanswered is sent again after reconnecting") {
  Bench bench;
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
  Bench bench;
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
  Bench bench;
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

TEST_CASE("a hub that never says `connected` is left and tried again") {
  Bench bench;
  bench.hub.greets = false;
  bench.uplink->start();
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 2; }, 2000ms));
  CHECK_FALSE(bench.uplink->connected());
  CHECK(bench.report_alls == 0);
}

TEST_CASE("a half-open connection is noticed by silence, and replaced") {
  Bench bench;
  REQUIRE(bench.connect());
  bench.hub.last().connection->pause_reading();  // it answers no ping any more
  const auto since = std::chrono::steady_clock::now();
  REQUIRE(run_until(
      bench.io, [&] { return bench.hub.opened == 2; }, 2000ms));
  CHECK(std::chrono::steady_clock::now() - since >= 90ms);
  CHECK(bench.report_alls == 2);
}

TEST_CASE("without a token nothing is sent, readings are buffered, and the token is used when it appears") {
  Bench bench;
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
  UplinkTiming timing = quick();
  timing.status_interval = 200ms;
  timing.status_pause = 50ms;
  Bench bench(timing);
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
  Bench bench;
  REQUIRE(bench.connect());
  bool done = false;
  bench.uplink->stop([&] { done = true; });
  REQUIRE(run_until(bench.io, [&] { return done; }));
  REQUIRE(run_until(bench.io, [&] { return !bench.hub.close_codes.empty(); }));
  CHECK(bench.hub.close_codes[0] == close_code::going_away);
}

TEST_CASE("stopping without a hub is done at once") {
  Bench bench;
  bench.hub.silent = true;
  bench.uplink->start();
  run_for(bench.io, 30ms);
  bool done = false;
  bench.uplink->stop([&] { done = true; });
  CHECK(run_until(
      bench.io, [&] { return done; }, 100ms));
}
