#include "agent/outbox.h"

#include "agent_test_tools.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

namespace {

using Kind = Outbox::Kind;

BufferSettings buffer_at(const std::string& path, std::chrono::microseconds spill_after) {
  BufferSettings settings;
  settings.path = path;
  settings.max_size = 64 * 1024 * 1024;
  settings.spill_after = spill_after;
  return settings;
}

OutboxLimits quick() {
  OutboxLimits limits;
  limits.live_age = 150ms;
  limits.first_retry = 20ms;
  limits.longest_retry = 100ms;
  return limits;
}

// An outbox with a loop, and a hub played by the test.
struct Bench {
  explicit Bench(const std::string& path, std::chrono::microseconds spill_after = 1s, OutboxLimits limits = quick())
      : Bench(buffer_at(path, spill_after), limits) {}
  explicit Bench(BufferSettings settings, OutboxLimits limits = quick())
      : outbox(std::make_unique<Outbox>(io, std::move(settings), limits)) {}
  ~Bench() {
    if (outbox) outbox->flush_and_close();
  }

  // Takes one batch; what it holds.
  std::vector<Reading> take(Kind kind, std::int64_t batch, std::size_t most = 500) {
    std::vector<Reading> taken;
    outbox->take(kind, batch, [&](const Reading& reading) {
      if (taken.size() == most) return false;
      taken.push_back(reading);
      return true;
    });
    return taken;
  }
  // Takes and settles backlog until nothing waits any more; the values that came.
  std::vector<double> drain() {
    std::vector<double> values;
    std::int64_t batch = 1'000'000;
    const bool drained = run_until(
        io,
        [&] {
          for (;;) {
            const auto taken = take(Kind::backlog, ++batch);
            if (taken.empty()) break;
            for (const Reading& reading : taken) values.push_back(reading.value.value_or(-1));
            outbox->settle(batch);
          }
          return outbox->status().backlog == 0;
        },
        20000ms);
    CHECK(drained);
    return values;
  }
  bool opened() {
    return run_until(io, [this] { return outbox->status().bytes_on_disk > 0; });
  }
  boost::asio::io_context io;
  std::unique_ptr<Outbox> outbox;
};

std::int64_t rows_in(const std::string& path) {
  return summarise_buffer(path).rows;
}

std::vector<double> sequence(std::int64_t first, std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(static_cast<double>(first + i));
  return values;
}

}  // namespace

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

TEST_CASE("a file that cannot be opened stops nothing, is said, and is used when it can be") {
  TemporaryFolder folder;
  write_file(folder.file("in_the_way"), "");
  std::chrono::microseconds spill_after = 50ms;
  SUBCASE("spill_after = 50 ms") {}
  SUBCASE("spill_after = 0") {
    spill_after = 0us;
  }
  Bench bench(folder.file("in_the_way/b.db"), spill_after);
  bench.outbox->add(numbered_range(0, 10));
  REQUIRE(run_until(bench.io, [&] { return !bench.outbox->status().trouble.empty(); }));
  bench.outbox->connection_made();
  CHECK(bench.take(Kind::live, 1, 4).size() == 4);  // from memory, whatever spill_after says
  bench.outbox->settle(1);
  fs::remove(folder.file("in_the_way"));
  REQUIRE(run_until(bench.io, [&] { return bench.outbox->status().trouble.empty(); }));
  CHECK(run_until(bench.io, [&] { return rows_in(folder.file("in_the_way/b.db")) == 6; }));
}

TEST_CASE("a file that is damaged while in use is set aside, and what memory still holds is in the new one") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  Bench bench(path, 50ms);
  REQUIRE(bench.opened());
  bench.outbox->connection_made();
  bench.outbox->add(numbered_range(0, 10));
  REQUIRE(bench.take(Kind::live, 1).size() == 10);  // in flight: stays in memory
  REQUIRE(run_until(bench.io, [&] { return rows_in(path) == 10; }));
  Database(path).execute("DROP TABLE readings; CREATE TABLE readings (other INTEGER)");
  bench.outbox->add(numbered_range(10, 5));
  run_for(bench.io, 1000ms);
  CHECK(bench.outbox->status().trouble.empty());
  CHECK(rows_in(path) == 15);
}

TEST_CASE("without a usable file memory is bounded: the oldest or the newest are dropped, and counted") {
  TemporaryFolder folder;
  write_file(folder.file("in_the_way"), "");
  OutboxLimits limits = quick();
  limits.memory_readings = 100;
  limits.drop_spell_end = 100ms;
  BufferSettings settings = buffer_at(folder.file("in_the_way/b.db"), 1h);
  SUBCASE("drop_oldest") {
    settings.drop_oldest = true;
  }
  SUBCASE("drop_newest") {
    settings.drop_oldest = false;
  }
  Bench bench(settings, limits);
  REQUIRE(run_until(bench.io, [&] { return !bench.outbox->status().trouble.empty(); }));
  for (std::int64_t i = 0; i < 25; ++i) bench.outbox->add(numbered_range(i * 10, 10));
  CHECK(bench.outbox->status().dropped == 150);
  bench.outbox->connection_made();
  const auto taken = bench.take(Kind::live, 1);
  REQUIRE(taken.size() == 100);
  CHECK(*taken.front().value == (settings.drop_oldest ? 150 : 0));
  bench.outbox->settle(1);
  fs::remove(folder.file("in_the_way"));
  REQUIRE(run_until(bench.io, [&] { return bench.outbox->status().trouble.empty(); }));
  CHECK(run_until(bench.io, [&] {
    return fs::exists(folder.file("in_the_way/b.db")) &&
           summarise_buffer(folder.file("in_the_way/b.db")).dropped == 150;
  }));
  CHECK(bench.outbox->status().dropped == 150);
  std::vector<Reading> marks;
  REQUIRE(run_until(bench.io, [&] {
    marks = bench.take(Kind::backlog, 2);
    return !marks.empty();
  }));
  const Timestamp end = time_of(settings.drop_oldest ? 149 : 249);
  CHECK(marks == std::vector<Reading>{{"evt_a", end, std::nullopt, "dropped"}});
}

TEST_CASE("an outage longer than max_size drops the oldest, keeps the bound, and the rest arrives") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  BufferSettings settings = buffer_at(path, 20ms);
  settings.max_size = 1024 * 1024;
  OutboxLimits limits = quick();
  limits.memory_readings = 2000;
  Bench bench(settings, limits);
  REQUIRE(bench.opened());
  std::int64_t most_bytes = 0;
  for (std::int64_t i = 0; i < 100; ++i) {
    bench.outbox->add(numbered_range(i * 500, 500));
    run_for(bench.io, 10ms);
    // The disk keeps up; where it does not, memory's bound drops what is in between.
    REQUIRE(run_until(bench.io, [&] { return bench.outbox->live_waiting() <= limits.memory_readings; }));
    most_bytes = std::max(most_bytes, buffer_bytes(path));
  }
  run_for(bench.io, 400ms);
  CHECK(most_bytes <= settings.max_size);
  const std::int64_t dropped = bench.outbox->status().dropped;
  CHECK(dropped > 10'000);
  CHECK(dropped < 45'000);
  bench.outbox->connection_made();
  std::vector<double> expected = sequence(dropped, 50'000 - dropped);
  expected.insert(expected.begin(), -1);  // the bad reading that says so
  CHECK(bench.drain() == expected);
  CHECK(run_until(bench.io, [&] { return buffer_bytes(path) < 300 * 1024; }));  // and it shrinks again
}

TEST_CASE("flush_and_close says when readings could not be saved") {
  TemporaryFolder folder;
  write_file(folder.file("in_the_way"), "");
  Bench bench(folder.file("in_the_way/b.db"));
  bench.outbox->add(numbered_range(0, 10));
  CHECK(bench.outbox->flush_and_close() == Outbox::Flushed::not_all);
}
