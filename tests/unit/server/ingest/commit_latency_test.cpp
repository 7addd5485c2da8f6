#include "server/ingest/commit_latency.h"

#include <doctest/doctest.h>

#include <numeric>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("a transaction counts in the first bucket whose bound holds it, the bound included") {
  CommitLatency latency;
  latency.add(0us);
  latency.add(500us);
  latency.add(501us);
  latency.add(1ms);
  latency.add(5s);
  latency.add(6s);
  CHECK(latency.counts.at(0) == 2);
  CHECK(latency.counts.at(1) == 2);
  CHECK(latency.counts.at(CommitLatency::bounds.size() - 1) == 1);
  CHECK(latency.counts.back() == 1);
  CHECK(std::accumulate(latency.counts.begin(), latency.counts.end(), 0) == 6);
  CHECK(latency.sum == doctest::Approx(11.002001));
}
