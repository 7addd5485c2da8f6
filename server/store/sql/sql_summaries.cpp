#include "server/store/sql/sql_summaries.h"

#include "common/timestamp.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace webmacs {
namespace {

constexpr std::int64_t datapoints_at_once = 4096;
constexpr auto no_limit = std::numeric_limits<std::int64_t>::max();

std::optional<std::int64_t> offset(bool there, Timestamp time, std::int64_t begin) {
  if (!there) return std::nullopt;
  return to_microseconds(time) - begin;
}

// Columns: bucket, first, last, min_time, min_value, max_time, max_value, bad, silent_since, silence. Times count from
// the bucket's begin.
Summary read_summary(const SqlRow& row, int level) {
  const std::int64_t begin = row.integer(0) * summary_width(level);
  const auto time = [&](int column) { return from_microseconds(begin + row.integer(column)); };
  Summary summary;
  summary.first = time(1);
  summary.last = time(2);
  summary.has_good = !row.is_null(3);
  if (summary.has_good) {
    summary.min_time = time(3);
    summary.min_value = row.real(4);
    summary.max_time = time(5);
    summary.max_value = row.real(6);
  }
  if (!row.is_null(7)) summary.bad = time(7);
  summary.silent_since = time(8);
  summary.silence = std::chrono::microseconds(row.integer(9));
  return summary;
}

}  // namespace

void SqlSummaries::read(std::int64_t event, int level, std::int64_t from, std::int64_t to,
                        std::vector<Summary>& summaries) {
  session_.query(
      "SELECT bucket, first, last, min_time, min_value, max_time, max_value, bad, silent_since, silence FROM summaries "
      "WHERE event = $1 AND level = $2 AND bucket >= $3 AND bucket < $4 ORDER BY bucket",
      {event, level, summary_bucket(level, from), summary_bucket(level, to)},
      [&](const SqlRow& row) { summaries.push_back(read_summary(row, level)); });
}

std::int64_t SqlSummaries::mark(std::int64_t event) {
  return session_.integer("SELECT mark FROM summary_marks WHERE event = $1", {event}).value_or(0);
}

void SqlSummaries::set_mark(std::int64_t event, std::int64_t mark) {
  session_.run("INSERT INTO summary_marks (event, mark) VALUES ($1, $2) ON CONFLICT (event) DO UPDATE SET mark = $2",
               {event, mark});
}

void SqlSummaries::write(std::int64_t event, int level, std::int64_t bucket, const Summary& summary) {
  const std::int64_t begin = bucket * summary_width(level);
  const auto value = [&](double number) { return summary.has_good ? std::optional<double>(number) : std::nullopt; };
  session_.run(
      "INSERT INTO summaries (event, level, bucket, first, last, min_time, min_value, max_time, max_value, bad, "
      "silent_since, silence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
      "ON CONFLICT (event, level, bucket) DO UPDATE SET first = $4, last = $5, min_time = $6, min_value = $7, "
      "max_time = $8, max_value = $9, bad = $10, silent_since = $11, silence = $12",
      {event, level, bucket, offset(true, summary.first, begin), offset(true, summary.last, begin),
       offset(summary.has_good, summary.min_time, begin), value(summary.min_value),
       offset(summary.has_good, summary.max_time, begin), value(summary.max_value),
       offset(summary.bad.has_value(), summary.bad.value_or(Timestamp{}), begin),
       offset(true, summary.silent_since, begin), static_cast<std::int64_t>(summary.silence.count())});
}

void SqlSummaries::add(Stretches& stretches, int level, const Summary& summary, std::int64_t datapoints) {
  const auto bucket = summary_bucket(level, to_microseconds(summary.first));
  const auto [found, first] = stretches.try_emplace(bucket, Stretch{summary, datapoints});
  if (first) return;
  found->second.summary.append(summary);
  found->second.datapoints += datapoints;
}

std::int64_t SqlSummaries::add_datapoints(Stretches& stretches, std::int64_t event, int level, std::int64_t from,
                                          std::int64_t to, std::int64_t limit) {
  std::int64_t count = 0;
  session_.query(
      "SELECT time, value FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT $4",
      {event, from, to, limit}, [&](const SqlRow& row) {
        ++count;
        add(stretches, level, Summary::of({from_microseconds(row.integer(0)), row.optional_real(1), {}}), 1);
      });
  return count;
}

void SqlSummaries::write(std::int64_t event, int level, const Stretches& stretches) {
  for (const auto& [bucket, stretch] : stretches) {
    if (stretch.datapoints >= fewest_summarised) {
      write(event, level, bucket, stretch.summary);
    } else {
      session_.run("DELETE FROM summaries WHERE event = $1 AND level = $2 AND bucket = $3", {event, level, bucket});
    }
  }
}

std::int64_t SqlSummaries::advance(std::int64_t event, std::int64_t mark, std::int64_t newest) {
  constexpr int level = 1;
  const std::int64_t end = summary_bucket(level, newest) * summary_width(level);
  Stretches minutes;
  std::int64_t new_mark = end;
  if (add_datapoints(minutes, event, level, mark, end, datapoints_at_once) == datapoints_at_once) {
    // The last stretch may go on; one that alone holds so many is taken whole, or it would never end.
    const auto last = std::prev(minutes.end());
    if (minutes.size() > 1) {
      new_mark = last->first * summary_width(level);
      minutes.erase(last);
    } else {
      new_mark = (last->first + 1) * summary_width(level);
      add_datapoints(minutes, event, level, to_microseconds(last->second.summary.last) + 1, new_mark, no_limit);
    }
  }
  write(event, level, minutes);
  for (int coarser = level + 1; coarser <= most_summary_level; ++coarser) {
    summarize_coarse(event, coarser, mark, new_mark);
  }
  set_mark(event, new_mark);
  return new_mark;
}

void SqlSummaries::forget(std::int64_t event, std::int64_t from, std::int64_t to, std::int64_t mark) {
  if (from >= to) return;
  for (int level = 1; level <= most_summary_level; ++level) {
    const std::int64_t first = summary_bucket(level, from);
    const std::int64_t last = summary_bucket(level, to - 1);
    session_.run("DELETE FROM summaries WHERE event = $1 AND level = $2 AND bucket >= $3 AND bucket <= $4",
                 {event, level, first, last});
    // Those beyond the mark are made when it gets there.
    const auto right = [&](std::int64_t bucket) { return (bucket + 1) * summary_width(level) <= mark; };
    if (right(first)) remake(event, level, first, from, to);
    if (last != first && right(last)) remake(event, level, last, from, to);
  }
}

void SqlSummaries::remake(std::int64_t event, int level, std::int64_t bucket, std::int64_t from, std::int64_t to) {
  const std::int64_t begin = bucket * summary_width(level);
  Stretches stretch;
  gather(stretch, event, level, begin, begin + summary_width(level), from, to);
  write(event, level, stretch);
}

void SqlSummaries::summarize_coarse(std::int64_t event, int level, std::int64_t from, std::int64_t to) {
  const std::int64_t begin = summary_bucket(level, from) * summary_width(level);
  const std::int64_t end = summary_bucket(level, to) * summary_width(level);
  if (begin >= end) return;
  Stretches coarse;
  gather(coarse, event, level, begin, end, end, end);
  write(event, level, coarse);
}

void SqlSummaries::gather(Stretches& stretches, std::int64_t event, int level, std::int64_t begin, std::int64_t end,
                          std::int64_t gone_from, std::int64_t gone_to) {
  const auto add_remaining = [&](std::int64_t after, std::int64_t before) {
    for (const auto& [first, last] :
         {std::pair(after, std::min(before, gone_from)), std::pair(std::max(after, gone_to), before)}) {
      if (first < last) add_datapoints(stretches, event, level, first, last, no_limit);
    }
  };
  if (level == 1) return add_remaining(begin, end);
  std::vector<Summary> finer;  // they know already what is gone
  read(event, level - 1, begin, end, finer);
  visit_summarised(
      finer, level - 1, begin, end, [&](const Summary& summary) { add(stretches, level, summary, fewest_summarised); },
      add_remaining);
}

}  // namespace webmacs
