#include "server/store/postgres/postgres_store.h"

#include "common/timestamp.h"
#include "server/store/disk.h"
#include "server/store/postgres/postgres_append.h"
#include "server/store/postgres/postgres_months.h"
#include "server/store/postgres/postgres_pooler.h"
#include "server/store/postgres/postgres_schema.h"
#include "server/store/read_turn.h"
#include "server/store/store_url.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>

namespace webmacs {
namespace {

constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::milliseconds longest_pause{5000};
constexpr int oldest_server = 150000;
constexpr const char* unique_violation = "23505";

// Columns: event, public id, time, value, reason.
StoredPoint read_point(const SqlRow& row) {
  StoredPoint point;
  point.event_key = row.integer(0);
  point.reading.event_public_id = row.text(1);
  point.reading.time = from_microseconds(row.integer(2));
  point.reading.value = row.optional_real(3);
  if (!point.reading.good()) point.reading.reason = row.text(4);
  return point;
}

// data_corrupted, index_corrupted: a page that is not what it should be; and a file that has lost its end.
bool is_damage(const PostgresError& error) {
  return error.is("XX001") || error.is("XX002");
}

std::set<int> months_of(std::span<const IncomingBatch* const> batches) {
  std::set<int> months;
  const int now = month_of(to_microseconds(utc_now()));
  months.insert({now, now + 1});
  std::int64_t begin = month_begin(now);
  std::int64_t end = month_begin(now + 1);
  for (const IncomingBatch* batch : batches) {
    for (const IncomingReading& incoming : batch->readings) {
      const std::int64_t time = to_microseconds(incoming.reading.time);
      if (time >= begin && time < end) continue;
      const int month = month_of(time);
      months.insert(month);
      begin = month_begin(month);
      end = month_begin(month + 1);
    }
  }
  return months;
}

}  // namespace

struct PostgresStore::Connection {
  // `first`: what is between is not known yet.
  Connection(const std::string& url, const std::string& password, bool first) : session(url, password) {
    const auto version = session.execute_for_row("SHOW server_version_num");
    if (std::stoi(version.at(0)) < oldest_server) {
      throw StoreError("the PostgreSQL server is version " + version.at(0) + "; 15 or newer is needed");
    }
    if (first) refuse_transaction_pooler(session, url, password);
    migrate_postgres(session);
  }

  PostgresConnection session;
  StoreEvents events{session};
  PostgresMonths months{session};
};

PostgresStore::PostgresStore(std::string url, std::string password, std::shared_ptr<StoreDamage> damage)
    : SqlStore(std::move(damage)),
      url_(std::move(url)),
      password_(std::move(password)),
      shown_url_(without_password(url_)),
      backoff_(first_pause, longest_pause) {
  on_connection([](Connection& connection) {
    const int now = month_of(to_microseconds(utc_now()));
    connection.months.require({now, now + 1});
  });
}

PostgresStore::~PostgresStore() = default;

std::string PostgresStore::failure(const PostgresError& error) const {
  std::string text = "store " + shown_url_ + ": " + error.what();
  if (is_damage(error)) return text + "; the database is damaged: restore a backup";
  if (error.is("53100")) return text + "; free some space on the database's disk";
  if (error.is("42501") || error.is("25006")) return text + "; give the hub's user the right to create and write there";
  if (error.is("53300")) return text + "; raise max_connections of the database";
  return text;
}

void PostgresStore::connect() {
  if (connection_) return;
  if (std::chrono::steady_clock::now() < next_attempt_) throw StoreError(last_failure_);
  try {
    connection_ = std::make_unique<Connection>(url_, password_, !pooler_is_checked_);
    pooler_is_checked_ = true;
    backoff_.reset();
  } catch (const PostgresError& error) {
    last_failure_ =
        failure(error) + "; is PostgreSQL running and reachable, and are user, database and password right?";
    next_attempt_ = std::chrono::steady_clock::now() + backoff_.next();
    throw StoreError(last_failure_);
  }
}

template <typename Work>
auto PostgresStore::on_connection(Work work) -> decltype(work(std::declval<Connection&>())) {
  offer_read_turn();
  connect();
  try {
    return work(*connection_);
  } catch (const PostgresError& error) {
    write_failed_ = true;
    server_ended_it_ = connection_->session.has_ended() && !connection_->session.has_timed_out();
    if (connection_->session.has_ended()) {
      connection_.reset();
    } else {
      connection_->session.rollback();
      connection_->events.forget();
    }
    if (is_damage(error)) fail_for_damage(failure(error));
    throw StoreError(failure(error));
  } catch (...) {
    connection_->session.rollback();
    connection_->events.forget();
    throw;
  }
}

template <typename Work>
auto PostgresStore::read_on_connection(Work work) -> decltype(work(std::declval<Connection&>())) {
  const bool was_connected = connection_ != nullptr;
  try {
    return on_connection(work);
  } catch (const StoreError&) {
    if (!was_connected || connection_ || !server_ended_it_) throw;
  }
  return on_connection(work);
}

// Whether the commit whose answer was lost has happened. Throws while that is open. The number of a transaction that a
// crash has swallowed is given out again: a row of it is what tells.
void PostgresStore::settle_lost_commit(Connection& connection) {
  if (lost_.transaction().empty()) return;
  const auto status = connection.session.execute_for_row("SELECT CASE WHEN '" + lost_.transaction() +
                                                         "'::xid8 < pg_snapshot_xmax(pg_current_snapshot()) THEN "
                                                         "pg_xact_status('" +
                                                         lost_.transaction() + "') END");
  if (status.at(0) == "in progress") {
    throw StoreError("store " + shown_url_ + ": an earlier transaction is still under way");
  }
  const auto witness = lost_.witness();
  lost_.settle(witness && connection.session.integer("SELECT 1 FROM datapoints WHERE event = $1 AND time = $2",
                                                     {witness->event_key, to_microseconds(witness->time)}));
}

std::vector<std::vector<AppendResult>> PostgresStore::append(std::span<const IncomingBatch* const> batches) {
  return on_connection([&](Connection& connection) {
    settle_lost_commit(connection);
    connection.months.require(months_of(batches));
    try {
      return append_once(connection, batches);
    } catch (const PostgresError& error) {
      if (!error.is(unique_violation)) throw;
      // Another program writes the same events. What is known of them is read again: then nothing is taken for new.
      connection.session.rollback();
      connection.events.forget();
      return append_once(connection, batches);
    }
  });
}

std::vector<std::vector<AppendResult>> PostgresStore::append_once(Connection& connection,
                                                                  std::span<const IncomingBatch* const> batches) {
  SqlTransaction transaction(connection.session);
  connection.events.refresh(connection.session.counter_at_begin());
  LostCommit lost = lost_;  // what is claimed of it is claimed again when this fails
  auto results = PostgresAppend(connection.session, connection.events, lost).run(batches);
  try {
    transaction.commit();
  } catch (const PostgresError&) {
    if (connection.session.has_ended()) lost_.remember(connection.session.transaction(), batches, results);
    throw;
  }
  lost_ = std::move(lost);
  write_failed_ = false;
  return results;
}

void PostgresStore::in_transaction(const std::function<void(SqlSession&, StoreEvents&)>& work) {
  on_connection([&](Connection& connection) {
    SqlTransaction transaction(connection.session);
    connection.events.refresh(connection.session.counter_at_begin());
    work(connection.session, connection.events);
    transaction.commit();
    write_failed_ = false;
  });
}

void PostgresStore::in_session(const std::function<void(SqlSession&, StoreEvents&)>& work) {
  read_on_connection([&](Connection& connection) { work(connection.session, connection.events); });
}

std::vector<StoredPoint> PostgresStore::latest(Timestamp not_after) {
  return read_on_connection([&](Connection& connection) {
    std::vector<StoredPoint> points;
    connection.session.query(
        "SELECT e.key, e.public_id, d.time, d.value, d.reason FROM events e CROSS JOIN LATERAL "
        "(SELECT time, value, reason FROM datapoints WHERE event = e.key AND time <= $1 ORDER BY time DESC LIMIT 1) d "
        "ORDER BY e.public_id",
        {to_microseconds(not_after)}, [&](const SqlRow& row) { points.push_back(read_point(row)); });
    return points;
  });
}

std::vector<StoredPoint> PostgresStore::range(const std::string& event_public_id, Timestamp from, Timestamp to,
                                              std::size_t limit) {
  constexpr auto most = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return read_on_connection([&](Connection& connection) {
    std::vector<StoredPoint> points;
    connection.session.query(
        "SELECT event, $1::text, time, value, reason FROM datapoints WHERE event = "
        "(SELECT key FROM events WHERE public_id = $1) AND time >= $2 AND time < $3 ORDER BY time LIMIT $4",
        {event_public_id, to_microseconds(from), to_microseconds(to), static_cast<std::int64_t>(std::min(limit, most))},
        [&](const SqlRow& row) { points.push_back(read_point(row)); });
    return points;
  });
}

void PostgresStore::read(std::int64_t event_key, Timestamp from, Timestamp to, std::size_t limit,
                         std::vector<Point>& points) {
  points.clear();
  read_on_connection([&](Connection& connection) {
    connection.session.query(
        "SELECT time, value, reason FROM datapoints WHERE event = $1 AND time >= $2 AND time < $3 "
        "ORDER BY time LIMIT $4",
        {event_key, to_microseconds(from), to_microseconds(to), static_cast<std::int64_t>(limit)},
        [&](const SqlRow& row) {
          Point& point = points.emplace_back();
          point.time = from_microseconds(row.integer(0));
          point.value = row.optional_real(1);
          if (!point.value) point.reason = row.text(2);
        });
  });
}

SqlStore::Size PostgresStore::size(SqlSession& session) {
  constexpr std::int64_t bytes_per_row = 85;  // with its part of the index, at least
  // What this connection did counts from the next statement on, not some seconds later.
  session.query("SELECT pg_stat_force_next_flush()", {}, [](const SqlRow&) {});
  // Of a month its part that is not free: by the rows that went, or, where new ones took their room, by those that are
  // there. A crash of the server loses the count; what the last vacuum found stays.
  const auto bytes = session.integer(
      "SELECT sum(CASE WHEN NOT is_month OR (n_live_tup = 0 AND reltuples < 0) THEN bytes "
      "WHEN n_tup_ins = 0 THEN least(bytes, live * $1 * 5 / 4) "
      "ELSE greatest(bytes::numeric * live / greatest(live + n_tup_del, 1), least(bytes, live * $1)) END)::bigint FROM "
      "(SELECT s.n_live_tup, s.n_tup_ins, s.n_tup_del, c.reltuples, pg_total_relation_size(c.oid) AS bytes, "
      "s.relname LIKE 'datapoints%' AS is_month, "
      "greatest(s.n_live_tup, c.reltuples::bigint - s.n_tup_del, 0) AS live "
      "FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid WHERE s.schemaname = 'webmacs') AS tables",
      {bytes_per_row});
  return {bytes.value_or(0), bytes_per_row};
}

StoreRoom PostgresStore::room() {
  return read_on_connection([this](Connection& connection) {
    StoreRoom room;
    room.bytes = room.record = size(connection.session).bytes;
    std::string folder;
    connection.session.query(
        "SELECT setting FROM pg_settings WHERE name = 'data_directory' AND inet_server_addr() IS NULL", {},
        [&folder](const SqlRow& row) { folder = row.text(0); });
    if (folder.empty()) return room;
    auto disk = disk_of(folder);
    if (!disk) disk = disk_of(std::filesystem::path(folder).parent_path().string());
    if (disk) {
      room.left = disk->free;
      room.on_disk = disk->size;
    }
    return room;
  });
}

WholePieces* PostgresStore::whole_pieces() {
  return &connection_->months;
}

std::int64_t PostgresStore::change_counter() {
  return read_on_connection([](Connection& connection) { return connection.session.change_counter(); });
}

void PostgresStore::check() {
  on_connection([this](Connection& connection) {
    settle_lost_commit(connection);
    if (!write_failed_) {
      connection.session.change_counter();
      return;
    }
    // Whether the disk takes data again; only after a failure.
    SqlTransaction probe(connection.session);
    connection.session.run("INSERT INTO write_probe SELECT repeat('x', 1000) FROM generate_series(1, 128)", {});
    probe.commit();
    connection.session.execute("TRUNCATE webmacs.write_probe");
    write_failed_ = false;
  });
}

}  // namespace webmacs
