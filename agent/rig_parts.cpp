#include "agent/rig_parts.h"

#include <algorithm>

namespace webmacs {

std::vector<RigSettings> split_by_line(const RigSettings& rig) {
  std::vector<RigSettings> parts;
  for (const DeviceSettings& device : rig.devices) {
    const auto known = std::ranges::find_if(
        parts, [&](const RigSettings& part) { return part.devices.front().line() == device.line(); });
    RigSettings& part = known != parts.end() ? *known : parts.emplace_back();
    append_device(part, device, rig);
  }
  return parts;
}

void append_device(RigSettings& part, const DeviceSettings& device, const RigSettings& rig) {
  part.devices.push_back(device);
  for (const EventSettings& event : rig.events) {
    if (event.device == device.name) part.events.push_back(event);
  }
}

bool is_polled(const DeviceSettings& device, const RigSettings& rig) {
  return std::ranges::find(rig.events, device.name, &EventSettings::device) != rig.events.end();
}

bool goes_on(const DeviceSettings& device, const RigSettings& before, const RigSettings& now) {
  const DeviceSettings* known = before.device(device.name);
  return known != nullptr && *known == device && is_polled(device, before) == is_polled(device, now);
}

void append(RigSettings& rig, const RigSettings& part) {
  rig.devices.insert(rig.devices.end(), part.devices.begin(), part.devices.end());
  rig.events.insert(rig.events.end(), part.events.begin(), part.events.end());
}

}  // namespace webmacs
