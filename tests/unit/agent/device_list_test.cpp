#include "agent/device_list.h"

#include <doctest/doctest.h>

using namespace webmacs;

namespace {

DeviceSettings device(const std::string& name, const std::string& host = "plc.lab") {
  DeviceSettings settings;
  settings.name = name;
  settings.host = host;
  return settings;
}

EventSettings event_of(const std::string& device) {
  EventSettings event;
  event.event_public_id = "evt_" + device;
  event.device = device;
  return event;
}

RigSettings rig(std::vector<DeviceSettings> devices, std::vector<EventSettings> events) {
  RigSettings settings;
  settings.devices = std::move(devices);
  settings.events = std::move(events);
  return settings;
}

}  // namespace

TEST_CASE("a device is offline until its first poll, and for ever when nothing of it is polled") {
  DeviceList list;
  list.replace({}, rig({device("plc"), device("spare")}, {event_of("plc")}));
  REQUIRE(list.all().size() == 2);
  CHECK(list.all()[0].name == "plc");
  CHECK_FALSE(list.all()[0].online);
  CHECK(list.all()[0].error == "not polled yet");
  CHECK_FALSE(list.all()[1].online);
  CHECK(list.all()[1].error == "has no events: never polled");
}

TEST_CASE("a device that goes on after a reload stays as it is known, one that changed does not") {
  const RigSettings before = rig({device("one"), device("two")}, {event_of("one"), event_of("two")});
  const RigSettings now = rig({device("two", "elsewhere.lab"), device("one")}, {event_of("one"), event_of("two")});
  DeviceList list;
  list.replace({}, before);
  list.note({"one", true, ""});
  list.note({"two", true, ""});
  list.replace(before, now);
  REQUIRE(list.all().size() == 2);
  CHECK(list.all()[0].name == "two");
  CHECK(list.all()[0].error == "not polled yet");
  CHECK(list.all()[1].name == "one");
  CHECK(list.all()[1].online);
}

TEST_CASE("what is heard late of a device that is no longer listed is left out") {
  DeviceList list;
  list.replace({}, rig({device("one")}, {event_of("one")}));
  list.note({"gone", false, "timeout"});
  REQUIRE(list.all().size() == 1);
  list.note({"one", false, "timeout"});
  CHECK(list.all()[0].error == "timeout");
}
