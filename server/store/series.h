#pragma once
// A stretch of time of one event in at most so many points (contract, "series"): of each part the least and the
// greatest value, the first and the last of all, and null where a gap begins. Reads each datapoint or its summary once.

#include "server/store/store.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

namespace webmacs {

struct SeriesPoint {
  Timestamp time;
  std::optional<double> value;  // empty: a gap begins
};

// After how long a silence is a gap (contract, "gap").
std::chrono::microseconds gap_after(const EventRecord& event);

// [from, to); `max_points` at least 10. Throws StoreError.
std::vector<SeriesPoint> read_series(Store& store, const EventRecord& event, Timestamp from, Timestamp to,
                                     std::size_t max_points);

}  // namespace webmacs
