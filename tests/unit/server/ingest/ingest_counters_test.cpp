#include "server/ingest/ingest_counters.h"

#include <doctest/doctest.h>

using namespace webmacs;

TEST_CASE("each reading counts for what became of it") {
  IngestCounters counters;
  std::vector<AppendResult> results;
  for (const auto& [outcome, times] : {std::pair(Outcome::stored, 4), std::pair(Outcome::duplicate, 3),
                                       std::pair(Outcome::conflict, 2), std::pair(Outcome::foreign_event, 1)}) {
    AppendResult result;
    result.outcome = outcome;
    results.insert(results.end(), static_cast<std::size_t>(times), result);
  }
  counters.count(results);
  counters.count({results.front()});
  CHECK(counters.stored == 5);
  CHECK(counters.duplicates == 3);
  CHECK(counters.conflicts == 2);
  CHECK(counters.foreign == 1);
}
