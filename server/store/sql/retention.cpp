#include "server/store/sql/retention.h"

#include "server/store/sql/lost_covers.h"
#include "server/store/sql/sql_summaries.h"

#include <algorithm>
#include <optional>

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
                             std::int64_t bytes_per_row, std::set<std::int64_t> left_alone)
    : rules_(rules),
      now_(now),
      bytes_(bytes),
      bytes_per_row_(bytes_per_row),
      limit_(rules.max_bytes),
      left_alone_(std::move(left_alone)) {
  if (over_size()) limit_ -= limit_ / slack;
}

RetentionStep RetentionPass::step(SqlSession& session, StoreEvents& known, WholePieces* pieces,
                                  std::chrono::steady_clock::time_point deadline) {
  if (!begun_) {
    to_look_at_ = known.keys();
    std::erase_if(to_look_at_, [this](std::int64_t key) { return left_alone_.count(key) != 0; });
    events_ = known.keys().size();
    begun_ = true;
  }
  RetentionStep done;
  done.more = true;
  std::optional<KeptIntervals> intervals;
  do {
    if (look_at_next(session)) continue;
    // Anew in each step: experiments come and go.
    if (!intervals) intervals.emplace(session, newest_ - rules_.grace.count());
    const KeptIntervals& kept = *intervals;
    if (piece_) {
      if (remove_from_piece(session, kept, known, *pieces, done)) continue;
      done.more = false;
      return done;
    }
    if (candidates_.empty()) {
      return finish(session, done);
    }
    const Candidate oldest = candidates_.top();
    if (!over_size() && oldest.from >= cutoff_) return finish(session, done);
    if (pieces && oldest.found && begin_piece(oldest.from, kept, known, *pieces)) continue;
    candidates_.pop();
    event_at_work_ = oldest.event;
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

RetentionStep RetentionPass::finish(SqlSession& session, RetentionStep done) const {
  LostCovers(session).forget(newest_ - rules_.grace.count());
  done.more = false;
  done.cannot_shrink = over_size() && candidates_.empty();
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
  event_at_work_ = event;
  const auto newest = session.integer(
      "SELECT time FROM datapoints WHERE event = $1 AND time <= $2 ORDER BY time DESC LIMIT 1", {event, now_ + future});
  if (!newest) return true;
  newest_ = std::max(newest_, std::min(*newest, now_));
  newest_of_each_.push_back(*newest);
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

bool RetentionPass::begin_piece(std::int64_t time, const KeptIntervals& kept, StoreEvents& known, WholePieces& pieces) {
  if (time >= not_whole_.from && time < not_whole_.to) return false;
  const auto found = pieces.at(time);
  if (!found) return false;
  const WholePieces::Piece piece = *found;
  const bool old_enough = piece.to <= cutoff_ || (over_size() && piece.to <= now_);
  const auto stays = [&](std::int64_t newest) { return newest >= piece.from && newest < piece.to; };
  if (!old_enough || !left_alone_.empty() || kept.any_within(piece.from, piece.to) ||
      std::any_of(newest_of_each_.begin(), newest_of_each_.end(), stays)) {
    not_whole_ = piece;
    return false;
  }
  piece_ = piece;
  begin_summaries_of_piece(known);
  return true;
}

void RetentionPass::begin_summaries_of_piece(StoreEvents& known) {
  known.take_moved_back_to();
  piece_events_ = known.keys();
  piece_position_ = piece_->from;
}

// The summaries go first: where it ends in the middle, the next pass does the rest. What is still drawn of a month that
// is about to go has holes for that moment.
bool RetentionPass::remove_from_piece(SqlSession& session, const KeptIntervals& kept, StoreEvents& known,
                                      WholePieces& pieces, RetentionStep& done) {
  constexpr std::int64_t stretches_at_once = 16;  // of the longest: a thousand of the shortest
  if (kept.any_within(piece_->from, piece_->to) || known.keys().size() != events_) {
    give_up_piece(known);  // an experiment that has come since; an event whose latest may be in it
    return true;
  }
  if (known.take_moved_back_to() < piece_->to)
    begin_summaries_of_piece(known);  // what is gone may have been made again
  if (!piece_events_.empty()) {
    const std::int64_t width = summary_width(most_summary_level);
    const std::int64_t to =
        std::min(piece_->to, aligned(piece_position_, most_summary_level) + stretches_at_once * width);
    if (const KnownEvent* event = known.find(piece_events_.back())) {
      SqlSummaries(session).forget(event->key, piece_position_, to, event->mark);
    }
    piece_position_ = to;
    if (to == piece_->to) {
      piece_events_.pop_back();
      piece_position_ = piece_->from;
    }
    return true;
  }
  const auto removed = pieces.try_remove(*piece_);
  if (!removed) return false;
  done.removed += removed->rows;
  bytes_ -= removed->bytes;
  skip_piece();
  return true;
}

// Its summaries are made again.
void RetentionPass::give_up_piece(StoreEvents& known) {
  for (const std::int64_t key : known.keys()) known.note_stored(key, piece_->from);
  known.write_marks();
  not_whole_ = *piece_;
  piece_.reset();
}

void RetentionPass::skip_piece() {
  std::priority_queue<Candidate, std::vector<Candidate>, Later> behind;
  for (; !candidates_.empty(); candidates_.pop()) {
    Candidate candidate = candidates_.top();
    if (candidate.from >= piece_->from && candidate.from < piece_->to) {
      candidate.from = piece_->to;
      candidate.found = false;
    }
    behind.push(candidate);
  }
  candidates_.swap(behind);
  piece_.reset();
}

}  // namespace webmacs
