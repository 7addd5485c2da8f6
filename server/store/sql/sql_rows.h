#pragma once
// How the records of the store stand in rows: what several of its parts read and write.

#include "common/timestamp.h"
#include "server/store/sql/sql_session.h"
#include "server/store/store.h"

namespace webmacs {

inline std::optional<std::int64_t> microseconds(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return to_microseconds(*time);
}

inline std::optional<Timestamp> optional_time(const SqlRow& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return from_microseconds(row.integer(column));
}

// Columns: key, public_id, controller, described, name, type, unit, min_value, max_value, poll_interval, max_silence,
// device.
inline EventRecord read_event(const SqlRow& row) {
  EventRecord event;
  event.key = row.integer(0);
  event.controller = row.text(2);
  event.described = row.integer(3) != 0;
  event.description = {row.text(1),          row.text(4),           row.text(5),
                       row.text(6),          row.optional_real(7),  row.optional_real(8),
                       row.optional_real(9), row.optional_real(10), row.text(11)};
  return event;
}

}  // namespace webmacs
