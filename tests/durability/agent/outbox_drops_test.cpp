// More readings than the buffer may hold, for seconds: what is dropped, and what is said of it.

#include "unit/agent/outbox_bench.h"
#include "unit/capture_stderr.h"

#include <algorithm>

using namespace webmacs;
using namespace webmacs::agent_tests;

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

TEST_CASE("a long spell of drops is two lines in the log: that it began, and what it cost") {
  TemporaryFolder folder;
  BufferSettings settings = buffer_at(folder.file("b.db"), 20ms);
  settings.max_size = 1024 * 1024;
  SUBCASE("drop_oldest") {
    settings.drop_oldest = true;
  }
  SUBCASE("drop_newest") {
    settings.drop_oldest = false;
  }
  OutboxLimits limits = quick();
  limits.memory_readings = 2000;
  limits.drop_spell_end = 2000ms;
  CaptureStderr log;
  std::string text;
  Bench bench(settings, limits);
  REQUIRE(bench.opened());
  for (std::int64_t i = 0; i < 80; ++i) {
    bench.outbox->add(numbered_range(i * 500, 500));
    run_for(bench.io, 10ms);
  }
  REQUIRE(bench.outbox->status().dropped > 1000);
  CHECK(run_until(
      bench.io, [&] { return (text += log.take()).find("were dropped") != std::string::npos; }, 20000ms));
  const auto count = [&](const std::string& words) {
    int found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) ++found;
    return found;
  };
  CHECK(count("are being dropped") == 1);
  CHECK(count("were dropped") == 1);
}
