#pragma once
// The experiments as the network thread knows them, for labelling what is broadcast. Readers elsewhere get a snapshot.
// Network thread only.

#include "server/store/experiment.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

class Experiments {
 public:
  using Changed = std::function<void()>;

  void replace(std::vector<ExperimentRecord> experiments) {
    index_ = std::make_shared<const ExperimentIndex>(std::move(experiments));
    if (changed_) changed_();
  }
  void when_changed(Changed changed) { changed_ = std::move(changed); }

  std::shared_ptr<const ExperimentIndex> index() const { return index_; }
  std::optional<std::string> of(const std::string& controller, Timestamp time) const {
    const ExperimentRecord* found = index_->find(controller, time);
    return found == nullptr ? std::nullopt : std::optional<std::string>(found->public_id);
  }

 private:
  std::shared_ptr<const ExperimentIndex> index_ = std::make_shared<const ExperimentIndex>();
  Changed changed_;
};

}  // namespace webmacs
