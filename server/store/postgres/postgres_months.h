#pragma once
// The monthly partitions of the table datapoints: made ahead of time, and for whatever month a reading names. What is
// years off, as a clock is that was never set, shares one partition: there are never more than some hundreds.

#include "server/store/postgres/postgres_connection.h"
#include "server/store/sql/retention.h"

#include <cstdint>
#include <set>
#include <string>

namespace webmacs {

// A month of the UTC calendar, counted from January 1970.
int month_of(std::int64_t microseconds);
std::int64_t month_begin(int month);    // microseconds
std::string partition_name(int month);  // "datapoints_2025_01"

class PostgresMonths final : public WholePieces {
 public:
  explicit PostgresMonths(PostgresConnection& connection) : connection_(connection) {}

  // Whether this month is years off from the month `now`.
  static bool is_far(int month, int now);

  // Makes those that are missing, each in a transaction of its own; called outside of one. Nobody who reads waits for
  // it.
  void require(const std::set<int>& months);

  // Dropping a month takes no longer, however much is in it; but nobody may read just then, so that it is tried for a
  // moment only.
  std::optional<Piece> at(std::int64_t time) override;
  std::optional<Removed> try_remove(const Piece& piece) override;

 private:
  void load();
  void make(int month);
  void require_far();
  void take_out_of_far(const std::string& name, const std::string& from, const std::string& to);

  PostgresConnection& connection_;
  std::set<int> known_;
  bool loaded_ = false;
  bool far_is_there_ = false;
};

}  // namespace webmacs
