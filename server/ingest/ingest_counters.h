#pragma once
// What the ingest did since the hub started. Network thread only.

#include "server/ingest/commit_latency.h"
#include "server/store/store.h"

#include <cstdint>
#include <vector>

namespace webmacs {

struct IngestCounters {
  std::uint64_t stored = 0, duplicates = 0, conflicts = 0, foreign = 0, damaged = 0;  // readings
  std::uint64_t transactions = 0, failed_transactions = 0;
  std::uint64_t refused = 0;        // batches and descriptions that came back unstored, or were not taken
  std::size_t queued_readings = 0;  // waiting or being written
  CommitLatency latency;            // of the transactions that succeeded

  void count(const std::vector<AppendResult>& results);
};

}  // namespace webmacs
