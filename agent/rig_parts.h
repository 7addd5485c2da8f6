#pragma once
// A rig taken apart by its lines, and compared with the one before a reload. Pure.

#include "hardware/rig_settings.h"

#include <vector>

namespace webmacs {

// One part per line of the rig, in the file's order.
std::vector<RigSettings> split_by_line(const RigSettings& rig);

// Adds all of `part`.
void append(RigSettings& rig, const RigSettings& part);

// Adds a device and those events of `rig` that are read from it.
void append_device(RigSettings& part, const DeviceSettings& device, const RigSettings& rig);

// Whether the rig has events of that device.
bool is_polled(const DeviceSettings& device, const RigSettings& rig);

// Whether a device of `now` is one of `before` that can be polled on as it is, if perhaps for other events.
bool goes_on(const DeviceSettings& device, const RigSettings& before, const RigSettings& now);

}  // namespace webmacs
