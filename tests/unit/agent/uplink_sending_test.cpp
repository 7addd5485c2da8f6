// What the uplink sends, and in which order.

#include "uplink_bench.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;

TEST_CASE("after connecting, live readings go before the backlog") {
  UplinkBench bench(3000, 1000);
  bench.outbox->add(numbered_range(0, 20));
  REQUIRE(bench.connect());
  REQUIRE(run_until(bench.io, [&] { return !bench.hub.values(false).empty() && !bench.hub.values(true).empty(); }));
  const auto& kinds = bench.hub.kinds;
  const auto place = [&](const char* kind) { return std::find(kinds.begin(), kinds.end(), kind); };
  CHECK((place("batch") < place("backlog")));
}

TEST_CASE("busy holds the backlog back, too") {
  UplinkBench bench(500, 1000);
  std::size_t after_busy = 0;
  bool refused = false;
  bench.hub.on_batch = [&](ScriptedHub::Client& client, const ReadingsFrame& frame) {
    if (refused) ++after_busy;
    refused = true;
    client.connection->try_send(encode(BusyMessage{*frame.batch, 30.0}));
  };
  REQUIRE(bench.connect());
  REQUIRE(run_until(bench.io, [&] { return refused; }));
  run_for(bench.io, 100ms);  // what had left already may still come
  const std::size_t before = after_busy;
  bench.outbox->add(numbered_range(0, 20));
  run_for(bench.io, 200ms);
  CHECK(after_busy == before);
  CHECK(bench.outbox->status().backlog >= 500);
}

TEST_CASE("what one turn of polling brought leaves at once, in batches of at most max_batch") {
  UplinkBench bench;
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
  UplinkBench bench;
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
  UplinkBench bench;
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
  UplinkBench bench(3000, 1000);
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
  UplinkBench bench;
  bench.outbox->add(numbered_range(0, 10));
  run_for(bench.io, 400ms);
  bench.outbox->add(numbered_range(10, 5));
  REQUIRE(bench.connect());
  REQUIRE(
      run_until(bench.io, [&] { return bench.hub.values(true).size() == 10 && bench.hub.values(false).size() == 5; }));
}
