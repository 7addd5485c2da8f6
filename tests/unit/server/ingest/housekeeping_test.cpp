#include "server/ingest/housekeeping.h"

#include "unit/server/ingest/ingest_bench.h"

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// The writer and the network thread in one, turn by turn.
struct Keeper {
  TemporaryFolder folder;
  Control control;
  boost::asio::io_context io;
  int woken = 0;
  ControlledStore store{open_store("sqlite://" + folder.file("hub.db")), control};
  Housekeeping housekeeping{io, [this] { ++woken; }};

  bool turn() {
    housekeeping.plan();
    return housekeeping.finished(housekeeping.run(store));
  }
};

constexpr RetentionStep more_to_remove{.removed = 5, .more = true, .cannot_shrink = false, .bytes = 4096};
constexpr RetentionStep over{.removed = 2, .more = false, .cannot_shrink = false, .bytes = 4096};

}  // namespace

TEST_CASE("summaries are made turn after turn until there are none to make") {
  Keeper keeper;
  keeper.control.summaries_to_make = 2;
  CHECK(keeper.turn());
  CHECK(keeper.turn());
  CHECK_FALSE(keeper.turn());
}

TEST_CASE("a pass of retention goes on by itself after a pause, not before") {
  Keeper keeper;
  keeper.housekeeping.set_rules({std::chrono::hours(24), 0});
  keeper.control.retention = more_to_remove;
  keeper.turn();
  CHECK(keeper.control.retention_steps == 1);
  keeper.turn();  // within the pause
  CHECK(keeper.control.retention_steps == 1);
  keeper.io.run_for(10s);  // until the pause is over
  CHECK(keeper.woken == 1);
  keeper.control.retention = over;
  keeper.turn();
  CHECK(keeper.control.retention_steps == 2);
  CHECK(keeper.housekeeping.counters().removed == 7);
  CHECK(keeper.housekeeping.counters().bytes == 4096);
  keeper.turn();  // the next pass has time
  CHECK(keeper.control.retention_steps == 2);
}

TEST_CASE("new rules are looked after at once") {
  Keeper keeper;
  keeper.control.retention = over;
  keeper.turn();
  keeper.turn();
  CHECK(keeper.control.retention_steps == 1);
  keeper.housekeeping.set_rules({{}, 100'000});
  keeper.turn();
  CHECK(keeper.control.retention_steps == 2);
}

TEST_CASE("a bound that cannot be held is shown until it is lifted") {
  Keeper keeper;
  keeper.housekeeping.set_rules({{}, 10});
  keeper.control.retention = {0, false, true, 100};
  keeper.turn();
  CHECK(keeper.housekeeping.counters().too_large);
  keeper.housekeeping.set_rules({});
  CHECK_FALSE(keeper.housekeeping.counters().too_large);
}

TEST_CASE("a pause that ends after the end of the housekeeping wakes nobody") {
  boost::asio::io_context io;
  TemporaryFolder folder;
  Control control;
  ControlledStore store(open_store("sqlite://" + folder.file("hub.db")), control);
  int woken = 0;
  {
    Housekeeping housekeeping(io, [&] { ++woken; });
    housekeeping.set_rules({std::chrono::hours(24), 0});
    control.retention = more_to_remove;
    housekeeping.plan();
    housekeeping.finished(housekeeping.run(store));
  }
  io.run_for(10s);
  CHECK(woken == 0);
}
