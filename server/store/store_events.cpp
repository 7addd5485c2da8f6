#include "server/store/store_events.h"

#include <utility>

namespace webmacs {

void StoreEvents::refresh(std::int64_t change_counter) {
  if (loaded_ && change_counter == version_) return;
  loaded_ = false;
  load();
  version_ = change_counter;
  loaded_ = true;
}

void StoreEvents::load() {
  known_.clear();
  session_.query("SELECT key, public_id, controller FROM events", {}, [this](const SqlRow& row) {
    KnownEvent event;
    event.key = row.integer(0);
    event.controller = row.text(2);
    known_.emplace(row.text(1), std::move(event));
  });
}

KnownEvent& StoreEvents::find_or_create(const std::string& public_id, const std::string& controller) {
  const auto found = known_.find(public_id);
  if (found == known_.end()) {
    KnownEvent event;
    event.controller = controller;
    session_.query("INSERT INTO events (public_id, controller) VALUES ($1, $2) RETURNING key", {public_id, controller},
                   [&event](const SqlRow& row) { event.key = row.integer(0); });
    return known_.emplace(public_id, std::move(event)).first->second;
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

std::vector<EventRecord> StoreEvents::all() {
  std::vector<EventRecord> events;
  session_.query(
      "SELECT key, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, "
      "max_silence, device FROM events ORDER BY public_id",
      {}, [&events](const SqlRow& row) {
        EventRecord event;
        event.key = row.integer(0);
        event.controller = row.text(2);
        event.described = row.integer(3) != 0;
        event.description = {row.text(1),          row.text(4),           row.text(5),
                             row.text(6),          row.optional_real(7),  row.optional_real(8),
                             row.optional_real(9), row.optional_real(10), row.text(11)};
        events.push_back(std::move(event));
      });
  return events;
}

}  // namespace webmacs
