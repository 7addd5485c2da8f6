#pragma once
// The stretches of time in which experiments hold datapoints against retention, or held them until a short while ago,
// by controller (contract, "experiment").

#include "server/store/sql/sql_session.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

class KeptIntervals {
 public:
  // Those of the experiments, as they stand in the database now. Microseconds.
  explicit KeptIntervals(SqlSession& session);
  // And what experiments covered until some time after `lost_after`.
  KeptIntervals(SqlSession& session, std::int64_t lost_after);

  // Where the experiment ends that holds this time of the controller; nothing where none does.
  std::optional<std::int64_t> end_at(const std::string& controller, std::int64_t time) const;
  // The begin of the first experiment of the controller after `time`; far away where there is none.
  std::int64_t next_begin(const std::string& controller, std::int64_t time) const;
  // Whether any experiment holds some of [from, to), whatever its controllers.
  bool any_within(std::int64_t from, std::int64_t to) const;

 private:
  struct Interval {
    std::int64_t begin, end;
  };
  using Intervals = std::vector<Interval>;  // by begin; those of one controller do not overlap

  static void join_overlapping(Intervals& intervals);

  static const Interval* holding(const Intervals& intervals, std::int64_t time);
  static std::int64_t begin_after(const Intervals& intervals, std::int64_t time);

  Intervals of_all_;
  std::map<std::string, Intervals> of_some_;
  Intervals any_;
};

}  // namespace webmacs
