#pragma once
// An Ingest over a real SQLite store that a test can hold back and make fail, and a note of all that happens.

#include "server/ingest/ingest.h"
#include "server/open_store.h"
#include "unit/run_until.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

namespace webmacs::testing {

using namespace std::chrono_literals;

// The test's hand on a real store: holds the writer back, makes it fail, and notes what each transaction held.
struct Control {
  std::mutex mutex;
  std::condition_variable changed;
  bool hold = false;
  bool inside = false;
  std::string failure;  // not empty: each call throws it
  std::vector<std::size_t> transactions;
  int checks = 0;
  std::atomic<int> summaries_to_make{0};  // calls that leave more to do
  RetentionStep retention;                // what each step answers
  int retention_steps = 0;

  void set_hold(bool value) {
    const std::lock_guard<std::mutex> lock(mutex);
    hold = value;
    changed.notify_all();
  }
  void set_failure(const std::string& value) {
    const std::lock_guard<std::mutex> lock(mutex);
    failure = value;
  }
  void wait_until_inside() {
    std::unique_lock<std::mutex> lock(mutex);
    REQUIRE(changed.wait_for(lock, 10s, [this] { return inside; }));
  }
  std::vector<std::size_t> sizes() {
    const std::lock_guard<std::mutex> lock(mutex);
    return transactions;
  }
  void enter() {
    std::unique_lock<std::mutex> lock(mutex);
    inside = true;
    changed.notify_all();
    changed.wait(lock, [this] { return !hold; });
    inside = false;
    if (!failure.empty()) throw StoreError(failure);
  }
};

class ControlledStore : public Store {
 public:
  ControlledStore(std::unique_ptr<Store> store, Control& control) : store_(std::move(store)), control_(control) {}

  std::vector<std::vector<AppendResult>> append(std::span<const IncomingBatch* const> batches) override {
    control_.enter();
    std::size_t readings = 0;
    for (const IncomingBatch* batch : batches) readings += batch->readings.size();
    auto results = store_->append(batches);
    const std::lock_guard<std::mutex> lock(control_.mutex);
    control_.transactions.push_back(readings);
    return results;
  }
  std::vector<DescribeResult> describe(const std::string& controller,
                                       const std::vector<EventDescription>& events) override {
    control_.enter();
    return store_->describe(controller, events);
  }
  void check() override {
    control_.enter();
    store_->check();
    const std::lock_guard<std::mutex> lock(control_.mutex);
    ++control_.checks;
  }
  std::vector<EventRecord> events() override { return store_->events(); }
  std::optional<EventRecord> event(std::string_view id) override { return store_->event(id); }
  std::vector<StoredPoint> latest(Timestamp not_after) override { return store_->latest(not_after); }
  std::vector<StoredPoint> range(const std::string& event, Timestamp from, Timestamp to, std::size_t limit) override {
    return store_->range(event, from, to, limit);
  }
  std::vector<TokenRecord> tokens() override { return store_->tokens(); }
  void add_token(const TokenRecord& token) override { store_->add_token(token); }
  bool revoke_token(std::string_view name, Timestamp when) override { return store_->revoke_token(name, when); }
  void add_code(const TokenCode& code, Timestamp now) override { store_->add_code(code, now); }
  bool knows_code(std::string_view hash, Timestamp now) override { return store_->knows_code(hash, now); }
  std::optional<TokenRecord> exchange_code(std::string_view hash, const std::string& token_hash,
                                           Timestamp now) override {
    return store_->exchange_code(hash, token_hash, now);
  }
  std::vector<ControllerRecord> controllers() override { return store_->controllers(); }
  void save_controllers(const std::vector<ControllerRecord>& controllers) override {
    store_->save_controllers(controllers);
  }
  std::int64_t change_counter() override { return store_->change_counter(); }

  void add_event(const EventRecord& event) override { store_->add_event(event); }
  bool change_event(const EventRecord& event) override { return store_->change_event(event); }
  bool remove_event(const std::string& event) override { return store_->remove_event(event); }
  void read(std::int64_t event, Timestamp from, Timestamp to, std::size_t limit, std::vector<Point>& points) override {
    store_->read(event, from, to, limit, points);
  }
  void read_summaries(std::int64_t event, int level, std::int64_t from, std::int64_t to,
                      std::vector<Summary>& summaries) override {
    store_->read_summaries(event, level, from, to, summaries);
  }
  std::int64_t summary_mark(std::int64_t event) override { return store_->summary_mark(event); }
  bool summarize(std::chrono::milliseconds budget) override {
    const bool more = control_.summaries_to_make.fetch_sub(1) > 0;
    return store_->summarize(budget) || more;
  }
  RetentionStep retain(const RetentionRules&, std::chrono::milliseconds) override {
    const std::lock_guard<std::mutex> lock(control_.mutex);
    ++control_.retention_steps;
    return control_.retention;
  }
  std::vector<ExperimentRecord> experiments() override { return store_->experiments(); }
  std::optional<ExperimentRecord> experiment(std::string_view id) override { return store_->experiment(id); }
  void add_experiment(const ExperimentRecord& experiment) override { store_->add_experiment(experiment); }
  bool change_experiment(const ExperimentRecord& experiment, const std::string& who, Timestamp when,
                         Timestamp newest) override {
    return store_->change_experiment(experiment, who, when, newest);
  }
  bool remove_experiment(std::string_view id, Timestamp newest) override {
    return store_->remove_experiment(id, newest);
  }
  UncoveredCount count_uncovered(const std::vector<LostCover>& lost, std::chrono::milliseconds budget) override {
    return store_->count_uncovered(lost, budget);
  }
  RowCheck row_check() override { return store_->row_check(); }
  void set_row_check(const RowCheck& check) override { store_->set_row_check(check); }
  std::int64_t check_rows(RowCheck& check, std::chrono::milliseconds budget) override {
    return store_->check_rows(check, budget);
  }
  StoreRoom room() override { return store_->room(); }
  StoreContent content() override { return store_->content(); }
  std::vector<SizeSample> sizes() override { return store_->sizes(); }
  void add_size(const SizeSample& sample, Timestamp forget_before) override { store_->add_size(sample, forget_before); }
  bool annotate(std::string_view id, const Annotation& annotation) override { return store_->annotate(id, annotation); }
  bool remove_annotation(std::string_view id, std::string_view annotation) override {
    return store_->remove_annotation(id, annotation);
  }
  ExperimentEdits experiment_edits(std::string_view id, std::size_t skip, std::size_t limit) override {
    return store_->experiment_edits(id, skip, limit);
  }
  std::vector<EventRecord> experiment_events(std::string_view id) override { return store_->experiment_events(id); }

 private:
  std::unique_ptr<Store> store_;
  Control& control_;
};

// A hub's network thread in small: everything that happens is noted in order.
struct Bench {
  explicit Bench(IngestLimits limits = {}) {
    limits.retry_interval = 30ms;
    ingest = std::make_unique<Ingest>(io, std::make_unique<ControlledStore>(open(), control), limits,
                                      [this](const std::vector<CommittedPoint>& committed) {
                                        happened.push_back("commit " + std::to_string(committed.size()));
                                        points.insert(points.end(), committed.begin(), committed.end());
                                      });
  }
  ~Bench() { control.set_hold(false); }

  std::unique_ptr<Store> open() const { return open_store("sqlite://" + folder.file("hub.db")); }

  bool submit(const std::string& name, const std::string& controller, std::vector<IncomingReading> readings,
              bool may_be_refused = true, bool backlog = false) {
    return ingest->try_submit({controller, std::move(readings)}, backlog, may_be_refused,
                              [this, name](const std::vector<AppendResult>& results) {
                                happened.push_back(name + (results.empty() ? " refused" : " stored"));
                                answers[name] = results;
                              });
  }
  // `count` readings of an event at times that no other call has used.
  bool submit_many(const std::string& name, int count, bool may_be_refused = true) {
    std::vector<IncomingReading> readings;
    for (int i = 0; i < count; ++i) readings.push_back(good("evt_a", at(next_time++), i));
    return submit(name, "rig1", std::move(readings), may_be_refused);
  }

  template <typename Condition>
  bool run_until(Condition condition) {
    return webmacs::run_until(io, condition);
  }
  bool run_until_happened(std::size_t count) {
    return run_until([&] { return happened.size() >= count; });
  }

  TemporaryFolder folder;
  Control control;
  boost::asio::io_context io;
  std::vector<std::string> happened;
  std::vector<CommittedPoint> points;
  std::map<std::string, std::vector<AppendResult>> answers;
  std::int64_t next_time = 0;
  std::unique_ptr<Ingest> ingest;
};

}  // namespace webmacs::testing
