// What waited for the hub: on disk, in pages, after a restart.

#include "outbox_bench.h"

#include <algorithm>

using namespace webmacs;
using namespace webmacs::agent_tests;

TEST_CASE("after a restart everything on disk is backlog, before what is new") {
  TemporaryFolder folder;
  {
    Bench first(folder.file("b.db"));
    first.outbox->add(numbered_range(0, 5000));
    CHECK(first.outbox->flush_and_close() == Outbox::Flushed::all);
  }
  CHECK(rows_in(folder.file("b.db")) == 5000);
  Bench second(folder.file("b.db"));
  second.outbox->add(numbered_range(5000, 10));  // before the file was even opened
  REQUIRE(second.opened());
  second.outbox->connection_made();
  CHECK(second.take(Kind::live, 1).size() == 10);
  second.outbox->settle(1);
  CHECK(run_until(second.io, [&] { return second.outbox->status().backlog == 5000; }));
  CHECK(second.drain() == sequence(0, 5000));
  second.outbox->flush_and_close();
  CHECK(rows_in(folder.file("b.db")) == 0);
}

TEST_CASE("backlog is read in pages: memory does not grow with it") {
  TemporaryFolder folder;
  {
    Bench first(folder.file("b.db"));
    first.outbox->add(numbered_range(0, 15000));
    first.outbox->flush_and_close();
  }
  OutboxLimits limits = quick();
  limits.page_readings = 100;
  Bench second(folder.file("b.db"), 1s, limits);
  REQUIRE(second.opened());
  second.outbox->connection_made();
  std::size_t most_at_once = 0;
  std::int64_t batch = 0;
  REQUIRE(run_until(
      second.io,
      [&] {
        std::size_t at_once = 0;  // without a turn of the loop no further page can have come
        for (;;) {
          const std::size_t taken = second.take(Kind::backlog, ++batch).size();
          if (taken == 0) break;
          at_once += taken;
          second.outbox->settle(batch);
        }
        most_at_once = std::max(most_at_once, at_once);
        return second.outbox->status().backlog == 0;
      },
      20000ms));
  CHECK(most_at_once <= 200);
}

TEST_CASE("reading the backlog back waits for no write: what is settled meanwhile is deleted in bulk") {
  TemporaryFolder folder;
  {
    Bench first(folder.file("b.db"));
    first.outbox->add(numbered_range(0, 15000));
    first.outbox->flush_and_close();
  }
  OutboxLimits limits = quick();
  limits.page_readings = 100;
  Bench second(folder.file("b.db"), 1s, limits);
  REQUIRE(second.opened());
  second.outbox->connection_made();
  const auto before = second.outbox->status().write_transactions;
  CHECK(second.drain() == sequence(0, 15000));
  CHECK(second.outbox->status().write_transactions - before < 75);  // of 150 pages: one a second, however slow this is
  CHECK(run_until(second.io, [&] { return rows_in(folder.file("b.db")) == 0; }));
}

TEST_CASE("what was settled just before the connection was lost is not read back on the next one") {
  TemporaryFolder folder;
  {
    Bench first(folder.file("b.db"));
    first.outbox->add(numbered_range(0, 1000));
    first.outbox->flush_and_close();
  }
  OutboxLimits limits = quick();
  limits.page_readings = 100;
  Bench second(folder.file("b.db"), 1s, limits);
  REQUIRE(second.opened());
  second.outbox->connection_made();
  std::size_t settled = 0;
  REQUIRE(run_until(second.io, [&] {
    const std::size_t taken = second.take(Kind::backlog, 1, 300).size();
    if (taken > 0) second.outbox->settle(1);
    settled += taken;
    return settled >= 300;
  }));
  second.outbox->connection_lost();
  second.outbox->connection_made();
  CHECK(second.drain() == sequence(static_cast<std::int64_t>(settled), 1000 - static_cast<std::int64_t>(settled)));
}

TEST_CASE("memory's bound sends the older ones to disk, and they come back") {
  TemporaryFolder folder;
  OutboxLimits limits = quick();
  limits.memory_readings = 500;
  limits.page_readings = 200;
  Bench bench(folder.file("b.db"), 1h, limits);
  REQUIRE(bench.opened());
  for (std::int64_t i = 0; i < 40; ++i) {
    bench.outbox->add(numbered_range(i * 100, 100));
    // At twice the bound, with a disk that does not keep up, readings would be dropped.
    REQUIRE(run_until(bench.io, [&] { return bench.outbox->live_waiting() <= limits.memory_readings; }));
  }
  CHECK(bench.outbox->status().dropped == 0);
  CHECK(bench.outbox->live_waiting() <= 1000);
  run_for(bench.io, 300ms);
  bench.outbox->connection_made();
  CHECK(bench.drain() == sequence(0, 4000));
}

TEST_CASE("readings that come during an outage are live for a while, then backlog, and none is sent twice") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 50ms);
  REQUIRE(bench.opened());
  for (std::int64_t i = 0; i < 50; ++i) {
    bench.outbox->add(numbered_range(i * 10, 10));
    run_for(bench.io, 10ms);
  }
  bench.outbox->connection_made();
  const auto live = bench.take(Kind::live, 1, 100'000);
  CHECK(live.size() >= 50);
  CHECK(live.size() <= 300);
  bench.outbox->settle(1);
  std::vector<double> all = bench.drain();
  for (const Reading& reading : live) all.push_back(*reading.value);
  CHECK(all == sequence(0, 500));
}

TEST_CASE("a conflict among backlog stays backlog, and its second chance survives a restart") {
  TemporaryFolder folder;
  {
    Bench first(folder.file("b.db"));
    first.outbox->add(numbered_range(0, 3));
    first.outbox->flush_and_close();
  }
  {
    Bench second(folder.file("b.db"));
    REQUIRE(second.opened());
    second.outbox->connection_made();
    std::vector<Reading> taken;
    REQUIRE(run_until(second.io, [&] { return !(taken = second.take(Kind::backlog, 1)).empty(); }));
    second.outbox->settle(1, {2});
    CHECK(second.take(Kind::live, 2).empty());
    second.outbox->flush_and_close();
  }
  Bench third(folder.file("b.db"));
  REQUIRE(third.opened());
  third.outbox->connection_made();
  std::vector<Reading> taken;
  REQUIRE(run_until(third.io, [&] { return !(taken = third.take(Kind::backlog, 1)).empty(); }));
  REQUIRE(taken.size() == 1);
  CHECK(taken[0].time == numbered(2).time + 1us);
  CHECK(third.outbox->in_flight(1)->readings[0].retried);
}
