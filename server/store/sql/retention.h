#pragma once
// What leaves the record, and in which order: datapoints that are too old, and the oldest ones while the store is too
// large. Never one that an experiment holds, or held until a short while ago (RetentionRules::grace), nor the latest of
// an event: what a sensor that fell silent said last stays to be seen. Age counts from the newest datapoint of all that
// is not in the future: neither a clock that jumped ahead nor silence makes anything old. A pass over the events goes
// in small steps, each within a transaction of its own.

#include "server/store/sql/kept_intervals.h"
#include "server/store/sql/sql_session.h"
#include "server/store/sql/store_events.h"
#include "server/store/store.h"

#include <chrono>
#include <cstdint>
#include <queue>
#include <set>
#include <vector>

namespace webmacs {

// Before which time everything is too old when `newest` is the newest; 0: nothing is. Moves on in stretches that are
// short against the age.
std::int64_t retention_cutoff(const RetentionRules& rules, std::int64_t newest);

// What a store can remove whole, such as a partition; used within the pass' transaction.
class WholePieces {
 public:
  struct Piece {
    std::int64_t from, to;
  };
  struct Removed {
    std::int64_t rows, bytes;  // about
  };
  virtual ~WholePieces() = default;
  // The one that holds `time`; nothing where what holds it cannot be removed whole.
  virtual std::optional<Piece> at(std::int64_t time) = 0;
  // Nothing: somebody holds it just now, and nothing has changed.
  virtual std::optional<Removed> try_remove(const Piece& piece) = 0;
};

class RetentionPass {
 public:
  // `bytes`: the store's size at the begin of the pass; `bytes_per_row`: by how much it shrinks with each datapoint,
  // about: the next pass measures again. `now` in microseconds. Nothing is removed of the events `left_alone`.
  RetentionPass(const RetentionRules& rules, std::int64_t now, std::int64_t bytes, std::int64_t bytes_per_row,
                std::set<std::int64_t> left_alone);

  // Works on until `deadline`, within the caller's transaction. Where a step was rolled back, the pass is to be begun
  // again. `pieces`: null where there are none.
  RetentionStep step(SqlSession& session, StoreEvents& known, WholePieces* pieces,
                     std::chrono::steady_clock::time_point deadline);

  const RetentionRules& rules() const { return rules_; }
  // Which event a step that failed was about.
  std::int64_t event_at_work() const { return event_at_work_; }

 private:
  // An event and from where on there may be something to remove of it.
  struct Candidate {
    std::int64_t event;
    std::int64_t from;
    std::int64_t newest;  // it stays
    bool found;           // a datapoint stands at `from`, and nothing holds it
  };
  struct Later {
    bool operator()(const Candidate& a, const Candidate& b) const { return a.from > b.from; }
  };

  bool look_at_next(SqlSession& session);
  RetentionStep finish(SqlSession& session, RetentionStep done) const;
  bool over_size() const { return rules_.max_bytes > 0 && bytes_ > limit_; }
  // Finds what the candidate may remove next, or drops it.
  void find(SqlSession& session, const KeptIntervals& kept, const KnownEvent& event, Candidate candidate);
  std::int64_t remove(SqlSession& session, const KeptIntervals& kept, const KnownEvent& event, Candidate candidate);

  // Whether the piece that holds `time` may go whole; it is piece_ then.
  bool begin_piece(std::int64_t time, const KeptIntervals& kept, StoreEvents& known, WholePieces& pieces);
  void begin_summaries_of_piece(StoreEvents& known);
  // Its summaries a little at a time, then itself. False: it cannot be had now.
  bool remove_from_piece(SqlSession& session, const KeptIntervals& kept, StoreEvents& known, WholePieces& pieces,
                         RetentionStep& done);
  void give_up_piece(StoreEvents& known);
  void skip_piece();

  const RetentionRules rules_;
  const std::int64_t now_;
  std::int64_t bytes_;  // what is left, about
  const std::int64_t bytes_per_row_;
  std::int64_t limit_;
  const std::set<std::int64_t> left_alone_;
  std::int64_t event_at_work_ = 0;
  bool begun_ = false;
  std::size_t events_ = 0;  // there were when it began
  bool looked_ = false;
  std::vector<std::int64_t> to_look_at_;  // events' keys
  std::vector<std::int64_t> newest_of_each_;
  std::int64_t newest_ = 0;
  std::int64_t cutoff_ = 0;
  std::priority_queue<Candidate, std::vector<Candidate>, Later> candidates_;

  std::optional<WholePieces::Piece> piece_;  // its summaries are on their way out
  std::vector<std::int64_t> piece_events_;   // whose summaries are still there, those of the last from here on:
  std::int64_t piece_position_ = 0;
  WholePieces::Piece not_whole_{0, 0};  // looked at last
};

}  // namespace webmacs
