#include "server/catalog/experiment_index.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

bool newer(const ExperimentRecord& a, const ExperimentRecord& b) {
  return a.started_on != b.started_on ? a.started_on > b.started_on : a.key > b.key;
}

bool is_newer(const ExperimentRecord* a, const ExperimentRecord* b) {
  return newer(*a, *b);
}

bool id_before(const ExperimentRecord* experiment, std::string_view public_id) {
  return experiment->public_id < public_id;
}

// Of experiments that do not overlap only the last that began can hold the time.
const ExperimentRecord* holding(const std::vector<const ExperimentRecord*>& experiments, Timestamp time) {
  const auto last_begun = std::lower_bound(
      experiments.begin(), experiments.end(), time,
      [](const ExperimentRecord* experiment, Timestamp moment) { return experiment->started_on > moment; });
  return last_begun != experiments.end() && (*last_begun)->holds(time) ? *last_begun : nullptr;
}

}  // namespace

ExperimentIndex::ExperimentIndex(std::vector<ExperimentRecord> experiments) {
  newest_first_.reserve(experiments.size());
  for (ExperimentRecord& experiment : experiments) {
    newest_first_.push_back(std::make_shared<ExperimentRecord>(std::move(experiment)));
  }
  std::sort(newest_first_.begin(), newest_first_.end(), [](const Record& a, const Record& b) { return newer(*a, *b); });
  by_public_id_.reserve(newest_first_.size());
  for (const Record& experiment : newest_first_) {
    by_public_id_.push_back(experiment.get());
    if (!experiment->controllers) of_all_.push_back(experiment.get());
    for (const std::string& controller : experiment->controllers.value_or(std::vector<std::string>())) {
      of_some_[controller].push_back(experiment.get());
    }
  }
  std::sort(by_public_id_.begin(), by_public_id_.end(),
            [](const ExperimentRecord* a, const ExperimentRecord* b) { return a->public_id < b->public_id; });
}

const ExperimentRecord* ExperimentIndex::find(const std::string& controller, Timestamp time) const {
  if (const ExperimentRecord* found = holding(of_all_, time)) return found;
  const auto own = of_some_.find(controller);
  return own == of_some_.end() ? nullptr : holding(own->second, time);
}

const ExperimentRecord* ExperimentIndex::find(std::string_view public_id) const {
  const auto found = std::lower_bound(by_public_id_.begin(), by_public_id_.end(), public_id, id_before);
  return found != by_public_id_.end() && (*found)->public_id == public_id ? *found : nullptr;
}

void ExperimentIndex::put(ExperimentRecord experiment) {
  remove(experiment.public_id);
  const auto record = std::make_shared<ExperimentRecord>(std::move(experiment));
  newest_first_.insert(place_of(*record), record);
  by_public_id_.insert(std::lower_bound(by_public_id_.begin(), by_public_id_.end(), record->public_id, id_before),
                       record.get());
  add_to_controllers(*record);
}

void ExperimentIndex::remove(std::string_view public_id) {
  const auto found = std::lower_bound(by_public_id_.begin(), by_public_id_.end(), public_id, id_before);
  if (found == by_public_id_.end() || (*found)->public_id != public_id) return;
  const ExperimentRecord& experiment = **found;
  remove_from_controllers(experiment);
  by_public_id_.erase(found);
  newest_first_.erase(place_of(experiment));
}

void ExperimentIndex::annotate(std::string_view public_id, const Annotation& annotation) {
  ExperimentRecord* experiment = writable(public_id);
  if (!experiment) return;
  auto& annotations = experiment->annotations;
  annotations.insert(std::upper_bound(annotations.begin(), annotations.end(), annotation.time,
                                      [](Timestamp time, const Annotation& each) { return time < each.time; }),
                     annotation);
}

void ExperimentIndex::remove_annotation(std::string_view public_id, std::string_view annotation) {
  if (ExperimentRecord* experiment = writable(public_id)) {
    std::erase_if(experiment->annotations, [&](const Annotation& each) { return each.public_id == annotation; });
  }
}

void ExperimentIndex::add_to_controllers(const ExperimentRecord& experiment) {
  const auto add = [&](Records& records) {
    records.insert(std::lower_bound(records.begin(), records.end(), &experiment, is_newer), &experiment);
  };
  if (!experiment.controllers) return add(of_all_);
  for (const std::string& controller : *experiment.controllers) add(of_some_[controller]);
}

void ExperimentIndex::remove_from_controllers(const ExperimentRecord& experiment) {
  const auto remove = [&](Records& records) {
    records.erase(std::lower_bound(records.begin(), records.end(), &experiment, is_newer));
  };
  if (!experiment.controllers) return remove(of_all_);
  for (const std::string& controller : *experiment.controllers) {
    const auto own = of_some_.find(controller);
    remove(own->second);
    if (own->second.empty()) of_some_.erase(own);
  }
}

std::vector<ExperimentIndex::Record>::iterator ExperimentIndex::place_of(const ExperimentRecord& experiment) {
  return std::lower_bound(newest_first_.begin(), newest_first_.end(), experiment,
                          [](const Record& each, const ExperimentRecord& sought) { return newer(*each, sought); });
}

ExperimentRecord* ExperimentIndex::writable(std::string_view public_id) {
  const ExperimentRecord* found = find(public_id);
  if (!found) return nullptr;
  if (place_of(*found)->use_count() > 1) {
    put(ExperimentRecord(*found));
    found = find(public_id);
  }
  return place_of(*found)->get();
}

}  // namespace webmacs
