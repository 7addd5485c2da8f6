#pragma once
// How many datapoints lost the cover of an experiment. A reader's work, in statements that are short each.

#include "server/store/experiment.h"
#include "server/store/records.h"
#include "server/store/sql/sql_session.h"

#include <chrono>
#include <vector>

namespace webmacs {

// Counts the datapoints within `lost` that no experiment covers now, until `deadline`.
UncoveredCount count_uncovered(SqlSession& session, const std::vector<LostCover>& lost,
                               std::chrono::steady_clock::time_point deadline);

}  // namespace webmacs
