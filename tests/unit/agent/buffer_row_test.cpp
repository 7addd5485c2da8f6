#include "agent/buffer_row.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

#include <set>

using namespace webmacs;

namespace {

BufferedReading example() {
  return {17, false, {"evt_a", from_microseconds(1736951530000000), 23.45, ""}, {}};
}

}  // namespace

TEST_CASE("whatever bit of a row flips, its sum is another") {
  std::set<std::int64_t> sums = {row_sum(example())};
  const auto differs = [&](auto change) {
    BufferedReading changed = example();
    change(changed);
    return sums.insert(row_sum(changed)).second;
  };
  CHECK(differs([](BufferedReading& row) { row.seq = 18; }));
  CHECK(differs([](BufferedReading& row) { row.retried = true; }));
  CHECK(differs([](BufferedReading& row) { row.reading.event_public_id = "evt_b"; }));
  CHECK(differs([](BufferedReading& row) { row.reading.time += std::chrono::microseconds(1); }));
  CHECK(differs([](BufferedReading& row) { row.reading.value = 23.450000000000003; }));
  CHECK(differs([](BufferedReading& row) { row.reading.value = 0.0; }));
  CHECK(differs([](BufferedReading& row) { row.reading.value.reset(); }));  // not the same as 0
  CHECK(differs([](BufferedReading& row) { row.reading.reason = "timeout"; }));
}

TEST_CASE("texts that only together read the same have different sums") {
  BufferedReading one = example();
  BufferedReading other = example();
  one.reading.event_public_id = "ab";
  one.reading.reason = "c";
  other.reading.event_public_id = "a";
  other.reading.reason = "bc";
  CHECK(row_sum(one) != row_sum(other));
}

TEST_CASE("when a row was received does not count: it is not in the file") {
  BufferedReading later = example();
  later.received += std::chrono::hours(1);
  CHECK(row_sum(later) == row_sum(example()));
}

TEST_CASE("the sum of a row in files that are out there stays what it is") {
  CHECK(row_sum(example()) == 860292648);
  CHECK(meta_sum(1, 2, 3) == 734760327);
  CHECK(meta_sum(2, 1, 3) != meta_sum(1, 2, 3));
}

TEST_CASE("a row becomes the reading it was; a value that is none is bad") {
  Database database(":memory:");
  const auto row_of = [&](const char* values) {
    Statement row = database.prepare(std::string("SELECT ") + values);
    REQUIRE(row.step());
    return buffered_reading(row, "evt_a");
  };
  const BufferedReading good = row_of("17, 3, 1736951530000000, 23.45, '', 0");
  CHECK(good.seq == 17);
  CHECK_FALSE(good.retried);
  CHECK(good.reading == example().reading);
  const BufferedReading bad = row_of("18, 3, 5, NULL, 'timeout', 1");
  CHECK(bad.retried);
  CHECK(bad.reading == Reading{"evt_a", from_microseconds(5), std::nullopt, "timeout"});
  CHECK_FALSE(row_of("19, 3, 5, 9e999, '', 0").reading.good());
}
