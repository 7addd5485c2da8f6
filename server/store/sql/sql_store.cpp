#include "server/store/sql/sql_store.h"

#include "common/timestamp.h"
#include "server/store/sql/lost_covers.h"
#include "server/store/sql/retention.h"
#include "server/store/sql/sql_controllers.h"
#include "server/store/sql/sql_experiments.h"
#include "server/store/sql/sql_rows.h"
#include "server/store/sql/sql_summaries.h"
#include "server/store/sql/sql_tokens.h"
#include "server/store/sql/uncovered_count.h"

#include <algorithm>

namespace webmacs {

SqlStore::SqlStore(std::shared_ptr<StoreDamage> damage) : damage_(std::move(damage)) {}
SqlStore::~SqlStore() = default;

void SqlStore::fail_for_damage(const std::string& reason) const {
  if (damage_) damage_->note(reason);
  throw StoreDamaged(reason);
}

std::vector<DescribeResult> SqlStore::describe(const std::string& controller,
                                               const std::vector<EventDescription>& events) {
  std::vector<DescribeResult> refused;
  in_transaction([&](SqlSession&, StoreEvents& known) {
    refused.clear();
    for (std::size_t i = 0; i < events.size(); ++i) {
      std::string owner;
      if (!known.describe(controller, events[i], owner)) refused.push_back({i, owner});
    }
  });
  return refused;
}

std::vector<EventRecord> SqlStore::events() {
  std::vector<EventRecord> events;
  in_session([&](SqlSession&, StoreEvents& known) { events = known.all(); });
  return events;
}

std::optional<EventRecord> SqlStore::event(std::string_view public_id) {
  std::optional<EventRecord> event;
  in_session([&](SqlSession&, StoreEvents& known) { event = known.record(public_id); });
  return event;
}

void SqlStore::add_event(const EventRecord& event) {
  in_transaction([&](SqlSession&, StoreEvents& known) {
    if (known.try_add(event)) return;
    throw StoreConflict("event " + event.description.event_public_id + " is there already");
  });
}

bool SqlStore::change_event(const EventRecord& event) {
  bool found = false;
  in_transaction([&](SqlSession&, StoreEvents& known) { found = known.change(event); });
  return found;
}

bool SqlStore::remove_event(const std::string& event_public_id) {
  bool found = false;
  in_transaction([&](SqlSession& session, StoreEvents& known) {
    const auto key = session.integer("SELECT key FROM events WHERE public_id = $1", {event_public_id});
    if (!key) return;
    if (session.integer("SELECT 1 FROM datapoints WHERE event = $1 LIMIT 1", {*key})) {
      throw StoreConflict("event " + event_public_id + " has datapoints");
    }
    session.run("DELETE FROM events WHERE key = $1", {*key});
    known.forget();
    found = true;
  });
  return found;
}

void SqlStore::read_summaries(std::int64_t event_key, int level, std::int64_t from, std::int64_t to,
                              std::vector<Summary>& summaries) {
  in_session(
      [&](SqlSession& session, StoreEvents&) { SqlSummaries(session).read(event_key, level, from, to, summaries); });
}

std::int64_t SqlStore::summary_mark(std::int64_t event_key) {
  std::int64_t mark = 0;
  in_session([&](SqlSession& session, StoreEvents&) { mark = SqlSummaries(session).mark(event_key); });
  return mark;
}

bool SqlStore::summarize(std::chrono::milliseconds budget) {
  const auto deadline = std::chrono::steady_clock::now() + budget;
  bool wanted = false;
  in_session([&](SqlSession&, StoreEvents& known) { wanted = known.wants_summaries(); });
  if (!wanted) return false;
  bool more = true;
  std::int64_t event = 0;  // at work
  try {
    in_transaction([&](SqlSession&, StoreEvents& known) {
      while (more && std::chrono::steady_clock::now() < deadline) more = known.summarize_some(left_alone_, event);
    });
  } catch (const StoreDamaged&) {
    if (!left_alone_.insert(event).second) throw;
  }
  return more;
}

RetentionStep SqlStore::retain(const RetentionRules& rules, std::chrono::milliseconds budget) {
  const auto deadline = std::chrono::steady_clock::now() + budget;
  // In a step that fails its pass goes with it.
  std::unique_ptr<RetentionPass> pass = std::move(pass_);
  if (pass && pass->rules() != rules) pass.reset();
  RetentionStep done;
  if (!pass) {
    Size now{};
    in_session([&](SqlSession& session, StoreEvents&) { now = size(session); });
    pass_bytes_ = now.bytes;
    if (rules.none()) {
      done.bytes = pass_bytes_;
      return done;
    }
    pass =
        std::make_unique<RetentionPass>(rules, to_microseconds(utc_now()), now.bytes, now.bytes_per_row, left_alone_);
  }
  try {
    in_transaction(
        [&](SqlSession& session, StoreEvents& known) { done = pass->step(session, known, whole_pieces(), deadline); });
  } catch (const StoreDamaged&) {
    if (!left_alone_.insert(pass->event_at_work()).second) throw;
    return {.removed = 0, .more = true, .cannot_shrink = false, .bytes = pass_bytes_};
  }
  done.bytes = pass_bytes_;
  if (done.more) pass_ = std::move(pass);
  return done;
}

std::vector<ExperimentRecord> SqlStore::experiments() {
  std::vector<ExperimentRecord> experiments;
  in_session([&](SqlSession& session, StoreEvents&) { experiments = SqlExperiments(session).all(); });
  return experiments;
}

std::optional<ExperimentRecord> SqlStore::experiment(std::string_view public_id) {
  std::optional<ExperimentRecord> experiment;
  in_session([&](SqlSession& session, StoreEvents&) { experiment = SqlExperiments(session).find(public_id); });
  return experiment;
}

void SqlStore::add_experiment(const ExperimentRecord& experiment) {
  in_transaction([&](SqlSession& session, StoreEvents&) { SqlExperiments(session).add(experiment); });
}

bool SqlStore::change_experiment(const ExperimentRecord& experiment, const std::string& who, Timestamp when,
                                 Timestamp newest) {
  bool found = false;
  in_transaction([&](SqlSession& session, StoreEvents& known) {
    SqlExperiments experiments(session);
    const auto before = experiments.find_without_annotations(experiment.public_id);
    if (!before) return;
    found = true;
    experiments.change(*before, experiment, who, when);
    LostCovers(session).note(lost_cover(*before, &experiment), known, newest, utc_now());
  });
  return found;
}

bool SqlStore::remove_experiment(std::string_view public_id, Timestamp newest) {
  bool found = false;
  in_transaction([&](SqlSession& session, StoreEvents& known) {
    SqlExperiments experiments(session);
    const auto before = experiments.find_without_annotations(public_id);
    if (!before) return;
    found = experiments.remove(public_id);
    LostCovers(session).note(lost_cover(*before, nullptr), known, newest, utc_now());
  });
  return found;
}

UncoveredCount SqlStore::count_uncovered(const std::vector<LostCover>& lost, std::chrono::milliseconds budget) {
  constexpr std::chrono::milliseconds step{20};
  const auto deadline = std::chrono::steady_clock::now() + budget;
  CoverCount count(lost);
  for (bool more = true; more;) {
    const auto now = std::chrono::steady_clock::now();
    in_session([&](SqlSession& session, StoreEvents&) { more = count.step(session, std::min(now + step, deadline)); });
    if (more && std::chrono::steady_clock::now() >= deadline) return {count.datapoints(), false};
  }
  return {count.datapoints(), true};
}

bool SqlStore::annotate(std::string_view experiment, const Annotation& annotation) {
  bool found = false;
  in_transaction(
      [&](SqlSession& session, StoreEvents&) { found = SqlExperiments(session).annotate(experiment, annotation); });
  return found;
}

bool SqlStore::remove_annotation(std::string_view experiment, std::string_view annotation) {
  bool found = false;
  in_transaction([&](SqlSession& session, StoreEvents&) {
    found = SqlExperiments(session).remove_annotation(experiment, annotation);
  });
  return found;
}

ExperimentEdits SqlStore::experiment_edits(std::string_view public_id, std::size_t skip, std::size_t limit) {
  ExperimentEdits edits;
  in_session([&](SqlSession& session, StoreEvents&) { edits = SqlExperiments(session).edits(public_id, skip, limit); });
  return edits;
}

std::vector<EventRecord> SqlStore::experiment_events(std::string_view public_id) {
  std::vector<EventRecord> events;
  in_session([&](SqlSession& session, StoreEvents&) { events = SqlExperiments(session).events(public_id); });
  return events;
}

std::vector<TokenRecord> SqlStore::tokens() {
  std::vector<TokenRecord> tokens;
  in_session([&](SqlSession& session, StoreEvents&) { tokens = SqlTokens(session).all(); });
  return tokens;
}

void SqlStore::add_token(const TokenRecord& token) {
  in_transaction([&](SqlSession& session, StoreEvents&) { SqlTokens(session).add(token); });
}

bool SqlStore::revoke_token(std::string_view name, Timestamp when) {
  bool revoked = false;
  in_transaction([&](SqlSession& session, StoreEvents&) { revoked = SqlTokens(session).revoke(name, when); });
  return revoked;
}

void SqlStore::add_code(const TokenCode& code, Timestamp now) {
  in_transaction([&](SqlSession& session, StoreEvents&) { SqlTokens(session).add_code(code, now); });
}

bool SqlStore::knows_code(std::string_view hash, Timestamp now) {
  bool known = false;
  in_session([&](SqlSession& session, StoreEvents&) { known = SqlTokens(session).knows_code(hash, now); });
  return known;
}

std::optional<TokenRecord> SqlStore::exchange_code(std::string_view hash, const std::string& token_hash,
                                                   Timestamp now) {
  std::optional<TokenRecord> token;
  in_transaction(
      [&](SqlSession& session, StoreEvents&) { token = SqlTokens(session).exchange_code(hash, token_hash, now); });
  return token;
}

std::vector<ControllerRecord> SqlStore::controllers() {
  std::vector<ControllerRecord> controllers;
  in_session([&](SqlSession& session, StoreEvents&) { controllers = SqlControllers(session).all(); });
  return controllers;
}

void SqlStore::save_controllers(const std::vector<ControllerRecord>& controllers) {
  in_transaction([&](SqlSession& session, StoreEvents&) {
    for (const ControllerRecord& controller : controllers) SqlControllers(session).save(controller);
  });
}

}  // namespace webmacs
