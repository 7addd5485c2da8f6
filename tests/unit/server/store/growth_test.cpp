#include "server/store/growth.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t mebi = 1024 * 1024;
const Timestamp now = from_microseconds(1'800'000'000'000'000);

StoreRoom room(std::int64_t record, std::int64_t left, std::int64_t disk = 1000 * mebi) {
  return {record, record, left, disk};
}

}  // namespace

TEST_CASE("the days until the disk is full come from the growth of the last day") {
  const std::vector<SizeSample> samples{{now - 30h, 0}, {now - 12h, 100 * mebi}, {now - 1h, 190 * mebi}};
  CHECK(days_until_full(samples, now, room(200 * mebi, 400 * mebi), 0) == doctest::Approx(2));
  CHECK(days_until_full(samples, now, room(200 * mebi, 0), 0) == doctest::Approx(0));
}

TEST_CASE("what does not grow, or is not known yet, has no such day") {
  CHECK_FALSE(days_until_full({}, now, room(200 * mebi, mebi), 0));
  CHECK_FALSE(days_until_full({{now - 5s, 0}}, now, room(200 * mebi, mebi), 0));
  CHECK_FALSE(days_until_full({{now - 10min, 200 * mebi - 4096}}, now, room(200 * mebi, mebi), 0));
  CHECK_FALSE(days_until_full({{now - 12h, 300 * mebi}}, now, room(200 * mebi, mebi), 0));
  StoreRoom far_away = room(200 * mebi, 0);
  far_away.left.reset();
  CHECK_FALSE(days_until_full({{now - 12h, 0}}, now, far_away, 0));
}

TEST_CASE("max_size holds the record before the disk is full, where the disk has that much") {
  const std::vector<SizeSample> samples{{now - 12h, 0}};
  CHECK_FALSE(days_until_full(samples, now, room(200 * mebi, 400 * mebi), 300 * mebi));
  CHECK(days_until_full(samples, now, room(200 * mebi, 400 * mebi), 900 * mebi));
}

TEST_CASE("people are warned two weeks before, or of the last twentieth of the disk") {
  CHECK(disk_warning(room(0, 400 * mebi), std::nullopt).empty());
  CHECK(disk_warning(room(0, 400 * mebi), 15.0).empty());
  CHECK(disk_warning(room(0, 400 * mebi), 13.9).find("13.9 days") != std::string::npos);
  CHECK(disk_warning(room(0, 49 * mebi), std::nullopt).find("nearly full: 49.0 MiB of 1000.0 MiB") !=
        std::string::npos);
  CHECK(disk_warning(StoreRoom{}, std::nullopt).empty());
}
