#include "server/store/sql/uncovered_count.h"

#include "common/timestamp.h"
#include "server/store/sql/kept_intervals.h"

#include <algorithm>
#include <limits>
#include <string>

namespace webmacs {
namespace {

constexpr std::int64_t rows_at_once = 10'000;

using Clock = std::chrono::steady_clock;

struct Owned {
  std::int64_t key;
  std::string controller;
};

// Of one event in [from, to).
void count_stretch(SqlSession& session, std::int64_t event, std::int64_t from, std::int64_t to,
                   Clock::time_point deadline, UncoveredCount& count) {
  while (from < to) {
    if (Clock::now() >= deadline) {
      count.complete = false;
      return;
    }
    std::int64_t rows = 0;
    std::int64_t last = 0;
    session.query(
        "SELECT count(*), max(time) FROM (SELECT time FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 "
        "ORDER BY time LIMIT $4) AS rows_there",
        {event, from, to, rows_at_once}, [&](const SqlRow& row) {
          rows = row.integer(0);
          last = row.optional_integer(1).value_or(0);
        });
    count.datapoints += rows;
    if (rows < rows_at_once) return;
    from = last + 1;
  }
}

}  // namespace

UncoveredCount count_uncovered(SqlSession& session, const std::vector<LostCover>& lost, Clock::time_point deadline) {
  UncoveredCount count;
  const KeptIntervals covered(session);
  std::vector<Owned> events;
  session.query("SELECT key, controller FROM events", {}, [&](const SqlRow& row) {
    events.push_back({row.integer(0), row.text(1)});
  });
  for (const LostCover& each : lost) {
    const std::int64_t end = each.to ? to_microseconds(*each.to) : std::numeric_limits<std::int64_t>::max();
    for (const Owned& event : events) {
      const auto& some = each.controllers;
      if (some && std::find(some->begin(), some->end(), event.controller) == some->end()) continue;
      for (std::int64_t from = to_microseconds(each.from); from < end && count.complete;) {
        if (const auto covered_until = covered.end_at(event.controller, from)) {
          from = *covered_until;
          continue;
        }
        const std::int64_t to = std::min(end, covered.next_begin(event.controller, from));
        count_stretch(session, event.key, from, to, deadline, count);
        from = to;
      }
    }
  }
  return count;
}

}  // namespace webmacs
