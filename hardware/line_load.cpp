#include "hardware/line_load.h"

#include "hardware/modbus_frame.h"
#include "hardware/serial_port.h"

#include <algorithm>
#include <map>

namespace webmacs {
namespace {

using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::microseconds;

ReadRequest request_of(const DeviceSettings& device, const PlannedRead& read) {
  return {device.unit, read.kind, read.address, read.count};
}

}  // namespace

microseconds time_on_wire(const DeviceSettings& device, const PlannedRead& read) {
  if (device.transport != Transport::rtu) return microseconds(0);
  const std::size_t characters = rtu_request_bytes + rtu_reply_size(request_of(device, read));
  return duration_cast<microseconds>(characters * character_time(device)) +
         2 * std::max(frame_gap(device), device.pause);
}

ReadLimits read_limits(const DeviceSettings& device, microseconds interval) {
  ReadLimits limits{device.max_registers, device.max_gap};
  PlannedRead longest{.kind = RegisterKind::holding, .count = limits.max_registers};
  while (longest.count > 1 && time_on_wire(device, longest) > interval / 2) --longest.count;
  limits.max_registers = longest.count;
  return limits;
}

std::vector<PlannedPoll> planned_polls(const DeviceSettings& device, const std::vector<EventSettings>& events) {
  std::map<microseconds, PlannedPoll> by_interval;
  for (const EventSettings& event : events) {
    if (event.device != device.name) continue;
    PlannedPoll& poll = by_interval[event.poll_interval];
    poll.interval = event.poll_interval;
    poll.events.push_back(&event);
  }
  std::vector<PlannedPoll> polls;
  for (auto& [interval, poll] : by_interval) {
    std::vector<Register> registers;
    for (const EventSettings* event : poll.events) registers.push_back(event->where);
    poll.reads = plan_reads(registers, read_limits(device, interval), {});
    polls.push_back(std::move(poll));
  }
  return polls;
}

std::vector<LineLoad> line_loads(const RigSettings& rig) {
  std::map<std::string, LineLoad> loads;
  for (const DeviceSettings& device : rig.devices) {
    if (device.transport != Transport::rtu) continue;
    LineLoad& load = loads[device.line()];
    load.line = device.line();
    load.baud = device.baud;
    for (const PlannedPoll& poll : planned_polls(device, rig.events)) {
      for (const PlannedRead& read : poll.reads) {
        const microseconds taken = time_on_wire(device, read);
        load.share += duration<double>(taken) / duration<double>(poll.interval);
        load.fitting_interval += taken;
      }
    }
  }
  std::vector<LineLoad> all;
  for (auto& [name, load] : loads) all.push_back(std::move(load));
  return all;
}

}  // namespace webmacs
