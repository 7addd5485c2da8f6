#include "server/store/postgres/postgres_months.h"

#include "common/timestamp.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace webmacs {
namespace {

using std::chrono::year_month;

// A clock that is further off than that is wrong: whoever imports the past has no more of it.
constexpr int years_back = 20;
constexpr int years_ahead = 1;

constexpr year_month first_month(std::chrono::year(1970), std::chrono::January);

year_month calendar_month(int month) {
  return first_month + std::chrono::months(month);
}

int number_of(year_month month) {
  return static_cast<int>((month - first_month).count());
}

}  // namespace

std::int64_t month_begin(int month) {
  return to_microseconds(std::chrono::sys_days(calendar_month(month) / 1));
}

int month_of(std::int64_t microseconds) {
  const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(from_microseconds(microseconds)));
  return number_of(date.year() / date.month());
}

std::string partition_name(int month) {
  const year_month calendar = calendar_month(month);
  return fmt::format("datapoints_{:04}_{:02}", static_cast<int>(calendar.year()),
                     static_cast<unsigned>(calendar.month()));
}

void PostgresMonths::load() {
  known_.clear();
  far_is_there_ = false;
  connection_.query(
      "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
      "WHERE i.inhparent = 'webmacs.datapoints'::regclass",
      {}, [this](const SqlRow& row) {
        int year = 0;
        int month = 0;
        if (std::sscanf(row.text(0).c_str(), "datapoints_%d_%d", &year, &month) == 2) {
          known_.insert(number_of(std::chrono::year(year) / month));
        }
        if (row.text(0) == "datapoints_far") far_is_there_ = true;
      });
  loaded_ = true;
}

void PostgresMonths::require(const std::set<int>& months) {
  if (!loaded_) load();
  const int now = month_of(to_microseconds(utc_now()));
  for (const int month : months) {
    if (known_.count(month) != 0) continue;
    is_far(month, now) ? require_far() : make(month);
  }
}

// Made beside the table and attached then: to create it as a partition would lock out everybody who reads.
void PostgresMonths::make(int month) {
  const std::string name = partition_name(month);
  connection_.execute("BEGIN; SELECT pg_advisory_xact_lock(1463634244)");
  try {
    const auto there = connection_.execute_for_row("SELECT to_regclass('webmacs." + name + "') IS NOT NULL");
    if (there.at(0) != "t") {
      const std::string from = std::to_string(month_begin(month));
      const std::string to = std::to_string(month_begin(month + 1));
      connection_.execute("CREATE TABLE webmacs." + name + " (LIKE webmacs.datapoints INCLUDING ALL)");
      take_out_of_far(name, from, to);
      connection_.execute("ALTER TABLE webmacs.datapoints ATTACH PARTITION webmacs." + name + " FOR VALUES FROM (" +
                          from + ") TO (" + to + ")");
    }
    connection_.commit();
  } catch (...) {
    connection_.rollback();
    throw;
  }
  known_.insert(month);
}

// What was years off when it was stored and no longer is.
void PostgresMonths::take_out_of_far(const std::string& name, const std::string& from, const std::string& to) {
  const auto there = connection_.execute_for_row("SELECT to_regclass('webmacs.datapoints_far') IS NOT NULL");
  if (there.at(0) != "t") return;
  connection_.execute("WITH moved AS (DELETE FROM webmacs.datapoints_far WHERE time >= " + from + " AND time < " + to +
                      " RETURNING *) INSERT INTO webmacs." + name + " SELECT * FROM moved");
}

bool PostgresMonths::is_far(int month, int now) {
  return month < now - years_back * 12 || month > now + years_ahead * 12;
}

void PostgresMonths::require_far() {
  if (far_is_there_) return;
  connection_.execute("BEGIN; SELECT pg_advisory_xact_lock(1463634244)");
  try {
    const auto there = connection_.execute_for_row("SELECT to_regclass('webmacs.datapoints_far') IS NOT NULL");
    if (there.at(0) != "t") {
      connection_.execute(
          "CREATE TABLE webmacs.datapoints_far (LIKE webmacs.datapoints INCLUDING ALL);"
          "ALTER TABLE webmacs.datapoints ATTACH PARTITION webmacs.datapoints_far DEFAULT");
    }
    connection_.commit();
  } catch (...) {
    connection_.rollback();
    throw;
  }
  far_is_there_ = true;
}

std::optional<WholePieces::Piece> PostgresMonths::at(std::int64_t time) {
  if (!loaded_) load();
  const int month = month_of(time);
  if (known_.count(month) == 0) return std::nullopt;  // it is among those that are far
  return Piece{month_begin(month), month_begin(month + 1)};
}

std::optional<WholePieces::Removed> PostgresMonths::try_remove(const Piece& piece) {
  const std::string name = partition_name(month_of(piece.from));
  const auto figure = [&](const std::string& sql) { return std::stoll(connection_.execute_for_row(sql).at(0)); };
  connection_.execute("SAVEPOINT month; SET LOCAL lock_timeout = '100ms'");
  try {
    // In the order in which those who read take their locks.
    connection_.execute("LOCK TABLE webmacs.datapoints IN ACCESS EXCLUSIVE MODE");
    const Removed removed{
        figure("SELECT coalesce(max(greatest(s.n_live_tup, c.reltuples::bigint, 0)), 0) FROM pg_class c "
               "JOIN pg_stat_user_tables s "
               "ON s.relid = c.oid WHERE c.oid = to_regclass('webmacs." +
               name + "')"),
        figure("SELECT coalesce(pg_total_relation_size(to_regclass('webmacs." + name + "')), 0)")};
    connection_.execute("DROP TABLE IF EXISTS webmacs." + name + "; SET LOCAL lock_timeout = DEFAULT; RELEASE month");
    loaded_ = false;  // also where the transaction is rolled back
    return removed;
  } catch (const PostgresError& error) {
    if (!error.is("55P03")) throw;
    connection_.execute("ROLLBACK TO month; RELEASE month");
    return std::nullopt;
  }
}

}  // namespace webmacs
