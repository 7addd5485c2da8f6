#pragma once
// The keys of a [device:…] section: where a unit is, how its line is used and how it is asked (configuration contract).

#include "common/ini.h"
#include "hardware/rig_settings.h"

#include <vector>

namespace webmacs {

// A device, and what its events and its neighbours need to know of it beside its settings.
struct DeviceEntry {
  DeviceSettings settings;
  int first_address = 0;  // what the device's manual calls its first register
  int line = 0;           // of the file, where the section begins
};

// Records every mistake in `section`: of its own, and where it contradicts an `earlier` device of the same line.
DeviceEntry read_device_keys(IniSection& section, const std::vector<DeviceEntry>& earlier);

}  // namespace webmacs
