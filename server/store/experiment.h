#pragma once
// An experiment: a named interval over all controllers or some. Which datapoints belong to it is computed from this,
// never stored with them (contract, "Terms").

#include "common/messages.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace webmacs {

struct Annotation {
  std::string public_id;
  Timestamp time;
  std::string text;

  bool operator==(const Annotation&) const = default;
};

// How an experiment was before somebody changed it.
struct ExperimentEdit {
  Timestamp edited_on;
  std::string edited_by;  // the token's name
  std::string name;
  std::optional<std::vector<std::string>> controllers;
  Timestamp started_on;
  std::optional<Timestamp> stopped_on;
  std::string notes;
};

// Some of an experiment's edits.
struct ExperimentEdits {
  std::size_t total = 0;              // of all
  std::vector<ExperimentEdit> edits;  // the newest first
};

struct ExperimentRecord {
  std::int64_t key = 0;  // the store's own; 0 before it is stored
  std::string public_id;
  std::string name;
  std::optional<std::vector<std::string>> controllers;  // empty: all, future ones included
  Timestamp started_on;
  std::optional<Timestamp> stopped_on;  // empty: it runs
  std::string notes;
  std::vector<Annotation> annotations;  // by time

  bool operator==(const ExperimentRecord&) const = default;
  bool covers(const std::string& controller) const;
  bool holds(Timestamp time) const { return started_on <= time && (!stopped_on || time < *stopped_on); }
};

// What an experiment covered until it was changed or deleted, and covers no more.
struct LostCover {
  std::optional<std::vector<std::string>> controllers;  // empty: all
  Timestamp from;
  std::optional<Timestamp> to;  // empty: without an end

  bool operator==(const LostCover&) const = default;
};

// Returns what `before` covered and `after` does not; all of it where `after` is null. Where an experiment over all
// controllers becomes one over some, all of it counts as lost: what the experiment still covers is safe anyway.
std::vector<LostCover> lost_cover(const ExperimentRecord& before, const ExperimentRecord* after);

}  // namespace webmacs
