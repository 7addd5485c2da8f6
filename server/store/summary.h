#pragma once
// What a stretch of one event's datapoints comes to: enough to draw it small without losing a spike or a gap. Summaries
// of neighbouring stretches merge into one of both. Pure.

#include "server/store/store.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace webmacs {

struct Summary {
  Timestamp first, last;  // the first and the last datapoint, bad ones included
  bool has_good = false;  // only then there are:
  Timestamp min_time, max_time;
  double min_value = 0, max_value = 0;
  std::optional<Timestamp> bad;  // the first bad one
  // The longest time without any datapoint, within: it began at `silent_since`.
  Timestamp silent_since;
  std::chrono::microseconds silence{0};

  static Summary of(const Point& point);
  // `later` begins after this one ends.
  void append(const Summary& later);
};

// The store keeps summaries of stretches of these lengths, which begin at multiples of them: about a minute, ten
// minutes, an hour. Level 0 are the datapoints themselves.
constexpr int most_summary_level = 3;
constexpr std::array<int, most_summary_level + 1> summary_bits{0, 26, 29,
                                                               32};  // the length is 2 to the power of it, µs

inline std::int64_t summary_width(int level) {
  return std::int64_t{1} << summary_bits[static_cast<std::size_t>(level)];
}
inline std::int64_t summary_bucket(int level, std::int64_t microseconds) {
  return microseconds >> summary_bits[static_cast<std::size_t>(level)];
}

// A stretch of fewer datapoints is not summarised: reading these is as quick, and a summary takes the room of two.
constexpr std::int64_t fewest_summarised = 32;

// Visits [begin, end) in order: `visit(summary)` where there is one (of `level`, all that there are), `fill(from, to)`
// for the stretches between, whose datapoints are few or none.
template <typename Visit, typename Fill>
void visit_summarised(const std::vector<Summary>& summaries, int level, std::int64_t begin, std::int64_t end,
                      Visit visit, Fill fill) {
  for (const Summary& summary : summaries) {
    const auto bucket = summary_bucket(level, summary.first.time_since_epoch().count());
    if (begin < bucket * summary_width(level)) fill(begin, bucket * summary_width(level));
    visit(summary);
    begin = (bucket + 1) * summary_width(level);
  }
  if (begin < end) fill(begin, end);
}

}  // namespace webmacs
