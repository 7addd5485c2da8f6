// A hub that answers, and one that is late: what is where, and when.

#include "outbox_bench.h"

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

TEST_CASE("while the hub answers in time the disk is not touched") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 200ms);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  const auto transactions = bench.outbox->status().write_transactions;
  const auto written = fs::last_write_time(folder.file("b.db-wal"));
  for (std::int64_t batch = 1; batch <= 40; ++batch) {
    bench.outbox->add(numbered_range(batch * 10, 10));
    REQUIRE(bench.take(Kind::live, batch).size() == 10);
    run_for(bench.io, 15ms);
    bench.outbox->settle(batch);
  }
  run_for(bench.io, 300ms);
  CHECK(bench.outbox->status().write_transactions == transactions);
  CHECK(fs::last_write_time(folder.file("b.db-wal")) == written);
  CHECK(rows_in(folder.file("b.db")) == 0);
  CHECK(bench.outbox->status().backlog == 0);
}

TEST_CASE("a reading not acknowledged within spill_after is on disk, also while it is in flight") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 100ms);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 5));
  REQUIRE(bench.take(Kind::live, 1, 3).size() == 3);
  CHECK(rows_in(folder.file("b.db")) == 0);
  CHECK(run_until(
      bench.io, [&] { return rows_in(folder.file("b.db")) == 5; }, 600ms));
  SUBCASE("and is deleted there when the answer comes after all") {
    bench.outbox->settle(1);
    CHECK(run_until(
        bench.io, [&] { return rows_in(folder.file("b.db")) == 2; }, 3000ms));
  }
}

TEST_CASE("losing the connection writes everything unacknowledged at once") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 1h);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 10));
  REQUIRE(bench.take(Kind::live, 1, 4).size() == 4);
  bench.outbox->connection_lost();
  CHECK(run_until(
      bench.io, [&] { return rows_in(folder.file("b.db")) == 10; }, 500ms));
  CHECK(bench.outbox->in_flight(1) == nullptr);
}

TEST_CASE("what was in flight when the connection was lost is sent again, in order, once") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 100ms);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 30));
  REQUIRE(bench.take(Kind::live, 1, 10).size() == 10);
  REQUIRE(bench.take(Kind::live, 2, 10).size() == 10);
  bench.outbox->settle(1);
  bench.outbox->connection_lost();
  run_for(bench.io, 400ms);  // older than live_age: backlog now
  bench.outbox->connection_made();
  CHECK(bench.take(Kind::live, 3).empty());
  CHECK(bench.drain() == sequence(10, 20));
}

TEST_CASE("with spill_after = 0 a reading may be sent only after it is durable") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 0s);
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 10));
  CHECK(bench.take(Kind::live, 1).empty());
  std::int64_t rows_when_ready = -1;
  bench.outbox->on_ready([&] {
    const auto taken = bench.take(Kind::live, 1);
    if (!taken.empty()) rows_when_ready = rows_in(folder.file("b.db"));
  });
  REQUIRE(run_until(bench.io, [&] { return rows_when_ready >= 0; }));
  CHECK(rows_when_ready == 10);
  bench.outbox->settle(1);
  CHECK(run_until(
      bench.io, [&] { return rows_in(folder.file("b.db")) == 0; }, 3000ms));
}

TEST_CASE("with spill_after = 0 what arrives while the writer is busy is one transaction") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 0s);
  REQUIRE(bench.opened());
  const auto before = bench.outbox->status().write_transactions;
  for (std::int64_t i = 0; i < 200; ++i) bench.outbox->add({numbered(i)});
  REQUIRE(run_until(bench.io, [&] { return rows_in(folder.file("b.db")) == 200; }));
  run_for(bench.io, 20ms);
  CHECK(bench.outbox->status().write_transactions - before <= 3);
}

TEST_CASE("a conflict is sent once more 1 µs later, and not a second time") {
  TemporaryFolder folder;
  Bench bench(folder.file("b.db"), 1h);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 3));
  REQUIRE(bench.take(Kind::live, 1).size() == 3);
  bench.outbox->settle(1, {1});
  auto again = bench.take(Kind::live, 2);
  REQUIRE(again.size() == 1);
  CHECK(again[0].time == numbered(1).time + 1us);
  CHECK(again[0].value == numbered(1).value);
  bench.outbox->settle(2, {0});
  CHECK(bench.take(Kind::live, 3).empty());
  CHECK(bench.take(Kind::backlog, 3).empty());
}
