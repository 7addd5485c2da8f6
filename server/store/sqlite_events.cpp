#include "server/store/sqlite_events.h"

#include <utility>

namespace webmacs {
namespace {

std::int64_t integer_of(Statement& statement) {
  const std::int64_t value = statement.step() ? statement.integer(0) : 0;
  statement.reset();
  return value;
}

}  // namespace

SqliteEvents::SqliteEvents(Database& database)
    : data_version_(database, "PRAGMA data_version"),
      select_keys_(database, "SELECT key, public_id, controller FROM events"),
      select_all_(
          database,
          "SELECT key, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, "
          "max_silence, device FROM events ORDER BY public_id"),
      insert_(database, "INSERT INTO events (public_id, controller) VALUES (?1, ?2)"),
      claim_(database, "UPDATE events SET controller = ?2 WHERE key = ?1"),
      update_(database,
              "UPDATE events SET described = 1, name = ?2, type = ?3, unit = ?4, min_value = ?5, max_value = ?6, "
              "poll_interval = ?7, max_silence = ?8, device = ?9 WHERE key = ?1 AND "
              "(described, name, type, unit, min_value, max_value, poll_interval, max_silence, device) IS NOT "
              "(1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
      database_(database) {}

void SqliteEvents::refresh() {
  const std::int64_t version = integer_of(data_version_);
  if (loaded_ && version == version_) return;
  loaded_ = false;
  load();
  version_ = version;
  loaded_ = true;
}

void SqliteEvents::load() {
  known_.clear();
  while (select_keys_.step()) {
    KnownEvent event;
    event.key = select_keys_.integer(0);
    event.controller = select_keys_.text(2);
    known_.emplace(select_keys_.text(1), std::move(event));
  }
  select_keys_.reset();
}

KnownEvent& SqliteEvents::find_or_create(const std::string& public_id, const std::string& controller) {
  const auto found = known_.find(public_id);
  if (found == known_.end()) {
    insert_.bind(1, public_id).bind(2, controller).run();
    KnownEvent event;
    event.key = database_.last_insert_rowid();
    event.controller = controller;
    return known_.emplace(public_id, std::move(event)).first->second;
  }
  KnownEvent& event = found->second;
  if (event.controller.empty() && !controller.empty()) {
    claim_.bind(1, event.key).bind(2, controller).run();
    event.controller = controller;
  }
  return event;
}

bool SqliteEvents::describe(const std::string& controller, const EventDescription& description, std::string& owner) {
  const KnownEvent& event = find_or_create(description.event_public_id, controller);
  if (event.controller != controller) {
    owner = event.controller;
    return false;
  }
  update_.bind(1, event.key)
      .bind(2, description.name)
      .bind(3, description.type)
      .bind(4, description.unit)
      .bind(5, description.min_value)
      .bind(6, description.max_value)
      .bind(7, description.poll_interval)
      .bind(8, description.max_silence)
      .bind(9, description.device)
      .run();
  return true;
}

std::vector<EventRecord> SqliteEvents::all() {
  std::vector<EventRecord> events;
  while (select_all_.step()) {
    EventRecord event;
    event.key = select_all_.integer(0);
    event.description.event_public_id = select_all_.text(1);
    event.controller = select_all_.text(2);
    event.described = select_all_.integer(3) != 0;
    event.description.name = select_all_.text(4);
    event.description.type = select_all_.text(5);
    event.description.unit = select_all_.text(6);
    event.description.min_value = select_all_.optional_real(7);
    event.description.max_value = select_all_.optional_real(8);
    event.description.poll_interval = select_all_.optional_real(9);
    event.description.max_silence = select_all_.optional_real(10);
    event.description.device = select_all_.text(11);
    events.push_back(std::move(event));
  }
  select_all_.reset();
  return events;
}

}  // namespace webmacs
