#include "server/store/postgres/postgres_months.h"

#include <array>
#include <cstdio>

namespace webmacs {
namespace {

constexpr std::int64_t microseconds_per_day = 86400LL * 1000000;
constexpr int months_per_year = 12;

// The days from 1970-01-01 to the first of a month; Howard Hinnant's "days_from_civil".
std::int64_t days_before(int month) {
  int year = 1970 + month / months_per_year;
  const int month_of_year = month % months_per_year + 1;
  if (month_of_year <= 2) --year;
  const int era = year / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month_of_year + (month_of_year > 2 ? -3 : 9)) + 2) / 5;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * 146097 + day_of_era - 719468;
}

}  // namespace

std::int64_t month_begin(int month) {
  return days_before(month) * microseconds_per_day;
}

int month_of(std::int64_t microseconds) {
  constexpr double days_per_month = 30.436875;
  auto month = static_cast<int>(static_cast<double>(microseconds) / microseconds_per_day / days_per_month);
  while (month_begin(month) > microseconds) --month;
  while (month_begin(month + 1) <= microseconds) ++month;
  return month;
}

std::string partition_name(int month) {
  std::array<char, 40> name{};
  std::snprintf(name.data(), name.size(), "datapoints_%04d_%02d", 1970 + month / months_per_year,
                month % months_per_year + 1);
  return name.data();
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
          known_.insert((year - 1970) * months_per_year + month - 1);
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
    const Removed removed{figure("SELECT coalesce(max(greatest(s.n_live_tup, c.reltuples::bigint, 0)), 0) FROM pg_class c "
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
