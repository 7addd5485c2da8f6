#include "server/catalog/controller_registry.h"

#include "common/timestamp.h"

#include <doctest/doctest.h>

#include <vector>

using namespace webmacs;

TEST_CASE("a controller is online while any of its sockets is open") {
  std::vector<bool> changes;
  ControllerRegistry registry([&](const ControllerState& state) { changes.push_back(state.online); });
  registry.socket_opened("rig1", "192.0.2.1");
  registry.socket_opened("rig1", "192.0.2.1");
  registry.socket_closed("rig1", "1000");
  CHECK(registry.all().at(0).online);
  registry.socket_closed("rig1", "1000");
  CHECK_FALSE(registry.all().at(0).online);
  CHECK(changes == std::vector<bool>{true, false});
}

TEST_CASE("a status carries the clock's offset as seconds ahead of the hub") {
  ControllerRegistry registry([](const ControllerState&) {});
  StatusFrame status;
  status.agent = "rig1";
  status.clock = utc_now() + std::chrono::seconds(90);
  registry.reported("rig1", status);
  const auto state = registry.all().at(0);
  REQUIRE(state.clock_offset);
  CHECK(*state.clock_offset == doctest::Approx(90).epsilon(0.01));
  CHECK(state.status->agent == "rig1");
}

TEST_CASE("what is known of a controller survives the hub, but for its being online") {
  ControllerRegistry before([](const ControllerState&) {});
  StatusFrame status;
  status.agent = "rig1";
  status.version = "1.2.3";
  status.backlog = 17;
  status.devices = {{"plc", false, "timeout"}};
  const Timestamp started = utc_now();
  before.socket_opened("rig1", "192.0.2.1");
  before.reported("rig1", status);
  before.heard("rig2");
  const auto records = before.heard_since(started);
  CHECK(before.heard_since(utc_now() + std::chrono::seconds(1)).empty());

  ControllerRegistry after([](const ControllerState&) {});
  after.restore(records);
  const auto all = after.all();
  REQUIRE(all.size() == 2);
  CHECK_FALSE(all[0].online);
  CHECK(all[0].last_seen == before.all().at(0).last_seen);
  REQUIRE(all[0].status);
  CHECK(all[0].status->version == "1.2.3");
  CHECK(all[0].status->backlog == 17);
  CHECK(all[0].status->devices.at(0).error == "timeout");
  CHECK_FALSE(all[1].status);
}

TEST_CASE("a status without a clock has no offset") {
  ControllerRegistry registry([](const ControllerState&) {});
  registry.reported("rig1", StatusFrame{});
  CHECK_FALSE(registry.all().at(0).clock_offset);
}
