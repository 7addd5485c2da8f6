// What the uplink makes of the hub's answers.

#include "unit/capture_stderr.h"
#include "uplink_bench.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

TEST_CASE("busy: the batch waits for retry_after, nothing else is sent meanwhile, then all arrives") {
  UplinkBench bench;
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
  UplinkBench bench;
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
  UplinkBench bench;
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
  CaptureStderr log;
  REQUIRE(bench.connect());
  bench.outbox->add(numbered_range(0, 4));
  run_for(bench.io, 200ms);
  const std::string said = log.take();
  CHECK(
      contains(said, "rejected a reading of evt_a at 2023-11-14T22:13:20.000Z: event belongs to rig2; it is not sent"));
  CHECK(contains(said, "conflict; it is sent once more, 1 µs later"));
  REQUIRE(bench.hub.batches.size() == 2);
  REQUIRE(bench.hub.batches[1].readings.size() == 1);
  CHECK(bench.hub.batches[1].readings[0].reading.time == numbered(2).time + 1us);
  CHECK(bench.hub.batches[1].readings[0].reading.value == numbered(2).value);
}
