// A disk that is full, damaged or not there.

#include "outbox_bench.h"
#include "unit/capture_stderr.h"

#include <algorithm>
#include <set>

using namespace webmacs;
using namespace webmacs::agent_tests;
namespace fs = std::filesystem;

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

TEST_CASE("SIGTERM while a damaged buffer is read back: the agent stops at once, and the next start has all of it") {
  TemporaryFolder folder;
  const std::string path = folder.file("b.db");
  constexpr std::int64_t count = 30'000;
  {
    Bench first(path);
    first.outbox->add(numbered_range(0, 15'000));
    first.outbox->connection_lost();
    REQUIRE(run_until(first.io, [&] { return first.outbox->status().bytes_on_disk > 0 && rows_in(path) == 15'000; }));
    first.outbox->add(numbered_range(15'000, 15'000));
    CHECK(first.outbox->flush_and_close() == Outbox::Flushed::all);
  }
  Database(path).execute("UPDATE meta SET sum = 0");
  {
    Bench second(path);
    REQUIRE(run_until(second.io,
                      [&] { return second.outbox->status().recovering && second.outbox->status().backlog > 0; }));
    CHECK(second.outbox->flush_and_close() == Outbox::Flushed::all);
  }
  Bench third(path);
  REQUIRE(third.opened());
  REQUIRE(run_until(
      third.io, [&] { return !third.outbox->status().recovering; }, 20000ms));
  third.outbox->connection_made();
  const std::vector<double> values = third.drain();
  const std::set<double> each(values.begin(), values.end());
  const std::vector<double> expected = sequence(0, count);
  CHECK(each == std::set<double>(expected.begin(), expected.end()));
}

TEST_CASE("flush_and_close says when readings could not be saved") {
  TemporaryFolder folder;
  write_file(folder.file("in_the_way"), "");
  Bench bench(folder.file("in_the_way/b.db"));
  bench.outbox->add(numbered_range(0, 10));
  CHECK(bench.outbox->flush_and_close() == Outbox::Flushed::not_all);
}
