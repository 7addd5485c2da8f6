#pragma once
// The monthly partitions of the table datapoints: made ahead of time, and for whatever month a reading names.

#include "server/store/postgres_connection.h"

#include <cstdint>
#include <set>
#include <string>

namespace webmacs {

// A month of the UTC calendar, counted from January 1970.
int month_of(std::int64_t microseconds);
std::int64_t month_begin(int month);    // microseconds
std::string partition_name(int month);  // "datapoints_2025_01"

class PostgresMonths {
 public:
  explicit PostgresMonths(PostgresConnection& connection) : connection_(connection) {}

  // Makes those that are missing, each in a transaction of its own; called outside of one. Nobody who reads waits for
  // it.
  void require(const std::set<int>& months);

 private:
  void load();
  void make(int month);

  PostgresConnection& connection_;
  std::set<int> known_;
  bool loaded_ = false;
};

}  // namespace webmacs
