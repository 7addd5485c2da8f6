// SIGTERM gives five seconds: what a stop of the outbox costs with a full memory and a long backlog.

#include "unit/agent/agent_test_tools.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::agent_tests;

TEST_CASE("a million readings wait and memory is full: stopping leaves each of them on disk, in time") {
  constexpr std::int64_t readings = 1'000'000;
  const OutboxLimits limits;
  const auto memory = static_cast<std::int64_t>(limits.memory_readings);
  TemporaryFolder folder;
  BufferSettings settings;
  settings.path = folder.file("b.db");
  boost::asio::io_context io;
  Outbox outbox(io, settings);
  std::int64_t added = 0;
  for (; added < readings - memory; added += memory / 2) {
    outbox.add(numbered_range(added, memory / 2));
    // No faster than the disk takes them: nobody polls at such a rate.
    REQUIRE(run_until(
        io, [&] { return outbox.status().backlog >= added - memory / 2; }, 60s));
  }
  outbox.add(numbered_range(added, readings - added));
  const auto begun = std::chrono::steady_clock::now();
  CHECK(outbox.flush_and_close() == Outbox::Flushed::all);
  const auto took = std::chrono::steady_clock::now() - begun;
  MESSAGE("the last flush took ", std::chrono::duration<double>(took).count(), " s");
  const BufferSummary summary = summarise_buffer(settings.path);
  CHECK(summary.rows == readings);
  CHECK(summary.dropped == 0);
}
