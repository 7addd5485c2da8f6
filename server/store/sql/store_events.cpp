#include "server/store/sql/store_events.h"

#include "server/store/sql/sql_rows.h"
#include "server/store/sql/sql_summaries.h"

#include <algorithm>
#include <utility>

namespace webmacs {
namespace {

constexpr std::int64_t before_all = -1;  // the newest datapoint of an event that has none

}  // namespace

void StoreEvents::refresh(std::int64_t change_counter) {
  if (loaded_ && change_counter == version_) return;
  loaded_ = false;
  load();
  version_ = change_counter;
  loaded_ = true;
}

void StoreEvents::load() {
  known_.clear();
  by_key_.clear();
  moved_back_.clear();
  may_want_summaries_ = true;
  session_.query(
      "SELECT e.key, e.public_id, e.controller, m.mark FROM events e LEFT JOIN summary_marks m ON m.event = e.key", {},
      [this](const SqlRow& row) {
        KnownEvent event;
        event.key = row.integer(0);
        event.controller = row.text(2);
        event.mark = row.optional_integer(3).value_or(0);
        KnownEvent& kept = known_.emplace(row.text(1), std::move(event)).first->second;
        by_key_[kept.key] = &kept;
      });
}

KnownEvent& StoreEvents::find_or_create(const std::string& public_id, const std::string& controller) {
  const auto found = known_.find(public_id);
  if (found == known_.end()) {
    KnownEvent event;
    event.controller = controller;
    event.newest = before_all;
    session_.query("INSERT INTO events (public_id, controller) VALUES ($1, $2) RETURNING key", {public_id, controller},
                   [&event](const SqlRow& row) { event.key = row.integer(0); });
    KnownEvent& kept = known_.emplace(public_id, std::move(event)).first->second;
    by_key_[kept.key] = &kept;
    return kept;
  }
  KnownEvent& event = found->second;
  if (event.controller.empty() && !controller.empty()) {
    session_.run("UPDATE events SET controller = $2 WHERE key = $1", {event.key, controller});
    event.controller = controller;
  }
  return event;
}

bool StoreEvents::describe(const std::string& controller, const EventDescription& description, std::string& owner) {
  const KnownEvent& event = find_or_create(description.event_public_id, controller);
  if (event.controller != controller) {
    owner = event.controller;
    return false;
  }
  session_.run(
      "UPDATE events SET described = 1, name = $2, type = $3, unit = $4, min_value = $5, max_value = $6, "
      "poll_interval = $7, max_silence = $8, device = $9 WHERE key = $1 AND (described <> 1 OR name <> $2 OR "
      "type <> $3 OR unit <> $4 OR min_value IS DISTINCT FROM $5 OR max_value IS DISTINCT FROM $6 OR "
      "poll_interval IS DISTINCT FROM $7 OR max_silence IS DISTINCT FROM $8 OR device <> $9)",
      {event.key, description.name, description.type, description.unit, description.min_value, description.max_value,
       description.poll_interval, description.max_silence, description.device});
  return true;
}

std::vector<std::int64_t> StoreEvents::keys() const {
  std::vector<std::int64_t> keys;
  keys.reserve(by_key_.size());
  for (const auto& [key, event] : by_key_) keys.push_back(key);
  return keys;
}

std::int64_t StoreEvents::newest_known(std::int64_t not_after) const {
  std::int64_t newest = 0;
  for (const auto& [key, event] : by_key_) {
    const std::int64_t of_event = std::max(event->newest.value_or(0), event->newest_stored);
    if (of_event <= not_after) newest = std::max(newest, of_event);
  }
  return newest;
}

const KnownEvent* StoreEvents::find(std::int64_t key) const {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : found->second;
}

void StoreEvents::move_mark_back(KnownEvent& event, std::int64_t time) {
  moved_back_to_ = std::min(moved_back_to_, time);
  event.mark = summary_bucket(1, time) * summary_width(1);
  if (event.mark_moved_back) return;
  event.mark_moved_back = true;
  moved_back_.push_back(&event);
}

void StoreEvents::write_marks() {
  for (KnownEvent* event : moved_back_) {
    SqlSummaries(session_).set_mark(event->key, event->mark);
    event->mark_moved_back = false;
  }
  moved_back_.clear();
}

bool StoreEvents::summarize_some(const std::set<std::int64_t>& left_alone, std::int64_t& at_work) {
  for (auto& [public_id, event] : known_) {
    if (left_alone.count(event.key) != 0) continue;
    at_work = event.key;
    if (!event.newest) {
      event.newest =
          session_.integer("SELECT max(time) FROM datapoints WHERE event = $1", {event.key}).value_or(before_all);
    }
    if (*event.newest < event.mark + summary_width(1)) continue;
    if (event.mark == 0) {
      const auto oldest = session_.integer("SELECT min(time) FROM datapoints WHERE event = $1", {event.key});
      event.mark = summary_bucket(1, oldest.value_or(0)) * summary_width(1);
      if (*event.newest < event.mark + summary_width(1)) continue;
    }
    event.mark = SqlSummaries(session_).advance(event.key, event.mark, *event.newest);
    return true;
  }
  may_want_summaries_ = false;
  return false;
}

bool StoreEvents::try_add(const EventRecord& event) {
  if (known_.contains(event.description.event_public_id)) return false;
  KnownEvent& known = find_or_create(event.description.event_public_id, event.controller);
  write(known.key, event);
  return true;
}

bool StoreEvents::change(const EventRecord& event) {
  const auto found = known_.find(event.description.event_public_id);
  if (found == known_.end()) return false;
  EventRecord changed = event;
  if (changed.controller != found->second.controller) changed.described = false;
  write(found->second.key, changed);
  forget();
  return true;
}

void StoreEvents::write(std::int64_t key, const EventRecord& event) {
  const EventDescription& description = event.description;
  session_.run(
      "UPDATE events SET controller = $2, described = $3, name = $4, type = $5, unit = $6, min_value = $7, "
      "max_value = $8, poll_interval = $9, max_silence = $10, device = $11 WHERE key = $1",
      {key, event.controller, event.described ? 1 : 0, description.name, description.type, description.unit,
       description.min_value, description.max_value, description.poll_interval, description.max_silence,
       description.device});
}

std::vector<EventRecord> StoreEvents::all() {
  std::vector<EventRecord> events;
  session_.query(
      "SELECT key, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, "
      "max_silence, device FROM events ORDER BY public_id",
      {}, [&events](const SqlRow& row) { events.push_back(read_event(row)); });
  return events;
}

std::optional<EventRecord> StoreEvents::record(std::string_view public_id) {
  std::optional<EventRecord> event;
  session_.query(
      "SELECT key, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, "
      "max_silence, device FROM events WHERE public_id = $1",
      {public_id}, [&event](const SqlRow& row) { event = read_event(row); });
  return event;
}

}  // namespace webmacs
