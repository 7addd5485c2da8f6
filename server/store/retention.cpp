#include "server/store/retention.h"

#include "server/store/sql_summaries.h"

#include <algorithm>

namespace webmacs {
namespace {

constexpr std::int64_t rows_at_once = 1000;
// As much as the clock of whoever measured may be ahead (contract, "latest").
constexpr std::int64_t future = 60'000'000;
// The oldest go first, a stretch of one event after that of the next.
constexpr int stretch_level = 2;
// A store that is too large becomes smaller than it must, or each pass would find a little.
constexpr std::int64_t slack = 64;

std::int64_t aligned(std::int64_t time, int level) {
  return summary_bucket(level, time) * summary_width(level);
}

// Where old data begins: whole stretches, so that little is touched for the sake of one datapoint.
int cutoff_level(std::int64_t age) {
  constexpr std::int64_t hundredth = 100;
  int level = most_summary_level;
  while (level > 1 && summary_width(level) > age / hundredth) --level;
  return level;
}

}  // namespace

std::int64_t retention_cutoff(const RetentionRules& rules, std::int64_t newest) {
  if (rules.age.count() == 0) return 0;
  const std::int64_t age = rules.age.count();
  return newest <= age ? 0 : aligned(newest - age, cutoff_level(age));
}

RetentionPass::RetentionPass(const RetentionRules& rules, std::int64_t now, std::int64_t bytes,
                             std::int64_t bytes_per_row)
    : rules_(rules), now_(now), bytes_(bytes), bytes_per_row_(bytes_per_row), limit_(rules.max_bytes) {
  if (over_size()) limit_ -= limit_ / slack;
}

RetentionStep RetentionPass::step(SqlSession& session, StoreEvents& known,
                                  std::chrono::steady_clock::time_point deadline) {
  if (!begun_) to_look_at_ = known.keys();
  begun_ = true;
  RetentionStep done;
  done.more = true;
  const KeptIntervals kept(session);  // each time: experiments come and go
  do {
    if (look_at_next(session)) continue;
    if (candidates_.empty()) {
      done.more = false;
      done.cannot_shrink = over_size();
      return done;
    }
    const Candidate oldest = candidates_.top();
    if (!over_size() && oldest.from >= cutoff_) {
      done.more = false;
      return done;
    }
    candidates_.pop();
    const KnownEvent* event = known.find(oldest.event);
    if (!event) continue;
    if (oldest.found) {
      done.removed += remove(session, kept, *event, oldest);
    } else {
      find(session, kept, *event, oldest);
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return done;
}

// False: all have been looked at.
bool RetentionPass::look_at_next(SqlSession& session) {
  if (to_look_at_.empty()) {
    if (!looked_) cutoff_ = retention_cutoff(rules_, newest_);
    looked_ = true;
    return false;
  }
  const std::int64_t event = to_look_at_.back();
  to_look_at_.pop_back();
  const auto newest = session.integer(
      "SELECT time FROM datapoints WHERE event = $1 AND time <= $2 ORDER BY time DESC LIMIT 1", {event, now_ + future});
  if (!newest) return true;
  newest_ = std::max(newest_, std::min(*newest, now_));
  candidates_.push({event, 0, *newest, false});
  return true;
}

void RetentionPass::find(SqlSession& session, const KeptIntervals& kept, const KnownEvent& event, Candidate candidate) {
  const auto time =
      session.integer("SELECT time FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT 1",
                      {candidate.event, candidate.from, candidate.newest});
  if (!time) return;
  const auto held_until = kept.end_at(event.controller, *time);
  candidate.from = held_until.value_or(*time);
  candidate.found = !held_until;
  if (candidate.from < candidate.newest) candidates_.push(candidate);
}

std::int64_t RetentionPass::remove(SqlSession& session, const KeptIntervals& kept, const KnownEvent& event,
                                   Candidate candidate) {
  const std::int64_t from = candidate.from;
  candidate.found = false;
  if (const auto held_until = kept.end_at(event.controller, from)) {  // an experiment that has come since
    candidate.from = *held_until;
    candidates_.push(candidate);
    return 0;
  }
  const std::int64_t stretch = from < cutoff_ ? cutoff_ : aligned(from, stretch_level) + summary_width(stretch_level);
  std::int64_t to = std::min({stretch, candidate.newest, kept.next_begin(event.controller, from)});
  if (const auto one_too_many = session.integer(
          "SELECT time FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 ORDER BY time LIMIT 1 OFFSET $4",
          {candidate.event, from, to, rows_at_once})) {
    to = aligned(*one_too_many, 1) > from ? aligned(*one_too_many, 1) : *one_too_many;
  }
  const std::int64_t removed =
      session.run("DELETE FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3", {candidate.event, from, to});
  SqlSummaries(session).forget(candidate.event, from, to, event.mark);
  bytes_ -= removed * bytes_per_row_;
  candidate.from = to;
  candidates_.push(candidate);
  return removed;
}

}  // namespace webmacs
