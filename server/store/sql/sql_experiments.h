#pragma once
// Experiments in SQL, the same in both databases. Used by SqlStore, within a transaction where something is written.

#include "server/store/experiment.h"
#include "server/store/sql/sql_session.h"
#include "server/store/store.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace webmacs {

class SqlExperiments {
 public:
  explicit SqlExperiments(SqlSession& session) : session_(session) {}

  std::vector<ExperimentRecord> all();
  std::optional<ExperimentRecord> find(std::string_view public_id);
  // Throws StoreConflict naming the one that it would overlap.
  void add(const ExperimentRecord& experiment);
  std::optional<ExperimentRecord> find_without_annotations(std::string_view public_id);
  // Everything but its annotations; keeps how it was, which is `before`.
  void change(const ExperimentRecord& before, const ExperimentRecord& experiment, const std::string& who,
              Timestamp when);
  bool remove(std::string_view public_id);
  bool annotate(std::string_view public_id, const Annotation& annotation);
  bool remove_annotation(std::string_view public_id, std::string_view annotation_public_id);
  ExperimentEdits edits(std::string_view public_id, std::size_t skip, std::size_t limit);
  std::vector<EventRecord> events(std::string_view public_id);

 private:
  // Throws StoreConflict naming the first experiment that this one overlaps; its controllers stand in the database
  // already.
  void refuse_overlap(std::int64_t key, const ExperimentRecord& experiment);
  std::int64_t key_of(std::string_view public_id);  // 0: there is none
  void set_controllers(std::int64_t key, const ExperimentRecord& experiment);
  void keep_former(const ExperimentRecord& before, const std::string& who, Timestamp when);
  // The configuration of the covered events as it is now, of those that it does not have yet.
  void keep_events(std::int64_t key);

  SqlSession& session_;
};

}  // namespace webmacs
