#include "agent/device_list.h"

#include "agent/rig_parts.h"

#include <algorithm>
#include <utility>

namespace webmacs {

void DeviceList::replace(const RigSettings& before, const RigSettings& now) {
  std::vector<DeviceStatus> listed;
  for (const DeviceSettings& device : now.devices) {
    const auto known = std::ranges::find(devices_, device.name, &DeviceStatus::name);
    if (known != devices_.end() && goes_on(device, before, now)) {
      listed.push_back(*known);
    } else {
      listed.push_back({device.name, false, is_polled(device, now) ? "not polled yet" : "has no events: never polled"});
    }
  }
  devices_ = std::move(listed);
}

void DeviceList::note(const DeviceStatus& status) {
  for (DeviceStatus& known : devices_) {
    if (known.name == status.name) known = status;
  }
}

}  // namespace webmacs
