#include "common/messages.h"
#include "common/timestamp.h"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <limits>

using namespace webmacs;

namespace {

std::string error_of(const std::string& text) {
  const ControllerFrame frame = decode_controller_frame(text);
  REQUIRE_MESSAGE(std::holds_alternative<InvalidFrame>(frame), text);
  return std::get<InvalidFrame>(frame).message;
}

// What is wrong with a description that has these members beside a good id.
std::string event_error(const std::string& members) {
  return error_of(R"({"type":"events","events":[{"event_public_id":"evt_a",)" + members + "}]}");
}

EventDescription one_event(const std::string& text) {
  const ControllerFrame frame = decode_controller_frame(text);
  REQUIRE(std::holds_alternative<EventsFrame>(frame));
  REQUIRE(std::get<EventsFrame>(frame).events.size() == 1);
  return std::get<EventsFrame>(frame).events.front();
}

}  // namespace

TEST_CASE("the contract's description is read") {
  const EventDescription event = one_event(
      R"({"type":"events","events":[{"event_public_id":"evt_temp01","name":"Inlet temperature","type":"analog","unit":"°C",
          "min_value":0,"max_value":200,"poll_interval":0.5,"max_silence":null,"device":"plc","more":[1]}]})");
  CHECK(event.event_public_id == "evt_temp01");
  CHECK(event.name == "Inlet temperature");
  CHECK(event.type == "analog");
  CHECK(event.unit == "°C");
  CHECK(event.min_value == 0);
  CHECK(event.max_value == 200);
  CHECK(event.poll_interval == 0.5);
  CHECK_FALSE(event.max_silence);
  CHECK(event.device == "plc");
}

TEST_CASE("a description needs no more than its id") {
  const EventDescription event = one_event(R"({"events":[{"event_public_id":"evt_a"}],"type":"events"})");
  CHECK(event.type == "analog");
  CHECK(event.name.empty());
  CHECK_FALSE(event.poll_interval);
}

TEST_CASE("what is wrong with a description names its member") {
  CHECK(event_error(R"("name":7)") == "events[0].name: not a string");
  CHECK(event_error(R"("name":")" + std::string(201, 'x') + "\"") == "events[0].name: longer than 200 bytes");
  CHECK(event_error(R"("unit":"a\u0000b")") == "events[0].unit: holds a control character");
  CHECK(event_error(R"("type":"binary")") == R"(events[0].type: neither "analog" nor "digital")");
  CHECK(event_error(R"("min_value":"0")") == "events[0].min_value: not a number");
  CHECK(event_error(R"("min_value":1e999)") == "events[0].min_value: not a number");
  CHECK(event_error(R"("max_value":true)") == "events[0].max_value: not a number");
  CHECK(event_error(R"("poll_interval":0)") == "events[0].poll_interval: not a positive number of seconds");
  CHECK(event_error(R"("max_silence":-1)") == "events[0].max_silence: not a positive number of seconds");
  CHECK(event_error(R"("device":[])") == "events[0].device: not a string");
  CHECK(error_of(R"({"type":"events","events":[{"event_public_id":"a"},{}]})") == "events[1].event_public_id: missing");
  CHECK(error_of(R"({"type":"events","events":[{"event_public_id":"a"},3]})") == "events[1]: not an object");
  CHECK(error_of(R"({"type":"events","events":{}})") == "events: not an array");
  CHECK(error_of(R"({"type":"events"})") == "events: missing");
}

TEST_CASE("descriptions are written with exactly the contract's members, null where unset") {
  EventDescription event;
  event.event_public_id = "evt_a";
  event.type = "digital";
  event.max_value = std::numeric_limits<double>::infinity();
  const auto frames = encode_events({event});
  REQUIRE(frames.size() == 1);
  CHECK(frames[0] ==
        R"({"type":"events","events":[{"event_public_id":"evt_a","name":null,"type":"digital","unit":null,)"
        R"("min_value":null,"max_value":null,"poll_interval":null,"max_silence":null,"device":null}]})");
  CHECK(encode_events({}).empty());
}

TEST_CASE("thousands of descriptions take several frames, none too large, none lost") {
  std::vector<EventDescription> events(3000);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].event_public_id = "evt_" + std::to_string(i);
    events[i].name = std::string(150, '"') + "\n\xFF" + std::string(300, 'x');
    events[i].unit = "°C";
    events[i].poll_interval = 0.01 * static_cast<double>(i + 1);
  }
  const auto frames = encode_events(events);
  CHECK(frames.size() > 3);
  std::size_t seen = 0;
  for (const std::string& text : frames) {
    CHECK(text.size() <= agent_frame_bytes);
    const ControllerFrame frame = decode_controller_frame(text);
    REQUIRE(std::holds_alternative<EventsFrame>(frame));
    for (const EventDescription& event : std::get<EventsFrame>(frame).events) {
      CHECK(event.event_public_id == events[seen].event_public_id);
      CHECK(event.poll_interval == events[seen].poll_interval);
      CHECK(event.name.size() <= 200);
      ++seen;
    }
  }
  CHECK(seen == events.size());
}

TEST_CASE("a status comes back as it was sent") {
  StatusFrame status;
  status.agent = "rig1";
  status.version = "0.1.0";
  status.backlog = 123;
  status.dropped = 4;
  status.clock = parse_timestamp("2025-01-15T14:32:10.000Z");
  status.devices = {
      {"plc", true, ""}, {"scale", false, "timeout after 1 s"}, {"oven", true, "late by 1.15 s: raise timeout"}};
  const std::string text = encode_status(status);
  CHECK(text == R"({"type":"status","agent":"rig1","version":"0.1.0","backlog":123,"dropped":4,)"
                R"("clock":"2025-01-15T14:32:10.000Z","devices":[{"name":"plc","state":"online","error":null},)"
                R"({"name":"scale","state":"offline","error":"timeout after 1 s"},)"
                R"({"name":"oven","state":"online","error":null,"advice":"late by 1.15 s: raise timeout"}]})");
  const ControllerFrame frame = decode_controller_frame(text);
  REQUIRE(std::holds_alternative<StatusFrame>(frame));
  const auto& decoded = std::get<StatusFrame>(frame);
  CHECK(decoded.backlog == 123);
  CHECK(decoded.dropped == 4);
  CHECK(decoded.clock == status.clock);
  REQUIRE(decoded.devices.size() == 3);
  CHECK(decoded.devices[2].online);
  CHECK(decoded.devices[2].error == "late by 1.15 s: raise timeout");
  CHECK(decoded.devices[1].error == "timeout after 1 s");
  CHECK_FALSE(decoded.devices[1].online);
  CHECK(encode_status(decoded) == text);
}

TEST_CASE("a status of very many devices still fits a frame") {
  StatusFrame status;
  status.devices.assign(2000, {std::string(190, 'd'), false, std::string(190, 'e')});
  const std::string text = encode_status(status);
  CHECK(text.size() <= agent_frame_bytes);
  const ControllerFrame frame = decode_controller_frame(text);
  REQUIRE(std::holds_alternative<StatusFrame>(frame));
  CHECK(std::get<StatusFrame>(frame).devices.size() > 100);
}

TEST_CASE("what is wrong with a status names its member") {
  CHECK(error_of(R"({"type":"status","agent":1})") == "agent: not a string");
  CHECK(error_of(R"({"type":"status","backlog":-1})") == "backlog: not an integer from 0 to 9007199254740992");
  CHECK(error_of(R"({"type":"status","dropped":1.5})") == "dropped: not an integer from 0 to 9007199254740992");
  CHECK(error_of(R"({"type":"status","clock":"noon"})") == "clock: not an RFC 3339 time from 1970 to 2199");
  CHECK(error_of(R"({"type":"status","devices":"plc"})") == "devices: not an array");
  CHECK(error_of(R"({"type":"status","devices":[{"name":"plc","state":"asleep"}]})") ==
        R"(devices[0].state: neither "online" nor "offline")");
  CHECK(error_of(R"({"type":"status","devices":[{"state":"online"}]})") == "devices[0].name: missing");
}

TEST_CASE("ping, and types that nobody knows") {
  CHECK(std::holds_alternative<PingFrame>(decode_controller_frame(R"({"type":"ping"})")));
  CHECK(error_of(R"({"type":"datapoints"})") == R"(type: unknown: "datapoints")");
  CHECK(error_of(R"({"type":null})") == R"(type: unknown: "")");
  const std::string long_type = error_of(R"({"batch":4,"type":")" + std::string(3000, 't') + "\"}");
  CHECK(long_type.size() < 80);
}
