#include "server/export/csv_export.h"

#include "common/timestamp.h"

#include <algorithm>
#include <map>

namespace webmacs {
namespace {

// Of all events together: many exports may be under way.
constexpr std::size_t most_points_held = 32768;

ExperimentRecord find_experiment(Store& store, const std::string& public_id) {
  if (auto experiment = store.experiment(public_id)) return std::move(*experiment);
  throw NothingToExport("there is no such experiment");
}

void keep_only(std::vector<EventRecord>& events, const std::vector<std::string>& wanted) {
  const auto id = [](const EventRecord& event) { return event.description.event_public_id; };
  for (const std::string& each : wanted) {
    if (std::none_of(events.begin(), events.end(), [&](const auto& event) { return id(event) == each; })) {
      throw NothingToExport("there is no event " + each + " in it");
    }
  }
  const auto unwanted = [&](const EventRecord& event) {
    return std::find(wanted.begin(), wanted.end(), id(event)) == wanted.end();
  };
  if (!wanted.empty()) std::erase_if(events, unwanted);
}

// One that was pushed before anybody described it has nothing worth keeping.
bool was_described(const EventRecord& kept) {
  return kept.described || !kept.description.name.empty() || !kept.description.unit.empty();
}

}  // namespace

ExportPlan plan_export(Store& store, const ExportRequest& request, Timestamp now) {
  ExportPlan plan{{}, request.from, request.to, store.events(), request.shape};
  std::map<std::int64_t, EventRecord> kept;
  if (!request.experiment.empty()) {
    const ExperimentRecord experiment = find_experiment(store, request.experiment);
    plan.name = experiment.name;
    plan.from = experiment.started_on;
    plan.to = experiment.stopped_on.value_or(now);
    for (EventRecord& event : store.experiment_events(experiment.public_id)) kept[event.key] = std::move(event);
    const auto other = [&](const EventRecord& event) { return !experiment.covers(event.controller); };
    std::erase_if(plan.events, other);
  }
  keep_only(plan.events, request.events);
  const auto empty_column = [&](const EventRecord& event) {
    if (plan.shape != CsvShape::wide || kept.contains(event.key)) return false;
    std::vector<Point> first;
    store.read(event.key, plan.from, plan.to, 1, first);
    return first.empty();
  };
  if (request.events.empty()) {
    std::erase_if(plan.events, empty_column);
  }
  for (EventRecord& event : plan.events) {
    const auto found = kept.find(event.key);
    if (found == kept.end() || !was_described(found->second)) continue;
    event.description.name = found->second.description.name;
    event.description.unit = found->second.description.unit;
  }
  return plan;
}

CsvExport::CsvExport(Store& store, const ExportPlan& plan, PointMerge::TryAgain try_again)
    : merge_(store, plan.events, plan.from, plan.to, most_points_held, std::move(try_again)),
      writer_(plan.shape, merge_.events()),
      reached_(plan.from) {}

bool CsvExport::read(std::string& out, std::size_t bytes) {
  if (!begun_) out += writer_.header();
  begun_ = true;
  PointMerge::Item item;
  while (out.size() < bytes) {
    if (!merge_.next(item)) {
      writer_.finish(out);
      return false;
    }
    reached_ = item.point->time;
    writer_.append(out, item.event, *item.point);
  }
  return true;
}

}  // namespace webmacs
