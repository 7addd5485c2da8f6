#include "server/store/sqlite/sqlite_schema.h"

#include "server/open_store.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// A file as a program of that version would have left it.
void make_file(const std::string& path, std::size_t version, const std::string& content) {
  Database database(path);
  for (std::size_t i = 0; i < version; ++i) database.execute(sqlite_migrations().at(i));
  database.execute("PRAGMA application_id = " + std::to_string(0x574D4143) +
                   "; PRAGMA user_version = " + std::to_string(version) + "; " + content);
}

}  // namespace

TEST_CASE("a file of each earlier version is brought up to date, and keeps what it held") {
  for (std::size_t version = 1; version <= sqlite_migrations().size(); ++version) {
    CAPTURE(version);
    const TemporaryFolder folder;
    make_file(folder.file("hub.db"), version,
              "INSERT INTO events (public_id, controller, name, unit) VALUES ('evt_a', 'rig1', 'Inlet', 'K');"
              "INSERT INTO datapoints VALUES (1, 1736951530000000, 23.5, NULL), (1, 1736951530000001, NULL, 'timeout');"
              "INSERT INTO tokens (name, hash, role, created) VALUES ('anna', 'x', 'viewer', 5);"
              "INSERT INTO controllers (name, last_seen) VALUES ('rig1', 7);"
              "INSERT INTO experiments (public_id, name, all_controllers, started_on) VALUES ('exp_1', 'Run', 0, 9);"
              "INSERT INTO experiment_controllers VALUES (1, 'rig1');"
              "INSERT INTO annotations (public_id, experiment, time, text) VALUES ('ann_1', 1, 10, 'valve')");
    for (int round = 0; round < 2; ++round) {  // and once more, as it is then
      auto store = open_store("sqlite://" + folder.file("hub.db"));
      CHECK(store->event("evt_a")->description.unit == "K");
      const auto points = everything(*store, "evt_a");
      REQUIRE(points.size() == 2);
      CHECK(points[0].reading.value == 23.5);
      CHECK(points[1].reading.reason == "timeout");
      CHECK(store->tokens().at(0).name == "anna");
      CHECK(store->controllers().at(0).name == "rig1");
      const auto experiment = store->experiment("exp_1");
      REQUIRE(experiment);
      CHECK(experiment->controllers == std::vector<std::string>{"rig1"});
      CHECK(experiment->annotations.at(0).text == "valve");
    }
    CHECK(append(*open_store("sqlite://" + folder.file("hub.db")), "rig1", {good("evt_a", at(5), 1)})[0].outcome ==
          Outcome::stored);
  }
}

TEST_CASE("what agents said of themselves is kept when their frames become columns") {
  const TemporaryFolder folder;
  make_file(
      folder.file("hub.db"), 3,
      "INSERT INTO controllers VALUES ('rig1', 1736951530000000, '"
      R"({"type":"status","agent":"rig1 °C","version":"1.2","backlog":17,"dropped":4,"clock":"2026-01-01T00:00:00Z",)"
      R"("devices":[{"name":"plc","state":"offline","error":"it''s gone"},{"name":"scale","state":"online","error":null}]})"
      "'), ('rig2', 6, ''), ('rig3', 7, '{}'), ('rig4', 8, 'no JSON'), ('rig5', 9, '"
      R"({"type":"status","agent":null,"version":null,"backlog":0,"dropped":0,"clock":null,"devices":[]})"
      "')");
  const auto controllers = open_store("sqlite://" + folder.file("hub.db"))->controllers();
  REQUIRE(controllers.size() == 5);
  CHECK(controllers[0].last_seen == at(0));
  REQUIRE(controllers[0].status);
  CHECK(controllers[0].status->agent == "rig1 °C");
  CHECK(controllers[0].status->version == "1.2");
  CHECK(controllers[0].status->backlog == 17);
  CHECK(controllers[0].status->dropped == 4);
  REQUIRE(controllers[0].status->devices.size() == 2);
  CHECK(controllers[0].status->devices[0].name == "plc");
  CHECK_FALSE(controllers[0].status->devices[0].online);
  CHECK(controllers[0].status->devices[0].error == "it's gone");
  CHECK(controllers[0].status->devices[1].online);
  CHECK(controllers[0].status->devices[1].error.empty());
  for (const std::size_t silent : {1, 2, 3}) CHECK_FALSE(controllers[silent].status);
  REQUIRE(controllers[4].status);
  CHECK(controllers[4].status->agent.empty());
  CHECK(controllers[4].status->devices.empty());
}
