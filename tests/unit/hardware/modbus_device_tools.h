#pragma once
// A Modbus unit that a test polls, and scripted peers for it.

#include "hardware/modbus_device.h"
#include "scripted_peer.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace webmacs::device_tests {

using namespace std::chrono_literals;

using Bytes = ScriptedPeer::Bytes;
using Reaction = ScriptedPeer::Reaction;

inline EventSettings event(const std::string& id, int address, ValueType type = ValueType::uint16,
                           RegisterKind kind = RegisterKind::holding) {
  EventSettings settings;
  settings.event_public_id = id;
  settings.device = "plc";
  settings.where.kind = kind;
  settings.where.address = static_cast<std::uint16_t>(address);
  settings.where.type = type;
  return settings;
}

inline std::vector<EventSettings> events_at(const std::vector<int>& addresses) {
  std::vector<EventSettings> events;
  for (const int address : addresses) events.push_back(event("e" + std::to_string(address), address));
  return events;
}

inline std::vector<const EventSettings*> pointers(const std::vector<EventSettings>& events) {
  std::vector<const EventSettings*> all;
  for (const EventSettings& each : events) all.push_back(&each);
  return all;
}

inline DeviceSettings plc(int port) {
  DeviceSettings device;
  device.name = "plc";
  device.host = "127.0.0.1";
  device.port = port;
  device.timeout = 100ms;
  return device;
}

inline Reaction right(const Bytes& request) {
  Reaction reaction;
  reaction.bytes = ScriptedPeer::right_reply(request);
  return reaction;
}

inline Reaction exception(const Bytes& request, int code) {
  Reaction reaction;
  reaction.bytes = {request[0],
                    request[1],
                    0,
                    0,
                    0,
                    3,
                    request[6],
                    static_cast<std::uint8_t>(request[7] | 0x80),
                    static_cast<std::uint8_t>(code)};
  return reaction;
}

// A peer that refuses every request which touches one of the holes.
inline ScriptedPeer::Script with_holes(std::vector<int> holes) {
  return [holes = std::move(holes)](const Bytes& request, int) {
    const int first = request[8] << 8 | request[9];
    const int count = request[10] << 8 | request[11];
    for (const int hole : holes) {
      if (hole >= first && hole < first + count) return exception(request, 2);
    }
    return right(request);
  };
}

// A monotonic clock that stands still until a test moves it on; for one test at a time.
inline std::chrono::steady_clock::time_point steady_now{};
inline std::chrono::steady_clock::time_point standing_clock() {
  return steady_now;
}

struct Polled {
  explicit Polled(const DeviceSettings& settings) : device(settings, make_modbus_line(settings)) {}
  Polled(const DeviceSettings& settings, ModbusDevice::Clocks clocks)
      : device(settings, make_modbus_line(settings), clocks) {}

  // How many requests the poll took.
  std::uint64_t poll(const std::vector<EventSettings>& events) {
    const std::uint64_t before = device.requests();
    values = device.poll(pointers(events));
    return device.requests() - before;
  }

  ModbusDevice device;
  std::vector<PolledValue> values;
};

inline void check_right(const std::vector<EventSettings>& events, const std::vector<PolledValue>& values) {
  REQUIRE(values.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    CAPTURE(events[i].event_public_id);
    CHECK(values[i].reason == "");
    CHECK(values[i].value == ScriptedPeer::value_at(1, 3, events[i].where.address));
  }
}

}  // namespace webmacs::device_tests
