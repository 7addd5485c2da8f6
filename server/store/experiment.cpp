#include "server/store/experiment.h"

#include <algorithm>

namespace webmacs {
namespace {

using Controllers = std::optional<std::vector<std::string>>;

// The controllers of `before` that `after` has, or has not; `before` names them.
std::vector<std::string> split_of(const ExperimentRecord& before, const ExperimentRecord& after, bool covered) {
  std::vector<std::string> controllers;
  for (const std::string& controller : *before.controllers) {
    if (after.covers(controller) == covered) controllers.push_back(controller);
  }
  return controllers;
}

// What the interval of `before` has and that of `after` has not, at its begin and at its end.
void add_lost_ends(std::vector<LostCover>& lost, const Controllers& controllers, const ExperimentRecord& before,
                   const ExperimentRecord& after) {
  const auto add = [&](Timestamp from, std::optional<Timestamp> to) {
    if (!to || from < *to) lost.push_back({controllers, from, to});
  };
  const std::optional<Timestamp> first_end =
      before.stopped_on ? std::min(*before.stopped_on, after.started_on) : after.started_on;
  add(before.started_on, first_end);
  if (after.stopped_on) add(std::max({before.started_on, after.started_on, *after.stopped_on}), before.stopped_on);
}

}  // namespace

bool ExperimentRecord::covers(const std::string& controller) const {
  return !controllers || std::find(controllers->begin(), controllers->end(), controller) != controllers->end();
}

std::vector<LostCover> lost_cover(const ExperimentRecord& before, const ExperimentRecord* after) {
  if (!after || (!before.controllers && after->controllers)) {
    return {{before.controllers, before.started_on, before.stopped_on}};
  }
  std::vector<LostCover> lost;
  Controllers still = before.controllers;
  if (before.controllers) {
    still = split_of(before, *after, true);
    auto gone = split_of(before, *after, false);
    if (!gone.empty()) lost.push_back({std::move(gone), before.started_on, before.stopped_on});
  }
  if (!still || !still->empty()) add_lost_ends(lost, still, before, *after);
  return lost;
}

}  // namespace webmacs
