#pragma once
// The experiments as the network thread knows them, for lists and for labelling what is broadcast. A snapshot may be
// read by other threads; it is taken and given up on the network thread. Everything else: network thread only.

#include "server/catalog/experiment_index.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace webmacs {

class Experiments {
 public:
  using Changed = std::function<void()>;

  // `changed` is called whenever a datapoint may belong to another experiment than before.
  void when_changed(Changed changed) { changed_ = std::move(changed); }

  // At start: all that the store has.
  void replace(std::vector<ExperimentRecord> experiments) {
    index_ = std::make_shared<ExperimentIndex>(std::move(experiments));
    if (changed_) changed_();
  }
  // What the store has done, in its order: an experiment was added or changed, or went, or an annotation did.
  void put(ExperimentRecord experiment) {
    writable().put(std::move(experiment));
    if (changed_) changed_();
  }
  void remove(std::string_view public_id) {
    writable().remove(public_id);
    if (changed_) changed_();
  }
  void annotate(std::string_view public_id, const Annotation& annotation) {
    writable().annotate(public_id, annotation);
  }
  void remove_annotation(std::string_view public_id, std::string_view annotation) {
    writable().remove_annotation(public_id, annotation);
  }

  // A snapshot: it stays as it is.
  std::shared_ptr<const ExperimentIndex> index() const { return index_; }
  const ExperimentRecord* find(std::string_view public_id) const { return index_->find(public_id); }
  // The public id of the experiment that a datapoint of the controller belongs to.
  std::optional<std::string> of(const std::string& controller, Timestamp time) const {
    const ExperimentRecord* found = index_->find(controller, time);
    return found == nullptr ? std::nullopt : std::optional<std::string>(found->public_id);
  }

 private:
  // Copied only while somebody reads it.
  ExperimentIndex& writable() {
    if (index_.use_count() > 1) index_ = std::make_shared<ExperimentIndex>(*index_);
    return *index_;
  }

  std::shared_ptr<ExperimentIndex> index_ = std::make_shared<ExperimentIndex>();
  Changed changed_;
};

}  // namespace webmacs
