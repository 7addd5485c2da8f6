#include "server/store/postgres/postgres_append.h"

#include "common/timestamp.h"
#include "server/store/postgres/postgres_bytes.h"

#include <algorithm>

namespace webmacs {
namespace {

// How many occupied microseconds a reading without a time of its own is moved past.
constexpr std::int64_t most_steps = 10000;

// The first microsecond from `time` on that is not in the run of those taken.
std::int64_t after_run(const KnownEvent& event, std::int64_t time) {
  return time >= event.taken_begin && time < event.taken_end ? event.taken_end : time;
}

}  // namespace

std::vector<std::vector<AppendResult>> PostgresAppend::run(std::span<const IncomingBatch* const> batches) {
  std::vector<std::vector<AppendResult>> results;
  results.reserve(batches.size());
  std::size_t readings = 0;
  for (const IncomingBatch* batch : batches) readings += batch->readings.size();
  rows_.reserve(readings);
  row_of_.reserve(readings);
  places_.reserve(readings);
  look_for_taken_times(batches);
  for (const IncomingBatch* batch : batches) {
    results.emplace_back(batch->readings.size());
    plan(*batch, results.back());
  }
  insert(true);
  insert(false);
  for (const Place& place : places_) {
    const Row& row = rows_[place.row];
    if (place.first && row.stored) {
      place.result->outcome = Outcome::stored;
      events_.note_stored(row.identity.event, row.identity.time);
    } else {
      place.result->outcome = row.value == place.reading->value ? Outcome::duplicate : Outcome::conflict;
    }
  }
  events_.write_marks();
  return results;
}

// Only for readings without a time of their own: which microseconds behind their receipt are not free.
void PostgresAppend::look_for_taken_times(std::span<const IncomingBatch* const> batches) {
  PostgresArrayWriter events(PostgresArray::Type::integers);
  PostgresArrayWriter times(PostgresArray::Type::integers);
  std::set<std::pair<std::int64_t, std::int64_t>> windows;
  for (const IncomingBatch* batch : batches) {
    for (const IncomingReading& incoming : batch->readings) {
      if (!incoming.time_of_receipt) continue;
      const KnownEvent& event = events_.find_or_create(incoming.reading.event_public_id, batch->controller);
      const std::int64_t window = after_run(event, to_microseconds(incoming.reading.time)) / most_steps * most_steps;
      if (!windows.insert({event.key, window}).second) continue;
      events.add(event.key);
      times.add(window);
    }
  }
  if (windows.empty()) return;
  connection_.query_arrays(
      "SELECT d.event, d.time FROM unnest($1::bigint[], $2::bigint[]) AS sent (event, time) "
      "JOIN datapoints d ON d.event = sent.event AND d.time >= sent.time AND d.time < sent.time + 3 * 10000",
      {events.finish(), times.finish()}, [this](const SqlRow& row) { taken_[row.integer(0)].insert(row.integer(1)); });
}

void PostgresAppend::plan(const IncomingBatch& batch, std::vector<AppendResult>& results) {
  for (std::size_t i = 0; i < batch.readings.size(); ++i) {
    const IncomingReading& incoming = batch.readings[i];
    const Reading& reading = incoming.reading;
    AppendResult& result = results[i];
    if (auto claimed = lost_.claim(incoming)) {
      result = std::move(*claimed);
      continue;
    }
    KnownEvent& event = events_.find_or_create(reading.event_public_id, batch.controller);
    result.event_key = event.key;
    result.time = reading.time;
    if (event.controller != batch.controller) {
      result.outcome = Outcome::foreign_event;
      result.owner = event.controller;
    } else if (incoming.time_of_receipt) {
      plan_at_receipt(event, reading, result);
    } else {
      place(event, to_microseconds(reading.time), reading, result);
    }
  }
}

void PostgresAppend::plan_at_receipt(KnownEvent& event, const Reading& reading, AppendResult& result) {
  const auto& taken = taken_[event.key];
  std::int64_t time = to_microseconds(reading.time);
  for (std::int64_t step = 0; step < most_steps; ++step, ++time) {
    time = after_run(event, time);
    if (taken.contains(time) || row_of_.contains({event.key, time})) continue;
    if (time != event.taken_end) event.taken_begin = time;
    event.taken_end = time + 1;
    result.time = from_microseconds(time);
    return place(event, time, reading, result);
  }
  result.outcome = Outcome::conflict;
}

void PostgresAppend::place(const KnownEvent& event, std::int64_t time, const Reading& reading, AppendResult& result) {
  const auto [found, first] = row_of_.try_emplace(Identity{event.key, time}, rows_.size());
  const bool surely_new = event.newest && time > *event.newest;
  if (first) rows_.push_back({{event.key, time}, &reading, surely_new, true, reading.value});
  places_.push_back({&reading, &result, found->second, first});
}

void PostgresAppend::insert(bool surely_new) {
  std::int64_t count = 0;
  bool all_good = true;
  PostgresArrayWriter events(PostgresArray::Type::integers);
  PostgresArrayWriter times(PostgresArray::Type::integers);
  PostgresArrayWriter values(PostgresArray::Type::reals);
  PostgresArrayWriter reasons(PostgresArray::Type::texts);
  for (const Row& row : rows_) {
    if (row.surely_new != surely_new) continue;
    ++count;
    events.add(row.identity.event);
    times.add(row.identity.time);
    values.add(row.reading->value);
    if (row.reading->good()) {
      reasons.add_null();
    } else {
      reasons.add_text(row.reading->reason);
      all_good = false;
    }
  }
  if (count == 0) return;
  std::vector<PostgresArray> arrays{events.finish(), times.finish(), values.finish()};
  std::string sql =
      "INSERT INTO datapoints (event, time, value) SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[])";
  if (!all_good) {
    arrays.push_back(reasons.finish());
    sql =
        "INSERT INTO datapoints (event, time, value, reason) "
        "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::text[])";
  }
  if (!surely_new) sql += " ON CONFLICT DO NOTHING";
  if (connection_.run_arrays(sql, arrays) < count) look_up_those_that_were_there();
}

void PostgresAppend::look_up_those_that_were_there() {
  PostgresArrayWriter events(PostgresArray::Type::integers);
  PostgresArrayWriter times(PostgresArray::Type::integers);
  for (const Row& row : rows_) {
    events.add(row.identity.event);
    times.add(row.identity.time);
  }
  connection_.query_arrays(
      "SELECT sent.number - 1, d.value FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS "
      "sent (event, time, number) JOIN datapoints d ON d.event = sent.event AND d.time = sent.time "
      "WHERE d.xmin <> pg_current_xact_id()::xid",
      {events.finish(), times.finish()}, [this](const SqlRow& answer) {
        Row& row = rows_.at(static_cast<std::size_t>(answer.integer(0)));
        row.stored = false;
        row.value = answer.optional_real(1);
      });
}

}  // namespace webmacs
