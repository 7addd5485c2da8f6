#pragma once
// What SQLite and PostgreSQL stores do alike: everything but how readings get in and out, and how a connection comes
// about and goes.

#include "server/store/sql/sql_session.h"
#include "server/store/sql/store_events.h"
#include "server/store/store.h"
#include "server/store/store_damage.h"

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace webmacs {

class RetentionPass;
class WholePieces;

class SqlStore : public Store {
 public:
  explicit SqlStore(std::shared_ptr<StoreDamage> damage);
  ~SqlStore() override;

  std::vector<DescribeResult> describe(const std::string& controller,
                                       const std::vector<EventDescription>& events) override;
  std::vector<EventRecord> events() override;
  std::optional<EventRecord> event(std::string_view public_id) override;
  void add_event(const EventRecord& event) override;
  bool change_event(const EventRecord& event) override;
  bool remove_event(const std::string& event_public_id) override;
  void read_summaries(std::int64_t event_key, int level, std::int64_t from, std::int64_t to,
                      std::vector<Summary>& summaries) override;
  std::int64_t summary_mark(std::int64_t event_key) override;
  bool summarize(std::chrono::milliseconds budget) override;
  RetentionStep retain(const RetentionRules& rules, std::chrono::milliseconds budget) override;
  StoreContent content() override;
  std::vector<SizeSample> sizes() override;
  void add_size(const SizeSample& sample, Timestamp forget_before) override;
  RowCheck row_check() override;
  void set_row_check(const RowCheck& check) override;
  std::int64_t check_rows(RowCheck& check, std::chrono::milliseconds budget) override;
  std::vector<ExperimentRecord> experiments() override;
  std::optional<ExperimentRecord> experiment(std::string_view public_id) override;
  void add_experiment(const ExperimentRecord& experiment) override;
  bool change_experiment(const ExperimentRecord& experiment, const std::string& who, Timestamp when,
                         Timestamp newest) override;
  bool remove_experiment(std::string_view public_id, Timestamp newest) override;
  UncoveredCount count_uncovered(const std::vector<LostCover>& lost, std::chrono::milliseconds budget) override;
  bool annotate(std::string_view experiment, const Annotation& annotation) override;
  bool remove_annotation(std::string_view experiment, std::string_view annotation) override;
  ExperimentEdits experiment_edits(std::string_view public_id, std::size_t skip, std::size_t limit) override;
  std::vector<EventRecord> experiment_events(std::string_view public_id) override;
  std::vector<TokenRecord> tokens() override;
  void add_token(const TokenRecord& token) override;
  bool revoke_token(std::string_view name, Timestamp when) override;
  void add_code(const TokenCode& code, Timestamp now) override;
  bool knows_code(std::string_view hash, Timestamp now) override;
  std::optional<TokenRecord> exchange_code(std::string_view hash, const std::string& token_hash,
                                           Timestamp now) override;
  std::vector<ControllerRecord> controllers() override;
  void save_controllers(const std::vector<ControllerRecord>& controllers) override;

 protected:
  // Both turn what the database throws into StoreError.
  // One transaction, durable on return; the events are as they are now.
  virtual void in_transaction(const std::function<void(SqlSession&, StoreEvents&)>& work) = 0;
  // Without one: each statement stands for itself.
  virtual void in_session(const std::function<void(SqlSession&, StoreEvents&)>& work) = 0;

  // What max_size bounds, and how much of it a datapoint takes, its index included.
  struct Size {
    std::int64_t bytes;
    std::int64_t bytes_per_row;
  };
  virtual Size size(SqlSession& session) = 0;
  // Asked within a transaction, and used until its end; null where there are none.
  virtual WholePieces* whole_pieces() { return nullptr; }

  // Notes it and throws StoreDamaged.
  [[noreturn]] void fail_for_damage(const std::string& reason) const;

 private:
  const std::shared_ptr<StoreDamage> damage_;  // null: nobody asks
  // Events that summaries and retention leave alone, since what they would read of them is damaged.
  std::set<std::int64_t> left_alone_;
  std::unique_ptr<RetentionPass> pass_;  // under way
  std::int64_t pass_bytes_ = 0;
};

}  // namespace webmacs
