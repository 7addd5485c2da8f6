#pragma once
// What a person who changes or deletes an experiment is told of the datapoints that no experiment covers any more
// (contract, "experiment"). Network thread.

#include "server/api/rest_call.h"

#include <vector>

namespace webmacs {

// Answers `made`, the answer to a change that has been stored, with "uncovered" and "until" where the change took cover
// from datapoints that retention or max_size may remove. `newest`: the newest datapoint when the call came.
void answer_with_uncovered(const RestServices& services, const RestCallPtr& call, HttpResponse made,
                           std::vector<LostCover> lost, Timestamp newest);

}  // namespace webmacs
