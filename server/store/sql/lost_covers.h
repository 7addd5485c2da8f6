#pragma once
// What experiments covered once and cover no more, so that it stays for a while all the same (contract, "experiment":
// grace). Used within a transaction of the writer.

#include "server/store/experiment.h"
#include "server/store/sql/sql_session.h"
#include "server/store/sql/store_events.h"

#include <cstdint>
#include <vector>

namespace webmacs {

class LostCovers {
 public:
  explicit LostCovers(SqlSession& session) : session_(session) {}

  // `newest`: the newest datapoint that is not in the future, as the caller knows it; `known` may have a newer one.
  // Of what has no end, only what may be stored already counts as lost.
  void note(const std::vector<LostCover>& lost, const StoreEvents& known, Timestamp newest, Timestamp now);
  // Forgets those that were lost at this time or before it, in microseconds.
  void forget(std::int64_t lost_until);

 private:
  SqlSession& session_;
};

}  // namespace webmacs
