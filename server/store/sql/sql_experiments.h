#pragma once
// Experiments in SQL, the same in both databases. Used by SqlStore, within a transaction where something is written.

#include "server/store/experiment.h"
#include "server/store/sql/sql_session.h"
#include "server/store/store.h"

#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

class SqlExperiments {
 public:
  explicit SqlExperiments(SqlSession& session) : session_(session) {}

  std::vector<ExperimentRecord> all();
  // Throws StoreConflict naming the one that it would overlap.
  void add(const ExperimentRecord& experiment);
  // Everything but its annotations; keeps how it was. False when there is none of this public_id.
  bool change(const ExperimentRecord& experiment, const std::string& who, Timestamp when);
  bool remove(std::string_view public_id);
  bool annotate(std::string_view public_id, const Annotation& annotation);
  bool remove_annotation(std::string_view public_id, std::string_view annotation_public_id);
  std::vector<ExperimentEdit> edits(std::string_view public_id);
  std::vector<EventRecord> events(std::string_view public_id);

 private:
  void refuse_overlap(const ExperimentRecord& experiment);
  std::int64_t key_of(std::string_view public_id);  // 0: there is none
  void set_controllers(std::int64_t key, const ExperimentRecord& experiment);
  // The configuration of the covered events as it is now, of those that it does not have yet.
  void keep_events(std::int64_t key);

  SqlSession& session_;
};

}  // namespace webmacs
