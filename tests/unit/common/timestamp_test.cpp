#include "common/timestamp.h"

#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <random>

using namespace webmacs;

namespace {

std::int64_t parsed(std::string_view text) {
  const auto time = parse_timestamp(text);
  REQUIRE_MESSAGE(time.has_value(), std::string(text));
  return to_microseconds(*time);
}

std::string reformatted(std::string_view text) {
  return format_timestamp(from_microseconds(parsed(text)));
}

}  // namespace

TEST_CASE("the seed's time stamp is read and written back unchanged") {
  CHECK(parsed("2025-01-15T14:32:10.000Z") == 1736951530000000);
  CHECK(reformatted("2025-01-15T14:32:10.000Z") == "2025-01-15T14:32:10.000Z");
}

TEST_CASE("any offset and letter case name the same instant") {
  const std::int64_t instant = parsed("2025-01-15T14:32:10Z");
  CHECK(parsed("2025-01-15t14:32:10z") == instant);
  CHECK(parsed("2025-01-15T16:32:10+02:00") == instant);
  CHECK(parsed("2025-01-15T09:02:10-05:30") == instant);
  CHECK(parsed("2025-01-15T14:32:10-00:00") == instant);
  CHECK(parsed("2025-01-16T14:31:10+23:59") == instant);
}

TEST_CASE("digits beyond the microsecond are cut off, not rounded") {
  CHECK(reformatted("2025-01-15T14:32:10.1Z") == "2025-01-15T14:32:10.100Z");
  CHECK(reformatted("2025-01-15T14:32:10.000001Z") == "2025-01-15T14:32:10.000001Z");
  CHECK(reformatted("2025-01-15T14:32:10.123456789Z") == "2025-01-15T14:32:10.123456Z");
  CHECK(reformatted("2025-01-15T14:32:10.999999999Z") == "2025-01-15T14:32:10.999999Z");
  CHECK(reformatted("2025-01-15T14:32:10.1230009Z") == "2025-01-15T14:32:10.123Z");
}

TEST_CASE("leap days exist only in leap years") {
  CHECK(reformatted("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000Z");
  CHECK(reformatted("2000-02-29T23:59:59Z") == "2000-02-29T23:59:59.000Z");
  CHECK_FALSE(parse_timestamp("2025-02-29T00:00:00Z"));
  CHECK_FALSE(parse_timestamp("2100-02-29T00:00:00Z"));
  CHECK_FALSE(parse_timestamp("2025-04-31T00:00:00Z"));
}

TEST_CASE("a leap second is the following second, wherever the clock stands") {
  CHECK(reformatted("2016-12-31T23:59:60Z") == "2017-01-01T00:00:00.000Z");
  CHECK(reformatted("2016-12-31T23:59:60.5Z") == "2017-01-01T00:00:00.500Z");
  CHECK(reformatted("2016-12-31T18:59:60-05:00") == "2017-01-01T00:00:00.000Z");
  CHECK_FALSE(parse_timestamp("2016-12-31T23:58:60Z"));
  CHECK_FALSE(parse_timestamp("2016-12-31T23:59:60+02:00"));
  CHECK_FALSE(parse_timestamp("2016-12-31T23:59:61Z"));
}

TEST_CASE("only 1970 up to 2200 is accepted, as UTC") {
  CHECK(parsed("1970-01-01T00:00:00Z") == 0);
  CHECK(parsed("1969-12-31T23:30:00-01:00") == 1'800'000'000);
  CHECK(reformatted("2199-12-31T23:59:59.999999Z") == "2199-12-31T23:59:59.999999Z");
  CHECK_FALSE(parse_timestamp("1969-12-31T23:59:59.999999Z"));
  CHECK_FALSE(parse_timestamp("1970-01-01T00:30:00+01:00"));
  CHECK_FALSE(parse_timestamp("2200-01-01T00:00:00Z"));
  CHECK_FALSE(parse_timestamp("2199-12-31T23:59:60Z"));
  CHECK(valid_timestamp(from_microseconds(0)));
  CHECK_FALSE(valid_timestamp(from_microseconds(-1)));
  CHECK_FALSE(valid_timestamp(from_microseconds(parsed("2199-12-31T23:59:59.999999Z") + 1)));
}

TEST_CASE("what is not RFC 3339 is refused") {
  for (const char* text : {"",
                           "now",
                           "2025-01-15",
                           "2025-01-15T14:32:10",
                           "2025-01-15 14:32:10Z",
                           "2025-1-15T14:32:10Z",
                           "2025-01-15T14:32Z",
                           "2025-01-15T14:32:10.Z",
                           "2025-01-15T14:32:10,5Z",
                           "2025-01-15T14:32:10.1234567890Z",
                           "2025-01-15T14:32:10Z ",
                           " 2025-01-15T14:32:10Z",
                           "2025-01-15T24:00:00Z",
                           "2025-01-15T14:60:00Z",
                           "2025-13-15T14:32:10Z",
                           "2025-00-15T14:32:10Z",
                           "2025-01-00T14:32:10Z",
                           "2025-01-15T14:32:10+2:00",
                           "2025-01-15T14:32:10+0200",
                           "2025-01-15T14:32:10+24:00",
                           "2025-01-15T14:32:10+02:60",
                           "2025-01-15T14:32:10+",
                           "20250115T143210Z",
                           "+025-01-15T14:32:10Z",
                           "2025-01-15T14:32:10ZZ",
                           "2025-01-15T14:3a:10Z",
                           "1736951530"}) {
    CHECK_MESSAGE(!parse_timestamp(text), text);
  }
}

TEST_CASE("every instant is read back as it was written") {
  std::mt19937_64 random(testing::random_seed(20250115));
  std::uniform_int_distribution<std::int64_t> instants(0, 7'258'118'399'999'999);
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t drawn = instants(random);
    const std::int64_t instant = i % 2 == 0 ? drawn : drawn / 1000 * 1000;
    const std::string text = format_timestamp(from_microseconds(instant));
    REQUIRE(parsed(text) == instant);
    REQUIRE(text.size() == (instant % 1000 == 0 ? 24 : 27));
  }
}

TEST_CASE("midnights of every day from 1970 to 2200 count up by one day") {
  std::int64_t expected = 0;
  for (int year = 1970; year < 2200; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= 31; ++day) {
        char text[48];
        std::snprintf(text, sizeof text, "%04d-%02d-%02dT00:00:00.000Z", year, month, day);
        const auto time = parse_timestamp(text);
        if (!time) {
          REQUIRE(day > 28);
          continue;
        }
        REQUIRE(to_microseconds(*time) == expected);
        REQUIRE(format_timestamp(*time) == text);
        expected += 86'400'000'000;
      }
    }
  }
  CHECK(expected == 84'006 * std::int64_t{86'400'000'000});
}

TEST_CASE("a time beyond four-digit years is written as the nearest that fits") {
  CHECK(format_timestamp(Timestamp::max()) == "9999-12-31T23:59:59.999999Z");
  CHECK(format_timestamp(Timestamp::min()) == "0000-01-01T00:00:00.000Z");
  CHECK(format_timestamp(from_microseconds(-1)) == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("now is the system's clock") {
  const auto before = std::chrono::system_clock::now();
  const Timestamp now = utc_now();
  CHECK(now >= std::chrono::floor<std::chrono::microseconds>(before));
  CHECK(now <= std::chrono::system_clock::now());
  CHECK(valid_timestamp(now));
}
