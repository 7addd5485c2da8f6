#pragma once
// What is known of each device of the rig: whether it answers, and if not, why. Network thread only.

#include "common/messages.h"
#include "hardware/rig_settings.h"

#include <vector>

namespace webmacs {

class DeviceList {
 public:
  // Lists the devices of `now`, in its order. What is known of one that goes on since `before` (rig_parts.h) stays;
  // any other is offline until a poll says otherwise.
  void replace(const RigSettings& before, const RigSettings& now);

  // Notes a device's new state. One that is not listed is left out: its poller was stopped meanwhile.
  void note(const DeviceStatus& status);

  const std::vector<DeviceStatus>& all() const { return devices_; }

 private:
  std::vector<DeviceStatus> devices_;
};

}  // namespace webmacs
