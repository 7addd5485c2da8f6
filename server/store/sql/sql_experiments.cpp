#include "server/store/sql/sql_experiments.h"

#include "common/timestamp.h"
#include "server/store/sql/sql_rows.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace webmacs {
namespace {

// Of an edit: names hold no spaces.
std::string join(const std::vector<std::string>& controllers) {
  std::string text;
  for (const auto& controller : controllers) text += (text.empty() ? "" : " ") + controller;
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    if (end > begin) parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Columns: key, public_id, name, all_controllers, started_on, stopped_on, notes.
ExperimentRecord read_experiment(const SqlRow& row) {
  ExperimentRecord experiment;
  experiment.key = row.integer(0);
  experiment.public_id = row.text(1);
  experiment.name = row.text(2);
  if (row.integer(3) == 0) experiment.controllers.emplace();
  experiment.started_on = from_microseconds(row.integer(4));
  experiment.stopped_on = optional_time(row, 5);
  experiment.notes = row.text(6);
  return experiment;
}

}  // namespace

std::vector<ExperimentRecord> SqlExperiments::all() {
  std::vector<ExperimentRecord> experiments;
  std::unordered_map<std::int64_t, std::size_t> index;
  session_.query(
      "SELECT key, public_id, name, all_controllers, started_on, stopped_on, notes FROM experiments "
      "ORDER BY started_on, key",
      {}, [&](const SqlRow& row) {
        index[row.integer(0)] = experiments.size();
        experiments.push_back(read_experiment(row));
      });
  session_.query("SELECT experiment, controller FROM experiment_controllers ORDER BY controller", {},
                 [&](const SqlRow& row) {
                   const auto found = index.find(row.integer(0));
                   if (found == index.end() || !experiments[found->second].controllers) return;
                   experiments[found->second].controllers->push_back(row.text(1));
                 });
  session_.query(
      "SELECT experiment, public_id, time, text FROM annotations ORDER BY time, key", {}, [&](const SqlRow& row) {
        const auto found = index.find(row.integer(0));
        if (found == index.end()) return;
        experiments[found->second].annotations.push_back({row.text(1), from_microseconds(row.integer(2)), row.text(3)});
      });
  return experiments;
}

std::optional<ExperimentRecord> SqlExperiments::find(std::string_view public_id) {
  auto experiment = find_without_annotations(public_id);
  if (!experiment) return std::nullopt;
  session_.query("SELECT public_id, time, text FROM annotations WHERE experiment = $1 ORDER BY time, key",
                 {experiment->key}, [&](const SqlRow& row) {
                   experiment->annotations.push_back({row.text(0), from_microseconds(row.integer(1)), row.text(2)});
                 });
  return experiment;
}

std::optional<ExperimentRecord> SqlExperiments::find_without_annotations(std::string_view public_id) {
  std::optional<ExperimentRecord> experiment;
  session_.query(
      "SELECT key, public_id, name, all_controllers, started_on, stopped_on, notes FROM experiments "
      "WHERE public_id = $1",
      {public_id}, [&](const SqlRow& row) { experiment = read_experiment(row); });
  if (!experiment || !experiment->controllers) return experiment;
  session_.query("SELECT controller FROM experiment_controllers WHERE experiment = $1 ORDER BY controller",
                 {experiment->key}, [&](const SqlRow& row) { experiment->controllers->push_back(row.text(0)); });
  return experiment;
}

// Its interval stands in the statement as numbers, not as a row to be joined: the store can then look at no more than
// the index of the intervals, and at the controllers of what overlaps in time.
void SqlExperiments::refuse_overlap(std::int64_t key, const ExperimentRecord& experiment) {
  constexpr std::int64_t no_end = std::numeric_limits<std::int64_t>::max();
  std::string overlapped;
  session_.query(
      "SELECT other.public_id, other.name, other.started_on, other.stopped_on FROM experiments other "
      "WHERE other.key <> $1 AND other.started_on < $3 AND (other.stopped_on IS NULL OR other.stopped_on > $2) "
      "AND (CAST($4 AS BIGINT) = 1 OR other.all_controllers = 1 OR EXISTS ("
      "SELECT 1 FROM experiment_controllers ours JOIN experiment_controllers theirs "
      "ON theirs.controller = ours.controller WHERE ours.experiment = $1 AND theirs.experiment = other.key)) "
      "ORDER BY other.started_on, other.key LIMIT 1",
      {key, to_microseconds(experiment.started_on), microseconds(experiment.stopped_on).value_or(no_end),
       experiment.controllers ? 0 : 1},
      [&](const SqlRow& row) {
        const auto stopped_on = optional_time(row, 3);
        overlapped = row.text(0) + " (" + row.text(1) + "), " + format_timestamp(from_microseconds(row.integer(2))) +
                     " to " + (stopped_on ? format_timestamp(*stopped_on) : "now, still running");
      });
  if (overlapped.empty()) return;
  throw StoreConflict("it would overlap experiment " + overlapped + ", on a controller that both have");
}

std::int64_t SqlExperiments::key_of(std::string_view public_id) {
  return session_.integer("SELECT key FROM experiments WHERE public_id = $1", {public_id}).value_or(0);
}

void SqlExperiments::set_controllers(std::int64_t key, const ExperimentRecord& experiment) {
  session_.run("DELETE FROM experiment_controllers WHERE experiment = $1", {key});
  if (!experiment.controllers) return;
  for (const std::string& controller : *experiment.controllers) {
    session_.run("INSERT INTO experiment_controllers (experiment, controller) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                 {key, controller});
  }
}

void SqlExperiments::keep_events(std::int64_t key) {
  session_.run(
      "INSERT INTO experiment_events (experiment, event, public_id, controller, described, name, type, unit, "
      "min_value, max_value, poll_interval, max_silence, device) SELECT x.key, e.key, e.public_id, e.controller, "
      "e.described, "
      "e.name, e.type, e.unit, e.min_value, e.max_value, e.poll_interval, e.max_silence, e.device "
      "FROM experiments x CROSS JOIN events e WHERE x.key = $1 AND (x.all_controllers = 1 OR e.controller IN "
      "(SELECT controller FROM experiment_controllers WHERE experiment = x.key)) ON CONFLICT DO NOTHING",
      {key});
}

// Whoever overlaps is found among what is written already: the caller's transaction takes it back.
void SqlExperiments::add(const ExperimentRecord& experiment) {
  std::int64_t key = 0;
  session_.query(
      "INSERT INTO experiments (public_id, name, all_controllers, started_on, stopped_on, notes) "
      "VALUES ($1, $2, $3, $4, $5, $6) RETURNING key",
      {experiment.public_id, experiment.name, experiment.controllers ? 0 : 1, to_microseconds(experiment.started_on),
       microseconds(experiment.stopped_on), experiment.notes},
      [&key](const SqlRow& row) { key = row.integer(0); });
  set_controllers(key, experiment);
  refuse_overlap(key, experiment);
  keep_events(key);
}

void SqlExperiments::change(const ExperimentRecord& before, const ExperimentRecord& experiment, const std::string& who,
                            Timestamp when) {
  keep_former(before, who, when);
  session_.run(
      "UPDATE experiments SET name = $2, all_controllers = $3, started_on = $4, stopped_on = $5, notes = $6 "
      "WHERE key = $1",
      {before.key, experiment.name, experiment.controllers ? 0 : 1, to_microseconds(experiment.started_on),
       microseconds(experiment.stopped_on), experiment.notes});
  if (experiment.controllers != before.controllers) set_controllers(before.key, experiment);
  const bool covers_more = !lost_cover(experiment, &before).empty();
  if (covers_more) refuse_overlap(before.key, experiment);
  keep_events(before.key);  // those that came while it ran
}

void SqlExperiments::keep_former(const ExperimentRecord& before, const std::string& who, Timestamp when) {
  std::optional<std::string> controllers;
  if (before.controllers) controllers = join(*before.controllers);
  session_.run(
      "INSERT INTO experiment_edits (experiment, edited_on, edited_by, name, controllers, started_on, stopped_on, "
      "notes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {before.key, to_microseconds(when), who, before.name, controllers, to_microseconds(before.started_on),
       microseconds(before.stopped_on), before.notes});
}

bool SqlExperiments::remove(std::string_view public_id) {
  return session_.run("DELETE FROM experiments WHERE public_id = $1", {public_id}) > 0;
}

bool SqlExperiments::annotate(std::string_view public_id, const Annotation& annotation) {
  const std::int64_t key = key_of(public_id);
  if (key == 0) return false;
  session_.run("INSERT INTO annotations (public_id, experiment, time, text) VALUES ($1, $2, $3, $4)",
               {annotation.public_id, key, to_microseconds(annotation.time), annotation.text});
  return true;
}

bool SqlExperiments::remove_annotation(std::string_view public_id, std::string_view annotation_public_id) {
  return session_.run("DELETE FROM annotations WHERE experiment = $1 AND public_id = $2",
                      {key_of(public_id), annotation_public_id}) > 0;
}

ExperimentEdits SqlExperiments::edits(std::string_view public_id, std::size_t skip, std::size_t limit) {
  ExperimentEdits found;
  const std::int64_t key = key_of(public_id);
  found.total = static_cast<std::size_t>(
      session_.integer("SELECT count(*) FROM experiment_edits WHERE experiment = $1", {key}).value_or(0));
  session_.query(
      "SELECT edited_on, edited_by, name, controllers, started_on, stopped_on, notes FROM experiment_edits "
      "WHERE experiment = $1 ORDER BY key DESC LIMIT $2 OFFSET $3",
      {key, static_cast<std::int64_t>(limit), static_cast<std::int64_t>(skip)}, [&](const SqlRow& row) {
        ExperimentEdit edit;
        edit.edited_on = from_microseconds(row.integer(0));
        edit.edited_by = row.text(1);
        edit.name = row.text(2);
        if (!row.is_null(3)) edit.controllers = split(row.text(3));
        edit.started_on = from_microseconds(row.integer(4));
        edit.stopped_on = optional_time(row, 5);
        edit.notes = row.text(6);
        found.edits.push_back(std::move(edit));
      });
  return found;
}

std::vector<EventRecord> SqlExperiments::events(std::string_view public_id) {
  std::vector<EventRecord> events;
  session_.query(
      "SELECT event, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, "
      "max_silence, device FROM experiment_events WHERE experiment = $1 ORDER BY public_id",
      {key_of(public_id)}, [&](const SqlRow& row) { events.push_back(read_event(row)); });
  return events;
}

}  // namespace webmacs
