#pragma once
// The rig that the simulator's tests serve.

#include "hardware/simulator/rig_file.h"

#include <string>
#include <vector>

namespace webmacs::simulator_tests {

inline const char* const rig_text = R"([agent]
nonsense = stays         ; the agent's to check
[device:plc]             ; the controller
port = 1502
host = plc.lab           ; by name
unit = 3
timeout = 60ms
[device:io]
host = plc.lab
port = 1502
unit = 4
timeout = 60ms
[device:other]
host = "other.lab"   # quoted
timeout = 60ms
[event:temperature]
device = plc
register = holding:100
type = float32
min_value = 20
max_value = 80
[event:level]
device = plc
register = holding:102
type = int16
scale = 0.1
min_value = -5
max_value = 5
[event:count]
device = plc
register = input:7
type = uint32
order = CDAB
[event:ready]
device = plc
register = holding:103
type = bool
bit = 5
[event:valve]
device = io
register = coil:3
[event:alarm]
device = io
register = discrete:0
[event:far]
device = other
register = input:0
type = float64
order = DCBA)";

inline RigSettings rig() {
  return parse_rig_file(rig_text, "rig.ini");
}

// Pointers into `settings`.
inline std::vector<const EventSettings*> events_of(const RigSettings& settings, const std::string& device) {
  std::vector<const EventSettings*> events;
  for (const EventSettings& event : settings.events) {
    if (event.device == device) events.push_back(&event);
  }
  return events;
}

}  // namespace webmacs::simulator_tests
