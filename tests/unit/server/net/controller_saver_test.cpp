#include "server/net/controller_saver.h"

#include "unit/server/ingest/ingest_bench.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <vector>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

struct SaverBench : Bench {
  // The names that the store remembers, as another program reads them.
  std::vector<std::string> remembered() const {
    std::vector<std::string> names;
    for (const auto& controller : open()->controllers()) names.push_back(controller.name);
    return names;
  }
  bool remembers(const std::vector<std::string>& names) {
    return run_until([&] { return remembered() == names; });
  }
  // Has everything done that was given to the writer before.
  void settle() {
    bool done = false;
    REQUIRE(ingest->try_write([](Store&) {}, [&](const std::string&) { done = true; }));
    REQUIRE(run_until([&] { return done; }));
  }

  Timestamp loaded = utc_now() - 1s;
  ControllerRegistry controllers{[](const ControllerState&) {}};
  ControllerSaver saver{controllers, *ingest, loaded};
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("controllers that were heard of are remembered, each with its last status") {
  SaverBench bench;
  bench.saver.save(utc_now());
  bench.settle();
  CHECK(bench.remembered().empty());
  StatusFrame status;
  status.agent = "rig1";
  status.backlog = 7;
  bench.controllers.reported("rig1", status);
  bench.saver.save(utc_now());
  REQUIRE(bench.remembers({"rig1"}));
  ControllerRegistry restored([](const ControllerState&) {});
  restored.restore(bench.open()->controllers());
  const auto state = restored.all().at(0);
  CHECK_FALSE(state.online);
  REQUIRE(state.status);
  CHECK(state.status->backlog == 7);
}

TEST_CASE("controllers are saved every ten seconds, and at once when the clock was set back") {
  SaverBench bench;
  bench.controllers.heard("rig1");
  bench.saver.save_when_due(bench.loaded + 9999ms);
  bench.settle();
  CHECK(bench.remembered().empty());
  SUBCASE("the interval is over") {
    bench.saver.save_when_due(bench.loaded + 10s);
  }
  SUBCASE("the last time lies in the future") {
    bench.saver.save_when_due(bench.loaded - 1h);
  }
  CHECK(bench.remembers({"rig1"}));
}

TEST_CASE("what the store did not take is saved the next time") {
  SaverBench bench;
  bench.controllers.heard("rig1");
  bench.control.set_failure("disk full");
  // The writer's store notices nothing of the write itself: the check before it fails.
  REQUIRE(bench.submit("a", "rig1", {good("evt_a", at(0), 1)}));
  REQUIRE(bench.run_until([&] { return !bench.ingest->healthy(); }));
  bench.saver.save(utc_now());
  bench.settle();
  CHECK(bench.remembered().empty());
  bench.control.set_failure("");
  REQUIRE(bench.run_until([&] { return bench.ingest->healthy(); }));
  bench.saver.save(utc_now());
  CHECK(bench.remembers({"rig1"}));
}
