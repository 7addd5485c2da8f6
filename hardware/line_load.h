#pragma once
// What the speed of a serial line allows: how long a read takes on the wire, how much one request may read, and how
// busy a line is by its plan. Pure.

#include "hardware/read_plan.h"
#include "hardware/rig_settings.h"

#include <chrono>
#include <string>
#include <vector>

namespace webmacs {

// The request, the reply and the silences around them; 0 on a network.
std::chrono::microseconds time_on_wire(const DeviceSettings& device, const PlannedRead& read);

// What one request of these events may read: at most what takes half of `interval` on the wire.
ReadLimits read_limits(const DeviceSettings& device, std::chrono::microseconds interval);

// The requests of the device that are due together.
struct PlannedPoll {
  std::chrono::microseconds interval{};
  std::vector<const EventSettings*> events;
  std::vector<PlannedRead> reads;  // indices into `events`
};
std::vector<PlannedPoll> planned_polls(const DeviceSettings& device, const std::vector<EventSettings>& events);

struct LineLoad {
  std::string line;
  int baud = 0;
  double share = 0;  // of the line's time; more than 1 cannot be kept up
  // The shortest poll interval that fits, if all its events had the same.
  std::chrono::microseconds fitting_interval{};
};
// Of each serial line.
std::vector<LineLoad> line_loads(const RigSettings& rig);

}  // namespace webmacs
