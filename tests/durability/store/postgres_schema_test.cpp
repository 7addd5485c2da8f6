#include "server/store/postgres/postgres_schema.h"

#include "postgres_server.h"
#include "server/open_store.h"
#include "unit/server/store/store_support.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace webmacs::testing;

namespace {

// A database as a program of that version would have left it.
void make_database(const std::string& url, std::size_t version, const std::string& content) {
  PostgresConnection connection(url, "");
  connection.execute(
      "CREATE SCHEMA webmacs; SET search_path = webmacs;"
      "CREATE TABLE schema_version (version BIGINT PRIMARY KEY, applied TIMESTAMPTZ DEFAULT now())");
  for (std::size_t i = 0; i < version; ++i) {
    connection.execute(postgres_migrations().at(i));
    connection.execute("INSERT INTO schema_version (version) VALUES (" + std::to_string(i + 1) + ")");
  }
  connection.execute(content);
}

}  // namespace

TEST_CASE("a database of each earlier version is brought up to date, and keeps what it held") {
  for (std::size_t version = 2; version <= postgres_migrations().size(); ++version) {
    CAPTURE(version);
    const std::string url = PostgresServer::shared().create_database();
    make_database(url, version,
                  "INSERT INTO events (public_id, controller, unit) VALUES ('evt_a', 'rig1', 'K');"
                  "INSERT INTO tokens (name, hash, role, created) VALUES ('anna', 'x', 'viewer', 5);"
                  "INSERT INTO controllers (name, last_seen) VALUES ('rig1', 7);"
                  "INSERT INTO experiments (public_id, name, all_controllers, started_on) VALUES ('exp_1', 'R', 0, 9);"
                  "INSERT INTO experiment_controllers VALUES (1, 'rig1')");
    for (int round = 0; round < 2; ++round) {
      auto store = open_store(url);
      CHECK(store->event("evt_a")->description.unit == "K");
      CHECK(store->tokens().at(0).name == "anna");
      CHECK(store->controllers().at(0).name == "rig1");
      CHECK(store->experiment("exp_1")->controllers == std::vector<std::string>{"rig1"});
    }
    CHECK(append(*open_store(url), "rig1", {good("evt_a", at(5), 1)})[0].outcome == Outcome::stored);
  }
}

TEST_CASE("what agents said of themselves is kept when their frames become columns, in PostgreSQL") {
  const std::string url = PostgresServer::shared().create_database();
  make_database(
      url, 3,
      "INSERT INTO controllers VALUES ('rig1', 1736951530000000, '"
      R"({"type":"status","agent":"rig1 °C","version":"1.2","backlog":17,"dropped":4,"clock":"2026-01-01T00:00:00Z",)"
      R"("devices":[{"name":"plc","state":"offline","error":"it''s gone"},{"name":"scale","state":"online","error":null}]})"
      "'), ('rig2', 6, ''), ('rig3', 7, '{}'), ('rig4', 8, '"
      R"({"type":"status","agent":null,"version":null,"backlog":0,"dropped":0,"clock":null,"devices":[]})"
      "')");
  const auto controllers = open_store(url)->controllers();
  REQUIRE(controllers.size() == 4);
  REQUIRE(controllers[0].status);
  CHECK(controllers[0].last_seen == at(0));
  CHECK(controllers[0].status->agent == "rig1 °C");
  CHECK(controllers[0].status->backlog == 17);
  CHECK(controllers[0].status->dropped == 4);
  REQUIRE(controllers[0].status->devices.size() == 2);
  CHECK(controllers[0].status->devices[0].error == "it's gone");
  CHECK_FALSE(controllers[0].status->devices[0].online);
  CHECK(controllers[0].status->devices[1].name == "scale");
  CHECK(controllers[0].status->devices[1].online);
  CHECK_FALSE(controllers[1].status);
  CHECK_FALSE(controllers[2].status);
  REQUIRE(controllers[3].status);
  CHECK(controllers[3].status->agent.empty());
}
