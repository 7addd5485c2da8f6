#include "server/store/datapoint_id.h"

#include "common/timestamp.h"
#include "server/store/store.h"
#include "unit/random_seed.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>

using namespace webmacs;

TEST_CASE("a datapoint's public id reads back to its event and time") {
  const std::int64_t last_microsecond = 7258118399999999;  // 2199-12-31T23:59:59.999999Z
  std::mt19937_64 random(testing::random_seed(1));
  for (int i = 0; i < 2000; ++i) {
    const auto key = static_cast<std::int64_t>(random() >> (1 + random() % 62)) + 1;
    const auto microseconds = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(last_microsecond + 1));
    const std::string id = datapoint_public_id(key, from_microseconds(microseconds));
    const auto read = parse_datapoint_public_id(id);
    REQUIRE(read.has_value());
    CHECK(read->event_key == key);
    CHECK(to_microseconds(read->time) == microseconds);
  }
  for (const std::int64_t key : {std::int64_t{1}, std::numeric_limits<std::int64_t>::max()}) {
    for (const std::int64_t microseconds : {std::int64_t{0}, last_microsecond}) {
      const auto read = parse_datapoint_public_id(datapoint_public_id(key, from_microseconds(microseconds)));
      REQUIRE(read.has_value());
      CHECK(read->event_key == key);
      CHECK(to_microseconds(read->time) == microseconds);
    }
  }
}

TEST_CASE("public ids never change: they are in people's notes") {
  CHECK(datapoint_public_id(1, from_microseconds(0)) == "dp_100000000000");
  CHECK(datapoint_public_id(36, from_microseconds(1736951530000000)) == "dp_100h3p4im7af4");
}

TEST_CASE("what is no datapoint's public id is refused") {
  for (const char* text :
       {"", "dp_", "dp_00000000000", "dp_000000000000", "dp_0100000000000", "evt_100000000000", "dp_10000000000A",
        "dp_1000000000-1", "dp_1zzzzzzzzzzz", "DP_100000000000", " dp_100000000000", "dp_100000000000 ",
        "dp_zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "dp_1y2p0ij32e8e800000000000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_datapoint_public_id(text).has_value());
  }
}
