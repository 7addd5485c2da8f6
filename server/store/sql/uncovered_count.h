#pragma once
// How many datapoints lost the cover of an experiment. A reader's work, a step at a time, so that others may read
// between two of them.

#include "server/store/experiment.h"
#include "server/store/sql/sql_session.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

class CoverCount {
 public:
  // Counts the datapoints within `lost` that no experiment covers when it begins.
  explicit CoverCount(const std::vector<LostCover>& lost) : lost_(lost) {}

  // Goes on until about `deadline`, through whatever connection; false when all are counted.
  bool step(SqlSession& session, std::chrono::steady_clock::time_point deadline);
  std::int64_t datapoints() const { return datapoints_; }

 private:
  struct Stretch {
    std::int64_t event, from, to;
  };
  void plan(SqlSession& session);
  void count_some(SqlSession& session, Stretch& stretch);

  const std::vector<LostCover>& lost_;
  std::optional<std::vector<Stretch>> stretches_;  // to be counted, the next at the end
  std::int64_t datapoints_ = 0;
};

}  // namespace webmacs
