#include "server/store/experiment.h"

#include <algorithm>
#include <utility>

namespace webmacs {

bool ExperimentRecord::covers(const std::string& controller) const {
  return !controllers || std::find(controllers->begin(), controllers->end(), controller) != controllers->end();
}

bool ExperimentRecord::overlaps(const ExperimentRecord& other) const {
  if (stopped_on && *stopped_on <= other.started_on) return false;
  if (other.stopped_on && *other.stopped_on <= started_on) return false;
  if (!controllers || !other.controllers) return true;
  return std::any_of(controllers->begin(), controllers->end(),
                     [&](const std::string& controller) { return other.covers(controller); });
}

ExperimentIndex::ExperimentIndex(std::vector<ExperimentRecord> experiments) : experiments_(std::move(experiments)) {
  std::sort(experiments_.begin(), experiments_.end(),
            [](const auto& a, const auto& b) { return a.started_on > b.started_on; });
}

// Live data belongs to the newest ones, which are found first.
const ExperimentRecord* ExperimentIndex::find(const std::string& controller, Timestamp time) const {
  for (const ExperimentRecord& experiment : experiments_) {
    if (experiment.holds(time) && experiment.covers(controller)) return &experiment;
  }
  return nullptr;
}

const ExperimentRecord* ExperimentIndex::find(const std::string& public_id) const {
  for (const ExperimentRecord& experiment : experiments_) {
    if (experiment.public_id == public_id) return &experiment;
  }
  return nullptr;
}

}  // namespace webmacs
