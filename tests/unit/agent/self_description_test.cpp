#include "agent/self_description.h"

#include <doctest/doctest.h>

using namespace webmacs;
using namespace std::chrono_literals;

TEST_CASE("an event is described as the rig file has it, times in seconds") {
  EventSettings event;
  event.event_public_id = "evt_inlet";
  event.name = "Inlet";
  event.unit = "°C";
  event.device = "plc";
  event.min_value = -20;
  event.max_value = 200;
  event.poll_interval = 250ms;
  RigSettings rig;
  rig.events = {event};
  const std::vector<EventDescription> descriptions = describe_events(rig);
  REQUIRE(descriptions.size() == 1);
  const EventDescription& description = descriptions[0];
  CHECK(description.event_public_id == "evt_inlet");
  CHECK(description.name == "Inlet");
  CHECK(description.type == "analog");
  CHECK(description.unit == "°C");
  CHECK(description.device == "plc");
  CHECK(description.min_value == -20);
  CHECK(description.max_value == 200);
  CHECK(description.poll_interval == 0.25);
  CHECK_FALSE(description.max_silence);
}

TEST_CASE("max_silence is told only where a deadband keeps polls back") {
  EventSettings event;
  event.where.type = ValueType::boolean;
  event.max_silence = 60s;
  RigSettings rig;
  rig.events = {event, event};
  rig.events[1].deadband = 0.5;
  const std::vector<EventDescription> descriptions = describe_events(rig);
  CHECK(descriptions[0].type == "digital");
  CHECK_FALSE(descriptions[0].max_silence);
  CHECK(descriptions[1].max_silence == 60);
}

TEST_CASE("the agent tells its name, its clock, its devices and what waits") {
  OutboxStatus buffer;
  buffer.backlog = 17;
  buffer.dropped = 3;
  const Timestamp now{1736951530000000us};
  const StatusFrame frame = describe_agent("rig1", {{"plc", false, "timeout"}}, buffer, now);
  CHECK(frame.agent == "rig1");
  CHECK(frame.version == WEBMACS_VERSION);
  CHECK(frame.backlog == 17);
  CHECK(frame.dropped == 3);
  CHECK(frame.clock == now);
  REQUIRE(frame.devices.size() == 1);
  CHECK(frame.devices[0].error == "timeout");
}

TEST_CASE("trouble with the buffer reaches the hub as a device that is offline; present trouble counts more") {
  OutboxStatus buffer;
  buffer.recovering = true;
  const StatusFrame recovering = describe_agent("rig1", {}, buffer, Timestamp());
  REQUIRE(recovering.devices.size() == 1);
  CHECK(recovering.devices[0].name == "buffer file");
  CHECK_FALSE(recovering.devices[0].online);
  CHECK(recovering.devices[0].error == "it was damaged: what can be read of it is read back");
  buffer.trouble = "b.db: disk I/O error";
  const StatusFrame failing = describe_agent("rig1", {{"plc", true, ""}}, buffer, Timestamp());
  REQUIRE(failing.devices.size() == 2);
  CHECK(failing.devices[1].error == "b.db: disk I/O error");
}
