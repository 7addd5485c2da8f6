#pragma once
// All experiments in memory: the one of a datapoint, the one of a public id, and all of them from the newest to the
// oldest. Each is found in logarithmic time, since experiments that share a controller never overlap (contract,
// "experiment"). One thread; a copy costs some bytes for each experiment, and shares the records.

#include "server/store/experiment.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace webmacs {

class ExperimentIndex {
 public:
  ExperimentIndex() = default;
  explicit ExperimentIndex(std::vector<ExperimentRecord> experiments);

  // Returns the experiment that covers the controller at this time, or null. The pointers that this class returns hold
  // until the experiment is changed here.
  const ExperimentRecord* find(const std::string& controller, Timestamp time) const;
  const ExperimentRecord* find(std::string_view public_id) const;

  std::size_t size() const { return newest_first_.size(); }
  // The experiments by begin, the newest at 0; of those with one begin the one that was made last.
  const ExperimentRecord& at(std::size_t index) const { return *newest_first_.at(index); }

  // Adds the experiment, or replaces the one of its public id.
  void put(ExperimentRecord experiment);
  // All of these do nothing where there is none of this public id.
  void remove(std::string_view public_id);
  void annotate(std::string_view public_id, const Annotation& annotation);
  void remove_annotation(std::string_view public_id, std::string_view annotation);

 private:
  using Record = std::shared_ptr<ExperimentRecord>;      // written only while no other index shares it
  using Records = std::vector<const ExperimentRecord*>;  // by begin, the newest first

  void add_to_controllers(const ExperimentRecord& experiment);
  void remove_from_controllers(const ExperimentRecord& experiment);
  std::vector<Record>::iterator place_of(const ExperimentRecord& experiment);
  // The record, where it may be changed without another index noticing; null where there is none.
  ExperimentRecord* writable(std::string_view public_id);

  std::vector<Record> newest_first_;
  std::vector<const ExperimentRecord*> by_public_id_;  // sorted
  Records of_all_;                                     // those that cover every controller
  std::unordered_map<std::string, Records> of_some_;   // by controller
};

}  // namespace webmacs
