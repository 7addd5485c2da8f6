// The part of SqlStore that reads all rows, some at a time, to find what is damaged before somebody needs it.

#include "common/timestamp.h"
#include "server/store/sql/sql_rows.h"
#include "server/store/sql/sql_store.h"

#include <limits>

namespace webmacs {
namespace {

constexpr std::int64_t rows_at_once = 2000;
constexpr std::int64_t behind_all = std::numeric_limits<std::int64_t>::max();

}  // namespace

RowCheck SqlStore::row_check() {
  RowCheck check;
  in_session([&](SqlSession& session, StoreEvents&) {
    check = {};
    session.query("SELECT event, time, begun_on FROM row_checks", {}, [&check](const SqlRow& row) {
      check.event_key = row.integer(0);
      check.time = row.integer(1);
      check.begun_on = optional_time(row, 2);
    });
    const Size now = size(session);
    check.rows = now.bytes / now.bytes_per_row;
  });
  return check;
}

void SqlStore::set_row_check(const RowCheck& check) {
  in_transaction([&](SqlSession& session, StoreEvents&) {
    session.run("DELETE FROM row_checks");
    session.run("INSERT INTO row_checks (event, time, begun_on) VALUES ($1, $2, $3)",
                {check.event_key, check.time, microseconds(check.begun_on)});
  });
}

std::int64_t SqlStore::check_rows(RowCheck& check, std::chrono::milliseconds budget) {
  const auto deadline = std::chrono::steady_clock::now() + budget;
  std::int64_t read = 0;
  do {
    std::int64_t rows = 0;
    std::int64_t last = check.time;
    try {
      in_session([&](SqlSession& session, StoreEvents&) {
        rows = 0;
        session.query(
            "SELECT time, value, reason FROM datapoints WHERE event = $1 AND time > $2 ORDER BY time LIMIT $3",
            {check.event_key, check.time, rows_at_once}, [&](const SqlRow& row) {
              last = row.integer(0);
              ++rows;
            });
      });
    } catch (const StoreDamaged&) {
      last = behind_all;  // the rest of the event waits for the next round
    }
    read += rows;
    check.time = last;
    if (rows == rows_at_once && last != behind_all) continue;
    std::optional<std::int64_t> next;
    in_session([&](SqlSession& session, StoreEvents&) {
      next = session.integer("SELECT min(key) FROM events WHERE key > $1", {check.event_key});
    });
    check.event_key = next.value_or(0);
    check.time = -1;
    if (!next) return read;
  } while (std::chrono::steady_clock::now() < deadline);
  return read;
}

}  // namespace webmacs
