#include "server/ingest/nightly_check.h"

#include "unit/server/ingest/ingest_bench.h"

using namespace webmacs;
using namespace webmacs::testing;

TEST_CASE("a part of the rows is read once a night, or when a night was missed") {
  const Timestamp now = at(0);
  CHECK(row_check_is_due(std::nullopt, now, 2));
  CHECK_FALSE(row_check_is_due(std::nullopt, now, 14));
  CHECK_FALSE(row_check_is_due(now - 2h, now, 3));
  CHECK(row_check_is_due(now - 24h, now, 3));
  CHECK_FALSE(row_check_is_due(now - 24h, now, 9));
  CHECK(row_check_is_due(now - 40h, now, 9));
  CHECK(row_check_is_due(now + 24h, now, 3));
}

TEST_CASE("seven nights read each row, wherever a night ends") {
  const TemporaryFolder folder;
  auto store = open_store("sqlite://" + folder.file("hub.db"));
  for (const char* event : {"evt_a", "evt_b", "evt_c"}) {
    std::vector<IncomingReading> readings;
    for (int i = 0; i < 5000; ++i) readings.push_back(good(event, at(i), i));
    append(*store, "rig1", std::move(readings));
  }
  store->set_row_check({2, to_microseconds(at(2500)), at(7), 0});
  RowCheck check = store->row_check();
  CHECK(check.event_key == 2);
  CHECK(check.begun_on == at(7));
  CHECK(check.rows > 5000);
  std::int64_t rows = 0;
  do {
    rows += store->check_rows(check, std::chrono::milliseconds(0));
  } while (check.event_key != 0);
  CHECK(rows == 2499 + 5000);
  do {
    rows += store->check_rows(check, std::chrono::milliseconds(0));
  } while (check.event_key != 0);
  CHECK(rows == 2499 + 5000 + 15000);
}
