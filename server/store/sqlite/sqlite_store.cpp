#include "server/store/sqlite/sqlite_store.h"

#include "common/timestamp.h"
#include "server/store/disk.h"
#include "server/store/read_turn.h"
#include "server/store/sqlite/sqlite_session.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace webmacs {
namespace {

// How many occupied microseconds a reading without a time of its own is moved past.
constexpr int most_steps = 10000;

// A statement that is left in the middle of its rows would hold its snapshot of the database.
class ResetAfterUse {
 public:
  explicit ResetAfterUse(Statement& statement) : statement_(statement) {}
  ~ResetAfterUse() { statement_.reset(); }
  ResetAfterUse(const ResetAfterUse&) = delete;
  ResetAfterUse& operator=(const ResetAfterUse&) = delete;

 private:
  Statement& statement_;
};

// Columns: event, public id, time, value, reason.
std::vector<StoredPoint> read_points(Statement& statement) {
  const ResetAfterUse reset(statement);
  std::vector<StoredPoint> points;
  while (statement.step()) {
    StoredPoint point;
    point.event_key = statement.integer(0);
    point.reading.event_public_id = statement.text(1);
    point.reading.time = from_microseconds(statement.integer(2));
    point.reading.value = statement.optional_real(3);
    if (!point.reading.good()) point.reading.reason = statement.text(4);
    points.push_back(std::move(point));
  }
  return points;
}

}  // namespace

struct SqliteStore::Connection {
  explicit Connection(std::unique_ptr<Database> file) : database(std::move(file)) {}

  AppendResult append(const std::string& controller, const IncomingReading& incoming);
  bool insert_at(std::int64_t event, std::int64_t time, const Reading& reading);
  Outcome compare(std::int64_t event, const Reading& reading);
  AppendResult append_at_receipt(KnownEvent& event, const Reading& reading);

  std::unique_ptr<Database> database;  // outlives its statements
  SqliteSession session{*database};
  StoreEvents events{session};
  Statement insert{
      *database, "INSERT INTO datapoints (event, time, value, reason) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING"};
  Statement select_value{*database, "SELECT value FROM datapoints WHERE event = ?1 AND time = ?2"};
  Statement select_latest{*database,
                          "SELECT e.key, e.public_id, d.time, d.value, d.reason FROM events e JOIN datapoints d "
                          "ON d.event = e.key AND d.time = (SELECT time FROM datapoints WHERE event = e.key "
                          "AND time <= ?1 ORDER BY time DESC LIMIT 1) ORDER BY e.public_id"};
  Statement select_latest_of{*database,
                             "SELECT e.key, e.public_id, d.time, d.value, d.reason FROM events e JOIN datapoints d "
                             "ON d.event = e.key AND d.time = (SELECT time FROM datapoints WHERE event = ?2 "
                             "AND time <= ?1 ORDER BY time DESC LIMIT 1) WHERE e.key = ?2"};
  Statement select_range{*database,
                         "SELECT event, ?1, time, value, reason FROM datapoints WHERE event = "
                         "(SELECT key FROM events WHERE public_id = ?1) AND time >= ?2 AND time < ?3 "
                         "ORDER BY time LIMIT ?4"};
  Statement select_points{*database,
                          "SELECT time, value, reason FROM datapoints WHERE event = ?1 AND time >= ?2 AND time < ?3 "
                          "ORDER BY time LIMIT ?4"};
};

bool SqliteStore::Connection::insert_at(std::int64_t event, std::int64_t time, const Reading& reading) {
  insert.bind(1, event).bind(2, time).bind(3, reading.value);
  if (reading.good()) {
    insert.bind(4, nullptr);
  } else {
    insert.bind(4, reading.reason);
  }
  insert.run();
  return database->changes() > 0;
}

Outcome SqliteStore::Connection::compare(std::int64_t event, const Reading& reading) {
  const ResetAfterUse reset(select_value);
  select_value.bind(1, event).bind(2, to_microseconds(reading.time));
  const bool same = select_value.step() && select_value.optional_real(0) == reading.value;
  return same ? Outcome::duplicate : Outcome::conflict;
}

AppendResult SqliteStore::Connection::append_at_receipt(KnownEvent& event, const Reading& reading) {
  std::int64_t time = to_microseconds(reading.time);
  for (int step = 0; step < most_steps; ++step, ++time) {
    if (time >= event.taken_begin && time < event.taken_end) time = event.taken_end;
    if (!insert_at(event.key, time, reading)) continue;
    if (time != event.taken_end) event.taken_begin = time;
    event.taken_end = time + 1;
    events.note_stored(event, time);
    return {Outcome::stored, event.key, from_microseconds(time), {}};
  }
  return {Outcome::conflict, event.key, reading.time, {}};
}

AppendResult SqliteStore::Connection::append(const std::string& controller, const IncomingReading& incoming) {
  const Reading& reading = incoming.reading;
  KnownEvent& event = events.find_or_create(reading.event_public_id, controller);
  if (event.controller != controller) return {Outcome::foreign_event, event.key, reading.time, event.controller};
  if (incoming.time_of_receipt) return append_at_receipt(event, reading);
  const bool stored = insert_at(event.key, to_microseconds(reading.time), reading);
  if (stored) events.note_stored(event, to_microseconds(reading.time));
  return {stored ? Outcome::stored : compare(event.key, reading), event.key, reading.time, {}};
}

SqliteStore::SqliteStore(std::string path, std::shared_ptr<StoreDamage> damage)
    : SqlStore(std::move(damage)), path_(std::move(path)) {
  auto database = open_sqlite_file(path_, MissingFile::create);
  identity_ = file_identity(path_);
  try {
    connection_ = std::make_unique<Connection>(std::move(database));
  } catch (const SqliteError& error) {
    throw StoreError(store_failure(error));
  }
}

SqliteStore::~SqliteStore() = default;

template <typename Work>
auto SqliteStore::on_connection(Work work) -> decltype(work(std::declval<Connection&>())) {
  offer_read_turn();
  try {
    if (!connection_) {
      auto database = open_sqlite_file(path_, MissingFile::fail);
      identity_ = file_identity(path_);
      connection_ = std::make_unique<Connection>(std::move(database));
      ++reopened_;
    }
    return work(*connection_);
  } catch (const SqliteError& error) {
    failed(error);
    if (error.corrupt()) fail_for_damage(store_failure(error));
    throw StoreError(store_failure(error));
  } catch (...) {
    if (connection_) connection_->events.forget();
    throw;
  }
}

void SqliteStore::failed(const SqliteError& error) {
  if (!error.corrupt()) write_failed_ = true;
  if (!connection_survives(error)) connection_.reset();
  if (connection_) connection_->events.forget();
}

void SqliteStore::require_same_file() {
  if (file_identity(path_) == identity_) return;
  connection_.reset();
  write_failed_ = true;
  throw StoreError("store " + path_ +
                   " was moved, replaced or deleted while it was in use; nothing more is written "
                   "to the old file, the one under that name is opened next");
}

// A damaged page keeps the readings of one event from being stored, and no others.
std::vector<std::vector<AppendResult>> SqliteStore::append(std::span<const IncomingBatch* const> batches) {
  constexpr std::chrono::minutes patience{1};
  if (!unwritable_.empty() && std::chrono::steady_clock::now() >= try_unwritable_) unwritable_.clear();
  for (;;) {
    std::string at_work;
    try {
      return append_once(batches, at_work);
    } catch (const StoreDamaged&) {
      if (at_work.empty() || !unwritable_.insert(at_work).second) throw;
      try_unwritable_ = std::chrono::steady_clock::now() + patience;
    }
  }
}

std::vector<std::vector<AppendResult>> SqliteStore::append_once(std::span<const IncomingBatch* const> batches,
                                                                std::string& at_work) {
  return on_connection([&](Connection& connection) {
    require_same_file();
    Transaction transaction(*connection.database);
    connection.events.refresh();
    std::vector<std::vector<AppendResult>> results;
    results.reserve(batches.size());
    for (const IncomingBatch* batch : batches) {
      auto& answers = results.emplace_back();
      answers.reserve(batch->readings.size());
      for (const IncomingReading& incoming : batch->readings) {
        const std::string& event = incoming.reading.event_public_id;
        if (unwritable_.count(event) != 0) {
          answers.push_back({Outcome::damaged, 0, incoming.reading.time, {}});
          continue;
        }
        at_work = event;
        answers.push_back(connection.append(batch->controller, incoming));
      }
    }
    at_work.clear();
    connection.events.write_marks();
    transaction.commit();
    write_failed_ = false;
    return results;
  });
}

void SqliteStore::in_transaction(const std::function<void(SqlSession&, StoreEvents&)>& work) {
  on_connection([&](Connection& connection) {
    require_same_file();
    SqlTransaction transaction(connection.session);
    connection.events.refresh();
    work(connection.session, connection.events);
    transaction.commit();
    write_failed_ = false;
  });
}

void SqliteStore::in_session(const std::function<void(SqlSession&, StoreEvents&)>& work) {
  on_connection([&](Connection& connection) { work(connection.session, connection.events); });
}

std::vector<StoredPoint> SqliteStore::latest(Timestamp not_after) {
  try {
    return on_connection([&](Connection& connection) {
      connection.select_latest.bind(1, to_microseconds(not_after));
      return read_points(connection.select_latest);
    });
  } catch (const StoreDamaged&) {
    return latest_of_each(not_after);
  }
}

// Those that can be read.
std::vector<StoredPoint> SqliteStore::latest_of_each(Timestamp not_after) {
  std::vector<StoredPoint> points;
  for (const EventRecord& event : events()) {
    try {
      const auto found = on_connection([&](Connection& connection) {
        connection.select_latest_of.bind(1, to_microseconds(not_after)).bind(2, event.key);
        return read_points(connection.select_latest_of);
      });
      points.insert(points.end(), found.begin(), found.end());
    } catch (const StoreDamaged&) {
      continue;  // noted already
    }
  }
  return points;
}

std::vector<StoredPoint> SqliteStore::range(const std::string& event_public_id, Timestamp from, Timestamp to,
                                            std::size_t limit) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return on_connection([&](Connection& connection) {
    connection.select_range.bind(1, event_public_id)
        .bind(2, to_microseconds(from))
        .bind(3, to_microseconds(to))
        .bind(4, static_cast<std::int64_t>(std::min(limit, most)));
    return read_points(connection.select_range);
  });
}

void SqliteStore::read(std::int64_t event_key, Timestamp from, Timestamp to, std::size_t limit,
                       std::vector<Point>& points) {
  points.clear();
  on_connection([&](Connection& connection) {
    Statement& row = connection.select_points;
    const ResetAfterUse reset(row);
    row.bind(1, event_key).bind(2, to_microseconds(from)).bind(3, to_microseconds(to)).bind(4, limit);
    while (row.step()) {
      Point& point = points.emplace_back();
      point.time = from_microseconds(row.integer(0));
      point.value = row.optional_real(1);
      if (!point.value) point.reason = row.text(2);
    }
  });
}

StoreRoom SqliteStore::room() {
  return on_connection([this](Connection& connection) {
    const auto pragma = [&](const char* text) { return connection.session.integer(text).value_or(0); };
    const std::int64_t page = pragma("PRAGMA page_size");
    const std::int64_t free_pages = pragma("PRAGMA freelist_count");
    StoreRoom room;
    room.record = (pragma("PRAGMA page_count") - free_pages) * page;
    room.bytes = room.record + sqlite_log_bytes(path_);
    if (const auto disk = disk_of(path_)) {
      room.left = disk->free + free_pages * page;
      room.on_disk = disk->size;
    }
    return room;
  });
}

SqlStore::Size SqliteStore::size(SqlSession& session) {
  constexpr std::int64_t bytes_per_row = 28;  // sqlite_schema.cpp
  const auto pragma = [&session](const char* text) { return session.integer(text).value_or(0); };
  const std::int64_t pages = pragma("PRAGMA page_count") - pragma("PRAGMA freelist_count");
  return {pages * pragma("PRAGMA page_size") + sqlite_log_bytes(path_), bytes_per_row};
}

std::int64_t SqliteStore::change_counter() {
  // A reopened connection counts from the start again, and may have missed something meanwhile.
  constexpr int above_any_count = 40;
  return on_connection(
      [this](Connection& connection) { return (reopened_ << above_any_count) + connection.session.change_counter(); });
}

void SqliteStore::check() {
  on_connection([this](Connection& connection) {
    require_same_file();
    Database& database = *connection.database;
    if (write_failed_) {
      // The write lock alone does not tell whether the disk takes data again, and one page would not tell whether it
      // takes a transaction. Only after a failure, so that asking often wears no disk.
      Transaction probe(database);
      database.execute("DELETE FROM write_probe; INSERT INTO write_probe VALUES (zeroblob(131072))");
      probe.commit();
      database.execute("DELETE FROM write_probe");
      write_failed_ = false;
      return;
    }
    const Transaction not_committed(database);
    connection.session.integer("SELECT key FROM tokens LIMIT 1");
  });
}

}  // namespace webmacs
