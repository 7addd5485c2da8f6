#pragma once
// The summaries that a store keeps of its datapoints, in SQL. Of each event it is known up to which time they are right
// (its mark); a reading that comes in before that moves the mark back, and they are made again.

#include "server/store/sql/sql_session.h"
#include "server/store/summary.h"

#include <cstdint>
#include <map>
#include <vector>

namespace webmacs {

class SqlSummaries {
 public:
  explicit SqlSummaries(SqlSession& session) : session_(session) {}

  // Of the event's stretches of `level` that begin in [from, to) and are right, in order; nothing where there are fewer
  // datapoints than fewest_summarised.
  void read(std::int64_t event, int level, std::int64_t from, std::int64_t to, std::vector<Summary>& summaries);
  // Up to where they are right, in microseconds; 0: there are none.
  std::int64_t mark(std::int64_t event);

  // Summarises a bounded number of datapoints from `mark` on, up to the stretch that `newest` is in. Answers the new
  // mark.
  std::int64_t advance(std::int64_t event, std::int64_t mark, std::int64_t newest);
  void set_mark(std::int64_t event, std::int64_t mark);

  // The datapoints in [from, to) are gone, or about to go: what is right before `mark` stays so.
  void forget(std::int64_t event, std::int64_t from, std::int64_t to, std::int64_t mark);

 private:
  // Stretches by their bucket, on the way to be written.
  struct Stretch {
    Summary summary;
    std::int64_t datapoints = 0;  // at least; exactly when they are fewer than fewest_summarised
  };
  using Stretches = std::map<std::int64_t, Stretch>;
  static void add(Stretches& stretches, int level, const Summary& summary, std::int64_t datapoints);
  // Adds datapoints of [from, to), at most `limit`; answers how many.
  std::int64_t add_datapoints(Stretches& stretches, std::int64_t event, int level, std::int64_t from, std::int64_t to,
                              std::int64_t limit);
  // Adds what [begin, end) holds beside [gone_from, gone_to), of the finer stretches where they are summarised.
  void gather(Stretches& stretches, std::int64_t event, int level, std::int64_t begin, std::int64_t end,
              std::int64_t gone_from, std::int64_t gone_to);
  void write(std::int64_t event, int level, const Stretches& stretches);
  // What the stretch holds beside [from, to).
  void remake(std::int64_t event, int level, std::int64_t bucket, std::int64_t from, std::int64_t to);
  void write(std::int64_t event, int level, std::int64_t bucket, const Summary& summary);
  // Those of `level` that end in (from, to], of the finer ones.
  void summarize_coarse(std::int64_t event, int level, std::int64_t from, std::int64_t to);

  SqlSession& session_;
};

}  // namespace webmacs
