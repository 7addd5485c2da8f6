#include "server/store/sql/kept_intervals.h"

#include <algorithm>
#include <limits>

namespace webmacs {
namespace {

constexpr std::int64_t far_away = std::numeric_limits<std::int64_t>::max();

}  // namespace

KeptIntervals::KeptIntervals(SqlSession& session) {
  session.query(
      "SELECT e.started_on, e.stopped_on, e.all_controllers, c.controller FROM experiments e "
      "LEFT JOIN experiment_controllers c ON c.experiment = e.key ORDER BY e.started_on",
      {}, [this](const SqlRow& row) {
        const Interval interval{row.integer(0), row.optional_integer(1).value_or(far_away)};
        any_.push_back(interval);
        if (row.integer(2) != 0) {
          of_all_.push_back(interval);
        } else if (!row.is_null(3)) {
          of_some_[row.text(3)].push_back(interval);
        }
      });
}

KeptIntervals::KeptIntervals(SqlSession& session, std::int64_t lost_after) : KeptIntervals(session) {
  session.query("SELECT started_on, stopped_on, controller FROM lost_covers WHERE lost_on > $1", {lost_after},
                [this](const SqlRow& row) {
                  const Interval interval{row.integer(0), row.integer(1)};
                  any_.push_back(interval);
                  (row.is_null(2) ? of_all_ : of_some_[row.text(2)]).push_back(interval);
                });
  join_overlapping(of_all_);
  for (auto& [controller, intervals] : of_some_) join_overlapping(intervals);
}

void KeptIntervals::join_overlapping(Intervals& intervals) {
  std::sort(intervals.begin(), intervals.end(), [](const Interval& a, const Interval& b) { return a.begin < b.begin; });
  Intervals joined;
  for (const Interval& interval : intervals) {
    if (!joined.empty() && interval.begin <= joined.back().end) {
      joined.back().end = std::max(joined.back().end, interval.end);
    } else {
      joined.push_back(interval);
    }
  }
  intervals = std::move(joined);
}

const KeptIntervals::Interval* KeptIntervals::holding(const Intervals& intervals, std::int64_t time) {
  const auto after = std::upper_bound(intervals.begin(), intervals.end(), time,
                                      [](std::int64_t moment, const Interval& each) { return moment < each.begin; });
  if (after == intervals.begin()) return nullptr;
  const Interval& interval = *std::prev(after);
  return time < interval.end ? &interval : nullptr;
}

std::int64_t KeptIntervals::begin_after(const Intervals& intervals, std::int64_t time) {
  const auto after = std::upper_bound(intervals.begin(), intervals.end(), time,
                                      [](std::int64_t moment, const Interval& each) { return moment < each.begin; });
  return after == intervals.end() ? far_away : after->begin;
}

std::optional<std::int64_t> KeptIntervals::end_at(const std::string& controller, std::int64_t time) const {
  if (const Interval* interval = holding(of_all_, time)) return interval->end;
  const auto own = of_some_.find(controller);
  if (own == of_some_.end()) return std::nullopt;
  const Interval* interval = holding(own->second, time);
  return interval ? std::optional<std::int64_t>(interval->end) : std::nullopt;
}

std::int64_t KeptIntervals::next_begin(const std::string& controller, std::int64_t time) const {
  const std::int64_t begin = begin_after(of_all_, time);
  const auto own = of_some_.find(controller);
  return own == of_some_.end() ? begin : std::min(begin, begin_after(own->second, time));
}

bool KeptIntervals::any_within(std::int64_t from, std::int64_t to) const {
  return std::any_of(any_.begin(), any_.end(),
                     [&](const Interval& each) { return each.begin < to && from < each.end; });
}

}  // namespace webmacs
