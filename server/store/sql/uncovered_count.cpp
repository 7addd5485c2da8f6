#include "server/store/sql/uncovered_count.h"

#include "common/timestamp.h"
#include "server/store/sql/kept_intervals.h"

#include <algorithm>
#include <limits>

namespace webmacs {
namespace {

constexpr std::int64_t rows_at_once = 10'000;

}  // namespace

void CoverCount::plan(SqlSession& session) {
  std::vector<Stretch> stretches;
  const KeptIntervals covered(session);
  session.query("SELECT key, controller FROM events", {}, [&](const SqlRow& row) {
    const std::string controller = row.text(1);
    for (const LostCover& each : lost_) {
      const auto& some = each.controllers;
      if (some && std::find(some->begin(), some->end(), controller) == some->end()) continue;
      const std::int64_t end = each.to ? to_microseconds(*each.to) : std::numeric_limits<std::int64_t>::max();
      for (std::int64_t from = to_microseconds(each.from); from < end;) {
        const auto covered_until = covered.end_at(controller, from);
        const std::int64_t to = covered_until.value_or(std::min(end, covered.next_begin(controller, from)));
        if (!covered_until) stretches.push_back({row.integer(0), from, to});
        from = to;
      }
    }
  });
  stretches_ = std::move(stretches);
}

void CoverCount::count_some(SqlSession& session, Stretch& stretch) {
  std::int64_t rows = 0;
  std::int64_t last = 0;
  session.query(
      "SELECT count(*), max(time) FROM (SELECT time FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 "
      "ORDER BY time LIMIT $4) AS rows_there",
      {stretch.event, stretch.from, stretch.to, rows_at_once}, [&](const SqlRow& row) {
        rows = row.integer(0);
        last = row.optional_integer(1).value_or(0);
      });
  datapoints_ += rows;
  stretch.from = rows < rows_at_once ? stretch.to : last + 1;
}

bool CoverCount::step(SqlSession& session, std::chrono::steady_clock::time_point deadline) {
  if (!stretches_) plan(session);
  while (!stretches_->empty() && std::chrono::steady_clock::now() < deadline) {
    Stretch& stretch = stretches_->back();
    count_some(session, stretch);
    if (stretch.from >= stretch.to) stretches_->pop_back();
  }
  return !stretches_->empty();
}

}  // namespace webmacs
