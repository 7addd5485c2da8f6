#include "agent/rig_parts.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

DeviceSettings device(const std::string& name, const std::string& host) {
  DeviceSettings settings;
  settings.name = name;
  settings.host = host;
  return settings;
}

EventSettings event(const std::string& id, const std::string& device) {
  EventSettings settings;
  settings.event_public_id = id;
  settings.device = device;
  return settings;
}

// Two units behind one gateway, and a device on a line of its own between them.
RigSettings rig() {
  RigSettings settings;
  settings.devices = {device("unit1", "gateway.lab"), device("plc", "plc.lab"), device("unit2", "gateway.lab")};
  settings.events = {event("a", "unit2"), event("b", "plc"), event("c", "unit1"), event("d", "unit2")};
  return settings;
}

}  // namespace

TEST_CASE("a rig is split into its lines: devices that share one stay together, with their own events") {
  const std::vector<RigSettings> parts = split_by_line(rig());
  REQUIRE(parts.size() == 2);
  REQUIRE(parts[0].devices.size() == 2);
  CHECK(parts[0].devices[0].name == "unit1");
  CHECK(parts[0].devices[1].name == "unit2");
  CHECK(parts[0].events == std::vector<EventSettings>{event("c", "unit1"), event("a", "unit2"), event("d", "unit2")});
  REQUIRE(parts[1].devices.size() == 1);
  CHECK(parts[1].devices[0].name == "plc");
  CHECK(parts[1].events == std::vector<EventSettings>{event("b", "plc")});
}

TEST_CASE("the parts of a rig put together again are the whole rig") {
  RigSettings whole;
  for (const RigSettings& part : split_by_line(rig())) append(whole, part);
  CHECK(whole.devices.size() == 3);
  CHECK(whole.events.size() == 4);
}

TEST_CASE("a device is polled when an event names it") {
  CHECK(is_polled(device("plc", ""), rig()));
  CHECK_FALSE(is_polled(device("other", ""), rig()));
}

TEST_CASE("a device goes on when it is the same, whatever became of its other events") {
  RigSettings now = rig();
  now.events.pop_back();
  CHECK(goes_on(now.devices[2], rig(), now));
}

TEST_CASE("a device does not go on when it is new, has changed, or is polled no longer") {
  RigSettings now = rig();
  now.devices[0].host = "elsewhere.lab";
  now.devices[1].name = "new";
  now.events = {};
  CHECK_FALSE(goes_on(now.devices[0], rig(), now));
  CHECK_FALSE(goes_on(now.devices[1], rig(), now));
  CHECK_FALSE(goes_on(now.devices[2], rig(), now));
}
