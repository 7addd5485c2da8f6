#include "server/store/postgres/postgres_months.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

std::int64_t at(const char* text) {
  return to_microseconds(parse_timestamp(text).value());
}

}  // namespace

TEST_CASE("each month begins at its first midnight in UTC") {
  CHECK(month_begin(0) == 0);
  CHECK(month_begin(month_of(at("2024-02-29T12:00:00Z"))) == at("2024-02-01T00:00:00Z"));
  CHECK(month_begin(month_of(at("2000-03-01T00:00:00Z"))) == at("2000-03-01T00:00:00Z"));
  CHECK(month_begin(month_of(at("2199-12-31T23:59:59.999999Z"))) == at("2199-12-01T00:00:00Z"));
  for (int month = 0; month < 230 * 12; ++month) {
    CHECK(month_of(month_begin(month)) == month);
    CHECK(month_of(month_begin(month + 1) - 1) == month);
  }
}

TEST_CASE("partitions are named after their months") {
  CHECK(partition_name(0) == "datapoints_1970_01");
  CHECK(partition_name(month_of(at("2025-12-31T23:59:59Z"))) == "datapoints_2025_12");
}
