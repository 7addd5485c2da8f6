// What the hub's ingest is measured against: the least that a program could do with the library itself. Writes readings
// of 100 events in turn into the hub's own schema, SIZE in each synced transaction, for so many seconds:
//   webmacs-bare-insert STORE_URL SIZE SECONDS        a prepared INSERT (SQLite), arrays by unnest (PostgreSQL)
//   webmacs-bare-insert STORE_URL 1 SECONDS single    PostgreSQL: one INSERT with parameters at a time
// Identity is not looked after, nothing is decoded, answered or shown. Prints {"stored","seconds"}.

#include "common/timestamp.h"
#include "server/open_store.h"
#include "server/store/postgres/postgres_bytes.h"
#include "server/store/store.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <libpq-fe.h>
#include <memory>
#include <sqlite3.h>
#include <stdexcept>
#include <string>
#include <vector>

namespace webmacs {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t event_count = 100;

struct Row {
  std::int64_t event, time;
  double value;
};

// The events exist, and this month's place for datapoints: the store makes them.
class Rows {
 public:
  explicit Rows(const std::string& url) {
    const auto store = open_store(url);
    IncomingBatch batch{"bare", {}};
    for (std::size_t i = 0; i < event_count; ++i) {
      batch.readings.push_back({{"evt_load" + std::to_string(i), utc_now(), 0.0, {}}, false});
    }
    store->append(std::array{&batch});
    for (const EventRecord& event : store->events()) keys_.push_back(event.key);
    time_ = to_microseconds(utc_now());
  }
  Row next() {
    const std::int64_t event = keys_[count_++ % event_count];
    return {event, ++time_, 20.0 + 0.01 * static_cast<double>(count_ / event_count % 1000)};
  }

 private:
  std::vector<std::int64_t> keys_;
  std::int64_t time_ = 0;
  std::size_t count_ = 0;
};

void run_for(double seconds, std::size_t size, const std::function<void()>& transaction) {
  const auto begin = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  std::size_t stored = 0;
  while (elapsed() < seconds) {
    transaction();
    stored += size;
  }
  std::printf("{\"stored\":%zu,\"seconds\":%.4f}\n", stored, elapsed());
}

// ---- SQLite

void with_sqlite(const std::string& path, Rows& rows, std::size_t size, double seconds) {
  sqlite3* opened = nullptr;
  const int result = sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close_v2)> database(opened, &sqlite3_close_v2);
  const auto check = [&](int code) {
    if (code != SQLITE_OK && code != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(database.get()));
  };
  check(result);
  const auto execute = [&](const char* sql) { check(sqlite3_exec(database.get(), sql, nullptr, nullptr, nullptr)); };
  // As server/store/sqlite/sqlite_file.cpp has them.
  execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384");
  sqlite3_stmt* prepared = nullptr;
  check(sqlite3_prepare_v2(database.get(),
                           "INSERT INTO datapoints (event, time, value, reason) VALUES (?1, ?2, ?3, ?4)", -1, &prepared,
                           nullptr));
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> insert(prepared, &sqlite3_finalize);
  run_for(seconds, size, [&] {
    execute("BEGIN IMMEDIATE");
    for (std::size_t i = 0; i < size; ++i) {
      const Row row = rows.next();
      sqlite3_bind_int64(insert.get(), 1, row.event);
      sqlite3_bind_int64(insert.get(), 2, row.time);
      sqlite3_bind_double(insert.get(), 3, row.value);
      sqlite3_bind_null(insert.get(), 4);
      check(sqlite3_step(insert.get()));
      check(sqlite3_reset(insert.get()));
    }
    execute("COMMIT");
  });
}

// ---- PostgreSQL

class Postgres {
 public:
  explicit Postgres(const std::string& url) : connection_(PQconnectdb(url.c_str()), &PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(connection_.get()));
    check(PQexec(connection_.get(), "SET search_path = webmacs"));
  }
  void prepare(const char* sql) { check(PQprepare(connection_.get(), "insert", sql, 0, nullptr)); }
  // All parameters in binary.
  void run(const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    for (const std::string& parameter : parameters) {
      values.push_back(parameter.data());
      lengths.push_back(static_cast<int>(parameter.size()));
    }
    const std::vector<int> binary(parameters.size(), 1);
    check(PQexecPrepared(connection_.get(), "insert", static_cast<int>(values.size()), values.data(), lengths.data(),
                         binary.data(), 1));
  }

 private:
  void check(PGresult* result) {
    const bool done = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (!done) throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
};

void with_arrays(Postgres& postgres, Rows& rows, std::size_t size, double seconds) {
  postgres.prepare(
      "INSERT INTO datapoints (event, time, value, reason) "
      "SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::float8[], $4::text[])");
  run_for(seconds, size, [&] {
    PostgresArrayWriter events(PostgresArray::Type::integers);
    PostgresArrayWriter times(PostgresArray::Type::integers);
    PostgresArrayWriter values(PostgresArray::Type::reals);
    PostgresArrayWriter reasons(PostgresArray::Type::texts);
    for (std::size_t i = 0; i < size; ++i) {
      const Row row = rows.next();
      events.add(row.event);
      times.add(row.time);
      values.add(std::optional<double>(row.value));
      reasons.add_null();
    }
    postgres.run({events.finish().bytes, times.finish().bytes, values.finish().bytes, reasons.finish().bytes});
  });
}

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

void with_single_inserts(Postgres& postgres, Rows& rows, double seconds) {
  postgres.prepare("INSERT INTO datapoints (event, time, value) VALUES ($1::bigint, $2::bigint, $3::float8)");
  run_for(seconds, 1, [&] {
    const Row row = rows.next();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &row.value, sizeof bits);
    postgres.run({big_endian(static_cast<std::uint64_t>(row.event)), big_endian(static_cast<std::uint64_t>(row.time)),
                  big_endian(bits)});
  });
}

void run(const std::string& url, std::size_t size, double seconds, bool single) {
  Rows rows(url);
  const std::string sqlite = "sqlite://";
  if (url.rfind(sqlite, 0) == 0) return with_sqlite(url.substr(sqlite.size()), rows, size, seconds);
  Postgres postgres(url);
  if (single) return with_single_inserts(postgres, rows, seconds);
  with_arrays(postgres, rows, size, seconds);
}

}  // namespace
}  // namespace webmacs

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 3) return 2;
  try {
    webmacs::run(words[0], std::stoul(words[1]), std::stod(words[2]), words.size() > 3 && words[3] == "single");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "webmacs-bare-insert: %s\n", error.what());
    return 1;
  }
}
