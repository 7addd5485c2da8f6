#include "server/store/postgres/postgres_months.h"

#include "common/timestamp.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

namespace webmacs {
namespace {

using std::chrono::year_month;

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
  connection_.query(
      "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
      "WHERE i.inhparent = 'webmacs.datapoints'::regclass",
      {}, [this](const SqlRow& row) {
        int year = 0;
        int month = 0;
        if (std::sscanf(row.text(0).c_str(), "datapoints_%d_%d", &year, &month) == 2) {
          known_.insert(number_of(std::chrono::year(year) / month));
        }
      });
  loaded_ = true;
}

void PostgresMonths::require(const std::set<int>& months) {
  if (!loaded_) load();
  for (const int month : months) {
    if (known_.count(month) == 0) make(month);
  }
}

// Made beside the table and attached then: to create it as a partition would lock out everybody who reads.
void PostgresMonths::make(int month) {
  const std::string name = partition_name(month);
  connection_.execute("BEGIN; SELECT pg_advisory_xact_lock(1463634244)");
  try {
    const auto there = connection_.execute_for_row("SELECT to_regclass('webmacs." + name + "') IS NOT NULL");
    if (there.at(0) != "t") {
      connection_.execute("CREATE TABLE " + name + " (LIKE datapoints INCLUDING ALL); ALTER TABLE datapoints " +
                          "ATTACH PARTITION " + name + " FOR VALUES FROM (" + std::to_string(month_begin(month)) +
                          ") TO (" + std::to_string(month_begin(month + 1)) + ")");
    }
    connection_.commit();
  } catch (...) {
    connection_.rollback();
    throw;
  }
  known_.insert(month);
}

WholePieces::Piece PostgresMonths::at(std::int64_t time) const {
  const int month = month_of(time);
  return {month_begin(month), month_begin(month + 1)};
}

std::optional<WholePieces::Removed> PostgresMonths::try_remove(const Piece& piece) {
  const std::string name = partition_name(month_of(piece.from));
  const auto figure = [&](const std::string& sql) { return std::stoll(connection_.execute_for_row(sql).at(0)); };
  connection_.execute("SAVEPOINT month; SET LOCAL lock_timeout = '100ms'");
  try {
    // In the order in which those who read take their locks.
    connection_.execute("LOCK TABLE datapoints IN ACCESS EXCLUSIVE MODE");
    const Removed removed{
        figure("SELECT coalesce(max(greatest(s.n_live_tup, c.reltuples::bigint, 0)), 0) FROM pg_class c "
               "JOIN pg_stat_user_tables s "
               "ON s.relid = c.oid WHERE c.oid = to_regclass('webmacs." +
               name + "')"),
        figure("SELECT coalesce(pg_total_relation_size(to_regclass('webmacs." + name + "')), 0)")};
    connection_.execute("DROP TABLE IF EXISTS " + name + "; SET LOCAL lock_timeout = DEFAULT; RELEASE month");
    loaded_ = false;  // also where the transaction is rolled back
    return removed;
  } catch (const PostgresError& error) {
    if (!error.is("55P03")) throw;
    connection_.execute("ROLLBACK TO month; RELEASE month");
    return std::nullopt;
  }
}

}  // namespace webmacs
